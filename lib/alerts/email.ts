import { formatReference } from '../objects/objects.ts';
import type { Alert, Member, RefusedUpload } from './alert.ts';
import { reportCommand } from './commands.ts';
import type { PlacedAlert } from './deployers-object.ts';
import { type Block, findingBlocks, listed, reasonBlocks } from './email-blocks.ts';
import { namespaceOf } from './grouping.ts';
import { headlineOf, partsOf, placeOf, RULES, subjectOf } from './headline.ts';
import { withShownWords } from './masked-alert.ts';
import { cutBytes, MESSAGE_BYTES, oneLine, shortLine, subjectLine } from './plain.ts';
import type { Remedy } from './remedy.ts';
import { formatDuration, formatTime } from './times.ts';
import { type DifferingAlert, remediesOf } from './what-to-do.ts';

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
export function emailOf(given: Alert, bytes = MESSAGE_BYTES): Email {
  const alert = withShownWords(given);
  return { subject: subjectLine(subjectOf(alert)), body: bodyOf(alert, bytes) };
}

/** Parts of a body: `blocks` are left out from the end where they do not fit, and counted. */
interface Parts {
  readonly head: readonly string[];
  readonly blocks?: readonly Block[];
  /** What was left out before it came here. */
  readonly more?: number | undefined;
  readonly tail?: readonly string[];
}

/** A line of words, and lists in the head: the rest is in the report. */
const LINE_BYTES = 2048;
const LISTED = 10;
const WORKLOADS_LISTED = 20;
/** What to do is never cut for findings; it is short, unless names are made to be long. */
const TAIL_BYTES = 64 * 1024;

function bodyOf(alert: Alert, bytes: number): string {
  const { head, blocks = [], more = 0, tail = [] } = partsOfBody(alert);
  const start = `${shortLine(`${placeOf(alert)}: ${headlineOf(alert)}.`, LINE_BYTES)}\n\n${head.join('\n')}\n`;
  const last = [...tail, ...whatToDo(remediesOf(alert), alert.target)];
  const end = `\n${last.length === 0 ? '' : `${cutBytes(last.join('\n'), TAIL_BYTES)}\n\n`}${footOf(alert)}`;
  const room = bytes - Buffer.byteLength(start + end) - Buffer.byteLength(andMore(999_999));
  let middle = '';
  let left = more;
  for (const [index, { text }] of blocks.entries()) {
    if (Buffer.byteLength(middle) + Buffer.byteLength(text) + 2 > room) {
      left += blocks.slice(index).reduce((sum, { weight }) => sum + weight, 0);
      break;
    }
    middle += `\n${text}\n`;
  }
  return cutBytes(`${start}${middle}${left > 0 ? andMore(left) : ''}${end}`, bytes);
}

const andMore = (count: number): string => `\nand ${count} more\n`;

/** Uploads that were refused, have failed or wait are no incidents: `npx fairlead uploads` shows them. */
const isListed = ({ kind }: Alert): boolean => kind !== 'rejected' && kind !== 'failed' && kind !== 'frozen';

/** Where all of it is, and how it went on. */
function footOf(alert: Alert): string {
  const { installation, incident, sequence } = alert;
  const command = isListed(alert) ? reportCommand(alert) : undefined;
  return [
    ...(command === undefined ? [] : ['The whole report, and how it went on:', '', `  ${command}`, '']),
    '-- ',
    shortLine(`Fairlead, installation ${installation}. ${incident}, message ${sequence}.`, LINE_BYTES),
    '',
  ].join('\n');
}

function partsOfBody(alert: Alert): Parts {
  switch (alert.kind) {
    case 'drift':
      return differing(alert, 'WHAT DIFFERS');
    case 'drift-changed':
      return differing(
        alert,
        alert.fresh > 0 ? `WHAT DIFFERS NOW, ${newOnes(alert.fresh)}` : 'WHAT STILL DIFFERS',
      );
    case 'summary':
      return differing(alert, 'WHAT DIFFERS');
    case 'stalled':
      return stalled(alert);
    case 'reminder':
      return reminding(alert);
    case 'converged':
    case 'rolled-out':
      return { head: [...facts(alert), `Until    ${formatTime(alert.at)}`] };
    case 'unknown':
      return unknown(alert);
    case 'known-again':
    case 'unblocked':
      return {
        head: [...place(alert), `Since    ${formatTime(alert.since)}`, `Until    ${formatTime(alert.at)}`],
      };
    case 'blocked':
      return {
        head: [
          ...place(alert),
          since(alert),
          '',
          'WHY',
          shortLine(alert.reason, LINE_BYTES),
          '',
          'What waits keeps its order, and is tried again by itself.',
        ],
      };
    case 'frozen':
      return {
        head: [
          ...place(alert),
          since(alert),
          `By       ${shortLine(alert.by, LINE_BYTES)}`,
          ...(alert.reason === undefined ? [] : [`Why      ${shortLine(alert.reason, LINE_BYTES)}`]),
          '',
          'WHAT WAITS',
          shortLine(alert.upload, LINE_BYTES),
          '',
          'What comes after it waits, too, and is not told again. Nothing of it is lost.',
        ],
      };
    case 'drill':
    case 'drill-over':
      return drill(alert);
    case 'rejected':
      return rejected(alert);
    case 'failed':
      return {
        head: [
          ...place(alert),
          `At       ${formatTime(alert.at)}`,
          '',
          'They wait no longer, and will not be tried again by themselves.',
          '',
          'WHAT FAILED',
          ...listed(alert.uploads, LISTED, alert.more),
          '',
          'WHY',
        ],
        blocks: reasonBlocks(alert.reasons),
      };
  }
}

function differing(alert: DifferingAlert, title: string): Parts {
  return {
    head: [
      ...facts(alert),
      ...snoozed(alert),
      ...many(alert),
      ...(alert.kind === 'drift-changed' ? goneLines(alert) : []),
      ...(alert.kind === 'summary' ? FIRST_CHECK : []),
      '',
      title,
    ],
    blocks: findingBlocks(alert.findings, alert),
    more: alert.more,
  };
}

const FIRST_CHECK = [
  '',
  'This was the first check. Nobody is woken for what it found; what is new since is told at once.',
  'In 7 days what still differs is told as drift, unless rules accept it or all of it is put back.',
];

function goneLines({ gone, scope }: Extract<Alert, { readonly kind: 'drift-changed' }>): readonly string[] {
  const names = gone.map(({ object, at }) => `${formatReference(object, namespaceOf(scope))} ${at}`);
  return listed(names, LISTED).map((line) => `No more  ${line}`);
}

/** Of a burst, or of a first check: which parts, the gravest first. */
function many(alert: DifferingAlert): readonly string[] {
  const { members } = alert;
  if (members === undefined) return [];
  const resolved = 'resolved' in alert ? (alert.resolved ?? 0) : 0;
  const left = Math.max(0, (alert.left ?? members.length) - members.length);
  return [
    `Where    ${partsOf(alert)}${resolved > 0 ? `; ${resolved} more are as Git says again` : ''}`,
    `         ${inLine(members.map(memberText), left)}`,
  ];
}

/** Names, one after the other: so many lines would push what differs off a phone. */
function inLine(names: readonly string[], more: number): string {
  const lines = listed(names, LISTED, more);
  const isCut = lines.length > Math.min(names.length, LISTED);
  return isCut ? `${lines.slice(0, -1).join(', ')} ${lines.at(-1)}` : lines.join(', ');
}

const memberText = ({ scope, findings, severity }: Member): string =>
  `${scope}${severity === 'critical' ? ', critical' : ''}${findings > 1 ? ` (${findings})` : ''}`;

const snoozed = (alert: Alert): readonly string[] =>
  alert.kind === 'reminder' && alert.snoozedUntil !== undefined
    ? [`Snooze   ended ${formatTime(alert.snoozedUntil)}`]
    : [];

function stalled(alert: Extract<Alert, { readonly kind: 'stalled' } | { readonly of: 'stalled' }>): Parts {
  return {
    head: [
      ...facts(alert),
      ...snoozed(alert),
      ...(alert.deployerSays === undefined
        ? []
        : ['', 'WHAT THE DEPLOYER SAYS', shortLine(alert.deployerSays, LINE_BYTES)]),
      ...(alert.unready.length === 0
        ? []
        : ['', 'WHAT DOES NOT RUN', ...listed(alert.unready, WORKLOADS_LISTED)]),
      ...(alert.findings.length === 0 ? [] : ['', 'WHAT IS STILL DIFFERENT']),
    ],
    blocks: findingBlocks(alert.findings, alert),
    more: alert.more,
  };
}

function reminding(alert: Extract<Alert, { readonly kind: 'reminder' }>): Parts {
  switch (alert.of) {
    case 'drift':
      return differing(alert, 'WHAT STILL DIFFERS');
    case 'stalled':
      return stalled(alert);
    case 'unknown':
      return unknown(alert);
  }
}

function unknown(alert: Extract<Alert, { readonly kind: 'unknown' } | { readonly of: 'unknown' }>): Parts {
  const { members = [], left = members.length } = alert;
  return {
    head: [
      ...place(alert),
      since(alert),
      ...snoozed(alert),
      ...(members.length === 0
        ? []
        : [`Where    ${partsOf(alert)}`, `         ${inLine(members, left - members.length)}`]),
      '',
      'WHY',
      shortLine(alert.reason, LINE_BYTES),
      '',
      alert.scope === RULES
        ? 'Until they are mended, these rules do nothing.'
        : 'Until it is judged again nothing is known: neither drift nor its absence.',
    ],
  };
}

function rejected(alert: Extract<Alert, { readonly kind: 'rejected' }>): Parts {
  const { also = [] } = alert;
  return {
    head: [
      ...place(alert),
      ...uploadLines(alert),
      `At       ${formatTime(alert.at)}`,
      '',
      also.length === 0 ? 'Nothing of it was committed.' : 'Nothing of them was committed.',
      '',
      'WHY',
    ],
    blocks: [...reasonBlocks(alert.reasons), ...also.map(refusedBlock)],
    more: alert.more,
  };
}

const uploadLines = ({ upload, claimedAuthor }: RefusedUpload): readonly string[] => [
  `Upload   ${shortLine(upload, LINE_BYTES)}`,
  ...(claimedAuthor === undefined
    ? []
    : [`By       ${shortLine(claimedAuthor, LINE_BYTES)} (as the upload claims)`]),
];

/** Another upload of the same minute. */
const refusedBlock = (refused: RefusedUpload): Block => ({
  text: [...uploadLines(refused), ...reasonBlocks(refused.reasons).map(({ text }) => text)].join('\n'),
  weight: 1,
});

function drill(alert: Extract<Alert, { readonly kind: 'drill' | 'drill-over' }>): Parts {
  return {
    head: [
      'THIS IS A DRILL. Nothing is wrong, and there is nothing to do.',
      '',
      `By       ${shortLine(alert.by, LINE_BYTES)}`,
      ...(alert.kind === 'drill'
        ? [`At       ${formatTime(alert.at)}`]
        : [`Since    ${formatTime(alert.since)}`, `Until    ${formatTime(alert.at)}`]),
      '',
      alert.kind === 'drill'
        ? 'It shows that alerts arrive here. Its end follows by itself; a pager that it has woken rests then.'
        : 'It is over: a pager that it had woken rests now.',
    ],
  };
}

/** What was seen just now has lasted for nobody knows how long. */
const since = (alert: { readonly since: string; readonly at: string }): string =>
  `Since    ${formatTime(alert.since)}${alert.since >= alert.at ? '' : ` (${formatDuration(alert.since, alert.at)})`}`;

const place = ({ target, scope, kind }: Alert): readonly string[] => [
  `Target   ${oneLine(target)}`,
  ...(scope === 'target' || kind === 'rejected' ? [] : [what(scope)]),
];

const what = (scope: string, chart = ''): string =>
  scope === 'manifests' || scope.startsWith('manifests/') || scope === RULES
    ? `What     ${oneLine(scope)}`
    : `Release  ${shortLine(scope + chart, LINE_BYTES)}`;

const newOnes = (count: number): string => (count === 1 ? 'the first is new' : `the first ${count} are new`);

const COMMIT_CHARACTERS = 12;

function facts(alert: PlacedAlert): readonly string[] {
  const chart = alert.chart === undefined ? '' : ` (chart ${alert.chart.name} ${alert.chart.version})`;
  return [
    `Target   ${oneLine(alert.target)}`,
    ...(alert.scope === 'target' ? [] : [what(alert.scope, chart)]),
    alert.kind === 'summary' ? `At       ${formatTime(alert.at)}` : since(alert),
    `Git      ${alert.commit === '' ? 'not read yet' : shortLine(alert.commit.slice(0, COMMIT_CHARACTERS), LINE_BYTES)}`,
    `         ${shortLine(alert.root, LINE_BYTES)}`,
    `         ${shortLine(alert.repository, LINE_BYTES)}`,
  ];
}

/** Commands that speak to whatever cluster kubectl points at. */
const TO_A_CLUSTER = /^(now=|kubectl |helm )/;

function whatToDo(remedies: readonly Remedy[], target: string): readonly string[] {
  if (remedies.length === 0) return [];
  const isToCluster = remedies.some(({ commands }) => commands.some((command) => TO_A_CLUSTER.test(command)));
  return [
    `WHAT TO DO${isToCluster ? ` (kubectl and helm: on the cluster of ${oneLine(target)})` : ''}`,
    ...remedies.flatMap(({ title, text, commands, paste = [] }) => [
      '',
      `${title}.`,
      ...text.map((line) => shortLine(line, LINE_BYTES)),
      ...(commands.length === 0 ? [] : ['', ...commands.map((command) => `  ${command}`)]),
      ...(paste.length === 0 ? [] : ['', ...paste.map((line) => `  ${line}`)]),
    ]),
  ];
}
