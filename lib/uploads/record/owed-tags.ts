import { type OutcomeParts, tagUpload } from './outcome.ts';
import type { WaitingRecord } from './record.ts';

/**
 * Writes the record of an upload that waits on, and its tags, which say something else then: frozen, proposed, or neither
 * any more. Whoever is killed in between leaves the tags owed, and whoever looks at it next pays them.
 * @param item the new one; @param version of the record that it takes the place of
 * @returns the record as it is then; undefined where another delivery has changed it meanwhile
 */
export async function putTagged(
  parts: OutcomeParts,
  item: WaitingRecord,
  version: number,
): Promise<WaitingRecord | undefined> {
  const owed: WaitingRecord = { ...item, tags: 'owed' };
  if ((await parts.table.put(owed, version)) === 'conflict') return undefined;
  return payTags(parts, owed);
}

/** Tags it, if a kill has left that to be done. @returns the record as it is then */
export async function payTags(parts: OutcomeParts, record: WaitingRecord): Promise<WaitingRecord> {
  if (record.tags === undefined) return record;
  await tagUpload(parts, record);
  const { tags: _paid, ...rest } = record;
  const item: WaitingRecord = { ...rest, version: record.version + 1 };
  return (await parts.table.put(item, record.version)) === 'conflict' ? record : item;
}
