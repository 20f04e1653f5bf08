import { eachAtOnce } from '../at-once/at-once.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type ClusterMaps, mapKey } from '../desired/flux/maps.ts';
import type { Found } from '../drift/drift.ts';
import { isJsonObject, type KubernetesObject } from '../objects/objects.ts';
import { deployerKinds } from './deployer-kinds.ts';
import type { LiveObjects } from './live.ts';

/** Bytes of all of them together, as they are kept: the profile has a megabyte. */
const BYTES = 256 * 1024;
/** Lists under way at once. */
const AT_ONCE = 4;

/**
 * ConfigMaps that Git refers to and does not declare, as they are in the cluster; null for one that is not there.
 * What could not be read, or is too much, is left out: then nobody knows it.
 */
export function askedMaps(asks: readonly string[], live: Pick<LiveObjects, 'find'>): ClusterMaps {
  const maps: Record<string, Readonly<Record<string, string>> | null> = {};
  let bytes = 0;
  for (const ask of asks) {
    const found = live.find({ ...deployerKinds.CONFIG_MAP, ...placeOf(ask) });
    if (found.kind === 'absent') maps[ask] = null;
    if (found.kind !== 'found') continue;
    const { data } = found.object;
    const texts = Object.fromEntries(
      Object.entries(isJsonObject(data) ? data : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
    const own = Buffer.byteLength(JSON.stringify(texts));
    if (bytes + own > BYTES) continue;
    bytes += own;
    maps[ask] = texts;
  }
  return maps;
}

/** The same, asked of the cluster: one list a namespace. */
export async function readAskedMaps(
  cluster: Pick<Cluster, 'discover' | 'list'>,
  asks: readonly string[],
): Promise<ClusterMaps> {
  const { apiVersion, kind } = deployerKinds.CONFIG_MAP;
  const discovery = await cluster.discover();
  const served = discovery.kind === 'answered' ? discovery.value.find(apiVersion, kind) : undefined;
  if (served === undefined) return {};
  const wanted = new Set(asks);
  const listed = new Set<string>();
  const found = new Map<string, KubernetesObject>();
  await eachAtOnce([...new Set(asks.map((ask) => placeOf(ask).namespace))], AT_ONCE, async (namespace) => {
    const answer = await cluster.list(served, {
      namespace,
      keep: ({ metadata }) => wanted.has(mapKey(namespace, metadata.name)),
    });
    if (answer.kind !== 'answered') return;
    listed.add(namespace);
    for (const object of answer.value) found.set(mapKey(namespace, object.metadata.name), object);
  });
  return askedMaps(asks, {
    find({ namespace = '', name }): Found {
      const object = found.get(mapKey(namespace, name));
      if (object !== undefined) return { kind: 'found', object };
      return listed.has(namespace)
        ? { kind: 'absent' }
        : { kind: 'unknown', reason: `ConfigMaps in ${namespace} were not read` };
    },
  });
}

function placeOf(ask: string): { readonly namespace: string; readonly name: string } {
  const slash = ask.indexOf('/');
  return { namespace: ask.slice(0, slash), name: ask.slice(slash + 1) };
}
