import * as z from 'zod';
import { untoldPart } from '../../alerts/outbox.ts';
import type { Item, Table } from '../../aws/table.ts';
import { type ImageList, imageList } from '../../charts/image-list.ts';
import type { Reason } from '../../charts/reasons.ts';
import { type Signer, signer } from '../../charts/trust/signer.ts';
import { writtenReason } from '../../charts/written-reason.ts';
import { type CarriedCommand, carriedCommand } from '../../commands/command.ts';
import type { Digest } from '../../content/tree.ts';
import { digest } from '../../messages/messages.ts';
import type { Ordered } from './order.ts';

/**
 * The record of an uploaded object version: `upload#<key>` / `<versionId>`. It is written before any work and says
 * alone what became of the upload; everything else (the waiting list, tags, slots) can be made anew from it.
 */
export const UPLOADS_SCHEMA = 1;

/** A commit that may have been pushed for it: looked for before anything is built anew. */
export interface AttemptedCommit {
  readonly commit: string;
  /** The tip that it was built upon; absent where it began the branch. */
  readonly base?: string;
  /** Fingerprint of the slot's files in it (standing.ts). */
  readonly files: string;
  /** When it was written down, right before it was pushed (ISO). */
  readonly at?: string;
  /** What it was let pass with. */
  readonly warnings?: readonly Reason[];
  /** Which images the release (or manifest) runs with it. */
  readonly images?: ImageList;
  /** Of a command: the slots that it fills or empties. */
  readonly touched?: readonly TouchedSlot[];
  /** Of a rollback that is proposed: the commit whose state it brings back, whatever comes before what stands by then. */
  readonly backTo?: string;
}

/** What a command's commit leaves in a slot. */
export interface TouchedSlot {
  readonly slot: string;
  /** Fingerprint of the slot's files in the commit (standing.ts). */
  readonly files: string;
  /** Of the tree that they are; of an emptied slot, of nothing. */
  readonly digest: Digest;
  readonly chart?: { readonly name: string; readonly version: string };
  /** Who signed the package that it is of, where that is known. */
  readonly signer?: Signer;
}

/** Why a checked upload waits that could go: its release or target is frozen. */
export interface FrozenMark {
  /** When the freeze was carried out (ISO). */
  readonly since: string;
  /** Who froze: an ARN. */
  readonly by: string;
  readonly reason?: string;
}

/** The pull request that holds a checked upload. */
export interface HeldProposal {
  readonly number: string;
  readonly url: string;
  readonly branch: string;
  /** The commit that its branch was pushed to for this upload. */
  readonly head: string;
  /** When it was first proposed (ISO). */
  readonly since: string;
}

/** What the uploader says of itself. Nobody vouches for it. */
export interface Claims {
  readonly author?: string;
  readonly sourceCommit?: string;
  readonly sourceUrl?: string;
}

export interface UploadBase extends Ordered {
  readonly key: string;
  readonly versionId: string;
  /** When it was first heard of, or taken again: what waits is counted from here. */
  readonly receivedAt: string;
  /** When somebody asked to take it again, each time that it was (replay.ts). */
  readonly replays?: readonly string[];
}

/** What a checked upload holds. */
export interface CheckedContent {
  readonly repository: string;
  readonly branch: string;
  readonly target: string;
  /** Of the normalised tree in the content store. */
  readonly digest: Digest;
  /** Of the uploaded bytes, which signatures bind. */
  readonly package: Digest;
  readonly chart?: { readonly name: string; readonly version: string };
  readonly claims: Claims;
  /** Of a package: who signed it, as it was proven when it was received. Absent: nobody, as far as is known. */
  readonly signer?: Signer;
  /** What was found when it was received, and kept it from nothing: joins the warnings that it is delivered with. */
  readonly noticed?: readonly Reason[];
  /** Of a command: what is asked, and who asks. `digest` and `package` are of its document. */
  readonly command?: CarriedCommand;
  /** Of a command: where its target was when it was given, if it has moved since. */
  readonly movedFrom?: { readonly repository: string; readonly branch: string };
}

/** `edited`: a pull request was merged with changes of its reviewers. */
const CHANGES = ['commit', 'unchanged', 'edited'] as const;
/** What a command does that needs no commit. */
export const DONE = ['frozen', 'unfrozen'] as const;
export type Done = (typeof DONE)[number];

export type Outcome =
  | {
      readonly state: 'delivered';
      readonly commit: string;
      readonly change: (typeof CHANGES)[number];
      /** Of the vocabulary, like reasons: what did not keep it from being delivered. Absent: none. */
      readonly warnings?: readonly Reason[];
      /** Which images the release (or manifest) runs with it; absent: none. */
      readonly images?: ImageList;
    }
  | { readonly state: 'rejected'; readonly reasons: readonly Reason[] }
  | { readonly state: 'superseded'; readonly by: string }
  | { readonly state: 'failed'; readonly reasons: readonly Reason[] }
  /** Its pull request was closed unmerged; `url`: where, if it is still known. */
  | { readonly state: 'declined'; readonly url?: string }
  | { readonly state: 'done'; readonly what: Done };

/** Pushes whose fate nobody knows outlive a failure: taken again, they are looked for first. */
interface Attempts {
  readonly attempted: readonly AttemptedCommit[];
}

/** Its tags may still say what was before (owed-tags.ts). */
interface OwedTags {
  readonly tags?: 'owed';
}

export type UploadState =
  | ({
      readonly state: 'received';
      /** When it was opened once more after a day of failing at it (ISO). */
      readonly lastTriedAt?: string;
    } & Partial<Attempts>)
  | (CheckedContent & { readonly state: 'checked'; readonly frozen?: FrozenMark } & Attempts & OwedTags)
  /** Checked, and in a pull request; it waits on, and is taken again with what comes after it. */
  | (CheckedContent & { readonly state: 'proposed'; readonly proposal: HeldProposal } & Attempts & OwedTags)
  | (Partial<CheckedContent> & Outcome & { readonly endedAt: string } & Partial<Attempts>);

export type UploadRecord = Item & UploadBase & UploadState;
export type ReceivedRecord = Extract<UploadRecord, { state: 'received' }>;
export type CheckedRecord = Extract<UploadRecord, { state: 'checked' }>;
export type ProposedRecord = Extract<UploadRecord, { state: 'proposed' }>;
/** Checked and not ended: it has an entry in its branch's list. */
export type WaitingRecord = CheckedRecord | ProposedRecord;

export const isWaiting = (record: UploadRecord): record is WaitingRecord =>
  record.state === 'checked' || record.state === 'proposed';

/** Whether people keep it from going: it is frozen, or in a pull request. However long that lasts, it has not failed. */
export const isHeld = (record: UploadRecord): boolean =>
  record.state === 'proposed' || (record.state === 'checked' && record.frozen !== undefined);

const reasons = z.array(writtenReason);
const chart = z.object({ name: z.string(), version: z.string() });
const attempted = z.array(
  z.object({
    commit: z.string(),
    base: z.string().exactOptional(),
    files: z.string(),
    at: z.string().exactOptional(),
    warnings: reasons.exactOptional(),
    images: imageList.exactOptional(),
    touched: z
      .array(
        z.object({
          slot: z.string(),
          files: z.string(),
          digest,
          chart: chart.exactOptional(),
          signer: signer.exactOptional(),
        }),
      )
      .exactOptional(),
    backTo: z.string().exactOptional(),
  }),
);
const base = {
  pk: z.string(),
  sk: z.string(),
  schema: z.literal(UPLOADS_SCHEMA),
  version: z.number(),
  key: z.string(),
  versionId: z.string(),
  eventTime: z.string(),
  sequencer: z.string(),
  receivedAt: z.string(),
  replays: z.array(z.string()).exactOptional(),
};
const content = {
  repository: z.string(),
  branch: z.string(),
  target: z.string(),
  digest,
  package: digest,
  chart: chart.exactOptional(),
  command: carriedCommand.exactOptional(),
  movedFrom: z.object({ repository: z.string(), branch: z.string() }).exactOptional(),
  claims: z.object({
    author: z.string().exactOptional(),
    sourceCommit: z.string().exactOptional(),
    sourceUrl: z.string().exactOptional(),
  }),
  signer: signer.exactOptional(),
  noticed: reasons.exactOptional(),
};
const ended = {
  ...base,
  repository: content.repository.exactOptional(),
  branch: content.branch.exactOptional(),
  target: content.target.exactOptional(),
  digest: content.digest.exactOptional(),
  package: content.package.exactOptional(),
  chart: content.chart,
  command: content.command,
  movedFrom: content.movedFrom,
  claims: content.claims.exactOptional(),
  signer: content.signer,
  noticed: content.noticed,
  endedAt: z.string(),
  attempted: attempted.exactOptional(),
};
/** Loose: what is not told yet lies in the same item (alerts/outbox.ts). */
const record = z.discriminatedUnion('state', [
  z.looseObject({
    ...base,
    state: z.literal('received'),
    attempted: attempted.exactOptional(),
    lastTriedAt: z.string().exactOptional(),
  }),
  z.looseObject({
    ...base,
    ...content,
    state: z.literal('checked'),
    attempted,
    tags: z.literal('owed').exactOptional(),
    frozen: z
      .object({ since: z.string(), by: z.string(), reason: z.string().exactOptional() })
      .exactOptional(),
  }),
  z.looseObject({
    ...base,
    ...content,
    state: z.literal('proposed'),
    attempted,
    tags: z.literal('owed').exactOptional(),
    proposal: z.object({
      number: z.string(),
      url: z.string(),
      branch: z.string(),
      head: z.string(),
      since: z.string(),
    }),
  }),
  z.looseObject({
    ...ended,
    state: z.literal('delivered'),
    commit: z.string(),
    change: z.enum(CHANGES),
    warnings: reasons.exactOptional(),
    images: imageList.exactOptional(),
  }),
  z.looseObject({ ...ended, state: z.literal('superseded'), by: z.string() }),
  z.looseObject({ ...ended, state: z.literal('rejected'), reasons }),
  z.looseObject({ ...ended, state: z.literal('failed'), reasons }),
  z.looseObject({ ...ended, state: z.literal('declined'), url: z.string().exactOptional() }),
  z.looseObject({ ...ended, state: z.literal('done'), what: z.enum(DONE) }),
]);

export const recordKey = (key: string, versionId: string) => ({ pk: `upload#${key}`, sk: versionId });

/** @throws ZodError for an item that no release of Fairlead has written */
export const parseRecord = (item: Item): UploadRecord => record.parse(asNow(item));

/** Evidence had a state of its own before it shared its package's outcome: it has none yet. */
const asNow = (item: Item): Item => (item.state === 'evidence' ? { ...item, state: 'received' } : item);

export async function readRecord(
  table: Table,
  key: string,
  versionId: string,
): Promise<UploadRecord | undefined> {
  const item = await table.get(recordKey(key, versionId));
  return item === undefined ? undefined : parseRecord(item);
}

/** The record in a new state, one version on; what it has not told yet stays in it. */
export const recordItem = (
  upload: UploadBase,
  state: UploadState,
  before: Item | undefined,
): UploadRecord => ({
  ...(before === undefined ? {} : untoldPart(before)),
  ...recordKey(upload.key, upload.versionId),
  schema: UPLOADS_SCHEMA,
  version: (before?.version ?? 0) + 1,
  key: upload.key,
  versionId: upload.versionId,
  eventTime: upload.eventTime,
  sequencer: upload.sequencer,
  receivedAt: upload.receivedAt,
  ...(upload.replays === undefined ? {} : { replays: upload.replays }),
  ...state,
});

/** What a checked upload holds, without where its record stands. */
export const contentOf = (record: CheckedContent): CheckedContent => ({
  repository: record.repository,
  branch: record.branch,
  target: record.target,
  digest: record.digest,
  package: record.package,
  ...(record.chart === undefined ? {} : { chart: record.chart }),
  ...(record.command === undefined ? {} : { command: record.command }),
  ...(record.movedFrom === undefined ? {} : { movedFrom: record.movedFrom }),
  ...(record.signer === undefined ? {} : { signer: record.signer }),
  ...(record.noticed === undefined ? {} : { noticed: record.noticed }),
  claims: record.claims,
});

/** Where the upload is, with its version. */
export const uploadUrl = (
  bucket: string,
  { key, versionId }: Pick<UploadBase, 'key' | 'versionId'>,
): string => `s3://${bucket}/${key}?versionId=${encodeURIComponent(versionId)}`;
