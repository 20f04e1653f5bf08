import type { Finding } from '../drift/verdicts.ts';
import { formatReference, identityOf } from '../objects/objects.ts';
import type { Alert } from './alert.ts';
import { formatDuration, formatTime } from './times.ts';

/** The scope of people's rules (lib/checks/observation.ts). */
export const RULES = 'drift.yaml';

/** What an alert says in half a line: `Deployment/web changed by kubectl-edit`. Not yet made harmless. */
export function headlineOf(alert: Alert): string {
  switch (alert.kind) {
    case 'drift':
      return whatDiffers(alert.findings, alert.scope, alert.more);
    case 'drift-changed':
      return alert.fresh > 0
        ? `now also ${whatDiffers(alert.findings.slice(0, alert.fresh), alert.scope, alert.more)}`
        : `less differs than before, ${alert.findings.length + (alert.more ?? 0)} left`;
    case 'converged':
      return alert.because === 'no-longer-declared'
        ? 'no longer in Git, so no longer compared'
        : `as Git says again, after ${formatDuration(alert.since, alert.at)}`;
    case 'rolled-out':
      return alert.because === 'no-longer-declared'
        ? 'no longer in Git, so no longer rolled out'
        : `${chartOf(alert)} is there, after ${formatDuration(alert.since, alert.at)}`;
    case 'stalled':
      return `${chartOf(alert)} not there after ${formatDuration(alert.since, alert.at)}`;
    case 'unknown':
      return `${alert.scope === RULES ? 'has had errors' : 'could not be judged'} since ${formatTime(alert.since)}`;
    case 'known-again':
      return alert.because === 'no-longer-declared'
        ? 'no longer in Git, so no longer judged'
        : `${alert.scope === RULES ? 'without errors' : 'judged'} again, after ${formatDuration(alert.since, alert.at)}`;
    case 'summary':
      return `first check: ${alert.left} ${alert.left === 1 ? 'part differs' : 'parts differ'} from Git`;
    case 'reminder':
      return `still ${STILL[alert.of]}, since ${formatTime(alert.since)}`;
    case 'rejected': {
      const [first] = alert.reasons;
      const others = alert.reasons.length > 1 ? ` and ${alert.reasons.length - 1} more` : '';
      return `upload refused: ${first?.code ?? 'no reason given'}${others}`;
    }
    case 'failed': {
      const count = alert.uploads.length + (alert.more ?? 0);
      return `${count === 1 ? 'an upload' : `${count} uploads`} not delivered within a day`;
    }
    case 'blocked':
      return `nothing can be delivered since ${formatTime(alert.since)}`;
    case 'unblocked':
      return `delivers again, after ${formatDuration(alert.since, alert.at)}`;
  }
}

const STILL = {
  drift: 'differs from Git',
  stalled: 'not rolled out',
  unknown: 'not judged',
} as const;

const TAGS = {
  drift: 'drift',
  'drift-changed': 'drift changed',
  converged: 'converged',
  summary: 'first check',
  reminder: 'reminder',
  'rolled-out': 'rolled out',
  stalled: 'stalled',
  unknown: 'unknown',
  'known-again': 'judged again',
  rejected: 'rejected',
  failed: 'failed',
  blocked: 'blocked',
  unblocked: 'unblocked',
} as const satisfies Record<Alert['kind'], string>;

/** `[drift] staging shop/web: Deployment/web changed by kubectl-edit`. Not yet made harmless. */
export function subjectOf(alert: Alert): string {
  const grave = alert.severity === 'critical' ? ', critical' : '';
  return `[${TAGS[alert.kind]}${grave}] ${placeOf(alert)}: ${headlineOf(alert)}`;
}

/** Target and scope in words; the key of an upload begins with its target already. */
export const placeOf = ({ target, scope }: Pick<Alert, 'target' | 'scope'>): string => {
  if (scope === 'target') return target;
  return scope.startsWith(`${target}/`) ? scope : `${target} ${scope}`;
};

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

/** Where the findings' own release is: objects in that namespace need not name it. */
export const namespaceOf = (scope: string): string | undefined =>
  scope.includes('/') ? scope.slice(0, scope.indexOf('/')) : undefined;

function whatDiffers(findings: readonly Finding[], scope: string, more = 0): string {
  const [first] = findings;
  if (first === undefined) return 'differs from Git';
  const objects = new Set(findings.map(({ object }) => identityOf(object)));
  const others = objects.size - 1 + more;
  const verb = VERBS[first.verdict];
  const author = first.attribution?.by?.name ?? first.attribution?.manager;
  const by = author === undefined ? '' : ` by ${author}`;
  return `${formatReference(first.object, namespaceOf(scope))} ${verb}${by}${others > 0 ? ` and ${others} more` : ''}`;
}
