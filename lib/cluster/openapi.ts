import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
import { openapiKey } from '../charts/render-request.ts';
import { formatJson, parseJson } from '../objects/json.ts';
import type { Json } from '../objects/objects.ts';
import { type Answer, answered, answerOf } from './answers.ts';
import type { Reader } from './reader.ts';

/**
 * The cluster's schemas. `/openapi/v3` names each document with the SHA-512 of its bytes (kube-openapi,
 * pkg/handler3), so a document that was read once, from any cluster, need not be read again. What does not have the
 * hash it was announced with is used and not kept: a cluster must not plant schemas for another.
 */
const DOCUMENT_BYTES = 64 * 1024 * 1024;
const KEPT_DOCUMENTS = 200;

const index = z.object({ paths: z.record(z.string(), z.object({ serverRelativeURL: z.string() })) });

const document = z.object({ components: z.looseObject({ schemas: z.unknown() }).optional() });

/** Documents by hash: in the state bucket, and in memory while a function is warm. */
export interface OpenapiCache {
  get(hash: string): Promise<Json | undefined>;
  put(hash: string, schemas: Json): Promise<void>;
  /** Into the bucket alone: for others to read. */
  keep(hash: string, schemas: Json): Promise<void>;
}

/** Hashes of kept documents, by group-version: `apps/v1`, `v1`. */
export type KeptSchemas = Readonly<Record<string, string>>;

export function openapiCache(state: ObjectStore): OpenapiCache {
  const warm = new Map<string, Json>();
  const remember = (hash: string, schemas: Json) => {
    if (warm.size >= KEPT_DOCUMENTS) warm.clear();
    warm.set(hash, schemas);
    return schemas;
  };
  const keep = async (hash: string, schemas: Json) => {
    await state.putOnce(openapiKey(hash), formatJson(schemas), 'application/json');
  };
  return {
    async get(hash) {
      const known = warm.get(hash);
      if (known !== undefined) return known;
      const stored = await state.get(openapiKey(hash), { maxBytes: DOCUMENT_BYTES });
      return stored === undefined ? undefined : remember(hash, parseJson(stored.body.toString('utf8')));
    },
    async put(hash, schemas) {
      remember(hash, schemas);
      await keep(hash, schemas);
    },
    keep,
  };
}

/** The documents of one cluster. */
export interface OpenapiReader {
  /** By group-version; undefined where it has none. */
  document(groupVersion: string): Promise<Answer<Json | undefined>>;
  /**
   * Sees to it that the documents of all group-versions are kept, and says under which hashes; `before` are those of
   * the last time, which need not be read again. What cannot be read now is left for the next time.
   */
  keepAll(before: KeptSchemas): Promise<KeptSchemas>;
}

/** Documents read at once, and at most in one go: a cluster with hundreds of kinds is known after a few checks. */
const AT_ONCE = 4;
const KEPT_IN_ONE_GO = 60;

/** The index is read once. */
export function openapiReader(reader: Reader, cache: OpenapiCache | undefined): OpenapiReader {
  let reading: Promise<Answer<ReadonlyMap<string, string>>> | undefined;
  const index = () => {
    reading ??= readIndex(reader);
    return reading;
  };
  const read = async (groupVersion: string, url: string): Promise<Answer<Document>> => {
    const got = await reader.get(url);
    const answer = answerOf(got, document, `the schemas of ${groupVersion}`);
    if (answer.kind !== 'answered') return answer;
    // Paths and operations are nine tenths of it, and no schema.
    const { components } = answer.value;
    const schemas: Json = { components: { schemas: (components?.schemas ?? {}) as Json } };
    const isTrue = got.kind === 'read' && createHash('sha512').update(got.text).digest('hex') === hashIn(url);
    return answered({ schemas, ...(isTrue ? { hash: hashIn(url) } : {}) });
  };

  /** A document that has changed since the index was read is at another address: the server redirects there. */
  const readNewest = async (groupVersion: string, url: string): Promise<Answer<Document>> => {
    const answer = await read(groupVersion, url);
    if (answer.kind !== 'failed') return answer;
    reading = undefined;
    const known = await index();
    const newest = known.kind === 'answered' ? known.value.get(pathOf(groupVersion)) : undefined;
    return newest === undefined || newest === url ? answer : read(groupVersion, newest);
  };

  return {
    async document(groupVersion) {
      const known = await index();
      if (known.kind !== 'answered') return known;
      const url = known.value.get(pathOf(groupVersion));
      if (url === undefined) return answered(undefined);
      const hash = hashIn(url);
      const kept = hash === undefined ? undefined : await cache?.get(hash);
      if (kept !== undefined) return answered(kept);
      const answer = await readNewest(groupVersion, url);
      if (answer.kind !== 'answered') return answer;
      if (answer.value.hash !== undefined) await cache?.put(answer.value.hash, answer.value.schemas);
      return answered(answer.value.schemas);
    },
    async keepAll(before) {
      const known = await index();
      if (known.kind !== 'answered' || cache === undefined) return before;
      const kept: Record<string, string> = {};
      const missing: [groupVersion: string, url: string][] = [];
      for (const [path, url] of known.value) {
        const groupVersion = groupVersionOf(path);
        const hash = hashIn(url);
        if (groupVersion === undefined || hash === undefined) continue;
        if (before[groupVersion] === hash) kept[groupVersion] = hash;
        else missing.push([groupVersion, url]);
      }
      const next = missing.slice(0, KEPT_IN_ONE_GO).values();
      const worker = async () => {
        for (const [groupVersion, url] of next) {
          const answer = await read(groupVersion, url);
          if (answer.kind !== 'answered' || answer.value.hash === undefined) continue;
          await cache.keep(answer.value.hash, answer.value.schemas);
          kept[groupVersion] = answer.value.hash;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

interface Document {
  readonly schemas: Json;
  /** Absent where it has not the hash that it was announced with. */
  readonly hash?: string | undefined;
}

const hashIn = (url: string): string | undefined =>
  /[?&]hash=([0-9A-Fa-f]{128})$/.exec(url)?.[1]?.toLowerCase();

const pathOf = (groupVersion: string): string =>
  groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
/** The reverse; undefined for what is no group-version (`apis/apps`, `version`). */
const groupVersionOf = (path: string): string | undefined =>
  /^(?:api\/(v[^/]+)|apis\/([^/]+\/[^/]+))$/
    .exec(path)
    ?.slice(1)
    .find((part) => part !== undefined);

async function readIndex(reader: Reader): Promise<Answer<ReadonlyMap<string, string>>> {
  const answer = answerOf(await reader.get('/openapi/v3'), index, 'the schemas (/openapi/v3)');
  if (answer.kind !== 'answered') return answer;
  return answered(
    new Map(
      Object.entries(answer.value.paths)
        // A path of the same server, whatever it says: credentials go with it.
        .filter(([, { serverRelativeURL }]) => /^\/(?!\/)/.test(serverRelativeURL))
        .map(([path, { serverRelativeURL }]) => [path, serverRelativeURL]),
    ),
  );
}
