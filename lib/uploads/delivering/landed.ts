import type { Candidate } from '../deciding/group.ts';
import { findAttempted } from './attempts.ts';
import { type Call, requestReads } from './call.ts';
import { settleDelivered } from './settle.ts';

/**
 * Ends the uploads whose commit is in Git already, where whoever pushed it has died: only then do the marks of their
 * slots say what came.
 * @returns those that it ended
 */
export async function settleLanded(
  call: Call,
  tip: string | undefined,
  waiting: readonly Candidate[],
): Promise<ReadonlySet<Candidate>> {
  const { parts, line, clone, refused } = call;
  if (tip === undefined) return new Set();
  const found = await findAttempted(clone, tip, waiting, refused);
  for (const [candidate, { commit, files, warnings, images }] of found) {
    await settleDelivered(parts, line, candidate, { commit, files, warnings, images }, 'commit');
    await requestReads(call, [candidate.record.target]);
  }
  return new Set(found.keys());
}
