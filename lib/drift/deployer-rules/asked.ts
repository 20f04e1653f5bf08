import type { KubernetesObject } from '../../objects/objects.ts';
import type { Deployer } from '../ownership/managers.ts';

/** How much of an object its deployer leaves alone, as annotations or labels in Git ask. */
export interface Asked {
  /** `all`: whatever it is, or whether it is there. `what-is`: it is made, and never changed. `additions`: others add. */
  readonly leaves: 'all' | 'what-is' | 'additions';
  /** `kustomize.toolkit.fluxcd.io/ssa: Merge`. */
  readonly by: string;
}

interface Request {
  readonly name: string;
  readonly value: string;
  readonly of: 'release' | 'manifests';
  readonly leaves: Asked['leaves'];
}

/**
 * What Flux's controllers read on an object. `kustomize.toolkit.fluxcd.io/{force,prune}` change how it is applied, and
 * nothing of what it ought to be; so do Argo CD's `compare-options: ServerSideDiff`, `IncludeMutationWebhook`.
 *
 * | annotation or label | who reads it | source |
 * |---|---|---|
 * | `helm.toolkit.fluxcd.io/driftDetection: disabled` | helm-controller | api/v2/helmrelease_types.go, DriftDetectionMetadataKey |
 * | `kustomize.toolkit.fluxcd.io/reconcile: disabled` | kustomize-controller | docs/spec/v1/kustomizations.md: neither applied nor pruned |
 * | `kustomize.toolkit.fluxcd.io/ssa: Ignore` | kustomize-controller | the same: not applied |
 * | `…/ssa: IfNotPresent` | kustomize-controller | the same: applied once |
 * | `…/ssa: Merge` | kustomize-controller | the same: what others added stays |
 */
const REQUESTS: readonly Request[] = [
  { name: 'helm.toolkit.fluxcd.io/driftDetection', value: 'disabled', of: 'release', leaves: 'all' },
  { name: 'kustomize.toolkit.fluxcd.io/reconcile', value: 'disabled', of: 'manifests', leaves: 'all' },
  { name: 'kustomize.toolkit.fluxcd.io/ssa', value: 'Ignore', of: 'manifests', leaves: 'all' },
  { name: 'kustomize.toolkit.fluxcd.io/ssa', value: 'IfNotPresent', of: 'manifests', leaves: 'what-is' },
  { name: 'kustomize.toolkit.fluxcd.io/ssa', value: 'Merge', of: 'manifests', leaves: 'additions' },
];

/** What Git asks for with an object. @param of a Helm release, or a target's own manifests: another controller reads */
export function askedOf(
  { metadata: { annotations = {}, labels = {} } }: KubernetesObject,
  deployer: Deployer,
  of: 'release' | 'manifests',
): Asked | undefined {
  if (deployer !== 'flux') return undefined;
  const found = REQUESTS.find(
    (request) =>
      request.of === of &&
      // fluxcd/pkg, ssa/utils, AnyInMetadata: the case of the value does not matter.
      [annotations, labels].some(
        (values) =>
          Object.hasOwn(values, request.name) &&
          String(values[request.name]).toLowerCase() === request.value.toLowerCase(),
      ),
  );
  return found === undefined ? undefined : { leaves: found.leaves, by: `${found.name}: ${found.value}` };
}

/**
 * Why an object that is no longer declared is not missed as an orphan: its deployer was told, on the object, to leave
 * it when it goes from Git. Undefined where it was not.
 */
export function keptOf({
  metadata: { annotations = {}, labels = {} },
}: KubernetesObject): string | undefined {
  const says = (name: string, value: string): boolean =>
    [annotations, labels].some(
      (values) => Object.hasOwn(values, name) && String(values[name]).toLowerCase() === value,
    );
  // helm, docs/howto/charts_tips_and_tricks: "Tell Helm Not To Uninstall a Resource".
  if (annotations['helm.sh/resource-policy'] === 'keep') return 'helm.sh/resource-policy: keep';
  for (const name of ['kustomize.toolkit.fluxcd.io/prune', 'kustomize.toolkit.fluxcd.io/reconcile'])
    if (says(name, 'disabled')) return `${name}: disabled`;
  // argo-cd, docs/user-guide/compare-options.md; options are separated by commas.
  const options = annotations['argocd.argoproj.io/compare-options'] ?? '';
  return options.split(',').some((option) => option.trim() === 'IgnoreExtraneous')
    ? 'argocd.argoproj.io/compare-options: IgnoreExtraneous'
    : undefined;
}
