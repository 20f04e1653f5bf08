import type { ObjectVersion } from '../../aws/objects.ts';
import type { Table } from '../../aws/table.ts';
import { type Ordered, orderOf, rightAfter } from '../record/order.ts';
import { readRecord, type UploadRecord } from '../record/record.ts';

/** A version of a key, with its record if it was ever heard of, and its place in the order of uploads. */
export interface PlacedVersion {
  readonly version: ObjectVersion;
  readonly record: UploadRecord | undefined;
  readonly order: Ordered;
}

/**
 * Without its event an upload has no sequencer, and its time is in whole seconds. Within its key the listing's order
 * holds (S3 gives the newest first, ListObjectVersions): each comes right after the one before it. Among other keys of
 * its slot it counts as the first of its second.
 * @returns oldest first
 */
export async function placeVersions(
  table: Table,
  newestFirst: readonly ObjectVersion[],
): Promise<readonly PlacedVersion[]> {
  const placed: PlacedVersion[] = [];
  let before: Ordered | undefined;
  for (const version of newestFirst.toReversed()) {
    const record = await readRecord(table, version.key, version.versionId);
    const order = record ?? rightAfter(before, version.lastModified);
    if (before === undefined || orderOf(order) > orderOf(before)) before = order;
    placed.push({ version, record, order });
  }
  return placed;
}
