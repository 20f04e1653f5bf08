import type { VersionedStore } from '../../aws/objects.ts';
import type { ReplayRequested } from '../../messages/messages.ts';
import { type OutcomeParts, tagUpload } from '../record/outcome.ts';
import { readRecord, recordItem, type UploadBase, type UploadRecord } from '../record/record.ts';
import { addReceived } from '../record/waiting.ts';
import { placeVersions } from './unheard.ts';

/** A request told twice is known by its time, among the last of them. */
const REPLAYS_KEPT = 20;

/**
 * Opens the record of an upload that was rejected or has failed, so that it is taken as on its first day, in its old
 * place in the order of its slot. Every other one is left as it is, and so is one that this request has opened before.
 * Returns the record as it is then.
 */
export async function reopen(
  parts: OutcomeParts,
  record: UploadRecord,
  request: ReplayRequested,
): Promise<UploadRecord> {
  if (record.state !== 'rejected' && record.state !== 'failed') return record;
  const replays = record.replays ?? [];
  if (replays.includes(request.time)) return record;
  const upload: UploadBase = {
    key: record.key,
    versionId: record.versionId,
    eventTime: record.eventTime,
    sequencer: record.sequencer,
    // What waits for a day has failed, and what failed is to wait anew.
    receivedAt: parts.now().toISOString(),
    replays: [...replays, request.time].slice(-REPLAYS_KEPT),
  };
  const { attempted } = record;
  const item = recordItem(
    upload,
    { state: 'received', ...(attempted === undefined ? {} : { attempted }) },
    record,
  );
  // The entry first: a kill after the record's write leaves it to the sweep.
  await addReceived(parts.table, upload);
  if ((await parts.table.put(item, record.version)) === 'conflict')
    return (await readRecord(parts.table, record.key, record.versionId)) ?? record;
  parts.log('upload taken again', { key: record.key, upload: record.versionId });
  await tagUpload(parts, item);
  return item;
}

/**
 * What is known of an upload that has no record, as S3's event would have told it: its place is the one that its
 * neighbours in the bucket leave it.
 */
export async function unrecorded(
  {
    uploads,
    table,
    now,
  }: Pick<OutcomeParts, 'table' | 'now'> & { readonly uploads: Pick<VersionedStore, 'versions'> },
  { time, detail: { object } }: ReplayRequested,
): Promise<UploadBase> {
  const { key, 'version-id': versionId } = object;
  const ofKey = (await Array.fromAsync(uploads.versions(key))).filter((version) => version.key === key);
  const placed = await placeVersions(table, ofKey);
  const order = placed.find(({ version }) => version.versionId === versionId)?.order;
  return {
    key,
    versionId,
    // Gone meanwhile: it will be rejected.
    eventTime: order?.eventTime ?? time,
    sequencer: order?.sequencer ?? '0',
    receivedAt: now().toISOString(),
  };
}
