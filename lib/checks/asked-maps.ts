import type { ClusterMaps } from '../desired/flux/maps.ts';
import { isJsonObject } from '../objects/objects.ts';
import { deployerKinds } from './deployer-kinds.ts';
import type { LiveObjects } from './live.ts';

/** Characters of all of them together: the profile has a megabyte. */
const LENGTH = 256 * 1024;

/**
 * ConfigMaps that Git refers to and does not declare, as they are in the cluster; null for one that is not there.
 * What could not be read, or is too much, is left out: then nobody knows it.
 */
export function askedMaps(asks: readonly string[], live: Pick<LiveObjects, 'find'>): ClusterMaps {
  const maps: Record<string, Readonly<Record<string, string>> | null> = {};
  let length = 0;
  for (const ask of asks) {
    const slash = ask.indexOf('/');
    const found = live.find({
      ...deployerKinds.CONFIG_MAP,
      namespace: ask.slice(0, slash),
      name: ask.slice(slash + 1),
    });
    if (found.kind === 'absent') maps[ask] = null;
    if (found.kind !== 'found') continue;
    const { data } = found.object;
    const texts = Object.entries(isJsonObject(data) ? data : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const own = texts.reduce((sum, [key, text]) => sum + key.length + text.length, 0);
    if (length + own > LENGTH) continue;
    length += own;
    maps[ask] = Object.fromEntries(texts);
  }
  return maps;
}
