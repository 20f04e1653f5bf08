import type { Item, Table } from '../aws/table.ts';
import type { Reason } from '../charts/reasons.ts';
import type { Digest } from '../content/tree.ts';
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
  readonly receivedAt: string;
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
}

export type Outcome =
  | { readonly state: 'delivered'; readonly commit: string; readonly change: 'commit' | 'unchanged' }
  | { readonly state: 'rejected'; readonly reasons: readonly Reason[] }
  | { readonly state: 'superseded'; readonly by: string }
  | { readonly state: 'failed'; readonly reasons: readonly Reason[] };

export type UploadState =
  | { readonly state: 'received' }
  /** Has no outcome of its own: it belongs to a package. */
  | { readonly state: 'evidence' }
  | (CheckedContent & { readonly state: 'checked'; readonly attempted: readonly AttemptedCommit[] })
  | (Partial<CheckedContent> & Outcome & { readonly endedAt: string });

export type UploadRecord = Item & UploadBase & UploadState;
export type CheckedRecord = Extract<UploadRecord, { state: 'checked' }>;

export const recordKey = (key: string, versionId: string) => ({ pk: `upload#${key}`, sk: versionId });

/** Our own items: they were typed when they were written. */
export const readRecord = async (
  table: Table,
  key: string,
  versionId: string,
): Promise<UploadRecord | undefined> =>
  (await table.get(recordKey(key, versionId))) as UploadRecord | undefined;

/** The record in a new state, one version on. */
export const recordItem = (
  base: UploadBase,
  state: UploadState,
  before: { readonly version: number } | undefined,
): UploadRecord => ({
  ...recordKey(base.key, base.versionId),
  schema: UPLOADS_SCHEMA,
  version: (before?.version ?? 0) + 1,
  key: base.key,
  versionId: base.versionId,
  eventTime: base.eventTime,
  sequencer: base.sequencer,
  receivedAt: base.receivedAt,
  ...state,
});

/** Where the upload is, with its version. */
export const uploadUrl = (
  bucket: string,
  { key, versionId }: Pick<UploadBase, 'key' | 'versionId'>,
): string => `s3://${bucket}/${key}?versionId=${encodeURIComponent(versionId)}`;
