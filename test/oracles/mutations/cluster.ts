import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { formatJson } from '../../../lib/objects/json.ts';
import {
  identityOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  referenceOf,
} from '../../../lib/objects/objects.ts';
import { type Answer, type ApiServer, messageOf, type ResourcePath } from '../api-server.ts';
import { factsOf, folded, undeclaredRoot } from './expect.ts';
import type { Node } from './openapi.ts';
import { at, type Place, pointerOf, valueAt, withValue } from './places.ts';

/** The deployer's hand: puts objects there as Helm does, and puts them back. */
export const DEPLOYER = 'helm';
/** A definition goes with all that was of it, and a machine may have much to do besides. */
const PATIENCE_MS = 120_000;
const AT_ONCE = 8;

export interface Installed {
  readonly identity: string;
  readonly chart: string;
  /** As it was applied. */
  readonly declared: KubernetesObject;
  readonly path: ResourcePath;
  /** Helm 4, Flux; or Helm with --server-side=false. */
  readonly how: 'apply' | 'create';
}

/** @returns what it is installed as, or why not */
export async function install(
  server: ApiServer,
  object: KubernetesObject,
  chart: string,
  how: Installed['how'],
): Promise<Installed | string> {
  const path = await server.pathOf(referenceOf(object));
  if (path === undefined) return 'kind not served';
  const { namespace: _namespace, ...clusterWide } = object.metadata;
  const declared = path.namespaced
    ? object
    : ({ ...object, metadata: clusterWide } as unknown as KubernetesObject);
  const installed = { identity: identityOf(referenceOf(declared)), chart, declared, path, how };
  let answer = await put(server, installed);
  for (let waited = 0; waited < PATIENCE_MS && isTransient(answer); waited += 500) {
    await sleep(500);
    answer = await put(server, installed);
  }
  return answer.status < 300 ? installed : messageOf(answer);
}

const put = (server: ApiServer, { declared, path, how }: Installed): Promise<Answer> =>
  how === 'apply'
    ? server.call(
        'PATCH',
        `${path.object}?fieldManager=${DEPLOYER}&force=true`,
        formatJson(declared),
        'application/apply-patch+yaml',
      )
    : server.call('POST', `${path.collection}?fieldManager=${DEPLOYER}`, declared);

/** What was there before is still on its way out, or a definition is not served yet. */
const isTransient = (answer: Answer): boolean => {
  const message = messageOf(answer);
  return (
    (answer.status === 409 && /already exists|being deleted|terminating|deleted/i.test(message)) ||
    (answer.status === 404 && /could not find the requested resource/.test(message))
  );
};

/** Everything live of the kinds of these objects, in lists, by identity. */
export async function readLive(
  server: ApiServer,
  objects: readonly Installed[],
): Promise<Map<string, KubernetesObject>> {
  const kinds = Map.groupBy(objects, ({ declared }) => `${declared.apiVersion} ${declared.kind}`);
  const live = new Map<string, KubernetesObject>();
  await eachAtOnce([...kinds.values()], async ([first]) => {
    if (first === undefined) return;
    const { apiVersion, kind } = first.declared;
    const collection = first.path.collection.replace(/\/namespaces\/[^/]+(?=\/)/, '');
    for (let next = ''; ; ) {
      const answer = await server.call('GET', `${collection}?limit=500${next}`);
      if (answer.status === 410) throw new Error(`a list of ${kind} took too long`);
      if (answer.status >= 300) return;
      const { items = [], metadata } = answer.body as {
        readonly items?: readonly KubernetesObject[];
        readonly metadata?: { readonly continue?: string };
      };
      for (const each of items) {
        const object = { ...each, apiVersion, kind } as KubernetesObject;
        live.set(identityOf(referenceOf(object)), object);
      }
      if (!metadata?.continue) return;
      next = `&continue=${encodeURIComponent(metadata.continue)}`;
    }
  });
  return live;
}

export type Repair = 'repaired' | 'made anew' | 'failed';

/**
 * Puts an object back as a deployer does: a server-side apply of what is declared, by force, then whatever else is
 * not as it was. What cannot be put back (an immutable field) is deleted and applied again.
 */
export async function repair(
  server: ApiServer,
  installed: Installed,
  before: KubernetesObject,
  node: Node | undefined,
  unrecorded: boolean,
): Promise<Repair> {
  const { path, how } = installed;
  const live = await server.call('GET', path.object);
  if (live.status === 404) {
    const made = await putPatiently(server, installed);
    return made ? 'repaired' : 'failed';
  }
  const found = live.body as KubernetesObject;
  const leaving = found.metadata.deletionTimestamp !== undefined;
  // A client-side deployer leaves no record where nothing differs.
  if (leaving || (how === 'create' && unrecorded)) return await anew(server, installed);
  const applied = how === 'apply' ? await put(server, installed) : live;
  if (applied.status >= 300) return await anew(server, installed);
  const now = applied.body as KubernetesObject;
  if (factsOf(now, before, node).length === 0) return 'repaired';
  for (let attempt = 0, newest = now; attempt < 5; attempt++) {
    const body = putBack(newest, before, installed.declared, node);
    const answer = await server.call('PUT', `${path.object}?fieldManager=${DEPLOYER}`, body);
    if (answer.status < 300) {
      const left = factsOf(answer.body as KubernetesObject, before, node);
      return left.length === 0 ? 'repaired' : await anew(server, installed);
    }
    if (answer.status !== 409) break;
    newest = (await server.call('GET', path.object)).body as KubernetesObject;
  }
  return await anew(server, installed);
}

/** What is declared as it was; what is not declared taken out, so that the server fills it in again. */
function putBack(
  now: KubernetesObject,
  before: KubernetesObject,
  declared: KubernetesObject,
  node: Node | undefined,
): Json {
  let body = now as unknown as Json;
  for (const { place } of factsOf(now, before, node)) {
    const git = folded(declared) as unknown as Json;
    const wanted = undeclaredRoot(git, place) === undefined;
    const value = wanted ? ofGit(valueAt(before as unknown as Json, place), valueAt(git, place)) : undefined;
    const pointer = pointerOf(body, place) ?? appended(body, place);
    if (pointer !== undefined) body = withValue(body, pointer, value);
  }
  return body;
}

/** Of a whole map that is gone, what Git declares: a Pod's labels have some that the server put in. */
const ofGit = (before: Json | undefined, declared: Json | undefined): Json | undefined =>
  isJsonObject(before) && isJsonObject(declared)
    ? Object.fromEntries(
        Object.entries(before).flatMap(([name, value]) => {
          const own = name in declared ? ofGit(value, declared[name]) : undefined;
          return own === undefined ? [] : [[name, own]];
        }),
      )
    : before;

/** Where a field or item that is gone belongs. */
function appended(body: Json, place: Place): (string | number)[] | undefined {
  const parent = pointerOf(body, place.slice(0, -1));
  if (parent === undefined) return undefined;
  const node = at(body, parent);
  const last = place.at(-1) ?? '';
  return Array.isArray(node)
    ? [...parent, node.length]
    : last.startsWith('f:')
      ? [...parent, last.slice(2)]
      : undefined;
}

export async function anew(server: ApiServer, installed: Installed): Promise<Repair> {
  await remove(server, [installed]);
  return (await putPatiently(server, installed)) ? 'made anew' : 'failed';
}

async function putPatiently(server: ApiServer, installed: Installed): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS; waited += 250) {
    const { status } = await put(server, installed);
    if (status < 300) return true;
    await sleep(250);
  }
  return false;
}

const heldBy = z.object({ metadata: z.object({ finalizers: z.array(z.string()).optional() }) });
/** Of the API server itself (k8s.io/apiextensions-apiserver, apis/apiextensions/types.go). */
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

/** Deletes them, and waits until they are gone. */
export async function remove(server: ApiServer, objects: readonly Installed[]): Promise<void> {
  await eachAtOnce(objects, async ({ path, declared }) => {
    if (declared.kind === 'Namespace') return;
    const query = 'propagationPolicy=Background&gracePeriodSeconds=0';
    for (let waited = 0; waited < PATIENCE_MS; waited += 100) {
      const { status, body } = await server.call('DELETE', `${path.object}?${query}`);
      if (status === 404) return;
      const held = heldBy.safeParse(body).data?.metadata.finalizers ?? [];
      // What cleans up after a definition does so by itself.
      const left =
        declared.kind === 'CustomResourceDefinition' ? held.filter((name) => name === CLEANUP) : [];
      if (left.length < held.length)
        await server.call(
          'PATCH',
          path.object,
          { metadata: { finalizers: left.length === 0 ? null : left } },
          'application/merge-patch+json',
        );
      if ((await server.call('GET', path.object)).status === 404) return;
      await sleep(100);
    }
  });
}

export async function ensureNamespaces(server: ApiServer, names: Iterable<string>): Promise<void> {
  for (const name of new Set(names))
    await server.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
}

export async function eachAtOnce<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await act(next);
    }),
  );
}
