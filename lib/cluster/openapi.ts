import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ObjectStore } from '../aws/objects.ts';
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
}

export function openapiCache(state: ObjectStore): OpenapiCache {
  const warm = new Map<string, Json>();
  const keep = (hash: string, schemas: Json) => {
    if (warm.size >= KEPT_DOCUMENTS) warm.clear();
    warm.set(hash, schemas);
    return schemas;
  };
  const keyOf = (hash: string) => `openapi/${hash}.json`;
  return {
    async get(hash) {
      const known = warm.get(hash);
      if (known !== undefined) return known;
      const stored = await state.get(keyOf(hash), { maxBytes: DOCUMENT_BYTES });
      return stored === undefined ? undefined : keep(hash, parseJson(stored.body.toString('utf8')));
    },
    async put(hash, schemas) {
      keep(hash, schemas);
      await state.putOnce(keyOf(hash), formatJson(schemas), 'application/json');
    },
  };
}

/** Reads documents of one cluster by group-version; undefined where it has none. The index is read once. */
export function openapiReader(
  reader: Reader,
  cache: OpenapiCache | undefined,
): (groupVersion: string) => Promise<Answer<Json | undefined>> {
  let reading: Promise<Answer<ReadonlyMap<string, string>>> | undefined;
  return async (groupVersion) => {
    reading ??= readIndex(reader);
    const known = await reading;
    if (known.kind !== 'answered') return known;
    const url = known.value.get(groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`);
    if (url === undefined) return answered(undefined);
    const hash = /[?&]hash=([0-9A-Fa-f]{128})$/.exec(url)?.[1]?.toLowerCase();
    const kept = hash === undefined ? undefined : await cache?.get(hash);
    if (kept !== undefined) return answered(kept);

    const read = await reader.get(url);
    const answer = answerOf(read, document, `the schemas of ${groupVersion}`);
    if (answer.kind !== 'answered') return answer;
    if (read.kind !== 'read') return read;
    // Paths and operations are nine tenths of it, and no schema.
    const { components } = answer.value;
    const schemas: Json = { components: { schemas: (components?.schemas ?? {}) as Json } };
    if (hash !== undefined && createHash('sha512').update(read.text).digest('hex') === hash) {
      await cache?.put(hash, schemas);
    }
    return answered(schemas);
  };
}

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
