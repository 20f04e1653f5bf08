import type { Target } from '../config/config.ts';
import { isJsonObject, type Json, type KubernetesObject, partOf } from '../objects/objects.ts';
import { type DeployersObjects, deployersObjects } from './deployer-report.ts';
import type { DeclaredScope } from './scopes.ts';

/** An object that a deployer says it has applied, as far as looking for it needs it. */
export interface Inventoried {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for a kind without namespaces. */
  readonly namespace: string;
}

/** What the cluster says is cut there: a deployer applies thousands of objects, and not more kinds than there are. */
const ENTRIES = 50_000;

/**
 * What the target's deployer says that it has applied: of all scopes, so that a kind that nothing declares any more is
 * looked at too.
 */
export function inventoriesOf(
  live: DeployersObjects,
  target: Target,
  scopes: readonly DeclaredScope[],
): readonly Inventoried[] {
  return deployersObjects(live, target, scopes).flatMap(inventoryOf).slice(0, ENTRIES);
}

/**
 *   Kustomization, HelmRelease: `status.inventory.entries[].{id,v}`, the id being `<namespace>_<name>_<group>_<kind>`
 *     (fluxcd/pkg/ssa, object/…; sigs.k8s.io/cli-utils, pkg/object/objmetadata.go), in which a `:` of a name is `__`
 *   Application: `status.resources[].{group,version,kind,namespace}`
 */
export function inventoryOf({ status }: KubernetesObject): readonly Inventoried[] {
  const { inventory, resources } = partOf(status);
  return [
    ...list(partOf(inventory).entries).flatMap(({ id, v }) => fromFlux(text(id), text(v))),
    ...list(resources).flatMap((entry) =>
      named(text(entry.group), text(entry.version), text(entry.kind), text(entry.namespace)),
    ),
  ];
}

function fromFlux(id: string, version: string): readonly Inventoried[] {
  const parts = id.split('_');
  return parts.length < 4 ? [] : named(parts.at(-2) ?? '', version, parts.at(-1) ?? '', parts[0] ?? '');
}

const named = (group: string, version: string, kind: string, namespace: string): readonly Inventoried[] =>
  version === '' || kind === '' || group.includes('/')
    ? []
    : [{ apiVersion: group === '' ? version : `${group}/${version}`, kind, namespace }];

const list = (value: Json | undefined): readonly { readonly [key: string]: Json }[] =>
  Array.isArray(value) ? value.slice(0, ENTRIES).filter(isJsonObject) : [];
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
