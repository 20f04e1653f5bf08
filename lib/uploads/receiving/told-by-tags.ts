import type { VersionedStore } from '../../aws/objects.ts';
import { reasonOfCode } from '../../charts/reason-of-code.ts';
import { parseKey, slotOf } from '../record/keys.ts';
import type { OutcomeParts } from '../record/outcome.ts';
import {
  type Outcome,
  readRecord,
  recordItem,
  type UploadBase,
  type UploadRecord,
} from '../record/record.ts';
import { restoreMark } from '../record/slots.ts';

/**
 * The record of a version that ended before the table was lost or taken back to an earlier hour: its tags say how. It
 * is written again and the upload is not taken anew, or what people have done in Git since would be replaced by what
 * was delivered long ago. The slot's mark comes first, so that nothing older is delivered in its place.
 * @returns undefined where the tags say nothing, or are not of this installation and this version (S3 copies tags)
 */
export async function toldByTags(
  parts: OutcomeParts & { readonly uploads: Pick<VersionedStore, 'tags'> },
  upload: UploadBase,
): Promise<UploadRecord | undefined> {
  const tags = await parts.uploads.tags(upload.key, upload.versionId).catch((error: unknown) => {
    // What cannot be asked now is no reason to leave an upload without a record.
    const why = error instanceof Error ? error.name : 'Error';
    parts.log('tags cannot be read', { key: upload.key, upload: upload.versionId, why });
    return undefined;
  });
  if (tags?.get('fairlead-record') !== `${parts.installation}:${upload.versionId}`) return undefined;
  const outcome = outcomeOf(tags);
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

function outcomeOf(tags: ReadonlyMap<string, string>): Outcome | undefined {
  const state = tags.get('fairlead-outcome');
  const commit = tags.get('fairlead-commit') ?? '';
  switch (state) {
    case 'delivered':
      return /^[0-9a-f]{40,64}$/.test(commit) ? { state, commit, change: 'commit' } : undefined;
    case 'superseded':
      return { state, by: 'a newer upload; which one was in the record that was lost' };
    case 'rejected':
    case 'failed': {
      const codes = (tags.get('fairlead-reason') ?? '').split(' ').filter((code) => code !== '');
      return { state, reasons: codes.map(reasonOfCode) };
    }
    default:
      return undefined;
  }
}
