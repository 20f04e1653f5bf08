import { basename } from 'node:path';
import {
  type ObjectStore,
  ObjectTooLarge,
  type StoredObject,
  type VersionedStore,
} from '../../aws/objects.ts';
import type { Queue } from '../../aws/queues.ts';
import { checkManifest, checkValuesFile } from '../../charts/files/file-checks.ts';
import { openPackage } from '../../charts/package/package.ts';
import { formatBytes, type Reason, reason } from '../../charts/reasons.ts';
import { COMMAND_BYTES } from '../../commands/command.ts';
import type { Config, Target } from '../../config/config.ts';
import { putTree } from '../../content/store.ts';
import { digestOf, type FileTree, treeOfFile } from '../../content/tree.ts';
import type { Doorbell, ObjectCreated, UploadMessage } from '../../messages/messages.ts';
import { claimsOf } from '../record/claims.ts';
import { tellFailed } from '../record/failing.ts';
import { UPLOAD_BYTES, type UploadKey } from '../record/keys.ts';
import { orderOf } from '../record/order.ts';
import { endUpload, type OutcomeParts, tagUpload } from '../record/outcome.ts';
import { type Placed, placeOf } from '../record/place.ts';
import {
  type CheckedContent,
  isWaiting,
  type Outcome,
  type ReceivedRecord,
  readRecord,
  recordItem,
  type UploadBase,
  type UploadRecord,
  type UploadState,
} from '../record/record.ts';
import { addReceived, addWaiting, findReceived, removeReceived, ringBell } from '../record/waiting.ts';
import { type CommandParts, checkCommand } from './command.ts';
import { looksAgainAfter, outcomeOfEvidence, receivedOf } from './evidence.ts';
import { tryAgain } from './last-try.ts';
import { followTarget, isAstray } from './moved.ts';
import { reopen, unrecorded } from './replay.ts';
import { type Signed, signatureOf } from './signature.ts';
import { toldByTags } from './told-by-tags.ts';

export interface ReceiveParts extends OutcomeParts, CommandParts {
  readonly uploads: VersionedStore;
  readonly content: ObjectStore;
  readonly doorbell: Queue<Doorbell>;
  readonly config: Config;
}

/** Clocks differ by less. */
const AHEAD_MILLISECONDS = 15 * 60 * 1000;

/** An archive's storage class; encrypted with the uploader's own key, or with one that is no more (S3, "Error responses"). */
const NEVER_READABLE = /^(InvalidObjectState|InvalidRequest|KMS\..+)$/;
/** What else keeps a version from being read heals within a day, or the upload ends. */
const READABLE_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * Takes an uploaded object version: record, check, content, bell. Returns the record's state afterwards.
 *
 * The order of writes is what makes a kill between any two of them harmless:
 *  1. entry in `received`   alone: the sweep sends it here again
 *  2. record `received`     with 1: the same; opening is idempotent, content lies under its digest
 *  3. entry in `waiting`    before 4: deliver-uploads passes over an entry whose record is not `checked`
 *  4. record `checked`, or ended with its alert; from here on a repeated event changes nothing
 *  5. bell (tags, where ended); a bell lost is rung by the sweep, since the entry waits
 *  6. entry in `received` removed: until then a repeated event does step 5 again
 */
export async function receiveUpload(
  message: UploadMessage,
  parts: ReceiveParts,
): Promise<UploadRecord['state'] | 'dropped'> {
  const { key, 'version-id': versionId } = message.detail.object;
  const strange = whyStrange(message, parts);
  if (strange !== undefined) {
    parts.log('message dropped', { key, upload: versionId, because: strange });
    return 'dropped';
  }
  const known = await readRecord(parts.table, key, versionId);
  switch (message['detail-type']) {
    case 'Object Created': {
      const astray = known !== undefined && isAstray(known, parts.config);
      const upload = uploadOf(message, parts.now());
      const record = astray ? await followTarget(parts, known) : (known ?? (await toldByTags(parts, upload)));
      return take(upload, record, parts, message.detail.requester);
    }
    case 'Replay Requested': {
      const upload = known ?? (await unrecorded(parts, message));
      const record = known ?? (await toldByTags(parts, upload));
      return take(upload, record && (await reopen(parts, record, message)), parts);
    }
  }
}

/**
 * What S3 does not tell. Whoever may ask for uploads to be taken again may send anything here: an upload of next year
 * would supersede all that come until then. Of a version that there is the hourly sweep learns from the bucket.
 */
function whyStrange(
  { time, detail, ...message }: UploadMessage,
  { bucket, now }: ReceiveParts,
): string | undefined {
  if (detail.bucket.name !== bucket) return 'it is about another bucket';
  const isEvent = message['detail-type'] === 'Object Created';
  return isEvent && Date.parse(time) > now().getTime() + AHEAD_MILLISECONDS
    ? 'its time is to come'
    : undefined;
}

async function take(
  upload: UploadBase,
  known: UploadRecord | undefined,
  parts: ReceiveParts,
  requester?: string,
): Promise<UploadRecord['state']> {
  if (known !== undefined && known.state !== 'received') {
    // A duplicate, maybe days later. What is done is done; only what a kill has left undone is finished.
    if ((await findReceived(parts.table, known)) !== undefined) await finish(parts, known);
    // Told twice with different times (by S3, and by comparing the bucket), it has an entry under each.
    if (orderOf(known) !== orderOf(upload)) await removeReceived(parts.table, upload);
    return known.state;
  }
  await addReceived(parts.table, known ?? upload);
  const record = known ?? (await begin(parts, upload));
  if (record.state !== 'received') return record.state;
  const placed = placeOf(record.key, parts.config);
  // Evidence waits for its package, and knows its own end.
  if (placed.kind !== 'slot' && placed.kind !== 'command') return check(parts, record, placed);
  const trying = await tryAgain(parts.table, record, parts.now());
  if (trying.kind === 'over') return fail(parts, record, placed.target.name);
  return check(parts, trying.record, placed, requester);
}

/** People are told before the outcome is written: killed between them, it is told again. */
async function fail(parts: ReceiveParts, record: ReceivedRecord, target: string) {
  const why = reason('not-checked', {});
  await tellFailed(parts, [{ record: { ...record, target }, reason: why }]);
  return end(parts, record, { state: 'failed', reasons: [why] }, 'elsewhere');
}

const uploadOf = ({ time, detail: { object } }: ObjectCreated, now: Date): UploadBase => ({
  key: object.key,
  versionId: object['version-id'],
  eventTime: time,
  sequencer: object.sequencer,
  receivedAt: now.toISOString(),
});

async function begin(parts: ReceiveParts, upload: UploadBase): Promise<UploadRecord> {
  const record = recordItem(upload, { state: 'received' }, undefined);
  if ((await parts.table.put(record, 'absent')) === 'written') {
    parts.measure?.('UploadsReceived', 1);
    return record;
  }
  const other = await readRecord(parts.table, upload.key, upload.versionId);
  if (other === undefined) throw new Error(`the record of ${upload.key} came and went`);
  return other;
}

async function check(
  parts: ReceiveParts,
  record: UploadRecord,
  placed: Placed,
  requester?: string,
): Promise<UploadRecord['state']> {
  if (placed.kind === 'evidence') return shareOutcome(parts, record, placed.package);
  if (placed.kind === 'refused') return reject(parts, record, placed.reasons);
  const checked = await contentOfUpload(parts, record, placed, requester);
  if (checked.kind === 'refused') return reject(parts, record, checked.reasons);
  // Its evidence brings it here again, or the sweep.
  if (checked.kind === 'waits') return record.state;
  const { content } = checked;
  await addWaiting(parts.table, content, record);
  const attempted = 'attempted' in record ? (record.attempted ?? []) : [];
  return move(parts, record, { ...content, state: 'checked', attempted });
}

type CheckedUpload =
  | { readonly kind: 'checked'; readonly content: CheckedContent }
  | { readonly kind: 'waits' }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

async function contentOfUpload(
  parts: ReceiveParts,
  record: UploadRecord,
  placed: Extract<Placed, { readonly kind: 'slot' | 'command' }>,
  requester: string | undefined,
): Promise<CheckedUpload> {
  const limit = placed.kind === 'command' ? COMMAND_BYTES : UPLOAD_BYTES;
  const stored = await fetchUpload(parts, record, limit);
  if (stored.kind === 'refused') return stored;
  const { body, metadata } = stored.object;
  if (placed.kind === 'command') return checkCommand(parts, record, { ...placed, requester }, body);
  const { target } = placed;
  const opened = await open(placed.key, body, target);
  if (opened.kind === 'refused') return opened;
  const signed: Signed =
    placed.key.kind === 'chart'
      ? await signatureOf(parts, record, placed.key, target, body)
      : { kind: 'passes' };
  if (signed.kind !== 'passes') return signed;
  const { kind: _, ...proven } = signed;
  return {
    kind: 'checked',
    content: {
      ...proven,
      repository: target.repository,
      branch: target.branch,
      target: target.name,
      digest: await putTree(parts.content, opened.tree),
      package: digestOf(body),
      claims: claimsOf(metadata),
      ...(opened.chart === undefined ? {} : { chart: opened.chart }),
    },
  };
}

/** As the package ended, which was told for both. */
async function shareOutcome(
  parts: ReceiveParts,
  record: UploadRecord,
  packageKey: string,
): Promise<UploadRecord['state']> {
  // What waits for it goes on.
  if (looksAgainAfter(parts.config, packageKey) !== undefined)
    for (const waiting of await receivedOf(parts.table, packageKey)) await take(waiting, waiting, parts);
  const shared = await outcomeOfEvidence(parts.table, record, packageKey, parts.now());
  if (shared === undefined) return record.state;
  const told = shared.kind === 'orphan' ? 'here' : 'elsewhere';
  return end(parts, record, shared.outcome, told);
}

type Fetched =
  | { readonly kind: 'fetched'; readonly object: StoredObject }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

async function fetchUpload(
  { uploads, now: clock }: Pick<ReceiveParts, 'uploads' | 'now'>,
  { key, versionId, receivedAt }: UploadBase,
  maxBytes: number,
): Promise<Fetched> {
  const now = clock();
  try {
    const object = await uploads.get(key, { versionId, maxBytes });
    return object === undefined
      ? { kind: 'refused', reasons: [reason('upload-gone', {})] }
      : { kind: 'fetched', object };
  } catch (error) {
    if (!(error instanceof ObjectTooLarge)) {
      const { name } = error as Error;
      const isOld = now.getTime() - Date.parse(receivedAt) >= READABLE_MILLISECONDS;
      if (!isOld && !NEVER_READABLE.test(name)) throw error;
      return { kind: 'refused', reasons: [reason('upload-unreadable', { why: name })] };
    }
    const words = { size: formatBytes(error.bytes), limit: formatBytes(error.limitBytes) };
    const code = key.endsWith('.tgz') ? 'package-too-large' : 'file-too-large';
    return { kind: 'refused', reasons: [reason(code, words, { file: basename(key) })] };
  }
}

type Opened =
  | {
      readonly kind: 'opened';
      readonly tree: FileTree;
      readonly chart?: { readonly name: string; readonly version: string };
    }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] };

/** What can be said of the upload without its siblings. */
async function open(key: UploadKey, body: Buffer, target: Target): Promise<Opened> {
  switch (key.kind) {
    case 'chart': {
      const opened = await openPackage(body, key.fileName);
      if (opened.kind === 'refused') return opened;
      const { name, version } = opened.chart;
      return { kind: 'opened', tree: opened.tree, chart: { name, version } };
    }
    case 'values': {
      const reasons = await checkValuesFile(body);
      return reasons.length > 0
        ? { kind: 'refused', reasons }
        : { kind: 'opened', tree: treeOfFile('values.yaml', body) };
    }
    case 'manifest': {
      const { allowPlainSecrets } = target;
      const reasons = await checkManifest(body, key.path, { allowPlainSecrets });
      return reasons.length > 0
        ? { kind: 'refused', reasons }
        : { kind: 'opened', tree: treeOfFile(key.path, body) };
    }
  }
}

async function move(
  parts: ReceiveParts,
  record: UploadRecord,
  state: UploadState,
): Promise<UploadRecord['state']> {
  const item = recordItem(record, state, record);
  // A conflict: another call was faster with the same upload, and does the rest.
  if ((await parts.table.put(item, record.version)) === 'written') await finish(parts, item);
  return item.state;
}

const reject = (parts: ReceiveParts, record: UploadRecord, reasons: readonly Reason[]) =>
  end(parts, record, { state: 'rejected', reasons }, 'here');

async function end(
  parts: ReceiveParts,
  record: UploadRecord,
  outcome: Outcome,
  told: 'here' | 'elsewhere',
): Promise<UploadRecord['state']> {
  if ((await endUpload(parts, record, outcome, told)) === 'ended') await removeReceived(parts.table, record);
  return outcome.state;
}

/** Steps 5 and 6; again after a kill. */
async function finish(parts: ReceiveParts, record: UploadRecord): Promise<void> {
  if (isWaiting(record)) await ringBell(parts.doorbell, record);
  else await tagUpload(parts, record);
  await removeReceived(parts.table, record);
}
