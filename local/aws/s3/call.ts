import type { IncomingMessage } from 'node:http';
import { noSuchKey, S3Error } from './answer.ts';
import type { Bucket, Version } from './bucket.ts';

/** A request, with what its path and query name. */
export interface Call {
  readonly request: IncomingMessage;
  readonly bucket: Bucket;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly requestId: string;
}

export const METADATA_PREFIX = 'x-amz-meta-';
const TAGS_LIMIT = 10;

/** What a request may ask of an object without changing which operation it is. */
export const KNOWN_ON_OBJECT = new Set([
  'versionId',
  'x-id',
  ...['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature', 'Content-Sha256'].map(
    (name) => `X-Amz-${name}`,
  ),
]);

const LISTING = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'marker',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
]);
export const onlyListing = (query: URLSearchParams): boolean =>
  [...query.keys()].every((name) => LISTING.has(name) || KNOWN_ON_OBJECT.has(name));

/** Key, type, metadata and tags as a request's headers describe a new object. */
export function described({ request, key }: Call) {
  const { headers } = request;
  const metadata = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(METADATA_PREFIX))
      .map(([name, value]) => [name.slice(METADATA_PREFIX.length), String(value)]),
  );
  const tags = checkedTags([...new URLSearchParams(String(headers['x-amz-tagging'] ?? ''))]);
  return { key, contentType: headers['content-type'] ?? 'binary/octet-stream', metadata, tags };
}

/** @throws S3Error for what S3 does not take. Source: S3 user guide, "Categorizing your storage using tags". */
export function checkedTags(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  if (pairs.length > TAGS_LIMIT) {
    throw new S3Error(400, 'BadRequest', `Object tags cannot be greater than ${TAGS_LIMIT}`);
  }
  for (const [name, value] of pairs) {
    if (!/^[\p{L}\p{N} +\-=._:/@]{1,128}$/u.test(name)) {
      throw new S3Error(400, 'InvalidTag', 'The TagKey you have provided is invalid');
    }
    if (!/^[\p{L}\p{N} +\-=._:/@]{0,256}$/u.test(value)) {
      throw new S3Error(400, 'InvalidTag', 'The TagValue you have provided is invalid');
    }
  }
  return Object.fromEntries(pairs);
}

export function existing({ bucket, key, query }: Call): Version {
  const wanted = query.get('versionId');
  const found = bucket.find(key, wanted ?? undefined);
  if (found === undefined && wanted !== null) {
    throw new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.');
  }
  if (found === undefined) throw noSuchKey();
  if (!found.deleted) return found;
  const marker = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': found.versionId };
  if (wanted === null) throw noSuchKey(marker);
  throw new S3Error(
    405,
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    marker,
  );
}
