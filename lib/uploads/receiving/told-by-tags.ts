import { parseKey, slotOf } from '../record/keys.ts';
import { outcomeInTags, type TagReadingParts } from '../record/outcome-in-tags.ts';
import { readRecord, recordItem, type UploadBase, type UploadRecord } from '../record/record.ts';
import { restoreMark } from '../record/slots.ts';

/**
 * The record of a version that ended before the table was lost or taken back to an earlier hour: its tags say how. It
 * is written again and the upload is not taken anew, or what people have done in Git since would be replaced by what
 * was delivered long ago. The slot's mark comes first, so that nothing older is delivered in its place.
 * @returns undefined where the tags say nothing
 * @throws where S3 does not answer now
 */
export async function toldByTags(
  parts: TagReadingParts,
  upload: UploadBase,
): Promise<UploadRecord | undefined> {
  const outcome = await outcomeInTags(parts, upload);
  if (outcome === undefined) return undefined;
  const parsed = parseKey(upload.key);
  if (outcome.state === 'delivered' && parsed.kind === 'slot')
    await restoreMark(parts.table, slotOf(parsed.key), upload, outcome.commit);
  const item = recordItem(upload, { ...outcome, endedAt: parts.now().toISOString() }, undefined);
  if ((await parts.table.put(item, 'absent')) === 'conflict')
    return readRecord(parts.table, upload.key, upload.versionId);
  parts.log('record made again from tags', {
    key: upload.key,
    upload: upload.versionId,
    outcome: outcome.state,
  });
  return item;
}
