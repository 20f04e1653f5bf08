import { GetObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import * as clients from '../lib/aws/clients.ts';
import { dynamoTable, type Table } from '../lib/aws/table.ts';
import type { ImageList } from '../lib/charts/image-list.ts';
import { reasonOfCode } from '../lib/charts/reason-of-code.ts';
import type { Reason } from '../lib/charts/reasons.ts';
import type { Signer } from '../lib/charts/trust/signer.ts';
import {
  type Claims,
  DONE,
  type Done,
  type FrozenMark,
  readRecord,
  type UploadRecord,
} from '../lib/uploads/record/record.ts';
import { formatRight, isDenied, type Right, refusal, Unavailable } from './aws-errors.ts';
import type { FoundInstallation } from './installation.ts';

export interface UploadVersion {
  readonly key: string;
  readonly versionId: string;
}

/** What is known of an upload, from its record or, where that cannot be read, from its tags. */
export type KnownUpload = KnownState & {
  readonly source: 'record' | 'tags';
  /** Of the record. Times in ISO. */
  readonly receivedAt?: string;
  readonly endedAt?: string;
  readonly chart?: { readonly name: string; readonly version: string };
  readonly claims?: Claims;
  /** Who signed the package, as it was proven. */
  readonly signer?: Signer;
  /** Which images run with it. */
  readonly images?: ImageList;
  readonly replays?: readonly string[];
  /** What was accepted all the same. */
  readonly warnings?: readonly Reason[];
};

type KnownState =
  /** `unrecorded`: nobody has heard of it yet. `unknown`: it has no tags, and only the record would say more. */
  | { readonly state: 'waiting'; readonly stage: 'unrecorded' | 'received' | 'checked' | 'unknown' }
  /** Its release or target is frozen; by whom and why, where the record may be read. */
  | { readonly state: 'waiting'; readonly stage: 'frozen'; readonly frozen?: FrozenMark }
  /** Its pull request is open; where, if its address is known. */
  | { readonly state: 'waiting'; readonly stage: 'proposed'; readonly url?: string }
  | {
      readonly state: 'delivered';
      readonly commit: string;
      readonly change?: 'commit' | 'unchanged' | 'edited';
    }
  | { readonly state: 'declined'; readonly url?: string }
  | { readonly state: 'done'; readonly what: Done }
  | { readonly state: 'superseded'; readonly by?: string }
  /** `reasons`: from the tags alone there are only codes, and the prose that goes with each. */
  | { readonly state: 'rejected' | 'failed'; readonly reasons: readonly Reason[] };

export type Ended = Exclude<KnownUpload, { readonly state: 'waiting' }>;
/** It waits for people, who may take days. */
export type Held = Extract<KnownUpload, { readonly stage: 'frozen' | 'proposed' }>;

/** Reads outcomes with whatever rights there are, and keeps in mind what it may not read. */
export interface OutcomeReader {
  /** The record if it may be read, else the tags. @throws Unavailable if neither may be */
  read(version: UploadVersion): Promise<KnownUpload>;
  /**
   * The same once its tags say that it has ended, or waits for people: what only the tags' readers see must be there,
   * too.
   */
  settled(version: UploadVersion): Promise<Ended | Held | undefined>;
  /** What would have told more. */
  missing(): readonly string[];
}

export function outcomeReader(installation: FoundInstallation, signal?: AbortSignal): OutcomeReader {
  const { bucket, environment } = installation;
  const s3 = clients.s3(environment);
  const table = tableOf(installation);
  const denied = new Map<'record' | 'tags', Right>();

  const recorded = async (version: UploadVersion): Promise<KnownUpload | 'unreadable'> => {
    if (table === undefined || denied.has('record')) return 'unreadable';
    const right = { action: 'dynamodb:GetItem', on: `table ${installation.table}` };
    try {
      const record = await readRecord(table, version.key, version.versionId);
      return record === undefined
        ? { source: 'record', state: 'waiting', stage: 'unrecorded' }
        : ofRecord(record);
    } catch (error) {
      if (!isDenied(error)) throw refusal(error, right);
      denied.set('record', right);
      return 'unreadable';
    }
  };
  const tagged = async (version: UploadVersion): Promise<KnownUpload | 'unreadable'> => {
    if (denied.has('tags')) return 'unreadable';
    const right = { action: 's3:GetObjectVersionTagging', on: `bucket ${bucket}` };
    try {
      return ofTags(await tagsOf(s3, bucket, version, signal));
    } catch (error) {
      if (signal?.aborted) throw error;
      if (!isDenied(error)) throw refusal(error, right);
      denied.set('tags', right);
      return 'unreadable';
    }
  };
  const readable = (known: KnownUpload | 'unreadable', { key }: UploadVersion): KnownUpload => {
    if (known !== 'unreadable') return known;
    const rights = [...denied.values()].map(formatRight).join(', or ');
    throw new Unavailable(`what became of ${key} may not be read here: it needs ${rights}`);
  };

  return {
    async read(version) {
      const known = await recorded(version);
      return readable(known === 'unreadable' ? await tagged(version) : known, version);
    },
    async settled(version) {
      const tags = await tagged(version);
      if (tags !== 'unreadable' && !isSettled(tags)) return undefined;
      const record = await recorded(version);
      const known = readable(record === 'unreadable' ? tags : record, version);
      return isSettled(known) ? known : undefined;
    },
    missing() {
      if (table === undefined) return ['the name of its table (FAIRLEAD_TABLE, or --installation)'];
      return [...denied.values()].map(formatRight);
    },
  };
}

const isSettled = (known: KnownUpload): known is Ended | Held =>
  known.state !== 'waiting' || known.stage === 'frozen' || known.stage === 'proposed';

/** For reading; undefined where nobody has said what it is called. */
export function tableOf({ table, environment }: FoundInstallation): Table | undefined {
  return table === undefined ? undefined : dynamoTable(clients.dynamodb(environment), table);
}

function ofRecord(record: UploadRecord): KnownUpload {
  const { receivedAt, replays, warnings } = record;
  const base = {
    source: 'record',
    receivedAt,
    ...(replays === undefined ? {} : { replays }),
    ...(Array.isArray(warnings) ? { warnings: warnings as readonly Reason[] } : {}),
  } as const;
  if (record.state === 'received') return { ...base, state: 'waiting', stage: 'received' };
  const { chart, claims, signer } = record;
  const content = {
    ...base,
    ...(chart === undefined ? {} : { chart }),
    ...(claims === undefined ? {} : { claims }),
    ...(signer === undefined ? {} : { signer }),
    ...(record.state === 'delivered' && record.images !== undefined ? { images: record.images } : {}),
  };
  if (record.state === 'checked')
    return record.frozen === undefined
      ? { ...content, state: 'waiting', stage: 'checked' }
      : { ...content, state: 'waiting', stage: 'frozen', frozen: record.frozen };
  if (record.state === 'proposed')
    return { ...content, state: 'waiting', stage: 'proposed', url: record.proposal.url };
  const ended = { ...content, endedAt: record.endedAt };
  switch (record.state) {
    case 'delivered':
      return { ...ended, state: 'delivered', commit: record.commit, change: record.change };
    case 'superseded':
      return { ...ended, state: 'superseded', by: record.by };
    case 'rejected':
    case 'failed':
      return { ...ended, state: record.state, reasons: record.reasons };
    case 'declined':
      return { ...ended, state: 'declined', ...(record.url === undefined ? {} : { url: record.url }) };
    case 'done':
      return { ...ended, state: 'done', what: record.what };
  }
}

async function tagsOf(
  s3: S3Client,
  bucket: string,
  { key, versionId }: UploadVersion,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const { TagSet = [] } = await s3.send(
    new GetObjectTaggingCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  return new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** As docs/uploading.md describes them. */
function ofTags(tags: ReadonlyMap<string, string>): KnownUpload {
  const outcome = tags.get('fairlead-outcome');
  switch (outcome) {
    case 'delivered':
      return { source: 'tags', state: outcome, commit: tags.get('fairlead-commit') ?? '' };
    case 'superseded':
      return { source: 'tags', state: outcome };
    case 'rejected':
    case 'failed': {
      const codes = (tags.get('fairlead-reason') ?? '').split(' ').filter((code) => code !== '');
      return { source: 'tags', state: outcome, reasons: codes.map(reasonOfCode) };
    }
    case 'declined':
      return { source: 'tags', state: outcome, ...proposalIn(tags) };
    case 'done': {
      const what = DONE.find((one) => one === tags.get('fairlead-reason'));
      return what === undefined
        ? { source: 'tags', state: 'waiting', stage: 'unknown' }
        : { source: 'tags', state: outcome, what };
    }
    case 'frozen':
      return { source: 'tags', state: 'waiting', stage: outcome };
    case 'proposed':
      return { source: 'tags', state: 'waiting', stage: outcome, ...proposalIn(tags) };
    default:
      return { source: 'tags', state: 'waiting', stage: 'unknown' };
  }
}

function proposalIn(tags: ReadonlyMap<string, string>): { readonly url?: string } {
  const url = tags.get('fairlead-proposal');
  return url === undefined ? {} : { url };
}
