import type { Alert } from '../lib/alerts/alert.ts';
import { namespaceOf } from '../lib/alerts/grouping.ts';
import { headlineOf } from '../lib/alerts/headline.ts';
import type { ListedIncident } from '../lib/alerts/incident-list.ts';
import { oneLine } from '../lib/alerts/plain.ts';
import type { Snooze } from '../lib/alerts/snoozes.ts';
import type { TimelineEntry } from '../lib/alerts/timeline.ts';
import { formatDuration, formatTime } from '../lib/alerts/times.ts';
import { remediesOf } from '../lib/alerts/what-to-do.ts';
import { formatJson } from '../lib/objects/json.ts';
import { formatReference } from '../lib/objects/objects.ts';
import { formatDiff } from './diff-output.ts';
import type { FoundIncident } from './incidents-reading.ts';
import type { Colour, Paint } from './progress.ts';

/** Characters; the key comes last and is never cut: it is what one pastes. */
const WIDTHS = { state: 10, since: 18, lasts: 13, findings: 10 } as const;
/** Members of a burst, and things that are gone, which are named. */
const NAMED = 20;

/** A table for people. */
export function formatIncidents(listed: readonly ListedIncident[], now: Date, paint: Paint): string {
  if (listed.length === 0) return 'nothing is open';
  return [
    row('STATE', 'SINCE (UTC)', 'FOR', 'FINDINGS', 'INCIDENT'),
    ...listed.map((incident) => incidentRow(incident, now, paint)),
    ...(listed.every(({ state }) => state === 'closed') ? ['(nothing of it is open)'] : []),
  ].join('\n');
}

const row = (state: string, since: string, lasts: string, findings: string, key: string): string =>
  `${state.padEnd(WIDTHS.state)}${since.padEnd(WIDTHS.since)}${lasts.padEnd(WIDTHS.lasts)}${findings.padEnd(WIDTHS.findings)}${key}`;

const COLOURS: Readonly<Record<string, Colour>> = { critical: 'red', warning: 'yellow', closed: 'dim' };

function incidentRow(incident: ListedIncident, now: Date, paint: Paint): string {
  const { key, state, severity, since, closedAt, findings, members, snooze } = incident;
  const shown = state === 'closed' ? 'closed' : (severity ?? 'open');
  const quiet = snooze === undefined ? '' : `  (snoozed until ${formatTime(snooze.until)})`;
  const line = row(
    shown,
    shortTime(closedAt ?? since),
    state === 'closed' || since === undefined ? '' : formatDuration(since, now.toISOString()),
    String(findings ?? (members === undefined ? '' : `${members} parts`)),
    `${oneLine(key)}${quiet}`,
  );
  const colour = COLOURS[shown];
  return colour === undefined
    ? line
    : `${paint(line.slice(0, shown.length), colour)}${line.slice(shown.length)}`;
}

/** `2026-11-21 15:04` */
const shortTime = (iso: string | undefined): string =>
  iso === undefined ? '' : formatTime(iso).replace(' UTC', '');

/** For programs: one document. */
export const formatIncidentsJson = (incidents: readonly ListedIncident[]): string =>
  JSON.stringify({ schema: 1, incidents }, null, 2);

/** For programs: every alert, masked as what people got. */
export const formatTimelineJson = (key: string, { incident, entries }: FoundIncident): string =>
  formatJson({ schema: 1, key, ...(incident === undefined ? {} : { incident }), alerts: entries }, 2);

/**
 * The alerts of an incident for people, the first first: how it came to be as it is. Of one that is open, then what can
 * be done, as the newest alert has it.
 */
export function formatTimeline(
  key: string,
  { incident, entries, older }: FoundIncident,
  now: Date,
  paint: Paint,
): string {
  return [
    paint(oneLine(key), 'bold'),
    ...standing(incident, now),
    ...(entries.length === 0 ? ['', 'None of its alerts is kept: reports go after a while.'] : []),
    ...(older > 0 ? ['', `(${older} older: --last shows more)`] : []),
    ...entries.flatMap((entry) => ['', ...alertLines(entry, paint)]),
    ...(incident?.state === 'open' ? whatToDo(entries.at(-1)?.alert, paint) : []),
  ].join('\n');
}

function standing(incident: ListedIncident | undefined, now: Date): readonly string[] {
  if (incident === undefined) return ['closed; a later one of the same scope and class has begun since'];
  const { state, severity, since, closedAt, alerts, snooze } = incident;
  const told = `${alerts} ${alerts === 1 ? 'alert' : 'alerts'}`;
  const how =
    state === 'closed'
      ? `closed${closedAt === undefined ? '' : ` ${formatTime(closedAt)}`}`
      : `open, ${severity ?? 'warning'}${since === undefined ? '' : `, since ${formatTime(since)} (${formatDuration(since, now.toISOString())})`}`;
  return [`${how}, ${told}`, ...(snooze === undefined ? [] : [snoozeLine(snooze)])];
}

export const snoozeLine = ({ until, by, reason }: Snooze): string =>
  oneLine(`snoozed until ${formatTime(until)} by ${by}: ${reason}`);

function alertLines({ alert, told }: TimelineEntry, paint: Paint): readonly string[] {
  const head = `#${alert.sequence}  ${formatTime(alert.at)}  ${alert.severity}  ${alert.kind}: ${oneLine(headlineOf(alert))}`;
  const colour = COLOURS[alert.severity];
  const quiet = alert.quiet;
  return [
    colour === undefined ? head : paint(head, colour),
    ...(told === 'not-yet' ? ['    (on its way to people)'] : []),
    ...(quiet === undefined
      ? []
      : [oneLine(`    (not told to people: snoozed until ${formatTime(quiet.until)}: ${quiet.reason})`)]),
    ...indented(bodyLines(alert, paint)),
  ];
}

/** The same as the email has, the commands on lines of their own. */
function whatToDo(newest: Alert | undefined, paint: Paint): readonly string[] {
  const remedies = newest === undefined ? [] : remediesOf(newest);
  if (newest === undefined || remedies.length === 0) return [];
  return [
    '',
    paint(oneLine(`What to do (kubectl and helm: on the cluster of ${newest.target})`), 'bold'),
    ...remedies.flatMap(({ title, text, commands, paste = [] }) => [
      '',
      ...[`${title}.`, ...text].map((line) => `    ${oneLine(line)}`),
      ...[...commands, ...paste].map((line) => `      ${oneLine(line)}`),
    ]),
  ];
}

const indented = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((text) => text.split('\n')).map((line) => (line === '' ? '' : `    ${line}`));

function bodyLines(alert: Alert, paint: Paint): readonly string[] {
  const lines: string[] = [];
  const namespace = namespaceOf(alert.scope);
  if ('reason' in alert) lines.push(oneLine(alert.reason));
  if ('deployerSays' in alert && alert.deployerSays !== undefined)
    lines.push(oneLine(`the deployer says: ${alert.deployerSays}`));
  if ('rule' in alert && alert.rule !== undefined)
    lines.push('rule to add:', ...alert.rule.split('\n').map((line) => `  ${oneLine(line)}`));
  if ('unready' in alert) lines.push(...named('not ready', alert.unready));
  if ('members' in alert && alert.members !== undefined) {
    const members = alert.members.map((member) =>
      typeof member === 'string' ? member : `${member.scope} (${member.findings}, ${member.severity})`,
    );
    lines.push(...named('in', members, Math.max(0, (alert.left ?? 0) - members.length)));
  }
  if ('findings' in alert && alert.findings.length > 0) {
    lines.push(formatDiff(alert.findings, [], namespace, paint));
    if (alert.more !== undefined) lines.push(`… and ${alert.more} more`);
  }
  if (alert.kind === 'drift-changed')
    lines.push(
      ...named(
        'no longer',
        alert.gone.map(({ object, at }) => `${formatReference(object, namespace)} ${at}`),
      ),
    );
  if ('reasons' in alert) lines.push(...alert.reasons.map(({ message }) => oneLine(message)));
  return lines;
}

function named(title: string, all: readonly string[], notThere = 0): readonly string[] {
  if (all.length === 0) return [];
  const more = all.length - NAMED + notThere;
  return [
    ...all.slice(0, NAMED).map((text) => oneLine(`${title}: ${text}`)),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
}
