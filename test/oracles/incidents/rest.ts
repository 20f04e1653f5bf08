import type { Alert } from '../../../lib/alerts/alert.ts';
import { findingsOf, partOf, placed } from './invariants.ts';
import type { Played } from './play.ts';
import { Violation } from './record.ts';
import { GRAVE, nameOf, type Release, stateOf, visible, type World } from './world.ts';

/**
 * What people must know when nothing has moved for an hour and checks have gone on: the plainest form of what all of
 * this is for. And when all is well, that nothing is left open.
 */
export function holdAtRest({ record, rested }: Played): void {
  const open = new Map<string, Alert[]>();
  let resting: 'not yet' | 'as it is' | 'well' = 'not yet';
  for (const entry of record) {
    if (entry.kind === 'quiet') {
      if (entry.world === 'well') knowsTheWorld(rested, open);
      resting = entry.world;
    }
    if (entry.kind !== 'said') continue;
    const { alert } = entry;
    switch (partOf(alert)) {
      case 'opens':
        open.set(alert.incident, [alert]);
        break;
      case 'goes on':
        open.get(alert.incident)?.push(alert);
        break;
      case 'closes':
        open.delete(alert.incident);
        break;
      case 'single':
        break;
    }
  }
  if (resting !== 'well') throw new Error('the run has not come to rest');
  for (const incident of open.keys())
    throw new Violation('all is closed when all is well', `${incident} is still open`);
}

type Open = ReadonlyMap<string, readonly Alert[]>;

function knowsTheWorld(world: World, open: Open): void {
  isOpen(open, 'target', 'unknown', world.target === 'unknown');
  if (world.target === 'unknown') return;
  isOpen(open, 'manifests', 'unknown', world.manifests === 'unknown');
  for (const [number, release] of world.releases.entries()) {
    const scope = nameOf(number);
    if (release.declared) knowsRelease(world, number, release, open);
    else if (world.manifests === 'seen')
      for (const kind of ['drift', 'stalled', 'unknown'] as const) isOpen(open, scope, kind, false);
  }
}

function knowsRelease(world: World, number: number, release: Release, open: Open): void {
  const scope = nameOf(number);
  isOpen(open, scope, 'unknown', release.readable !== 'all');
  const state = stateOf(world, number);
  if (state.kind === 'unknown') return;
  const there = findingsOf(state).map(placed);
  const drift = last(open, scope, 'drift');
  const stalled = last(open, scope, 'stalled');
  const named = new Set([...namedIn(drift), ...namedIn(stalled)]);
  const untold = there.find((one) => !named.has(one));
  if (untold !== undefined) throw new Violation('nothing that differs is untold', `${scope}: ${untold}`);
  if (there.length === 0) isOpen(open, scope, 'drift', false);
  if (state.kind === 'in-sync' && state.unready.length === 0) isOpen(open, scope, 'stalled', false);
  if (release.readable === 'all' && drift !== undefined) {
    const over = [...namedIn(drift)].find((one) => !there.includes(one));
    if (over !== undefined) throw new Violation('people hear what is gone', `${scope}: ${over}`);
  }
  const isGrave = [...visible(release).keys()].some((place) => GRAVE.has(place));
  const told = [...alertsOf(open, scope, 'drift'), ...alertsOf(open, scope, 'stalled')];
  if (isGrave && !told.some(({ severity }) => severity === 'critical'))
    throw new Violation(
      'what is critical is told as critical',
      `${scope}: told as ${told.map(({ severity }) => severity)}`,
    );
}

const namedIn = (alert: Alert | undefined): ReadonlySet<string> =>
  new Set(alert !== undefined && 'findings' in alert ? alert.findings.map(placed) : []);

const alertsOf = (open: Open, scope: string, kind: string): readonly Alert[] =>
  [...open]
    .filter(([incident]) => incident.startsWith(`fairlead/staging/${scope}/${kind}/`))
    .flatMap(([, alerts]) => alerts);

const last = (open: Open, scope: string, kind: string): Alert | undefined =>
  alertsOf(open, scope, kind).at(-1);

function isOpen(open: Open, scope: string, kind: string, expected: boolean): void {
  const there = alertsOf(open, scope, kind).length > 0;
  if (there !== expected)
    throw new Violation(
      expected ? 'nothing is untold at rest' : 'nothing is open that is over',
      `${scope} ${kind}, which ${there ? 'is' : 'is not'} open`,
    );
}
