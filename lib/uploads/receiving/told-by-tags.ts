import type { VersionedStore } from '../../aws/objects.ts';
import { COMMAND_BYTES } from '../../commands/command.ts';
import { freezeByCommand } from '../record/freeze-by-command.ts';
import { parseKey, slotOf } from '../record/keys.ts';
import { orderOf } from '../record/order.ts';
import { outcomeInTags, type TagReadingParts } from '../record/outcome-in-tags.ts';
import { readRecord, recordItem, type UploadBase, type UploadRecord } from '../record/record.ts';
import { restoreMark } from '../record/slots.ts';
import { readCommand } from './command.ts';

/**
 * The record of a version that ended before the table was lost or taken back to an earlier hour: its tags say how. It
 * is written again and the upload is not taken anew, or what people have done in Git since would be replaced by what
 * was delivered long ago. The slot's mark comes first, so that nothing older is delivered in its place.
 * @returns undefined where the tags say nothing
 * @throws where S3 does not answer now
 */
export async function toldByTags(
  parts: TagReadingParts & { readonly uploads: Pick<VersionedStore, 'get'> },
  upload: UploadBase,
): Promise<UploadRecord | undefined> {
  const outcome = await outcomeInTags(parts, upload);
  if (outcome === undefined) return undefined;
  const parsed = parseKey(upload.key);
  if (outcome.state === 'delivered' && parsed.kind === 'slot')
    await restoreMark(parts.table, slotOf(parsed.key), upload, outcome.commit);
  if ((outcome.state === 'delivered' || outcome.state === 'done') && parsed.kind === 'command')
    await restoreFreeze(parts, upload);
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

/** Who gave it was in the record: its proof, which has run out, says it no more. */
const UNKNOWN = 'somebody who stood in the record that was lost';

/** A command is not carried out again; but what it froze was lost with the table, and is not to be delivered. */
async function restoreFreeze(
  { table, uploads, now }: Parameters<typeof toldByTags>[0],
  upload: UploadBase,
): Promise<void> {
  const { key, versionId } = upload;
  const object = await uploads.get(key, { versionId, maxBytes: COMMAND_BYTES });
  const read = object === undefined ? undefined : readCommand(object.body);
  if (read?.kind !== 'read') return;
  const { target, verb, id, at: given } = read.command;
  const at = new Date(given) < now() ? given : now().toISOString();
  await freezeByCommand(table, { target, verb, id, by: UNKNOWN, order: orderOf(upload), at });
}
