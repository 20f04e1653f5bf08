import type { Alert } from '../../alerts/alert.ts';
import { heldBack, withUntold } from '../../alerts/outbox.ts';
import { oneLine } from '../../alerts/plain.ts';
import type { Measure } from '../../aws/metrics.ts';
import type { VersionedStore } from '../../aws/objects.ts';
import type { Item, Table } from '../../aws/table.ts';
import type { Reason } from '../../charts/reasons.ts';
import { COMMANDS } from './keys.ts';
import { contentOf, isWaiting, type Outcome, recordItem, type UploadRecord, uploadUrl } from './record.ts';
import { placeOfRefusal } from './refusals.ts';

/** What ending an upload needs. */
export interface OutcomeParts {
  readonly table: Table;
  readonly uploads: Pick<VersionedStore, 'mergeTags'>;
  readonly installation: string;
  readonly bucket: string;
  readonly now: () => Date;
  /** For operators; never holds a secret. */
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  /** For operators: figures over all uploads. */
  readonly measure?: Measure;
}

/** An item of the table holds 400 KB: reasons beyond this say nothing new. In the record, and in its alert. */
const RECORDED_REASONS = 50;
const TOLD_REASONS = 20;
/** S3 keeps 256 characters a tag. */
const TAG_LENGTH = 256;

/**
 * Writes the outcome into the record, with the alert that follows from it, in one conditional write. A record that
 * has one already keeps it. Tags come after (a reader of the tag finds the prose in the record); whoever calls this
 * removes the upload from its list last, so that a crash in between leaves it there to be tagged again.
 */
export async function endUpload(
  parts: OutcomeParts,
  record: UploadRecord,
  outcome: Outcome,
  /** `elsewhere`: people are told of it by another alert. */
  told: 'here' | 'elsewhere' = 'here',
): Promise<'ended' | 'conflict'> {
  const at = parts.now().toISOString();
  const limited =
    'reasons' in outcome ? { ...outcome, reasons: outcome.reasons.slice(0, RECORDED_REASONS) } : outcome;
  const item = recordItem(record, { ...keptOf(record, outcome), ...limited, endedAt: at }, record);
  const alert =
    outcome.state === 'rejected' && told === 'here'
      ? rejectedAlert(parts, record, outcome.reasons, at)
      : undefined;
  const written = await parts.table.put(await withAlert(parts, item, alert, at), record.version);
  if (written === 'conflict') return 'conflict';
  parts.log('upload ended', { key: record.key, upload: record.versionId, ...summaryOf(outcome) });
  if (parts.measure !== undefined) measureOutcome(parts.measure, record, outcome, at);
  await tagUpload(parts, item);
  return 'ended';
}

async function withAlert(
  { table }: OutcomeParts,
  item: Item,
  alert: Alert | undefined,
  at: string,
): Promise<Item> {
  if (alert === undefined) return item;
  return (await placeOfRefusal(table, alert.target, at)) === 'first'
    ? withUntold(item, [alert], at)
    : heldBack(item, alert, at);
}

/** What is kept of a record that ends; of one that may be taken again, the pushes whose fate nobody knows. */
function keptOf(record: UploadRecord, { state }: Outcome) {
  const content = isWaiting(record) ? contentOf(record) : {};
  const inDoubt = 'attempted' in record ? (record.attempted ?? []) : [];
  const open = (state === 'rejected' || state === 'failed') && inDoubt.length > 0;
  return { ...content, ...(open ? { attempted: inDoubt } : {}) };
}

/** Tags are for readers without access to the table. A version that has gone has none; the record stands. */
export async function tagUpload(parts: OutcomeParts, record: UploadRecord): Promise<void> {
  const { key, versionId } = record;
  const tags = { ...NO_TAGS, ...tagsOf(parts.installation, record) };
  try {
    await parts.uploads.mergeTags(key, versionId, tags);
  } catch (error) {
    const name = (error as Error).name;
    if (!/^(NoSuchKey|NoSuchVersion|NotFound|MethodNotAllowed)$/.test(name)) throw error;
    parts.log('upload gone before it was tagged', { key, upload: versionId });
  }
}

/** An upload that was taken again, thawed or merged keeps none of what its tags said before. */
const NO_TAGS = {
  'fairlead-outcome': undefined,
  'fairlead-commit': undefined,
  'fairlead-reason': undefined,
  'fairlead-proposal': undefined,
};

function tagsOf(installation: string, record: UploadRecord): Readonly<Record<string, string>> {
  const name = { 'fairlead-record': `${installation}:${record.versionId}` };
  switch (record.state) {
    case 'received':
      return name;
    case 'checked':
      return record.frozen === undefined ? name : { ...name, 'fairlead-outcome': 'frozen' };
    case 'proposed':
      return { ...name, 'fairlead-outcome': 'proposed', ...proposalTag(record.proposal.url) };
    case 'declined':
      return { ...name, 'fairlead-outcome': 'declined', ...proposalTag(record.url) };
    case 'done':
      return { ...name, 'fairlead-outcome': 'done', 'fairlead-reason': record.what };
    case 'delivered':
      return { ...name, 'fairlead-outcome': 'delivered', 'fairlead-commit': record.commit };
    case 'superseded':
      return { ...name, 'fairlead-outcome': 'superseded' };
    case 'rejected':
    case 'failed':
      return { ...name, 'fairlead-outcome': record.state, 'fairlead-reason': codesOf(record.reasons) };
  }
}

/** S3 takes no more, and no other characters (S3 user guide, "Categorizing your objects using tags"). */
const proposalTag = (url: string | undefined): Readonly<Record<string, string>> =>
  url !== undefined && url.length <= TAG_LENGTH && /^[\p{L}\p{N} +\-=._:/@]+$/u.test(url)
    ? { 'fairlead-proposal': url }
    : {};

/** Whole codes only, as many as fit. */
function codesOf(reasons: readonly Reason[]): string {
  let text = '';
  for (const code of new Set(reasons.map((reason) => reason.code))) {
    const longer = text === '' ? code : `${text} ${code}`;
    if (longer.length > TAG_LENGTH) break;
    text = longer;
  }
  return text;
}

function rejectedAlert(
  { installation, bucket }: OutcomeParts,
  record: UploadRecord,
  reasons: readonly Reason[],
  at: string,
): Alert {
  const [first = '', second = ''] = record.key.split('/');
  const target = first === COMMANDS ? second : first;
  const author = record.state === 'received' ? undefined : record.claims?.author;
  return {
    schema: 1,
    kind: 'rejected',
    installation,
    target: /^[a-z0-9-]{1,63}$/.test(target) ? target : 'unknown',
    // A key may hold what no message can carry, or what forges its lines.
    scope: oneLine(record.key),
    incident: `${installation}/${oneLine(record.key)}/upload/${record.versionId}`,
    sequence: 1,
    at,
    severity: 'warning',
    upload: uploadUrl(bucket, record),
    reasons: reasons.slice(0, TOLD_REASONS),
    ...(author === undefined ? {} : { claimedAuthor: author }),
  };
}

const summaryOf = (outcome: Outcome): Readonly<Record<string, unknown>> =>
  'reasons' in outcome
    ? { outcome: outcome.state, codes: codesOf(outcome.reasons) }
    : { ...named(outcome), outcome: outcome.state };

/** Of warnings their codes: their words may quote what was uploaded. */
function named(
  outcome: Exclude<Outcome, { readonly reasons: readonly Reason[] }>,
): Readonly<Record<string, unknown>> {
  switch (outcome.state) {
    case 'superseded':
      return { by: outcome.by };
    case 'declined':
      return { proposal: outcome.url };
    case 'done':
      return { what: outcome.what };
    case 'delivered':
      return {
        commit: outcome.commit,
        change: outcome.change,
        ...(outcome.warnings === undefined ? {} : { warnings: codesOf(outcome.warnings) }),
      };
  }
}

function measureOutcome(measure: Measure, record: UploadRecord, outcome: Outcome, at: string): void {
  switch (outcome.state) {
    case 'delivered': {
      measure('UploadsDelivered', 1);
      // One that is taken again has waited since then, not since it was uploaded.
      const since = record.replays === undefined ? record.eventTime : record.receivedAt;
      if (outcome.change === 'commit')
        measure('SecondsToCommit', Math.max(0, Date.parse(at) - Date.parse(since)) / 1000);
      return;
    }
    case 'rejected':
      measure('UploadsRejected', 1);
      return;
    case 'failed':
      measure('UploadsFailed', 1);
      return;
    case 'superseded':
    case 'declined':
    case 'done':
      return;
  }
}
