import { following } from '../../aws/trail.ts';
import { GitFailed } from '../../repository/git.ts';

import { decideGroup, type Group, type GroupDecision, type GroupParts } from './group.ts';
import { type Obstacle, obstaclesOf } from './obstacles.ts';
import { withoutTaken } from './owners.ts';
import { placesOf } from './plan.ts';
import { whoChanged } from './replaced.ts';
import { readStanding, type Standing } from './standing.ts';

/** render-release runs one helm each. */
const GROUPS_AT_ONCE = 4;
/**
 * After this no more are begun: what is decided goes first. Each render has its own limit, and a crowd of slow ones must
 * not use up the call before anything is pushed or rejected.
 */
const DECIDE_MILLISECONDS = 30_000;
/**
 * Bytes of the files of one push, held in memory until it is made: once there are so many no more are begun, so that
 * 200 large charts are several pushes. Those under way come on top, one chart each (lib/charts/package).
 */
const PUSH_BYTES = 64 * 1024 * 1024;

/**
 * Decides over each group upon the tip, in the order of the groups; over those that it does not come to, nothing.
 * @throws GitFailed, which concerns all of them
 */
export async function decideGroups(
  parts: Omit<GroupParts, 'target'>,
  tip: string | undefined,
  groups: readonly Group[],
): Promise<readonly GroupDecision[]> {
  const places = groups.map((group) => new Set(placesOfGroup(group)));
  const standing = await readStanding(parts.clone, tip, [...new Set(places.flatMap((some) => [...some]))]);
  const obstacles = await obstaclesOf(parts.clone, tip, groups, standing);
  const decisions = groups.map(() => LATER);
  const until = parts.now().getTime() + DECIDE_MILLISECONDS;
  let next = 0;
  let bytes = 0;
  const lane = async () => {
    while (next < groups.length && bytes < PUSH_BYTES && parts.now().getTime() < until) {
      const at = next++;
      const group = groups[at] as Group;
      const own = within(standing, places[at] ?? new Set());
      const uploads = group.slots.flat().map(({ record }) => record.versionId);
      const decision = await following({ target: group.target.name, uploads }, () =>
        decideOne(parts, group, own, obstacles[at]),
      ).catch((error: unknown) => {
        // It concerns all of them.
        if (error instanceof GitFailed) next = groups.length;
        throw error;
      });
      decisions[at] = decision;
      bytes += bytesOf(decision);
    }
  };
  await Promise.all(Array.from({ length: GROUPS_AT_ONCE }, lane));
  // After all of them, and one by one: each may deepen the clone.
  const named: GroupDecision[] = [];
  for (const decision of await withoutTaken(parts, tip, groups, decisions))
    named.push(await withNames(parts, tip, decision));
  return named;
}

const bytesOf = ({ planned }: GroupDecision): number =>
  planned
    .flatMap(({ change }) => (change.kind === 'commit' ? [...change.plan.files.values()] : []))
    .reduce((sum, { data }) => sum + data.length, 0);

const LATER: GroupDecision = { planned: [], rejected: [] };

async function decideOne(
  parts: Omit<GroupParts, 'target'>,
  { target, slots }: Group,
  own: Standing,
  obstacle: Obstacle | undefined,
): Promise<GroupDecision> {
  switch (obstacle?.kind) {
    case 'later':
      return LATER;
    case 'refused':
      return {
        planned: [],
        rejected: slots.flat().map(({ record }) => ({ record, reasons: [obstacle.reason] })),
      };
    case undefined:
      return decideGroup({ ...parts, target }, own, slots).catch((error: unknown): GroupDecision => {
        if (error instanceof GitFailed) throw error;
        // One that cannot be decided holds up no other.
        return { planned: [], rejected: [], waits: String(error) };
      });
  }
}

/** Where a commit replaces what others changed, its message says whose it was. */
async function withNames(
  { clone }: Pick<GroupParts, 'clone'>,
  tip: string | undefined,
  decision: GroupDecision,
): Promise<GroupDecision> {
  const planned: GroupDecision['planned'][number][] = [];
  for (const one of decision.planned) {
    const { change } = one;
    if (tip === undefined || change.kind === 'unchanged' || change.replaces === undefined) planned.push(one);
    else {
      const message = change.replaces.message(await whoChanged(clone, tip, change.replaces));
      planned.push({ ...one, change: { kind: 'commit', plan: { ...change.plan, message } } });
    }
  }
  return { ...decision, planned };
}

const placesOfGroup = ({ target, slots }: Group): readonly string[] =>
  slots.flatMap(([first]) => (first === undefined ? [] : placesOf(target, first.key)));

const within = (standing: Standing, places: ReadonlySet<string>): Standing =>
  new Map(
    [...standing].filter(([path]) =>
      [...places].some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place)),
    ),
  );
