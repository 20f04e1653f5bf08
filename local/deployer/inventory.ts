import {
  groupOf,
  isJsonObject,
  type KubernetesObject,
  type ObjectReference,
} from '../../lib/objects/objects.ts';
import type { ClusterClient } from './cluster-client.ts';

/**
 * What a deployer has applied, as Flux keeps it in its objects' status: `<namespace>_<name>_<group>_<kind>` and the
 * version (fluxcd/cli-utils, object.ObjMetadata.String: colons of RBAC names as `__`).
 */
export interface Inventory {
  readonly entries: readonly { readonly id: string; readonly v: string }[];
}

export const inventoryOf = (applied: readonly KubernetesObject[]): Inventory => ({
  entries: applied.map(({ apiVersion, kind, metadata }) => ({
    id: `${metadata.namespace ?? ''}_${metadata.name.replaceAll(':', '__')}_${groupOf(apiVersion)}_${kind}`,
    v: apiVersion.slice(apiVersion.indexOf('/') + 1),
  })),
});

/** The references in an object's `status.inventory`. */
export function inventoried(object: KubernetesObject | undefined): readonly ObjectReference[] {
  const status = isJsonObject(object?.status) ? object.status : {};
  const inventory = isJsonObject(status.inventory) ? status.inventory : {};
  const entries = Array.isArray(inventory.entries) ? inventory.entries : [];
  return entries.filter(isJsonObject).flatMap(({ id, v }) => {
    const [, namespace, name, group, kind] = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(String(id)) ?? [];
    if (name === undefined || kind === undefined) return [];
    return [
      {
        apiVersion: group ? `${group}/${String(v)}` : String(v),
        kind,
        name: name.replaceAll('__', ':'),
        ...(namespace ? { namespace } : {}),
      },
    ];
  });
}

/** Removes what was applied before and is not now, last first; what says so is kept. @returns what was removed */
export async function removeGone(
  cluster: ClusterClient,
  before: readonly ObjectReference[],
  now: readonly KubernetesObject[],
): Promise<readonly ObjectReference[]> {
  const kept = new Set(inventoryOf(now).entries.map(({ id }) => id));
  const removed: ObjectReference[] = [];
  for (const reference of [...before].reverse()) {
    const { apiVersion, kind, name, namespace } = reference;
    const asObject = {
      apiVersion,
      kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    };
    if (kept.has(inventoryOf([asObject]).entries[0]?.id ?? '')) continue;
    const live = await cluster.get(reference);
    if (live === undefined || isKept(live)) continue;
    await cluster.remove(reference);
    removed.push(reference);
  }
  return removed;
}

const isKept = ({ metadata: { annotations } }: KubernetesObject): boolean =>
  annotations?.['helm.sh/resource-policy'] === 'keep' ||
  annotations?.['kustomize.toolkit.fluxcd.io/prune'] === 'disabled';
