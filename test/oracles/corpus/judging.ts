import { setTimeout as sleep } from 'node:timers/promises';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { type Found, judgeSet, type Schemas } from '../../../lib/drift/drift.ts';
import type { ObjectVerdict } from '../../../lib/drift/verdicts.ts';
import {
  identityOf,
  isJsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../../../lib/objects/objects.ts';
import { type ApiServer, messageOf, type ResourcePath } from '../api-server.ts';

export interface Judged {
  readonly verdicts: readonly ObjectVerdict[];
  readonly milliseconds: number;
}

const PATIENCE_MS = 20_000;
const PAGE = 500;

/** What the server holds of the kinds of these objects, by identity: one list a kind and namespace-wide. */
export async function readLive(
  server: ApiServer,
  objects: readonly KubernetesObject[],
): Promise<ReadonlyMap<string, Found>> {
  const live = new Map<string, Found>();
  for (const { apiVersion, kind } of new Map(
    objects.map((object) => [`${object.apiVersion}/${object.kind}`, object]),
  ).values()) {
    const path = await server.pathOf({ apiVersion, kind, name: 'any' });
    const list = path === undefined ? [] : await listed(server, path);
    for (const object of list) {
      const whole = { ...object, apiVersion, kind };
      live.set(identityOf(referenceOf(whole)), { kind: 'found', object: whole });
    }
  }
  return live;
}

async function listed(server: ApiServer, path: ResourcePath): Promise<readonly KubernetesObject[]> {
  const everywhere = path.collection.replace('/namespaces/default/', '/');
  const found: KubernetesObject[] = [];
  for (let next = ''; ; ) {
    const answer = await server.call(
      'GET',
      `${everywhere}?limit=${PAGE}&continue=${encodeURIComponent(next)}`,
    );
    if (answer.status !== 200 || !isJsonObject(answer.body)) throw new Error(messageOf(answer));
    const { items, metadata } = answer.body;
    if (Array.isArray(items)) found.push(...(items as unknown as KubernetesObject[]));
    const more = isJsonObject(metadata) ? metadata.continue : undefined;
    if (typeof more !== 'string' || more === '') return found;
    next = more;
  }
}

/** The verdicts of one chart's objects, which are what was applied and nothing else. */
export function judge(
  objects: readonly KubernetesObject[],
  file: string,
  live: ReadonlyMap<string, Found>,
  schemas: Schemas,
): Judged {
  const desired = objects.map(
    (object): RenderedObject => ({ object, role: 'applied', source: file, unstable: [], usesLookup: false }),
  );
  const find = (reference: ObjectReference): Found => {
    const { namespace: _namespace, ...anywhere } = reference;
    return live.get(identityOf(reference)) ?? live.get(identityOf(anywhere)) ?? { kind: 'absent' };
  };
  const judgeOnce = () => judgeSet({ desired, live: { find, owned: [] }, schemas, deployer: 'none' });
  const verdicts = judgeOnce();
  // Timed with its schemas compiled, as a warm function has them: they are cached by their content.
  const before = performance.now();
  judgeOnce();
  return { verdicts, milliseconds: performance.now() - before };
}

/** The server publishes the schemas of new CRDs a little later. */
export async function schemasFor(server: ApiServer, objects: readonly KubernetesObject[]): Promise<Schemas> {
  let schemas = await server.schemas();
  for (let waited = 0; waited < PATIENCE_MS; waited += 200) {
    if (objects.every(({ apiVersion, kind }) => schemas.of(apiVersion, kind) !== undefined)) break;
    await sleep(200);
    schemas = await server.schemas();
  }
  return schemas;
}
