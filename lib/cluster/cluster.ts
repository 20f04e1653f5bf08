import * as z from 'zod';
import type { Json, KubernetesObject } from '../objects/objects.ts';
import { type Answer, answered, answerOf } from './answers.ts';
import { type Address, type EksParts, openConnection } from './connection.ts';
import { type Discovery, discover, type ServedKind } from './discovery.ts';
import { type ListOptions, listObjects } from './listing.ts';
import { type KeptSchemas, type OpenapiCache, openapiReader } from './openapi.ts';
import { readerOf } from './reader.ts';

/** A cluster, read-only: nothing here sends anything but GET. */
export interface Cluster {
  /** As people know it: the context's or the cluster's name. */
  readonly name: string;
  /** `v1.35.4-eks-113cf36`. */
  version(): Promise<Answer<string>>;
  discover(): Promise<Answer<Discovery>>;
  /** The OpenAPI v3 document of a group-version (`apps/v1`, `v1`), cached by the hash that the cluster gives it. */
  openapi(groupVersion: string): Promise<Answer<Json | undefined>>;
  /** Keeps the documents of all group-versions for those who may not read clusters. @param before of the last time */
  keepSchemas(before: KeptSchemas): Promise<KeptSchemas>;
  /** All objects of a kind. Secrets come sealed, and without Helm's own. */
  list(kind: ServedKind, options?: ListOptions): Promise<Answer<readonly KubernetesObject[]>>;
  close(): Promise<void>;
}

export interface ClusterParts extends EksParts {
  /** What Secret values are sealed with at the edge. */
  readonly sealing: Uint8Array;
  readonly openapi?: OpenapiCache;
}

/** @throws CannotConnect if the address leads nowhere: a broken kubeconfig, an EKS cluster not looked up yet */
export async function connect(address: Address, parts: ClusterParts): Promise<Cluster> {
  const connection = await openConnection(address, parts);
  const reader = readerOf(connection);
  const openapi = openapiReader(reader, parts.openapi);
  const version = once(async () => {
    const answer = answerOf(await reader.get('/version'), serverVersion, 'its version');
    return answer.kind === 'answered' ? answered(answer.value.gitVersion) : answer;
  });
  return {
    name: connection.name,
    version,
    discover: once(() => discover(reader)),
    openapi: openapi.document,
    keepSchemas: openapi.keepAll,
    list: (kind, options = {}) => listObjects(reader, kind, options, parts.sealing),
    close: async () => reader.close(),
  };
}

/** One run asks once; an answer that was none may be asked for again. */
function once<Value>(ask: () => Promise<Answer<Value>>): () => Promise<Answer<Value>> {
  let asked: Promise<Answer<Value>> | undefined;
  return async () => {
    asked ??= ask();
    const answer = await asked;
    if (answer.kind !== 'answered') asked = undefined;
    return answer;
  };
}

const serverVersion = z.object({ gitVersion: z.string() });
