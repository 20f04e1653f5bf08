import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * A bucket on disk that keeps every version and its tags: `<versionId>.json` (what it is) beside `<versionId>.body`.
 * The body is written first and the description renamed into place, so that a version is whole or is not there.
 */
const version = z.object({
  key: z.string(),
  versionId: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** Hex, grows with each write of the bucket: what `sequencer` is in S3's events. */
  sequencer: z.string(),
  /** A delete marker has no body. */
  deleted: z.boolean(),
  size: z.number(),
  etag: z.string(),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
  tags: z.record(z.string(), z.string()),
});
export type Version = z.output<typeof version>;

export interface NewObject {
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** A multipart object's is not the digest of its bytes. */
  readonly etag?: string;
}

export interface Bucket {
  readonly name: string;
  readonly versioned: boolean;
  /** The newest version, or the one named; a delete marker counts as a version. */
  find(key: string, versionId?: string): Version | undefined;
  read(found: Version): Promise<Buffer>;
  /** @param onlyIfFree `If-None-Match: *` */
  put(object: NewObject, onlyIfFree?: boolean): Promise<Version | 'taken'>;
  /** Without a version: adds a delete marker (versioned) or removes the object. With one: removes that version. */
  remove(key: string, versionId?: string): Promise<Version | undefined>;
  setTags(found: Version, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Keys in order, each with its versions, newest first. */
  keys(prefix: string): readonly (readonly [string, readonly Version[]])[];
}

export async function openBucket(folder: string, name: string, versioned: boolean): Promise<Bucket> {
  await mkdir(folder, { recursive: true });
  const all = await load(folder);
  let lastSequence = 0n;
  const bodyFile = ({ versionId }: Version) => join(folder, `${versionId}.body`);
  const factFile = ({ versionId }: Version) => join(folder, `${versionId}.json`);

  const newest = (key: string): Version | undefined => all.get(key)?.[0];
  const nextSequencer = (): string => {
    const now = BigInt(Date.now()) << 16n;
    lastSequence = now > lastSequence ? now : lastSequence + 1n;
    return lastSequence.toString(16).toUpperCase().padStart(18, '0');
  };
  const writeFacts = async (fact: Version) => {
    await writeFile(`${factFile(fact)}.new`, JSON.stringify(fact), { mode: 0o600 });
    await rename(`${factFile(fact)}.new`, factFile(fact));
  };
  const forget = async (gone: Version) => {
    const left = (all.get(gone.key) ?? []).filter((entry) => entry !== gone);
    if (left.length > 0) all.set(gone.key, left);
    else all.delete(gone.key);
    await rm(factFile(gone), { force: true });
    await rm(bodyFile(gone), { force: true });
  };
  const add = async (added: Version, body: Buffer | undefined) => {
    // In the list before the first await: two writers of one key see each other.
    const before = all.get(added.key) ?? [];
    all.set(added.key, [added, ...before]);
    if (body !== undefined) await writeFile(bodyFile(added), body, { mode: 0o600 });
    await writeFacts(added);
    if (!versioned) for (const old of before) await forget(old);
  };
  const describe = (key: string, deleted: boolean): Version => ({
    key,
    versionId: randomBytes(24).toString('base64url').replace(/[-_]/g, 'x'),
    at: Date.now(),
    sequencer: nextSequencer(),
    deleted,
    size: 0,
    etag: '',
    contentType: '',
    metadata: {},
    tags: {},
  });
  // Bodies that are being written: a reader waits for them instead of finding no file.
  const writing = new Map<Version, Promise<void>>();
  const whole = async (added: Version, body?: Buffer) => {
    const done = add(added, body);
    writing.set(added, done);
    await done.finally(() => writing.delete(added));
  };

  return {
    name,
    versioned,
    find: (key, versionId) =>
      versionId === undefined
        ? newest(key)
        : all.get(key)?.find((candidate) => candidate.versionId === versionId),
    async read(found) {
      await writing.get(found);
      return await readFile(bodyFile(found));
    },
    async put({ key, body, contentType, metadata, tags, etag }, onlyIfFree = false) {
      const present = newest(key);
      if (onlyIfFree && present !== undefined && !present.deleted) return 'taken';
      const added: Version = {
        ...describe(key, false),
        size: body.length,
        etag: etag ?? createHash('md5').update(body).digest('hex'),
        contentType,
        metadata: { ...metadata },
        tags: { ...tags },
      };
      await whole(added, body);
      return added;
    },
    async remove(key, versionId) {
      if (versionId !== undefined) {
        const gone = all.get(key)?.find((candidate) => candidate.versionId === versionId);
        if (gone !== undefined) await forget(gone);
        return gone;
      }
      if (!versioned) {
        const gone = newest(key);
        if (gone !== undefined) await forget(gone);
        return undefined;
      }
      const marker = describe(key, true);
      await whole(marker);
      return marker;
    },
    async setTags(found, tags) {
      found.tags = { ...tags };
      await writing.get(found);
      await writeFacts(found);
    },
    keys: (prefix) =>
      [...all].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  };
}

async function load(folder: string): Promise<Map<string, Version[]>> {
  const all = new Map<string, Version[]>();
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.json')) continue;
    const found = version.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
    all.set(found.key, [...(all.get(found.key) ?? []), found]);
  }
  for (const versions of all.values()) versions.sort((a, b) => (a.sequencer < b.sequencer ? 1 : -1));
  return all;
}
