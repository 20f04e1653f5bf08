import { identityOf, type KubernetesObject, referenceOf } from '../objects/objects.ts';
import { keptOf } from './deployer-rules/asked.ts';
import type { Deployer } from './ownership/managers.ts';
import type { Finding, ObjectVerdict } from './verdicts.ts';

const RELEASE_NAME = 'meta.helm.sh/release-name';
const RELEASE_NAMESPACE = 'meta.helm.sh/release-namespace';
const TRACKING = 'argocd.argoproj.io/tracking-id';
const KUSTOMIZATION = 'kustomize.toolkit.fluxcd.io/name';

/**
 * Of the objects that carry this release's ownership marks, those that are no longer declared. Marks are copied to
 * what controllers make (ReplicaSets, Pods, claims): what a controller owns is none of ours, nor are hooks and what
 * is kept by policy.
 */
export function orphans(
  candidates: readonly KubernetesObject[],
  declared: ReadonlySet<string>,
  deployer: Deployer,
  release: { readonly namespace: string; readonly name: string } | undefined,
): ObjectVerdict[] {
  return candidates.flatMap((object): ObjectVerdict[] => {
    const reference = referenceOf(object);
    if (declared.has(identityOf(reference)) || !isOwned(object, deployer, release)) return [];
    const finding: Finding = {
      verdict: 'extra',
      object: reference,
      path: [],
      at: '',
      secret: false,
      note: leavingOf(object) ?? 'carries the ownership marks of this release and is not declared any more',
    };
    return [{ kind: 'drift', object: reference, findings: [finding] }];
  });
}

/** Deleting it once more would change nothing: what holds it must end. */
function leavingOf({ metadata: { deletionTimestamp, finalizers } }: KubernetesObject): string | undefined {
  if (typeof deletionTimestamp !== 'string') return undefined;
  const names = Array.isArray(finalizers) ? finalizers.join(', ') : '';
  return `being deleted since ${deletionTimestamp}, held by its finalizers${names === '' ? '' : `: ${names}`}`;
}

function isOwned(
  object: KubernetesObject,
  deployer: Deployer,
  release: { readonly namespace: string; readonly name: string } | undefined,
): boolean {
  const { annotations = {}, labels = {}, ownerReferences } = object.metadata;
  if (
    Array.isArray(ownerReferences) &&
    ownerReferences.some((owner) => (owner as { controller?: unknown }).controller === true)
  )
    return false;
  if (annotations['helm.sh/hook'] !== undefined || keptOf(object) !== undefined) return false;
  if (release !== undefined && deployer !== 'argocd')
    return annotations[RELEASE_NAME] === release.name && annotations[RELEASE_NAMESPACE] === release.namespace;
  if (deployer === 'argocd') return isTracked(object, annotations[TRACKING]);
  return deployer === 'flux' && labels[KUSTOMIZATION] !== undefined;
}

/** `<application>:<group>/<kind>:<namespace>/<name>`: operators copy the annotation to what they make. */
function isTracked(object: KubernetesObject, id: string | undefined): boolean {
  if (id === undefined) return false;
  const { apiVersion, kind, namespace = '', name } = referenceOf(object);
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return id.endsWith(`:${group}/${kind}:${namespace}/${name}`);
}
