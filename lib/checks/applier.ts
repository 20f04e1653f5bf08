import type { Target } from '../config/config.ts';
import { type KubernetesObject, partOf, referenceOf } from '../objects/objects.ts';
import { type DeployersObjects, deployersObjects } from './deployer-report.ts';
import type { Applier } from './observation.ts';
import type { DeclaredScope } from './scopes.ts';

/**
 * The deployer's own object for a scope, as the cluster has it; undefined where there is none, or none was found.
 * @param fileOf where Git declares an object, where it does
 */
export function applierOf(
  declared: DeclaredScope,
  live: DeployersObjects,
  target: Target,
  fileOf: (object: ReturnType<typeof referenceOf>) => string | undefined,
): Applier | undefined {
  // The first that is the scope's own: what a HelmRelease takes values from is no applier.
  const found = deployersObjects(live, target, [declared]).find((object) =>
    declared.release === undefined
      ? object.kind === 'Kustomization' || object.kind === 'Application'
      : isNamed(object, declared.release.deployedBy),
  );
  if (found === undefined) return undefined;
  const { kind, metadata } = found;
  if (kind !== 'HelmRelease' && kind !== 'Kustomization' && kind !== 'Application') return undefined;
  const file = fileOf(referenceOf(found));
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    putsBack: putsBackOf(kind, found),
    ...(file === undefined || file === '' ? {} : { file }),
  };
}

const isNamed = (
  { kind, metadata }: KubernetesObject,
  named: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined,
): boolean =>
  named !== undefined &&
  kind === named.kind &&
  metadata.name === named.name &&
  metadata.namespace === named.namespace;

/**
 * Flux: `spec.suspend`; a Kustomization applies anew at each interval, a HelmRelease only with
 * `spec.driftDetection.mode: enabled`. Argo CD: `spec.syncPolicy.automated`, and `selfHeal` in it.
 */
function putsBackOf(kind: Applier['kind'], { spec }: KubernetesObject): Applier['putsBack'] {
  const { suspend, driftDetection, syncPolicy } = partOf(spec);
  switch (kind) {
    case 'Kustomization':
      return suspend === true ? 'nothing' : 'by-itself';
    case 'HelmRelease':
      if (suspend === true) return 'nothing';
      return partOf(driftDetection).mode === 'enabled' ? 'by-itself' : 'with-a-change-in-git';
    case 'Application': {
      const { automated } = partOf(syncPolicy);
      if (automated === undefined || automated === null || partOf(automated).enabled === false)
        return 'when-asked';
      return partOf(automated).selfHeal === true ? 'by-itself' : 'with-a-change-in-git';
    }
  }
}
