import type { Target } from '../config/config.ts';
import { isJsonObject, type KubernetesObject } from '../objects/objects.ts';
import { deployerNamespace, FLUX_NAMES, rootApplicationName } from '../repository/layout.ts';
import type { DeclaredScope } from './scopes.ts';

/**
 * What deployers write on an object to say whose it is, as one string each:
 *   helm:<namespace>/<release>       annotations that Helm checks before it takes an object over
 *   flux:<namespace>/<kustomization> labels by which kustomize-controller prunes
 *   argocd:<application>             the tracking id, `<application>:<group>/<kind>:<namespace>/<name>`
 * An object that its deployer was told never to remove has none: it stays on purpose.
 */
export function marksOf({ metadata }: KubernetesObject): readonly string[] {
  const annotations = isJsonObject(metadata.annotations) ? metadata.annotations : {};
  const labels = isJsonObject(metadata.labels) ? metadata.labels : {};
  const marks: string[] = [];
  const pair = (kind: string, namespace: unknown, name: unknown) => {
    if (typeof namespace === 'string' && typeof name === 'string') marks.push(`${kind}:${namespace}/${name}`);
  };
  pair('helm', annotations['meta.helm.sh/release-namespace'], annotations['meta.helm.sh/release-name']);
  if (annotations['kustomize.toolkit.fluxcd.io/prune'] !== 'disabled')
    pair('flux', labels['kustomize.toolkit.fluxcd.io/namespace'], labels['kustomize.toolkit.fluxcd.io/name']);
  const tracked = annotations['argocd.argoproj.io/tracking-id'];
  const options = annotations['argocd.argoproj.io/sync-options'];
  const isKept = typeof options === 'string' && /\b(Prune|Delete)=false\b/.test(options);
  if (typeof tracked === 'string' && !isKept) {
    // Applications outside Argo CD's own namespace are written `<namespace>_<name>`.
    const application = tracked.slice(0, tracked.indexOf(':')).replace(/^[^_]*_/, '');
    if (application !== '') marks.push(`argocd:${application}`);
  }
  return marks;
}

/** The mark on the objects of a scope, or undefined where its deployer leaves none. */
export function markOf(
  target: Target,
  { release, appliedBy }: Pick<DeclaredScope, 'release' | 'appliedBy'>,
): string | undefined {
  switch (target.deployer) {
    case 'argocd': {
      const application = release === undefined ? rootApplicationName(target) : release.deployedBy?.name;
      return application === undefined ? undefined : `argocd:${application}`;
    }
    case 'flux':
      return release === undefined
        ? `flux:${appliedBy?.namespace ?? deployerNamespace(target)}/${appliedBy?.name ?? FLUX_NAMES.kustomization}`
        : `helm:${release.namespace}/${release.name}`;
    case 'none':
      return release === undefined ? undefined : `helm:${release.namespace}/${release.name}`;
  }
}
