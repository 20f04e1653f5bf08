import type { Candidate } from '../deciding/group.ts';
import { slotOf } from '../record/keys.ts';
import { endUpload } from '../record/outcome.ts';
import { outcomeInTags, type TagReadingParts } from '../record/outcome-in-tags.ts';
import { restoreMark } from '../record/slots.ts';
import { type Line, removeWaiting } from '../record/waiting.ts';

/**
 * Whether an upload that waits has ended before, as its tags say: then the table was taken back to an earlier hour, and
 * what came since (newer uploads, work of people) would be replaced by it. It ends as it did, and nobody is told again.
 * @throws where S3 does not answer now
 */
export async function endedBefore(
  parts: TagReadingParts,
  line: Line,
  candidate: Candidate,
): Promise<boolean> {
  const { key, record } = candidate;
  const outcome = await outcomeInTags(parts, record);
  if (outcome === undefined) return false;
  // Taken again on request: killed before its tags were taken off.
  if ('reasons' in outcome && record.replays !== undefined) return false;
  if (outcome.state === 'delivered') await restoreMark(parts.table, slotOf(key), record, outcome.commit);
  const { measure: _, ...unmeasured } = parts;
  if ((await endUpload(unmeasured, record, outcome, 'elsewhere')) === 'ended')
    await removeWaiting(parts.table, line, record);
  return true;
}
