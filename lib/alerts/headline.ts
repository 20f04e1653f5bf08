import type { Finding } from '../drift/verdicts.ts';
import { formatReference, identityOf } from '../objects/objects.ts';
import type { Alert, Member } from './alert.ts';
import { namespaceOf, paragraphsOf } from './grouping.ts';
import { shortCaller } from './thawing.ts';
import { formatDuration, formatTime } from './times.ts';

/** The scope of people's rules (lib/checks/observation.ts). */
export const RULES = 'drift.yaml';

/** What an alert says in half a line: `Deployment/web changed by kubectl-edit`. Not yet made harmless. */
export function headlineOf(alert: Alert): string {
  switch (alert.kind) {
    case 'drift':
      return alert.members === undefined
        ? whatDiffers(alert.findings, alert.scope, alert.more)
        : `${partsDiffer(alert)} from Git: ${whatDiffers(alert.findings, alert.scope, alert.more)}`;
    case 'drift-changed':
      return changed(alert);
    case 'converged':
      if (alert.because === 'no-longer-declared') return 'no longer in Git, so no longer compared';
      if (alert.accepted !== undefined && alert.accepted > 0)
        return `what was new is as Git says again, after ${lasted(alert)}; ${alert.accepted} from the first check are left`;
      return `${alert.scopes === undefined ? '' : `all ${alert.scopes} of them are `}as Git says again, after ${lasted(alert)}`;
    case 'rolled-out':
      return rolledOut(alert);
    case 'stalled':
      return notRolledOut(alert);
    case 'unknown':
      return `${howMany(alert)}${alert.scope === RULES ? 'has had errors' : 'could not be judged'} since ${formatTime(alert.since)}`;
    case 'known-again':
      return alert.because === 'no-longer-declared'
        ? 'no longer in Git, so no longer judged'
        : `${alert.scopes === undefined ? '' : `all ${alert.scopes} of them `}${alert.scope === RULES ? 'without errors' : 'judged'} again, after ${lasted(alert)}`;
    case 'summary':
      return `${partsDiffer(alert)} from Git at the first check`;
    case 'reminder':
      return `still ${reminding(alert)}`;
    case 'rejected': {
      const [first] = alert.reasons;
      const code = first?.code ?? 'no reason given';
      const uploads = uploadsOf(alert);
      if (uploads > 1) return `${uploads} uploads refused, the first ${alert.scope}: ${code}`;
      const others = alert.reasons.length > 1 ? ` and ${alert.reasons.length - 1} more` : '';
      return `upload refused: ${code}${others}`;
    }
    case 'failed': {
      const count = alert.uploads.length + (alert.more ?? 0);
      return `${count === 1 ? 'an upload' : `${count} uploads`} not delivered within a day`;
    }
    case 'frozen':
      return `frozen since ${formatTime(alert.since)} by ${shortCaller(alert.by)}: an upload waits`;
    case 'blocked':
      return `nothing can be delivered since ${formatTime(alert.since)}`;
    case 'unblocked':
      return `delivers again, after ${lasted(alert)}`;
    case 'drill':
      return `DRILL, nothing is wrong: ${alert.by} tests how alerts arrive`;
    case 'drill-over':
      return `DRILL, over after ${lasted(alert)}: nothing was wrong`;
  }
}

const uploadsOf = ({ also = [], more = 0 }: Extract<Alert, { readonly kind: 'rejected' }>): number =>
  1 + also.length + more;

function rolledOut(alert: Extract<Alert, { readonly kind: 'rolled-out' }>): string {
  if (alert.because === 'later-commit') return 'a later commit came, and is rolled out instead';
  if (alert.because === 'no-longer-declared') return 'no longer in Git, so no longer rolled out';
  // There when a check first looked: how long it took nobody knows.
  if (alert.since === alert.at) return `${chartOf(alert)} rolled out`;
  return `${chartOf(alert)} rolled out, after ${lasted(alert)}`;
}

function changed(alert: Extract<Alert, { readonly kind: 'drift-changed' }>): string {
  const { findings, fresh, more, scope, members } = alert;
  const now = members === undefined ? '' : `; ${partsDiffer(alert)} in all`;
  const also = fresh < findings.length + (more ?? 0) ? 'also ' : '';
  return fresh > 0
    ? `now ${also}${whatDiffers(findings.slice(0, fresh), scope, fresh === findings.length ? more : 0)}${now}`
    : `less differs than before, ${findings.length + (more ?? 0)} left${now}`;
}

function reminding(alert: Extract<Alert, { readonly kind: 'reminder' }>): string {
  switch (alert.of) {
    case 'drift':
      return alert.members === undefined
        ? `so after ${lasted(alert)}: ${whatDiffers(alert.findings, alert.scope, alert.more)}`
        : `so after ${lasted(alert)}: ${partsDiffer(alert)} from Git`;
    case 'stalled':
      return `stalled: ${notRolledOut(alert)}`;
    case 'unknown':
      return `not judged: ${howMany(alert)}nothing is known since ${formatTime(alert.since)}`;
  }
}

/** The first workload that does not run is named: a release that crash-loops is in the cluster all the same. */
function notRolledOut(
  alert: Extract<Alert, { readonly kind: 'stalled' } | { readonly of: 'stalled' }>,
): string {
  const [first] = alert.unready;
  return `${chartOf(alert)} not rolled out after ${lasted(alert)}${first === undefined ? '' : `: ${first}`}`;
}

const lasted = ({ since, at }: { readonly since: string; readonly at: string }): string =>
  formatDuration(since, at);

const TAGS = {
  drift: 'drift',
  'drift-changed': 'drift changed',
  converged: 'converged',
  summary: 'summary',
  reminder: 'reminder',
  'rolled-out': 'rolled out',
  stalled: 'stalled',
  unknown: 'unknown',
  'known-again': 'judged again',
  rejected: 'rejected',
  failed: 'failed',
  frozen: 'frozen',
  blocked: 'blocked',
  unblocked: 'unblocked',
  drill: 'drill',
  'drill-over': 'drill over',
} as const satisfies Record<Alert['kind'], string>;

/** What it is and how grave: `drift, critical`. Words of our own. */
export function tagOf({ kind, severity, because }: Alert): string {
  const tag = kind === 'rolled-out' && because !== undefined ? 'closed' : TAGS[kind];
  return severity === 'critical' && kind !== 'drill' ? `${tag}, critical` : tag;
}

/** `[drift] staging shop/web: Deployment/web changed by kubectl-edit`. Not yet made harmless. */
export const subjectOf = (alert: Alert): string =>
  `[${tagOf(alert)}] ${placeOf(alert)}: ${headlineOf(alert)}`;

/** Target and scope in words; the key of an upload begins with its target already, and is not where others are. */
export const placeOf = (alert: Alert): string => {
  const { target, scope, installation } = alert;
  if (alert.kind === 'drill' || alert.kind === 'drill-over') return installation;
  if (scope === 'target' || (alert.kind === 'rejected' && uploadsOf(alert) > 1)) return target;
  return scope.startsWith(`${target}/`) ? scope : `${target} ${scope}`;
};

interface Many {
  readonly members?: readonly (string | Pick<Member, 'scope' | 'severity'>)[];
  readonly left?: number;
}

/** `60 releases`; `2 parts` where the target's own manifests are among them. */
export function partsOf({ members = [], left }: Many): string {
  const count = left ?? members.length;
  const isRelease = (member: Required<Many>['members'][number]): boolean =>
    namespaceOf(typeof member === 'string' ? member : member.scope) !== undefined;
  const word = members.every(isRelease) ? 'release' : 'part';
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

const SCOPES_NAMED = 5;

/** `bank/web (critical), shop/web and 13 more`: the parts that it is about, in half a line. Not yet made harmless. */
export function membersIn({ members = [], left = members.length }: Many): string {
  const names = members
    .slice(0, SCOPES_NAMED)
    .map((member) =>
      typeof member === 'string'
        ? member
        : `${member.scope}${member.severity === 'critical' ? ' (critical)' : ''}`,
    );
  const more = left - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const partsDiffer = (alert: Many): string => {
  const parts = partsOf(alert);
  return `${parts} ${parts.startsWith('1 ') ? 'differs' : 'differ'}`;
};

const howMany = (alert: Many): string => (alert.members === undefined ? '' : `${partsOf(alert)} `);

const chartOf = ({
  chart,
}: {
  readonly chart?: { readonly name: string; readonly version: string };
}): string => (chart === undefined ? 'what Git says' : `${chart.name} ${chart.version}`);

/** How a finding reads after the object's name. */
export const VERBS = {
  changed: 'changed',
  added: 'has additions',
  missing: 'missing',
  extra: 'is not in Git',
} as const satisfies Record<Finding['verdict'], string>;

function whatDiffers(findings: readonly Finding[], scope: string, more = 0): string {
  const [paragraph] = paragraphsOf(findings);
  if (paragraph === undefined) return 'differs from Git';
  const { first, objects: alike, cause } = paragraph;
  const all = new Set(findings.map(({ object }) => identityOf(object))).size;
  const others = all - alike + more;
  const author = first.attribution?.by?.name ?? first.attribution?.manager;
  const by = author === undefined || author === '' ? '' : ` by ${author}`;
  return [
    alike === 1 ? formatReference(first.object, namespaceOf(scope)) : `${alike} x ${first.object.kind}`,
    cause === 'admission' ? ' rewritten at admission' : ` ${VERBS[first.verdict]}${by}`,
    others > 0 ? ` and ${others} more` : '',
  ].join('');
}
