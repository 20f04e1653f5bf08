import { formatReference } from '../objects/objects.ts';
import { type Alert, LIFE, type RefusedUpload } from './alert.ts';
import { formatAuthor } from './by-whom.ts';
import { reportCommand } from './commands.ts';
import { attributionOf, namesOf, namespaceOf, ownersOf, type Paragraph, paragraphsOf } from './grouping.ts';
import { headlineOf, membersIn, subjectOf, VERBS } from './headline.ts';
import { withShownWords } from './masked-alert.ts';
import { alarmName } from './pager.ts';
import { chatCode, chatText, cutBytes, fittingLines, subjectLine } from './plain.ts';
import type { Remedy } from './remedy.ts';
import { shownValue } from './shown-values.ts';
import { formatDuration, formatTime } from './times.ts';
import { remediesOf } from './what-to-do.ts';

export interface ChatMessage {
  readonly subject: string;
  /** JSON. */
  readonly body: string;
}

/** A chat is glanced at: the email has all of it. */
const PARAGRAPHS = 5;
const LISTED = 5;
const VALUE_BYTES = 200;
const WORDS_BYTES = 600;
/** Amazon Q Developer's custom notifications: title 250, description 8,000 characters, next steps 10 of 350. */
const TITLE_BYTES = 250;
const DESCRIPTION_BYTES = 8000;
const NEXT_STEPS = 10;
const NEXT_STEP_BYTES = 350;
const KEYWORD_BYTES = 75;

/** A custom notification of Amazon Q Developer in chat applications; the incident is the thread. */
export function chatOf(given: Alert): ChatMessage {
  const alert = withShownWords(given);
  const steps = nextStepsOf(alert);
  const [description, left] = fittingLines(descriptionOf(alert), DESCRIPTION_BYTES - ROOM_FOR_COUNT);
  const thread = alarmName(alert.incident);
  const body = JSON.stringify({
    version: '1.0',
    source: 'custom',
    id: `${thread}/${alert.sequence}`,
    content: {
      textType: 'client-markdown',
      title: cutBytes(`${markOf(alert)} ${chatText(subjectOf(alert))}`, TITLE_BYTES),
      description: left === 0 ? description : `${description}\n(${left} more lines in the email)`,
      ...(steps.length === 0 ? {} : { nextSteps: steps }),
      keywords: [alert.target, alert.kind, alert.severity].map((word) =>
        cutBytes(chatText(word), KEYWORD_BYTES),
      ),
    },
    metadata: {
      threadId: thread,
      summary: cutBytes(chatText(headlineOf(alert)), TITLE_BYTES),
      eventType: alert.kind,
      additionalContext: {
        target: cutBytes(chatText(alert.target), TITLE_BYTES),
        scope: cutBytes(chatText(alert.scope), TITLE_BYTES),
        severity: alert.severity,
      },
    },
  });
  return { subject: subjectLine(subjectOf(alert)), body };
}

const ROOM_FOR_COUNT = 64;

/** Of what is well again; `info` alone is no more than news. */
const WELL = ':white_check_mark:';
const markOf = (alert: Alert): string => {
  if (alert.kind === 'drill') return MARKS.info;
  return LIFE[alert.kind] === 'closes' ? WELL : MARKS[alert.severity];
};
const MARKS = { info: ':information_source:', warning: ':warning:', critical: ':rotating_light:' } as const;

/** The title has the headline: what follows it. */
function descriptionOf(alert: Alert): readonly string[] {
  if (!('since' in alert) || alert.kind === 'summary')
    return [...bodyOf(alert), `At ${formatTime(alert.at)}`];
  const until = LIFE[alert.kind] === 'closes' ? ` until ${formatTime(alert.at)}` : '';
  // What was seen just now has lasted for nobody knows how long.
  const lasted = alert.since >= alert.at ? '' : ` (${formatDuration(alert.since, alert.at)})`;
  return [...bodyOf(alert), `Since ${formatTime(alert.since)}${until}${lasted}`];
}

const words = (text: string): string => cutBytes(chatText(text), WORDS_BYTES);
const bullet = (text: string): string => `• ${words(text)}`;

function bodyOf(alert: Alert): readonly string[] {
  if ('findings' in alert)
    return [
      ...('deployerSays' in alert && alert.deployerSays !== undefined
        ? [words(`The deployer says: ${alert.deployerSays}`)]
        : []),
      ...('unready' in alert ? listed(alert.unready, bullet) : []),
      ...memberLines(alert),
      ...paragraphLines(alert),
    ];
  switch (alert.kind) {
    case 'unknown':
      return [...memberLines(alert), words(alert.reason)];
    case 'blocked':
      return [words(alert.reason)];
    case 'frozen':
      return [
        ...(alert.reason === undefined ? [] : [words(alert.reason)]),
        `• ${chatCode(cutBytes(alert.upload, VALUE_BYTES))}`,
      ];
    case 'drill':
      return ['This is a drill. Nothing is wrong, and there is nothing to do. Its end follows by itself.'];
    case 'drill-over':
      return ['It is over. Nothing was wrong.'];
    case 'reminder':
      return alert.of === 'unknown' ? [...memberLines(alert), words(alert.reason)] : [];
    case 'rejected':
      return [
        ...reasonLines(alert),
        ...listed(
          alert.also ?? [],
          ({ upload }) => `• ${chatCode(cutBytes(upload, VALUE_BYTES))}`,
          alert.more,
        ),
      ];
    case 'failed':
      return [
        ...listed(alert.uploads, (upload) => `• ${chatCode(cutBytes(upload, VALUE_BYTES))}`, alert.more),
        ...listed(alert.reasons, ({ message }) => words(message)),
      ];
    default:
      return [];
  }
}

const memberLines = (alert: Alert): readonly string[] =>
  'members' in alert && alert.members !== undefined ? [words(membersIn(alert))] : [];

/** The first few, and how many there are more. */
function listed<Entry>(
  entries: readonly Entry[],
  line: (entry: Entry) => string,
  more = 0,
): readonly string[] {
  const left = Math.max(0, entries.length - LISTED) + more;
  return [...entries.slice(0, LISTED).map(line), ...(left > 0 ? [`and ${left} more`] : [])];
}

const reasonLines = ({ reasons }: RefusedUpload): readonly string[] =>
  listed(reasons, ({ message, place }) => {
    const file =
      place?.file === undefined
        ? ''
        : ` ${chatCode(cutBytes(`${place.file}${place.line === undefined ? '' : `:${place.line}`}`, VALUE_BYTES))}`;
    return `${bullet(message)}${file}`;
  });

function paragraphLines({
  findings,
  scope,
  more = 0,
}: Extract<Alert, { readonly findings: readonly unknown[] }>): readonly string[] {
  const paragraphs = paragraphsOf(findings);
  const left = paragraphs.slice(PARAGRAPHS).reduce((sum, each) => sum + each.findings.length, more);
  return [
    ...paragraphs.slice(0, PARAGRAPHS).map((paragraph) => paragraphLine(paragraph, scope)),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}

function paragraphLine(paragraph: Paragraph, scope: string): string {
  const { first, objects, cause } = paragraph;
  const namespace = namespaceOf(scope);
  const owners = ownersOf(paragraph);
  const object =
    objects === 1
      ? `*${words(formatReference(first.object, namespace))}* ${VERBS[first.verdict]}${owners === undefined ? '' : ` (${words(owners)})`}`
      : `*${objects} x ${words(first.object.kind)}* ${VERBS[first.verdict]} (${words(namesOf(paragraph, namespace))})`;
  const attribution = attributionOf(paragraph);
  const by =
    cause === 'admission'
      ? ', rewritten at admission'
      : attribution === undefined
        ? ''
        : `, ${words(attribution.by === undefined ? attribution.likely : formatAuthor(attribution.by))}`;
  if (first.path.length === 0) return `• ${object}${by}`;
  const value = (side: 'desired' | 'live') => chatCode(cutBytes(shownValue(first, side), VALUE_BYTES));
  const at = chatCode(cutBytes(first.at, VALUE_BYTES));
  return `• ${object} ${at}: Git ${value('desired')}, cluster ${value('live')}${by}`;
}

function nextStepsOf(alert: Alert): readonly string[] {
  const steps = remediesOf(alert).map(stepOf);
  const isListed = alert.kind !== 'failed' && alert.kind !== 'frozen';
  const command = isListed ? reportCommand(alert) : undefined;
  const report = command === undefined ? '' : `The whole report\n${chatCode(command)}`;
  const isShown = steps.length > 0 && report !== '' && Buffer.byteLength(report) <= NEXT_STEP_BYTES;
  return [...steps.slice(0, NEXT_STEPS - 1), ...(isShown ? [report] : [])];
}

function stepOf({ title, commands, paste = [] }: Remedy): string {
  const shown = commands.filter((command) => !command.startsWith('#'));
  const left = commands.length - shown.length + paste.length;
  const step = [chatText(title), ...shown.map(commandCode)].join('\n');
  // Half a command is none.
  return left === 0 && Buffer.byteLength(step) <= NEXT_STEP_BYTES
    ? step
    : `${cutBytes(chatText(title), NEXT_STEP_BYTES - ROOM_FOR_COUNT)} (${paste.length > 0 ? 'to paste from' : 'commands in'} the email)`;
}

/** A command as it is: what is quoted for a shell must not change. One that a chat would change is not shown here. */
const commandCode = (command: string): string => {
  const code = chatCode(command);
  return code === `\`${command}\`` ? code : '(command in the email)';
};
