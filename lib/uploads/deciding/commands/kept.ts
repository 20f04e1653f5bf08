import type { RenderedObject } from '../../../charts/render-request.ts';
import type { Target } from '../../../config/config.ts';
import {
  formatReference,
  type JsonObject,
  type KubernetesObject,
  partOf,
  referenceOf,
} from '../../../objects/objects.ts';

/** An object that stays in the cluster when what declares it is removed from Git. */
export interface Kept {
  /** `PersistentVolumeClaim/data-db-0` */
  readonly object: string;
  readonly because: string;
}

/** How its deployer takes it away: with its release, or by itself. */
export type Removal = 'release' | 'manifest';

/**
 * What stays by policy, of what was rendered last: pure.
 *   helm (helm.sh, "Tell Helm not to uninstall a resource"): `helm.sh/resource-policy: keep`; CRDs of `crds/`
 *   Argo CD ("Sync Options"): the same, `Delete=false`, and every CustomResourceDefinition; of a manifest `Prune=false`
 *   Flux ("Kustomization", garbage collection): `kustomize.toolkit.fluxcd.io/prune: disabled`, of a manifest
 *   Kubernetes ("StatefulSets", PersistentVolumeClaim retention): claims made of `volumeClaimTemplates`
 */
export function keptOf(
  objects: readonly RenderedObject[],
  deployer: Target['deployer'],
  removal: Removal,
  namespace: string | undefined,
): readonly Kept[] {
  return objects.flatMap(({ object, role }): readonly Kept[] => {
    if (role === 'hook') return [];
    const name = formatReference(referenceOf(object), namespace);
    const because =
      role === 'crd' || (role === 'upgraded-crd' && deployer !== 'argocd')
        ? 'definitions in crds/ are never removed'
        : becauseOf(object, deployer, removal);
    return because === undefined ? claimsOf(object, name) : [{ object: name, because }];
  });
}

function becauseOf(
  object: KubernetesObject,
  deployer: Target['deployer'],
  removal: Removal,
): string | undefined {
  const annotations = partOf(object.metadata.annotations);
  const policy = annotations['helm.sh/resource-policy'];
  const isKept = typeof policy === 'string' && policy.trim().toLowerCase() === 'keep';
  switch (deployer) {
    case 'argocd': {
      const options = String(annotations['argocd.argoproj.io/sync-options'] ?? '')
        .split(',')
        .map((option) => option.trim());
      const unwanted = removal === 'release' ? 'Delete=false' : 'Prune=false';
      if (options.includes(unwanted))
        return `its annotation argocd.argoproj.io/sync-options says ${unwanted}`;
      if (removal === 'manifest') return undefined;
      if (object.kind === 'CustomResourceDefinition')
        return 'Argo CD removes no definitions with an Application';
      return isKept ? HELM_KEEPS : undefined;
    }
    case 'flux':
      if (removal === 'release') return isKept ? HELM_KEEPS : undefined;
      return isPruneDisabled(object.metadata) ? FLUX_KEEPS : undefined;
    case 'none':
      return undefined;
  }
}

const HELM_KEEPS = 'its annotation helm.sh/resource-policy says keep';
const FLUX_KEEPS = 'it has kustomize.toolkit.fluxcd.io/prune: disabled';

const isPruneDisabled = ({ annotations, labels }: { readonly [key: string]: unknown }): boolean =>
  [annotations, labels].some((some) => partOf(some)['kustomize.toolkit.fluxcd.io/prune'] === 'disabled');

/** The StatefulSet goes, what its replicas have written stays. */
function claimsOf({ kind, spec }: KubernetesObject, name: string): readonly Kept[] {
  if (kind !== 'StatefulSet') return [];
  const { volumeClaimTemplates, persistentVolumeClaimRetentionPolicy } = partOf(spec);
  if (partOf(persistentVolumeClaimRetentionPolicy).whenDeleted === 'Delete') return [];
  const templates: readonly unknown[] = Array.isArray(volumeClaimTemplates) ? volumeClaimTemplates : [];
  const set = name.slice(name.indexOf('/') + 1);
  return templates.flatMap((template) => {
    const claim = partOf(partOf(template).metadata).name;
    return typeof claim === 'string'
      ? [{ object: `PersistentVolumeClaim/${claim}-${set}-*`, because: `${name} leaves its claims` }]
      : [];
  });
}

/** Why nothing of a release goes with the deployer's own object, as that stands in Git; undefined where it goes. */
export function allKeptBecause(
  applier: JsonObject | undefined,
  deployer: Target['deployer'],
): string | undefined {
  if (deployer === 'none') return 'the target has no deployer that would remove it';
  if (applier === undefined) return undefined;
  const { kind, spec } = applier;
  const metadata = partOf(applier.metadata);
  if (kind === 'HelmRelease') {
    if (isPruneDisabled(metadata)) return `its HelmRelease stays: ${FLUX_KEEPS}`;
    return partOf(spec).suspend === true
      ? 'its HelmRelease is suspended: Flux uninstalls nothing'
      : undefined;
  }
  if (kind !== 'Application') return undefined;
  const finalizers: readonly unknown[] = Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
  return finalizers.some((one) => String(one).startsWith('resources-finalizer.argocd.argoproj.io'))
    ? undefined
    : 'its Application has no finalizer resources-finalizer.argocd.argoproj.io';
}
