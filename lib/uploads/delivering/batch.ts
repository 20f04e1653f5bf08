import type { Target } from '../../config/config.ts';
import type { Candidate, Group } from '../deciding/group.ts';
import { groupOf, slotOf } from '../record/keys.ts';
import type { Pace } from './pace.ts';

/**
 * Whole groups, the longest waiting first, until one push holds as many commits as the pace allows. Where the unit is
 * an upload, one is taken out of its group: so is found which of the two a repository refuses.
 * @param waiting newest first
 */
export function takeBatch(
  waiting: readonly Candidate[],
  targets: readonly Target[],
  { limit, unit }: Pick<Pace, 'limit' | 'unit'>,
): readonly Group[] {
  const taken: Group[] = [];
  let uploads = 0;
  for (const candidates of Map.groupBy(waiting.toReversed(), ({ key }) => groupOf(key)).values()) {
    const target = targets.find(({ name }) => name === candidates[0]?.record.target);
    if (target === undefined) continue;
    const bySlot = [...Map.groupBy(candidates, ({ key }) => slotOf(key)).values()];
    const slots = (unit === 'upload' ? bySlot.slice(0, 1) : bySlot).map((slot) => slot.toReversed());
    if (uploads > 0 && uploads + slots.length > limit) break;
    uploads += slots.length;
    taken.push({ target, slots });
    if (unit === 'upload') break;
  }
  return taken;
}
