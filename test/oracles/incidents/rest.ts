import type { Alert } from '../../../lib/alerts/alert.ts';
import { findingsOf, partOf, placed } from './invariants.ts';
import type { Played } from './play.ts';
import { Violation } from './record.ts';
import { GRAVE, nameOf, type Release, stateOf, visible, type World } from './world.ts';

/**
 * What people must know when nothing has moved for an hour and checks have gone on: the plainest form of what all of
 * this is for. And when all is well, that nothing is left open.
 */
export function holdAtRest({ record, rested, scenario }: Played): void {
  const known: Known = {
    open: new Map(),
    summaries: [],
    checkedAt: 0,
    snoozes: new Map(),
    remindAfterHours: scenario.expectations.remindAfterHours,
  };
  let resting: 'not yet' | 'as it is' | 'well' = 'not yet';
  for (const entry of record) {
    if (entry.kind === 'quiet') {
      if (entry.world === 'well') knowsTheWorld(rested, known);
      resting = entry.world;
    } else if (entry.kind === 'looked') {
      known.checkedAt = Date.parse(entry.observation.at);
      known.snoozes = new Map(
        [...entry.snoozes].map(([scope, until]) => [scope, known.checkedAt + (until - entry.now) * 60_000]),
      );
    } else if (entry.kind === 'said') listen(known, entry.alert);
  }
  if (resting !== 'well') throw new Error('the run has not come to rest');
  for (const incident of known.open.keys())
    throw new Violation('all is closed when all is well', `${incident} is still open`);
}

/** What has been said up to a moment. */
interface Known {
  /** By key. */
  readonly open: Map<string, Alert[]>;
  readonly summaries: Alert[];
  /** Milliseconds since 1970: the last check. */
  checkedAt: number;
  /** Of the last check: until when, in milliseconds since 1970. */
  snoozes: ReadonlyMap<string, number>;
  readonly remindAfterHours: number;
}

function listen({ open, summaries }: Known, alert: Alert): void {
  switch (partOf(alert)) {
    case 'opens':
      open.set(alert.incident, [alert]);
      return;
    case 'goes on':
      open.get(alert.incident)?.push(alert);
      return;
    case 'closes':
      open.delete(alert.incident);
      return;
    case 'single':
      if (alert.kind === 'summary') summaries.push(alert);
  }
}

function knowsTheWorld(world: World, known: Known): void {
  isOpen(known, 'target', 'unknown', world.target === 'unknown');
  if (world.target === 'unknown') return;
  isOpen(known, 'manifests', 'unknown', world.manifests === 'unknown');
  for (const [number, release] of world.releases.entries()) {
    const scope = nameOf(number);
    if (release.declared) knowsRelease(world, number, release, known);
    else if (world.manifests === 'seen')
      for (const kind of ['drift', 'stalled', 'unknown'] as const) isOpen(known, scope, kind, false);
  }
}

function knowsRelease(world: World, number: number, release: Release, known: Known): void {
  const scope = nameOf(number);
  isOpen(known, scope, 'unknown', release.readable !== 'all');
  const state = stateOf(world, number);
  if (state.kind === 'unknown') return;
  const there = findingsOf(state).map(placed);
  const drift = own(known, scope, 'drift').at(-1);
  const told = [
    ...own(known, scope, 'drift'),
    ...own(known, scope, 'stalled'),
    ...ofMany(known, scope, 'drift'),
  ];
  const accepted = namedIn(known.summaries);
  const named = new Set([
    ...accepted,
    ...namedIn([drift, own(known, scope, 'stalled').at(-1)]),
    ...namedIn(ofMany(known, scope, 'drift')),
  ]);
  const untold = there.find((one) => !named.has(one));
  if (untold !== undefined) throw new Violation('nothing that differs is untold', `${scope}: ${untold}`);
  if (there.length === 0) isOpen(known, scope, 'drift', false);
  if (state.kind === 'in-sync' && state.unready.length === 0) isOpen(known, scope, 'stalled', false);
  if (release.readable === 'all') {
    const over = [...namedIn([drift])].find((one) => !there.includes(one));
    if (over !== undefined) throw new Violation('people hear what is gone', `${scope}: ${over}`);
  }
  const grave = [...visible(release).keys()].filter((place) => GRAVE.has(place));
  const isAccepted = there.filter((one) => one.includes('privileged')).every((one) => accepted.has(one));
  if (grave.length > 0 && !isAccepted && !told.some(({ severity }) => severity === 'critical'))
    throw new Violation(
      'what is critical is told as critical',
      `${scope}: told as ${told.map(({ severity }) => severity)}`,
    );
  // Of an incident nothing of which can be looked at now, nobody can say how it is: that is what `unknown` says.
  const isHidden = release.readable === 'part' && there.every((one) => accepted.has(one));
  for (const kind of ['drift', 'stalled', 'unknown'])
    if (kind !== 'drift' || !isHidden) isFresh(known, scope, kind);
}

/** Who is not snoozed has heard how things are, and is reminded of what lasts. */
function isFresh(
  { snoozes, checkedAt, remindAfterHours, ...known }: Known,
  scope: string,
  kind: string,
): void {
  const isSnoozed = [scope, 'target'].some((name) => (snoozes.get(name) ?? 0) > checkedAt);
  const alert = own(known, scope, kind).at(-1);
  if (alert === undefined || isSnoozed) return;
  if (alert.quiet !== undefined)
    throw new Violation(
      'people hear how things are when a snooze has ended',
      `${alert.incident} #${alert.sequence}`,
    );
  const waited = (checkedAt - Date.parse(alert.at)) / 3_600_000;
  if (remindAfterHours > 0 && waited >= remindAfterHours)
    throw new Violation('what lasts is told again', `${alert.incident}: not for ${waited} hours`);
}

type Open = Pick<Known, 'open'>;

const namedIn = (alerts: readonly (Alert | undefined)[]): ReadonlySet<string> =>
  new Set(
    alerts.flatMap((alert) => (alert !== undefined && 'findings' in alert ? alert.findings.map(placed) : [])),
  );

/** Of the scope's own incident. */
const own = ({ open }: Open, scope: string, kind: string): readonly Alert[] =>
  [...open]
    .filter(([incident]) => incident.startsWith(`fairlead/staging/${scope}/${kind}/`))
    .flatMap(([, alerts]) => alerts)
    .filter((alert) => !('members' in alert) || alert.members === undefined);

/** Of incidents of many that the scope is one of. */
const ofMany = ({ open }: Open, scope: string, kind: 'drift' | 'unknown'): readonly Alert[] =>
  [...open]
    .filter(([incident]) => incident.startsWith(`fairlead/staging/target/${kind}`))
    .flatMap(([, alerts]) => alerts)
    .filter(
      (alert) =>
        'members' in alert &&
        alert.members?.some((member) => (typeof member === 'string' ? member : member.scope) === scope),
    );

function isOpen(known: Open, scope: string, kind: 'drift' | 'stalled' | 'unknown', expected: boolean): void {
  const alone = own(known, scope, kind).length > 0;
  const together = kind !== 'stalled' && ofMany(known, scope, kind).length > 0;
  // A member that is well leaves without a word.
  if (expected ? !alone && !together : alone)
    throw new Violation(
      expected ? 'nothing is untold at rest' : 'nothing is open that is over',
      `${scope} ${kind}, which ${alone ? 'is' : 'is not'} open`,
    );
}
