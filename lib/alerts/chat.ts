import type { Finding } from '../drift/verdicts.ts';
import { formatReference } from '../objects/objects.ts';
import type { Alert } from './alert.ts';
import { formatAuthor } from './by-whom.ts';
import { headlineOf, namespaceOf, subjectOf, VERBS } from './headline.ts';
import { chatCode, chatText, cutBytes, MESSAGE_BYTES, subjectLine } from './plain.ts';
import { shownValue } from './shown-values.ts';
import { formatTime } from './times.ts';
import { type Remedy, remediesOf, replayOf } from './what-to-do.ts';

export interface ChatMessage {
  readonly subject: string;
  /** JSON. */
  readonly body: string;
}

/** A chat is glanced at: the email has all of it. */
const FINDINGS = 5;
const VALUE_BYTES = 200;
/** Amazon Q Developer's custom notifications: title 250, description 8,000 characters, next steps 10 of 350. */
const TITLE_BYTES = 250;
const DESCRIPTION_BYTES = 8000;
const NEXT_STEP_BYTES = 350;

/** A custom notification of Amazon Q Developer in chat applications; the incident is the thread. */
export function chatOf(alert: Alert): ChatMessage {
  const subject = subjectLine(subjectOf(alert));
  const steps = nextStepsOf(alert);
  const body = JSON.stringify({
    version: '1.0',
    source: 'custom',
    id: `${alert.incident}/${alert.sequence}`,
    content: {
      textType: 'client-markdown',
      title: cutBytes(`${MARKS[alert.severity]} ${chatText(subjectOf(alert))}`, TITLE_BYTES),
      description: cutBytes(descriptionOf(alert), DESCRIPTION_BYTES),
      ...(steps.length === 0 ? {} : { nextSteps: steps }),
      keywords: [alert.target, alert.kind, alert.severity].map(chatText),
    },
    metadata: {
      threadId: alert.incident,
      summary: cutBytes(chatText(headlineOf(alert)), TITLE_BYTES),
      eventType: alert.kind,
      additionalContext: { target: alert.target, scope: chatText(alert.scope), severity: alert.severity },
    },
  });
  return { subject, body: cutBytes(body, MESSAGE_BYTES) };
}

const MARKS = { info: ':white_check_mark:', warning: ':warning:', critical: ':rotating_light:' } as const;

function descriptionOf(alert: Alert): string {
  const lines = [chatText(`${headlineOf(alert)}.`)];
  if ('findings' in alert) {
    lines.push(...alert.findings.slice(0, FINDINGS).map((finding) => findingLine(finding, alert.scope)));
    const more = Math.max(0, alert.findings.length - FINDINGS) + (alert.more ?? 0);
    if (more > 0) lines.push(`and ${more} more`);
  }
  if (alert.kind === 'stalled') {
    if (alert.deployerSays !== undefined) lines.push(`The deployer says: ${chatText(alert.deployerSays)}`);
    lines.push(...alert.unready.map((workload) => `• ${chatText(workload)}`));
  }
  if (alert.kind === 'unknown' || alert.kind === 'blocked') lines.push(chatText(alert.reason));
  if (alert.kind === 'rejected') {
    lines.push(
      ...alert.reasons.slice(0, FINDINGS).map(({ message, place }) => {
        const file =
          place?.file === undefined
            ? ''
            : ` ${chatCode(`${place.file}${place.line === undefined ? '' : `:${place.line}`}`)}`;
        return `• ${chatText(message)}${file}`;
      }),
    );
    if (alert.reasons.length > FINDINGS) lines.push(`and ${alert.reasons.length - FINDINGS} more`);
  }
  if (alert.kind === 'failed') {
    lines.push(...alert.uploads.slice(0, FINDINGS).map((upload) => `• ${chatCode(upload)}`));
    const more = Math.max(0, alert.uploads.length - FINDINGS) + (alert.more ?? 0);
    if (more > 0) lines.push(`and ${more} more`);
    lines.push(...alert.reasons.slice(0, FINDINGS).map(({ message }) => chatText(message)));
  }
  if ('since' in alert) lines.push(`Since ${formatTime(alert.since)}`);
  return lines.join('\n');
}

function findingLine(finding: Finding, scope: string): string {
  const object = `*${chatText(formatReference(finding.object, namespaceOf(scope)))}* ${VERBS[finding.verdict]}`;
  const by = finding.attribution === undefined ? '' : `, ${chatText(likelyOf(finding.attribution))}`;
  if (finding.path.length === 0) return `• ${object}${by}`;
  const value = (side: 'desired' | 'live') => chatCode(cutBytes(shownValue(finding, side), VALUE_BYTES));
  return `• ${object} ${chatCode(finding.at)}: Git ${value('desired')}, cluster ${value('live')}${by}`;
}

const likelyOf = ({ by, likely }: NonNullable<Finding['attribution']>): string =>
  by === undefined ? likely : formatAuthor(by);

function nextStepsOf(alert: Alert): readonly string[] {
  return remedies(alert).map(({ title, commands }) => {
    const step = [chatText(title), ...commands.map(chatCode)].join('\n');
    // Half a command is none.
    return Buffer.byteLength(step) <= NEXT_STEP_BYTES ? step : `${chatText(title)} (commands in the email)`;
  });
}

function remedies(alert: Alert): readonly Remedy[] {
  switch (alert.kind) {
    case 'drift':
    case 'drift-changed':
    case 'stalled':
      return remediesOf(alert);
    case 'failed':
      return [replayOf(alert)];
    default:
      return [];
  }
}
