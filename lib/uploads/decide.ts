import { GitFailed } from '../repository/git.ts';
import type { Group } from './batch.ts';
import { decideGroup, type GroupDecision, type GroupParts } from './group.ts';
import { placesOf } from './plan.ts';
import { whoChanged } from './replaced.ts';
import { readStanding, type Standing } from './standing.ts';

/** render-release runs one helm each. */
const GROUPS_AT_ONCE = 4;

/** Decides over each group upon the tip, in the order of the groups. @throws GitFailed, which concerns all of them */
export async function decideGroups(
  parts: Omit<GroupParts, 'target'>,
  tip: string | undefined,
  groups: readonly Group[],
): Promise<readonly GroupDecision[]> {
  const places = groups.map((group) => new Set(placesOfGroup(group)));
  const standing = await readStanding(parts.clone, tip, [...new Set(places.flatMap((some) => [...some]))]);
  const decisions: GroupDecision[] = [];
  for (let at = 0; at < groups.length; at += GROUPS_AT_ONCE) {
    const some = groups.slice(at, at + GROUPS_AT_ONCE).map(({ target, slots }, index) => {
      const own = within(standing, places[at + index] ?? new Set());
      return decideGroup({ ...parts, target }, own, slots).catch((error: unknown): GroupDecision => {
        if (error instanceof GitFailed) throw error;
        // One that cannot be decided holds up no other.
        return { planned: [], rejected: [], waits: String(error) };
      });
    });
    decisions.push(...(await Promise.all(some)));
  }
  // After all of them, and one by one: each may deepen the clone.
  const named: GroupDecision[] = [];
  for (const decision of decisions) named.push(await withNames(parts, tip, decision));
  return named;
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
