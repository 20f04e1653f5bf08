import type { Reason } from '../charts/reasons.ts';
import type { Finding } from '../drift/verdicts.ts';
import { formatReference } from '../objects/objects.ts';
import type { Alert, Member } from './alert.ts';
import { formatAuthor } from './by-whom.ts';
import { headlineOf, namespaceOf, placeOf, RULES, subjectOf, VERBS } from './headline.ts';
import { cutBytes, MESSAGE_BYTES, oneLine, subjectLine } from './plain.ts';
import { shownValue } from './shown-values.ts';
import { formatDuration, formatTime } from './times.ts';
import { type Remedy, remediesOf, replayOf } from './what-to-do.ts';

export interface Email {
  /** ASCII, one line, at most 100 characters. */
  readonly subject: string;
  /** Plain text, at most as many bytes as were given. */
  readonly body: string;
}

/**
 * The alert as a person reads it, on a phone as well: short lines, the gravest first, what to do at the end.
 * @param bytes of the body, where something else takes part of what SNS carries
 */
export function emailOf(alert: Alert, bytes = MESSAGE_BYTES): Email {
  return { subject: subjectLine(subjectOf(alert)), body: bodyOf(alert, bytes) };
}

/** Parts of a body: `blocks` are left out from the end where they do not fit, and counted. */
interface Parts {
  readonly head: readonly string[];
  readonly blocks: readonly string[];
  /** What was left out before it came here. */
  readonly more: number;
  readonly tail: readonly string[];
}

function bodyOf(alert: Alert, bytes: number): string {
  const { head, blocks, more, tail } = partsOf(alert);
  const foot = `-- \nFairlead, installation ${alert.installation}. ${alert.incident}, message ${alert.sequence}.\n`;
  const start = `${sentence(alert)}\n\n${head.join('\n')}\n`;
  const end = `\n${tail.length === 0 ? '' : `${tail.join('\n')}\n\n`}${foot}`;
  const room = bytes - Buffer.byteLength(start + end) - Buffer.byteLength(andMore(999_999));
  let middle = '';
  let shown = 0;
  for (const block of blocks) {
    if (Buffer.byteLength(middle) + Buffer.byteLength(block) + 2 > room) break;
    middle += `\n${block}\n`;
    shown += 1;
  }
  const left = blocks.length - shown + more;
  return cutBytes(`${start}${middle}${left > 0 ? andMore(left) : ''}${end}`, bytes);
}

const andMore = (count: number): string => `\nand ${count} more\n`;

/** The first line says it all: a phone shows no more. */
const sentence = (alert: Alert): string => oneLine(`${placeOf(alert)}: ${headlineOf(alert)}.`);

function partsOf(alert: Alert): Parts {
  switch (alert.kind) {
    case 'drift':
      return {
        head: [...facts(alert), '', 'WHAT DIFFERS'],
        blocks: alert.findings.map((finding, index) => findingBlock(finding, index, alert.scope)),
        more: alert.more ?? 0,
        tail: whatToDo(remediesOf(alert)),
      };
    case 'drift-changed':
      return {
        head: [
          ...facts(alert),
          ...alert.gone.map(
            (finding) =>
              `Gone     ${oneLine(`${formatReference(finding.object, namespaceOf(alert.scope))} ${finding.at}`)}`,
          ),
          '',
          alert.fresh > 0 ? `WHAT DIFFERS NOW, ${newOnes(alert.fresh)}` : 'WHAT STILL DIFFERS',
        ],
        blocks: alert.findings.map((finding, index) => findingBlock(finding, index, alert.scope)),
        more: alert.more ?? 0,
        tail: whatToDo(remediesOf(alert)),
      };
    case 'stalled':
      return {
        head: [
          ...facts(alert),
          ...(alert.deployerSays === undefined
            ? []
            : ['', 'WHAT THE DEPLOYER SAYS', oneLine(alert.deployerSays)]),
          ...(alert.unready.length === 0 ? [] : ['', 'WHAT DOES NOT RUN', ...alert.unready.map(oneLine)]),
          ...(alert.findings.length === 0 ? [] : ['', 'WHAT IS STILL DIFFERENT']),
        ],
        blocks: alert.findings.map((finding, index) => findingBlock(finding, index, alert.scope)),
        more: alert.more ?? 0,
        tail: whatToDo(remediesOf(alert)),
      };
    case 'summary':
      return {
        head: [...facts(alert), '', 'WHAT DIFFERS', ...alert.members.map(memberLine), ''],
        blocks: alert.findings.map((finding, index) => findingBlock(finding, index, alert.scope)),
        more: alert.more ?? 0,
        tail: [],
      };
    case 'reminder':
      return remindingParts(alert);
    case 'converged':
    case 'rolled-out':
      return plain([...facts(alert), `Until    ${formatTime(alert.at)}`]);
    case 'unknown':
      return plain([
        ...place(alert),
        `Since    ${formatTime(alert.since)}`,
        '',
        'WHY',
        oneLine(alert.reason),
        ...(alert.rule === undefined
          ? []
          : [
              '',
              'WHAT TO DO',
              'Allow it, with this rule in the ClusterRole of the check:',
              '',
              ...lines(alert.rule),
            ]),
        '',
        alert.scope === RULES
          ? 'Until they are mended, these rules do nothing.'
          : 'Until it is judged again nothing is known: neither drift nor its absence.',
      ]);
    case 'known-again':
    case 'unblocked':
      return plain([
        ...place(alert),
        `Since    ${formatTime(alert.since)}`,
        `Until    ${formatTime(alert.at)}`,
      ]);
    case 'blocked':
      return plain([
        ...place(alert),
        `Since    ${formatTime(alert.since)} (${formatDuration(alert.since, alert.at)})`,
        '',
        'WHY',
        oneLine(alert.reason),
        '',
        'What waits keeps its order, and is tried again by itself.',
      ]);
    case 'rejected':
      return {
        head: [
          ...place(alert),
          `Upload   ${oneLine(alert.upload)}`,
          ...(alert.claimedAuthor === undefined
            ? []
            : [`By       ${oneLine(alert.claimedAuthor)} (as the upload claims)`]),
          `At       ${formatTime(alert.at)}`,
          '',
          'Nothing of it was committed.',
          '',
          'WHY',
        ],
        blocks: alert.reasons.map(reasonBlock),
        more: 0,
        tail: [],
      };
    case 'failed':
      return {
        head: [
          ...place(alert),
          `At       ${formatTime(alert.at)}`,
          '',
          'They wait no longer, and will not be tried again by themselves.',
          '',
          'WHAT FAILED',
          ...alert.uploads.map(oneLine),
          ...(alert.more === undefined ? [] : [`and ${alert.more} more`]),
          '',
          'WHY',
        ],
        blocks: alert.reasons.map(reasonBlock),
        more: 0,
        tail: whatToDo([replayOf(alert)]),
      };
  }
}

const memberLine = ({ scope, findings }: Member): string => oneLine(`${scope}: ${findings}`);

/** What the alert that opened the incident holds, as it is now. */
function remindingParts(alert: Extract<Alert, { readonly kind: 'reminder' }>): Parts {
  if (alert.of === 'unknown')
    return plain([...place(alert), `Since    ${formatTime(alert.since)}`, '', 'WHY', oneLine(alert.reason)]);
  return {
    head: [...facts(alert), '', 'WHAT STILL DIFFERS'],
    blocks: alert.findings.map((finding, index) => findingBlock(finding, index, alert.scope)),
    more: alert.more ?? 0,
    tail: [],
  };
}

const plain = (head: readonly string[]): Parts => ({ head, blocks: [], more: 0, tail: [] });

const place = ({ target, scope, kind }: Alert): readonly string[] => [
  `Target   ${oneLine(target)}`,
  ...(scope === 'target' || kind === 'rejected' ? [] : [what(scope)]),
];

const what = (scope: string, chart = ''): string =>
  scope === 'manifests' || scope.startsWith('manifests/') || scope === RULES
    ? `What     ${scope}`
    : `Release  ${oneLine(scope + chart)}`;

const newOnes = (count: number): string => (count === 1 ? 'the first is new' : `the first ${count} are new`);

type PlacedAlert = Extract<Alert, { readonly commit: string }>;

const COMMIT_CHARACTERS = 12;

function facts(alert: PlacedAlert): readonly string[] {
  const chart = alert.chart === undefined ? '' : ` (chart ${alert.chart.name} ${alert.chart.version})`;
  return [
    `Target   ${oneLine(alert.target)}`,
    what(alert.scope, chart),
    `Since    ${formatTime(alert.since)}`,
    `Git      ${alert.commit === '' ? 'not read yet' : alert.commit.slice(0, COMMIT_CHARACTERS)}`,
    `         ${oneLine(alert.root)}`,
    `         ${oneLine(alert.repository)}`,
  ];
}

function findingBlock(finding: Finding, index: number, scope: string): string {
  const heading = `${index + 1}. ${formatReference(finding.object, namespaceOf(scope))} ${VERBS[finding.verdict]}`;
  const whole = finding.path.length === 0;
  return [
    oneLine(heading),
    ...(whole ? [] : [`   ${oneLine(finding.at)}`]),
    ...(whole && finding.desired === undefined && finding.live === undefined
      ? []
      : [
          `   Git:     ${oneLine(shownValue(finding, 'desired'))}`,
          `   cluster: ${oneLine(shownValue(finding, 'live'))}`,
        ]),
    ...(finding.attribution === undefined ? [] : [`   ${oneLine(authorOf(finding.attribution))}`]),
    ...(finding.note === undefined ? [] : [`   ${oneLine(finding.note)}`]),
    ...(finding.rule === undefined
      ? []
      : [`   ${oneLine(`rule ${finding.rule.number} of drift.yaml: ${finding.rule.reason}`)}`]),
  ].join('\n');
}

function authorOf({ likely, since, by }: NonNullable<Finding['attribution']>): string {
  if (by !== undefined) return `${formatAuthor(by)}, ${by.verb} at ${formatTime(by.at)}`;
  return since === undefined ? likely : `${likely}, ${formatTime(since)} or before`;
}

function whatToDo(remedies: readonly Remedy[]): readonly string[] {
  return [
    'WHAT TO DO',
    ...remedies.flatMap(({ title, text, commands }) => [
      '',
      `${title}.`,
      ...text,
      ...(commands.length === 0 ? [] : ['', ...commands.map((command) => `  ${command}`)]),
    ]),
  ];
}

function reasonBlock(
  { code, message, place: where, whatToDo: advice, excerpt }: Reason,
  index: number,
): string {
  const file =
    where?.file === undefined ? '' : `${where.file}${where.line === undefined ? '' : `:${where.line}`}`;
  return [
    oneLine(`${index + 1}. ${message}`),
    ...(file === '' && where?.pointer === undefined
      ? []
      : [`   ${oneLine([file, where?.pointer].filter(Boolean).join(' '))}`]),
    ...(excerpt === undefined ? [] : lines(excerpt).map((line) => `   | ${line}`)),
    `   ${oneLine(advice)}`,
    `   (${code})`,
  ].join('\n');
}

const lines = (text: string): readonly string[] => text.split('\n').map(oneLine);
