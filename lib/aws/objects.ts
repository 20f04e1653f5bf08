import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ObjectTooLarge } from './object-too-large.ts';

export interface StoredObject {
  readonly body: Buffer;
  /** User metadata, keys in lower case without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly versionId?: string;
}

export { ObjectTooLarge } from './object-too-large.ts';

export interface GetOptions {
  readonly versionId?: string;
  /** More than this is `ObjectTooLarge`, thrown before the body is read. */
  readonly maxBytes?: number;
}

export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly lastModified: Date;
}

/** A bucket, as narrow as its users need it. */
export interface ObjectStore {
  /** The object, or undefined if there is none. @throws ObjectTooLarge */
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>;
  put(key: string, body: Buffer | string, contentType?: string): Promise<void>;
  /** Writes only if the key is free (`If-None-Match: *`): what is kept under its digest is written once. */
  putOnce(key: string, body: Buffer | string, contentType?: string): Promise<'written' | 'present'>;
}

/** A bucket whose keys say what belongs together. */
export interface ListedStore extends Pick<ObjectStore, 'get'> {
  /** Every key that begins so, in the order of their UTF-8 bytes, a page at a time. */
  keys(prefix: string): AsyncIterable<string>;
}

/** What only the upload bucket needs. */
export interface VersionedStore extends ObjectStore {
  /**
   * Merges `tags` into the version's tag set (read, merge, write: the S3 call replaces the set); a tag whose value is
   * undefined is taken out. Beside the uploader's own there may be no room for all (S3 keeps 10): the first go before
   * the last.
   */
  mergeTags(
    key: string,
    versionId: string,
    tags: Readonly<Record<string, string | undefined>>,
  ): Promise<void>;
  /** The version's tags; undefined where there is no such version. */
  tags(key: string, versionId: string): Promise<ReadonlyMap<string, string> | undefined>;
  /** Every version in the bucket, a page at a time. */
  versions(prefix?: string): AsyncIterable<ObjectVersion>;
}

export function s3Store(client: S3Client, bucket: string): VersionedStore & ListedStore {
  return {
    async get(key, options = {}) {
      try {
        const response = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            ...(options.versionId === undefined ? {} : { VersionId: options.versionId }),
          }),
        );
        const size = response.ContentLength ?? 0;
        if (options.maxBytes !== undefined && size > options.maxBytes) {
          // Not reading the body would hold the connection until it times out.
          (response.Body as { destroy?: () => void } | undefined)?.destroy?.();
          throw new ObjectTooLarge(key, size, options.maxBytes);
        }
        const body = Buffer.from((await response.Body?.transformToByteArray()) ?? new Uint8Array());
        return {
          body,
          metadata: response.Metadata ?? {},
          ...(response.VersionId === undefined ? {} : { versionId: response.VersionId }),
        };
      } catch (error) {
        if (error instanceof NoSuchKey || statusOf(error) === 404) return undefined;
        throw error;
      }
    },
    async put(key, body, contentType) {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...typed(contentType) }),
      );
    },
    async putOnce(key, body, contentType) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            IfNoneMatch: '*',
            ...typed(contentType),
          }),
        );
        return 'written';
      } catch (error) {
        // 412: it is there. 409: somebody else is writing it just now, the same bytes, since the key is a digest.
        const status = statusOf(error);
        if (status === 412 || status === 409) return 'present';
        throw error;
      }
    },
    async mergeTags(key, versionId, tags) {
      const version = { Bucket: bucket, Key: key, VersionId: versionId };
      const before = await client.send(new GetObjectTaggingCommand(version));
      const merged = new Map((before.TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
      for (const name of Object.keys(tags)) merged.delete(name);
      for (const [name, value] of Object.entries(tags))
        if (value !== undefined && merged.size < TAGS_KEPT) merged.set(name, tagValue(value));
      await client.send(
        new PutObjectTaggingCommand({
          ...version,
          Tagging: { TagSet: [...merged].map(([Key, Value]) => ({ Key, Value })) },
        }),
      );
    },
    async tags(key, versionId) {
      try {
        const { TagSet = [] } = await client.send(
          new GetObjectTaggingCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
        );
        return new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    },
    async *keys(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        );
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
        token = page.NextContinuationToken;
      } while (token !== undefined);
    },
    async *versions(prefix) {
      let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
      for (;;) {
        const page = await client.send(
          new ListObjectVersionsCommand({
            Bucket: bucket,
            ...(prefix === undefined ? {} : { Prefix: prefix }),
            ...marker,
          }),
        );
        for (const { Key, VersionId, LastModified } of page.Versions ?? []) {
          if (Key !== undefined && VersionId !== undefined) {
            yield { key: Key, versionId: VersionId, lastModified: LastModified ?? new Date(0) };
          }
        }
        if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return;
        marker = {
          KeyMarker: page.NextKeyMarker,
          ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
        };
      }
    },
  };
}

/** Of one object version (S3 user guide, object tagging). */
const TAGS_KEPT = 10;

/** Tag values hold letters, digits, spaces and `+-=._:/@`, at most 256 characters (S3 user guide, object tagging). */
const tagValue = (value: string): string => value.replace(/[^\p{L}\p{N} +\-=._:/@]/gu, '_').slice(0, 256);

const typed = (contentType: string | undefined) =>
  contentType === undefined ? {} : { ContentType: contentType };

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
