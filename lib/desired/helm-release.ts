import { createHash } from 'node:crypto';
import type { ReleaseShaping } from '../charts/render-request.ts';
import { commonMetadata, kustomizePatches } from '../kustomize/flux-kustomization.ts';
import { type JsonObject, type KubernetesObject, partOf } from '../objects/objects.ts';
import { type ReleaseDeclaration, type ReleaseSource, unresolved } from './declaration.ts';
import { chartOf } from './flux/chart-source.ts';
import type { FindMap } from './flux/maps.ts';
import type { FindDeclared, FluxHere } from './flux/sources.ts';
import { valuesOf } from './flux/values-from.ts';
import { at, isEmpty, list, text, withoutNulls } from './json-reading.ts';

/** What a HelmRelease may refer to. */
export interface HelmReleaseContext {
  readonly here: FluxHere;
  readonly find: FindDeclared;
  readonly findMap: FindMap;
}

export const isHelmRelease = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'HelmRelease' && apiVersion.startsWith('helm.toolkit.fluxcd.io/');

/**
 * A Flux HelmRelease, read as helm-controller reads it (fluxcd/helm-controller, api/v2/helmrelease_types.go; names:
 * GetReleaseName and GetReleaseNamespace). `storageNamespace`, `dependsOn`, `timeout`, `driftDetection`, the
 * `disable…` of an action and the like say when, where it is noted and how it is applied, not what.
 */
export function readHelmRelease(object: KubernetesObject, context: HelmReleaseContext): ReleaseDeclaration {
  const spec = partOf(object.spec);
  const own = object.metadata.namespace ?? 'default';
  const targetNamespace = text(spec.targetNamespace);
  const prefix = targetNamespace === undefined ? '' : `${targetNamespace}-`;
  const shaping = shapingOf(spec);
  return {
    namespace: targetNamespace ?? own,
    name: shortened(text(spec.releaseName) ?? `${prefix}${object.metadata.name}`),
    deployedBy: object,
    suspended: spec.suspend === true,
    source: typeof shaping === 'string' ? unresolved(shaping) : sourceOf(spec, own, context),
    ...(typeof shaping === 'string' || shaping === undefined ? {} : { shaping }),
  };
}

/** Helm takes no longer name; helm-controller makes one of it (internal/release/name.go, ShortenName). */
const NAME_LENGTH = 53;
const HASH_LENGTH = 12;

function shortened(name: string): string {
  if (name.length <= NAME_LENGTH) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, NAME_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}

function sourceOf(
  spec: JsonObject,
  namespace: string,
  { here, find, findMap }: HelmReleaseContext,
): ReleaseSource {
  if (!isEmpty(spec.kubeConfig ?? null))
    return unresolved('the HelmRelease has spec.kubeConfig: it is installed in another cluster');
  // The values of earlier revisions stay, which only the cluster knows (api/v2, Upgrade.PreserveValues).
  if (at(spec, 'upgrade')?.preserveValues === true)
    return unresolved(
      'the HelmRelease has spec.upgrade.preserveValues: values that Git no longer has stay in force',
    );
  const chart = chartOf(spec, namespace, here, find);
  if (chart.kind === 'unresolved') return chart;
  const values = valuesOf(spec, namespace, findMap);
  return values.kind === 'unknown' ? unresolved(values.reason) : { ...chart, values: values.values };
}

/** What happens to helm's output, undefined where nothing does; or why that cannot be told. */
function shapingOf(spec: JsonObject): ReleaseShaping | undefined | string {
  const postRenderers: ReleaseShaping['postRenderers'] = [];
  for (const [index, renderer] of list(spec.postRenderers).entries()) {
    const { kustomize } = partOf(renderer);
    if (kustomize === undefined || kustomize === null) continue;
    const old = ['patchesStrategicMerge', 'patchesJson6902'].find(
      (name) => !isEmpty(partOf(kustomize)[name] ?? null),
    );
    const parsed = kustomizePatches.safeParse(withoutNulls(kustomize));
    if (!parsed.success || old !== undefined)
      return `spec.postRenderers[${index}] has ${old ?? 'something that is neither patches nor images'}, which Fairlead does not build`;
    postRenderers.push(parsed.data);
  }
  const common = commonMetadata.safeParse(withoutNulls(spec.commonMetadata ?? {}));
  if (!common.success) return 'spec.commonMetadata holds something that is no text';
  const crds = crdsOf(spec);
  const hasCommon = !isEmpty(spec.commonMetadata ?? null);
  if (postRenderers.length === 0 && !hasCommon && crds === 'installed') return undefined;
  return { postRenderers, crds, ...(hasCommon ? { commonMetadata: common.data } : {}) };
}

/** `Create` where nothing is said, for both actions (internal/action/crds.go, crdPolicyOrDefault). */
function crdsOf(spec: JsonObject): ReleaseShaping['crds'] {
  const [install, upgrade] = ['install', 'upgrade'].map((action) => text(at(spec, action)?.crds) ?? 'Create');
  // By one of them alone, an older one that was there before stands until the other runs.
  if (install === 'CreateReplace' && upgrade === 'CreateReplace') return 'upgraded';
  if (install !== 'Skip') return 'installed';
  return upgrade === 'Skip' ? 'never' : 'perhaps';
}
