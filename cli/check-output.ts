import { oneLine } from '../lib/alerts/plain.ts';
import { maskedFinding, shownValue } from '../lib/alerts/shown-values.ts';
import { formatScope, type Observation, type ScopeObservation } from '../lib/checks/observation.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { formatJson } from '../lib/objects/json.ts';
import { formatReference } from '../lib/objects/objects.ts';

const SHORT_COMMIT = 10;

/** For people, in a terminal: nothing that a cluster says reaches it as a control character. */
export function formatObservation(observation: Observation, cluster: string): string {
  const { target, commit, scopes } = observation;
  const shown = scopes.filter(({ scope, state }) => !isSilent(scope) || state.kind === 'unknown');
  const lines = [`${target}: ${oneLine(cluster)} against commit ${commit.slice(0, SHORT_COMMIT)}`, ''];
  for (const seen of shown) lines.push(...scopeLines(seen), ...ignoredLines(seen));
  lines.push(...scopes.flatMap(remarkLines));
  return [...lines, '', summaryOf(shown)].join('\n');
}

/** Of the target itself and of its rules there is only something to say where something is wrong. */
const isSilent = ({ kind }: ScopeObservation['scope']): boolean => kind === 'target' || kind === 'rules';

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

function scopeLines({ scope, chart, state }: ScopeObservation): readonly string[] {
  const title = `${formatScope(scope)}${chart === undefined ? '' : `  ${oneLine(`${chart.name} ${chart.version}`)}`}`;
  switch (state.kind) {
    case 'in-sync':
      return [`${title}  in sync`, ...state.unready.map((line) => `  not ready: ${oneLine(line)}`)];
    case 'drift':
    case 'rollout':
      return [
        `${title}  ${WORDS[state.kind]}`,
        ...(state.deployer === undefined ? [] : [`  the deployer: ${oneLine(state.deployer)}`]),
        ...state.findings.flatMap((finding) => findingLines(finding, namespaceOf(scope))),
      ];
    case 'unknown':
      return [
        `${title}  could not be judged: ${oneLine(state.reason)}`,
        ...(state.rule === undefined
          ? []
          : [
              '  add this to the rules of its ClusterRole:',
              ...state.rule.split('\n').map((line) => `    ${line}`),
            ]),
      ];
  }
}

const WORDS = { drift: 'drift', rollout: 'rolling out' } as const;

function findingLines(finding: Finding, inNamespace: string | undefined): readonly string[] {
  const object = oneLine(formatReference(finding.object, inNamespace));
  const where = finding.at === '' ? '' : `  ${oneLine(finding.at)}`;
  const lines = [
    `  ${object}${where}  ${finding.verdict}${finding.note === undefined ? '' : ` (${oneLine(finding.note)})`}`,
  ];
  if (finding.secret) lines.push('    (a Secret: the value is not shown)');
  else if (finding.at !== '') {
    lines.push(`    Git:     ${oneLine(shownValue(finding, 'desired'))}`);
    lines.push(`    cluster: ${oneLine(shownValue(finding, 'live'))}`);
  }
  const { attribution } = finding;
  if (attribution !== undefined) {
    const since = attribution.since === undefined ? '' : `, at the latest ${oneLine(attribution.since)}`;
    lines.push(`    ${oneLine(attribution.likely)}${since}`);
  }
  return lines;
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
  return said.length === 0
    ? 'nothing is declared there: is that the right target, --root and --branch?'
    : said.join(', ');
}
