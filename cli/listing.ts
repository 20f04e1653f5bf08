import * as clients from '../lib/aws/clients.ts';
import { type ObjectVersion, s3Store } from '../lib/aws/objects.ts';
import { isDenied, refusal } from './aws-errors.ts';
import type { FoundInstallation } from './installation.ts';
import { type KnownUpload, type OutcomeReader, outcomeReader } from './outcome.ts';

/** An upload with what is known of it. */
export interface ListedUpload extends ObjectVersion {
  readonly known: KnownUpload;
}

export interface Listing {
  /** Newest first; read as far as somebody takes. */
  readonly uploads: AsyncIterable<ListedUpload>;
  readonly reader: OutcomeReader;
}

/** Outcomes are read so many at once: a request each, and no right but to read one item. */
const READS_AT_ONCE = 25;

/**
 * The uploads whose keys begin with a prefix. The bucket itself is the index: a listing of its versions costs one
 * request a thousand, needs no scan of the table, and sees what has no record yet, too.
 * @throws Unavailable
 */
export async function listUploads(
  installation: FoundInstallation,
  prefix: string,
  since?: Date,
): Promise<Listing> {
  const { bucket, environment } = installation;
  const store = s3Store(clients.s3(environment), bucket);
  const versions: ObjectVersion[] = [];
  try {
    for await (const version of store.versions(prefix)) {
      if (since === undefined || version.lastModified >= since) versions.push(version);
    }
  } catch (error) {
    const right = { action: 's3:ListBucketVersions', on: `bucket ${bucket}` };
    throw isDenied(error) && prefix === ''
      ? refusal(error, { ...right, on: `${right.on} (with a prefix, that may be allowed)` })
      : refusal(error, right);
  }
  // S3 tells whole seconds: within one, versions of a key come newest first, and their order is kept.
  versions.sort((a, b) => b.lastModified.getTime() - a.lastModified.getTime());
  const reader = outcomeReader(installation);
  return { uploads: described(versions, reader), reader };
}

async function* described(
  versions: readonly ObjectVersion[],
  reader: OutcomeReader,
): AsyncGenerator<ListedUpload> {
  for (let at = 0; at < versions.length; at += READS_AT_ONCE) {
    const some = versions.slice(at, at + READS_AT_ONCE);
    yield* await Promise.all(
      some.map(async (version) => ({ ...version, known: await reader.read(version) })),
    );
  }
}
