import { oneLine } from '../lib/alerts/plain.ts';
import {
  formatScope,
  type Observation,
  type ScopeObservation,
  type Unjudged,
} from '../lib/checks/observation.ts';
import { maskedFinding } from '../lib/drift/masked-finding.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { formatJson } from '../lib/objects/json.ts';
import { formatReference } from '../lib/objects/objects.ts';
import { AdmissionGroups } from './admission-output.ts';
import { findingText } from './finding-text.ts';
import { NOTHING, RIGHTS } from './junit.ts';
import { type Paint, plain } from './progress.ts';

const SHORT_COMMIT = 10;
/** Releases in sync that are named one by one; of more, how many there are says as much. */
const NAMED = 20;

/** For people, in a terminal: nothing that a cluster says reaches it as a control character. What needs them is last. */
export function formatObservation(observation: Observation, cluster: string, paint: Paint = plain): string {
  const { target, commit, scopes } = observation;
  const shown = scopes.filter(({ scope, state }) => !isSilent(scope) || state.kind === 'unknown');
  const against = commit === '' ? '' : ` against commit ${commit.slice(0, SHORT_COMMIT)}`;
  const lines = [paint(`${oneLine(target)}: ${oneLine(cluster)}${against}`, 'bold'), ''];
  const well = shown.filter(({ state }) => state.kind === 'in-sync');
  const isQuiet = (seen: ScopeObservation) => seen.ignored === undefined && !isUnready(seen);
  const named = well.length > NAMED ? well.filter((seen) => !isQuiet(seen)) : well;
  if (named.length < well.length) lines.push(`${well.length - named.length} in sync`);
  const groups = new AdmissionGroups(shown);
  for (const seen of named) lines.push(...scopeLines(seen, paint, groups), ...ignoredLines(seen));
  lines.push(...unknownLines(shown, paint));
  for (const seen of shown.filter(isApart))
    lines.push(...scopeLines(seen, paint, groups), ...ignoredLines(seen));
  lines.push(...groups.lines(paint));
  lines.push(...scopes.flatMap(remarkLines));
  return [...lines, ...(lines.length > 2 ? [''] : []), summaryOf(shown)].join('\n');
}

/** Of the target itself and of its rules there is only something to say where something is wrong. */
const isSilent = ({ kind }: ScopeObservation['scope']): boolean => kind === 'target' || kind === 'rules';
const isApart = ({ state }: ScopeObservation): boolean => state.kind === 'drift' || state.kind === 'rollout';
const isUnready = ({ state }: ScopeObservation): boolean =>
  state.kind === 'in-sync' && state.unready.length > 0;

/** What rules of drift.yaml ignore: said, so that nobody takes it for the same as nothing. */
function ignoredLines({ ignored }: ScopeObservation): readonly string[] {
  if (ignored === undefined) return [];
  const more = ignored.count - ignored.notes.length;
  return [
    ...ignored.notes.map((note) => `  ${oneLine(note)}`),
    ...(more > 0 ? [`  and ${more} more are ignored`] : []),
  ];
}

const remarkLines = ({ scope, remarks = [] }: ScopeObservation): readonly string[] =>
  remarks.map((remark) => `${formatScope(scope)}: ${oneLine(remark)}`);

/** For programs: the observation as it is, with Secret values never in it and credentials masked. */
export function formatObservationJson(observation: Observation): string {
  const scopes = observation.scopes.map((seen) =>
    seen.state.kind === 'drift' || seen.state.kind === 'rollout'
      ? { ...seen, state: { ...seen.state, findings: seen.state.findings.map(maskedFinding) } }
      : seen,
  );
  return formatJson({ schema: 1, ...observation, scopes }, 2);
}

function scopeLines(seen: ScopeObservation, paint: Paint, groups: AdmissionGroups): readonly string[] {
  const { scope, state } = seen;
  switch (state.kind) {
    case 'in-sync':
      return [
        `${titleOf(seen)}  ${paint('in sync', 'green')}`,
        ...state.unready.map((line) => `  not ready: ${oneLine(line)}`),
      ];
    case 'drift':
    case 'rollout':
      return [
        `${titleOf(seen)}  ${paint(WORDS[state.kind], COLOURS[state.kind])}`,
        ...(state.deployer === undefined ? [] : [`  the deployer: ${oneLine(state.deployer)}`]),
        ...findingsLines(state.findings, namespaceOf(scope), paint, groups),
      ];
    case 'unknown':
      return [];
  }
}

/** What one webhook did to many objects is told once, after all scopes. */
function findingsLines(
  findings: readonly Finding[],
  inNamespace: string | undefined,
  paint: Paint,
  groups: AdmissionGroups,
): readonly string[] {
  const own = findings.filter((finding) => !groups.holds(finding));
  const grouped = findings.length - own.length;
  return [
    ...own.flatMap((finding) => findingLines(finding, inNamespace, paint)),
    ...(grouped === 0 ? [] : [`  ${grouped} likely at admission: see below`]),
  ];
}

const WORDS = { drift: 'drift', rollout: 'rolling out' } as const;
const COLOURS = { drift: 'red', rollout: 'yellow' } as const;

const titleOf = ({ scope, chart }: ScopeObservation): string => {
  const range = chart?.newestOf === undefined ? '' : `, the newest of "${chart.newestOf}"`;
  const of = chart === undefined ? '' : `  ${oneLine(`${chart.name} ${chart.version}${range}`)}`;
  return `${oneLine(formatScope(scope))}${of}`;
};

/** One missing right keeps a hundred releases from being judged: it is said once, with the rules to add, once. */
function unknownLines(scopes: readonly ScopeObservation[], paint: Paint): readonly string[] {
  const byReason = new Map<string, string[]>();
  const rules = new Set<string>();
  for (const seen of scopes) {
    const unjudged = unjudgedIn(seen.state);
    if (unjudged === undefined) continue;
    const { reason, rule } = unjudged;
    const title = seen.state.kind === 'unknown' ? titleOf(seen) : `some of ${titleOf(seen)}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), title]);
    for (const each of rule?.split(/^(?=- )/m) ?? []) rules.add(each.trimEnd());
  }
  const lines = [...byReason].flatMap(([reason, titles]) => {
    const more = titles.length - NAMED;
    const isRules = scopes.some(
      ({ scope, state }) => scope.kind === 'rules' && unjudgedIn(state)?.reason === reason,
    );
    const said = `${paint(isRules ? 'has errors' : 'could not be judged', 'yellow')}: ${oneLine(reason)}`;
    if (titles.length === 1) return [`${titles[0]}  ${said}`];
    return [
      `${titles.length} ${said}`,
      ...titles.slice(0, NAMED).map((title) => `  ${title}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ];
  });
  if (rules.size === 0) return lines;
  const pasted = [...rules].flatMap((rule) => rule.split('\n').map((line) => `    ${oneLine(line)}`));
  return [...lines, `  ${RIGHTS}`, ...pasted];
}

/** What could not be judged of a scope, which may have drifted besides. */
export function unjudgedIn(state: ScopeObservation['state']): Unjudged | undefined {
  switch (state.kind) {
    case 'in-sync':
      return undefined;
    case 'drift':
    case 'rollout':
      return state.unjudged;
    case 'unknown':
      return state;
  }
}

function findingLines(finding: Finding, inNamespace: string | undefined, paint: Paint): readonly string[] {
  const object = oneLine(formatReference(finding.object, inNamespace));
  const [head = '', ...rest] = findingText(finding);
  const [gone, here] = [/^ {2}Git: /, /^ {2}cluster: /];
  return [
    `  ${object}  ${head}`,
    ...rest.map((line) =>
      gone.test(line)
        ? `  ${paint(line, 'red')}`
        : here.test(line)
          ? `  ${paint(line, 'green')}`
          : `  ${paint(line, 'dim')}`,
    ),
  ];
}

const namespaceOf = (scope: ScopeObservation['scope']): string | undefined =>
  scope.kind === 'release' ? scope.namespace : undefined;

function summaryOf(scopes: readonly ScopeObservation[]): string {
  const count = (kind: ScopeObservation['state']['kind']) =>
    scopes.filter(({ state }) => state.kind === kind).length;
  const parts = [
    [count('drift'), 'drifted'],
    [count('rollout'), 'rolling out'],
    [count('unknown'), 'not judged'],
    [count('in-sync'), 'in sync'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? NOTHING : said.join(', ');
}
