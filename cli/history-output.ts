import { oneLine } from '../lib/alerts/plain.ts';
import { formatDuration } from '../lib/alerts/times.ts';
import type { ClusterEntry, History, HistoryEntry, UploadEntry } from '../lib/history/entry.ts';
import type { Colour, Paint } from './progress.ts';
import { shortArn } from './status-output.ts';

/** Characters of a column; what follows is a sentence and is never cut. */
const SCOPE = 24;
const WHAT = 12;
const SHORT_COMMIT = 10;
const INDENT = ' '.repeat(18);
const CHANGES = 3;

const COLOURS: Readonly<Record<string, Colour>> = {
  delivered: 'green',
  'rolled-out': 'green',
  rejected: 'red',
  failed: 'red',
  drift: 'red',
  stalled: 'red',
  frozen: 'yellow',
  proposed: 'yellow',
  waiting: 'yellow',
};

/** Newest first, for people. @param scope of one release, what it is called stands in no line */
export function formatHistory(
  { entries, missing }: History,
  {
    limit,
    scope,
    paint,
  }: { readonly limit: number; readonly scope: string | undefined; readonly paint: Paint },
): string {
  const shown = entries.slice(0, limit);
  const left = entries.length - shown.length;
  return [
    ...(shown.length === 0 ? ['nothing is known of it in that time'] : []),
    ...shown.flatMap((entry) => linesOf(entry, scope, paint)),
    ...(left > 0 ? [`… and ${left} older: --limit shows more`] : []),
    ...missing.map((each) => `(${oneLine(each)})`),
  ].join('\n');
}

function linesOf(entry: HistoryEntry, scope: string | undefined, paint: Paint): readonly string[] {
  const time = entry.at.slice(0, 16).replace('T', ' ');
  const word = wordOf(entry);
  const colour = COLOURS[word];
  const shown = colour === undefined ? word.padEnd(WHAT) : paint(word.padEnd(WHAT), colour);
  const where = scope === undefined ? oneLine(entry.scope).padEnd(SCOPE) : '';
  const [first = '', ...more] = saidOf(entry).map(oneLine);
  return [`${time}  ${shown}${where}${first}`.trimEnd(), ...more.map((line) => `${INDENT}${line}`)];
}

function wordOf(entry: HistoryEntry): string {
  switch (entry.kind) {
    case 'upload':
      return entry.outcome;
    case 'commit':
      return 'commit';
    case 'cluster':
      return entry.event;
  }
}

function saidOf(entry: HistoryEntry): readonly string[] {
  switch (entry.kind) {
    case 'upload':
      return uploadLines(entry);
    case 'commit':
      return [
        `${entry.commit.slice(0, SHORT_COMMIT)} by ${entry.author}, past Fairlead: ${entry.subject}`,
        ...(entry.says === undefined
          ? []
          : ["it is written as Fairlead's own commits are, and no record knows it"]),
      ];
    case 'cluster':
      return clusterLines(entry);
  }
}

function uploadLines(entry: UploadEntry): readonly string[] {
  const { chart, what, commit, change, command, because = [], cluster, replaced = [] } = entry;
  const name = chart === undefined ? (command ?? what) : `chart ${chart.name} ${chart.version}`;
  const how = { commit: '', unchanged: ' (Git had it already)', edited: ' (edited by a reviewer)' };
  const to = commit === undefined ? '' : ` in ${commit.slice(0, SHORT_COMMIT)}${how[change ?? 'commit']}`;
  const why = because.length === 0 ? '' : `: ${because.join(', ')}`;
  const forged =
    entry.evidence.includes('record') || entry.outcome !== 'delivered'
      ? ''
      : ' (says the commit; there is no record)';
  return [
    `${name}${to}${why}${forged}`,
    ...whoLines(entry),
    ...replaced.map((one) => `replaced ${one}`),
    ...(cluster === undefined
      ? []
      : [
          cluster.state === 'rolled-out'
            ? `rolled out after ${seconds(cluster.seconds)}`
            : `its rollout stalled, told after ${seconds(cluster.seconds)}`,
        ]),
  ];
}

function whoLines({ by, command, reason, signer, claimed }: UploadEntry): readonly string[] {
  const { author, sourceCommit, sourceUrl } = claimed ?? {};
  const from = [
    ...(author === undefined ? [] : [author]),
    ...(sourceCommit === undefined ? [] : [`source ${sourceCommit.slice(0, SHORT_COMMIT)}`]),
    ...(sourceUrl === undefined ? [] : [sourceUrl]),
  ];
  return [
    ...(by === undefined
      ? []
      : [`${command ?? 'command'} by ${shortArn(by)}${reason === undefined ? '' : `: ${reason}`}`]),
    ...(signer === undefined ? [] : [`signed by ${signer}`]),
    ...(from.length === 0 ? [] : [`claims to be from ${from.join(', ')}`]),
  ];
}

function clusterLines({
  event,
  since,
  at,
  changes = [],
  more = 0,
  reason,
  commit,
  incident,
}: ClusterEntry): readonly string[] {
  const lasted = since === undefined ? '' : `after ${formatDuration(since, at)}`;
  const ofCommit = commit === undefined ? '' : `at ${commit.slice(0, SHORT_COMMIT)}`;
  const ends =
    event === 'rolled-out' || event === 'converged' || event === 'known-again' || event === 'unblocked';
  const shown = changes.slice(0, CHANGES);
  const left = changes.length - shown.length + more;
  return [
    [ends ? lasted : '', ofCommit, `(${incident})`].filter((part) => part !== '').join(' '),
    ...(reason === undefined ? [] : [reason]),
    ...shown.map(({ place, from, to, by }) => {
      const values =
        from === undefined && to === undefined ? '' : `: ${from ?? 'nothing'} -> ${to ?? 'nothing'}`;
      return `${place}${values}${by === undefined ? '' : `, ${by}`}`;
    }),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}

const seconds = (count: number): string =>
  count < 120
    ? `${count} s`
    : formatDuration(new Date(0).toISOString(), new Date(count * 1000).toISOString());

/** For programs and auditors: one document, newest first (docs/history.md). */
export const formatHistoryJson = (
  { entries, missing }: History,
  about: { readonly installation: string; readonly target: string; readonly scope: string | undefined },
): string =>
  JSON.stringify(
    {
      schema: 1,
      installation: about.installation,
      target: about.target,
      ...(about.scope === undefined ? {} : { scope: about.scope }),
      entries,
      ...(missing.length === 0 ? {} : { missing }),
    },
    null,
    2,
  );
