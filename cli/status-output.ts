import { oneLine } from '../lib/alerts/plain.ts';
import { formatDuration, formatTime } from '../lib/alerts/times.ts';
import type { StandingFreeze } from '../lib/status/freezes.ts';
import {
  type Health,
  healthOf,
  type Judged,
  type OpenIncidents,
  type ReleaseStatus,
  type TargetStatus,
} from '../lib/status/target-status.ts';
import type { WaitingUpload } from '../lib/status/waiting-uploads.ts';
import { aligned, type Cell } from './aligned.ts';
import type { Colour, Paint } from './progress.ts';

/** Characters: what a terminal shows whole. */
const COLUMNS = 100;
/** Lines of what is well, unless all are asked for. */
const WELL_SHOWN = 30;
const FREEZES_SHOWN = 8;
const SHORT_COMMIT = 10;

export interface Shown {
  readonly now: Date;
  readonly paint: Paint;
  readonly rows: 'all' | 'a-screen';
}

const WORDS: Readonly<Record<Judged, string>> = {
  'in-sync': 'in sync',
  drift: 'drift',
  rollout: 'rolling out',
  unknown: 'unknown',
  'not-checked': 'not checked yet',
  off: 'no cluster',
};
const COLOURS: Readonly<Record<Judged, Colour>> = {
  'in-sync': 'green',
  drift: 'red',
  rollout: 'yellow',
  unknown: 'yellow',
  'not-checked': 'dim',
  off: 'dim',
};

/** A line a target, what is wrong first. */
export function formatTargets(all: readonly TargetStatus[], shown: Shown): string {
  if (all.length === 0) return 'there is no target yet: the first read of a repository makes it known';
  const order = { wrong: 0, unsure: 1, well: 2 } as const satisfies Record<Health, number>;
  const sorted = [...all].sort((a, b) => order[healthOf(a)] - order[healthOf(b)]);
  const { kept, left } = screen(sorted, (one) => healthOf(one) === 'well' && one.waiting.length === 0, shown);
  const head = ['TARGET', 'RELEASES', 'CHECKED', 'COMMIT', 'INCIDENTS', 'WAITING'];
  const rows = kept.map((one) => targetRow(one, shown.now));
  const freezes = all.flatMap(({ target, freezes: own }) => own.map((freeze) => ({ target, freeze })));
  return [
    ...aligned([head, ...rows], [22, 24, 10, SHORT_COMMIT, 16], COLUMNS, shown.paint),
    ...more(left, 'in sync'),
    ...freezeLines(freezes, shown.paint),
  ].join('\n');
}

function targetRow(one: TargetStatus, now: Date): readonly (Cell | string)[] {
  return [
    one.target,
    verdictOf(one),
    ageOf(one, now),
    short(one.commit),
    incidentsOf(one, now),
    waitingOf(one.waiting),
  ];
}

/** `12 in sync`, `2 of 12 drift, 1 unknown`. */
function verdictOf({ verdict, releases, freshness }: TargetStatus): Cell {
  const colour = freshness === 'stale' && verdict === 'in-sync' ? 'yellow' : COLOURS[verdict];
  const count = Object.values(releases).reduce((sum, each) => sum + each, 0);
  const [first, ...others] = (['drift', 'unknown', 'rollout'] as const).flatMap((each) => {
    const those = releases[each];
    return those === undefined ? [] : [[those, WORDS[each]] as const];
  });
  if (first === undefined) {
    const text = count > 0 && verdict === 'in-sync' ? `${count} in sync` : WORDS[verdict];
    return { text, colour };
  }
  const [most, what] = first;
  const rest = others.map(([those, each]) => `, ${those} ${each}`).join('');
  return { text: `${most} of ${count} ${what}${rest}`, colour };
}

function ageOf({ checkedAt, freshness }: TargetStatus, now: Date): Cell {
  if (freshness === 'not-checked-at-all') return { text: '-', colour: 'dim' };
  if (checkedAt === undefined) return { text: 'never', colour: 'yellow' };
  const age = roughly(checkedAt, now);
  return freshness === 'stale' ? { text: `STALE ${age}`, colour: 'red' } : { text: age };
}

function incidentsOf(
  { incidents, blockedSince }: { readonly incidents?: OpenIncidents; readonly blockedSince?: string },
  now: Date,
): Cell {
  if (incidents === undefined) return { text: '-', colour: 'dim' };
  const { count, gravest, since } = incidents;
  const lasts = since === undefined ? '' : ` ${roughly(since, now)}`;
  const what = blockedSince === undefined ? gravest : 'blocked';
  return { text: `${count} ${what}${lasts}`, colour: gravest === 'critical' ? 'red' : 'yellow' };
}

/** `40 s`, `12 min`, `5 h`, `2 d`: the first part of a duration. */
const roughly = (from: string, now: Date): string =>
  /^\d+ \S+/.exec(formatDuration(from, now.toISOString()))?.[0] ?? '';

/** `3: 1 frozen, 2 proposed`; `2 frozen` where all are. */
function waitingOf(waiting: readonly WaitingUpload[]): Cell {
  if (waiting.length === 0) return { text: '-', colour: 'dim' };
  const special = (['frozen', 'proposed'] as const).flatMap((kind) => {
    const count = waiting.filter(({ why }) => why.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  const counts = special.join(', ');
  const isAll = special.length === 1 && counts.startsWith(`${waiting.length} `);
  const text =
    special.length === 0 ? String(waiting.length) : isAll ? counts : `${waiting.length}: ${counts}`;
  return { text, colour: 'yellow' };
}

/** A target with its releases. */
export function formatTarget(one: TargetStatus, shown: Shown): string {
  const { now, paint } = shown;
  const scopes = [...one.scopes].sort((a, b) => rankOf(a) - rankOf(b));
  const { kept, left } = screen(scopes, (scope) => rankOf(scope) === WELL, shown);
  const head = ['RELEASE', 'CHART', 'VERDICT', 'APPLIED', 'INCIDENTS', 'WAITING'];
  const rows = kept.map((scope): (Cell | string)[] => [
    scope.scope,
    scope.chart === undefined ? '' : `${scope.chart.name} ${scope.chart.version}`,
    releaseVerdict(scope),
    short(scope.applied),
    incidentsOf(scope, now),
    scope.freeze === undefined
      ? waitingOf(scope.waiting)
      : { text: scope.waiting.length === 0 ? 'frozen' : `${scope.waiting.length}, frozen`, colour: 'yellow' },
  ]);
  return [
    ...standing(one, shown),
    '',
    ...(kept.length === 0
      ? ['nothing of it is known yet: no check has seen a release']
      : aligned([head, ...rows], [26, 18, 14, SHORT_COMMIT, 16], COLUMNS, paint)),
    ...more(left, 'in sync'),
    ...freezeLines(
      one.freezes.map((freeze) => ({ target: one.target, freeze })),
      paint,
    ),
    ...waitingLines(one.waiting, now),
  ].join('\n');
}

const WELL = 3;

/** What is wrong goes first, then what is not known, then what waits. */
function rankOf({ verdict, incidents, unready, waiting }: ReleaseStatus): number {
  if (verdict === 'drift' || incidents !== undefined) return 0;
  if (verdict !== 'in-sync' || unready > 0) return 1;
  return waiting.length > 0 ? 2 : WELL;
}

function releaseVerdict({ verdict, findings, unready }: ReleaseStatus): Cell {
  const text =
    verdict === 'drift'
      ? `drift (${findings})`
      : verdict === 'in-sync' && unready > 0
        ? `${unready} not ready`
        : WORDS[verdict];
  return { text, colour: verdict === 'in-sync' && unready > 0 ? 'yellow' : COLOURS[verdict] };
}

function standing(one: TargetStatus, { now, paint }: Shown): readonly string[] {
  const { target, repository, branch, deployer, commit, reason, incidents, blockedSince, freshness } = one;
  const age = one.checkedAt === undefined ? undefined : formatDuration(one.checkedAt, now.toISOString());
  const verdict = verdictOf(one);
  const checked = {
    fresh: `checked ${age} ago`,
    stale: paint(`STALE: last checked ${age} ago, so nothing here is certain`, 'red'),
    'never-checked': 'never checked',
    'not-checked-at-all': 'nothing looks at its cluster',
  }[freshness];
  const lasts = incidents?.since === undefined ? '' : `, since ${formatTime(incidents.since)}`;
  return [
    `${paint(oneLine(target), 'bold')}  ${oneLine(`${repository}, branch ${branch}, ${deployer}`)}`,
    `  verdict    ${paint(verdict.text, verdict.colour ?? 'dim')}, ${checked}`,
    ...(reason === undefined ? [] : [`             ${oneLine(reason)}`]),
    `  in Git     ${short(commit) || 'not read yet'}`,
    ...(incidents === undefined
      ? []
      : [`  incidents  ${incidents.count} open, the gravest ${incidents.gravest}${lasts}`]),
    ...(blockedSince === undefined
      ? []
      : [`  ${paint('blocked', 'red')}    its repository takes nothing since ${formatTime(blockedSince)}`]),
  ];
}

const WAITING_SHOWN = 5;
const WHY = { 'being-checked': 'being checked', 'for-its-commit': 'waits for its commit' } as const;

function waitingLines(waiting: readonly WaitingUpload[], now: Date): readonly string[] {
  if (waiting.length === 0) return [];
  const lines = waiting.slice(0, WAITING_SHOWN).map(({ key, receivedAt, why }) => {
    const says =
      why.kind === 'frozen'
        ? `frozen by ${shortArn(why.by)}`
        : why.kind === 'proposed'
          ? `proposed: ${why.url}`
          : WHY[why.kind];
    return oneLine(`  ${key}  ${formatDuration(receivedAt, now.toISOString())}, ${says}`);
  });
  return ['', 'waiting:', ...lines, ...more(waiting.length - lines.length, 'waiting')];
}

function freezeLines(
  freezes: readonly { readonly target: string; readonly freeze: StandingFreeze }[],
  paint: Paint,
): readonly string[] {
  if (freezes.length === 0) return [];
  const lines = freezes.slice(0, FREEZES_SHOWN).map(({ target, freeze: { scope, by, at, reason } }) => {
    const what = scope === 'target' ? `${target} (all of it)` : `${target} ${scope}`;
    return oneLine(
      `  ${what}  since ${formatTime(at)} by ${shortArn(by)}${reason === undefined ? '' : `: ${reason}`}`,
    );
  });
  return ['', paint('frozen:', 'yellow'), ...lines, ...more(freezes.length - lines.length, 'frozen')];
}

/** Role and session, or user: what a person reads of an ARN. */
export const shortArn = (arn: string): string =>
  /^arn:[^:]*:(?:iam|sts)::\d*:/.test(arn) ? arn.split(':').slice(5).join(':') : arn;

const short = (commit: string | undefined): string => (commit ?? '').slice(0, SHORT_COMMIT);

const more = (left: number, what: string): readonly string[] =>
  left > 0 ? [`… and ${left} more, ${what} (--all shows them)`] : [];

function screen<Row>(rows: readonly Row[], isWell: (row: Row) => boolean, { rows: asked }: Shown) {
  const bad = rows.filter((row) => !isWell(row));
  const well = rows.filter(isWell);
  const kept = asked === 'all' ? rows : [...bad, ...well.slice(0, WELL_SHOWN)];
  return { kept, left: rows.length - kept.length };
}

/** For programs: one document, with every target and release. */
export const formatStatusJson = (targets: readonly TargetStatus[], unread: number, now: Date): string =>
  JSON.stringify(
    {
      schema: 1,
      at: now.toISOString(),
      targets: targets.map((one) => ({ ...one, health: healthOf(one) })),
      ...(unread === 0 ? {} : { moreWaiting: unread }),
    },
    null,
    2,
  );
