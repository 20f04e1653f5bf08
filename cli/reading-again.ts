import { reportedVersions } from '../lib/checks/applied-versions.ts';
import { readAskedMaps } from '../lib/checks/asked-maps.ts';
import type { Cluster } from '../lib/cluster/cluster.ts';
import type { DesiredParts, DesiredReading } from '../lib/desired/desired.ts';
import type { DesiredState } from '../lib/desired/state.ts';

/** What of a desired state only the cluster says. */
export type FromCluster = Pick<DesiredParts, 'applied' | 'clusterMaps'>;

/** A Kustomization that is made of a ConfigMap may declare one that is made of another; deeper is nobody's intention. */
const READINGS = 4;

/**
 * Reads Git, and where it refers to what only the cluster says, asks for that and reads again: which version of a range
 * runs, and ConfigMaps that Git does not declare. In an installation the check before has left it in the profile.
 */
export async function readAgain(
  read: (known: FromCluster) => Promise<DesiredReading>,
  cluster: Pick<Cluster, 'discover' | 'list'>,
): Promise<DesiredReading> {
  let known: FromCluster = {};
  let reading = await read(known);
  const asked = new Set<string>();
  for (let count = 1; count < READINGS && reading.kind === 'read'; count++) {
    const { state } = reading;
    const asks = (state.asks ?? []).filter((ask) => !asked.has(ask));
    const wantsVersions = known.applied === undefined && hasRange(state);
    if (asks.length === 0 && !wantsVersions) break;
    for (const ask of asks) asked.add(ask);
    known = {
      ...known,
      ...(wantsVersions ? { applied: await reportedVersions(cluster) } : {}),
      ...(asked.size === 0 ? {} : { clusterMaps: await readAskedMaps(cluster, [...asked].sort()) }),
    };
    reading = await read(known);
  }
  return reading;
}

const hasRange = ({ releases }: DesiredState): boolean =>
  releases.some(({ chart }) => chart?.newestOf !== undefined);
