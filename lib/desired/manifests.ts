import type { ObjectStore } from '../aws/objects.ts';
import { type Render, type RenderedObject, renderKey } from '../charts/render-request.ts';
import type { Target } from '../config/config.ts';
import { sealingKey } from '../content/sealing-key.ts';
import { type Digest, digestOf } from '../content/tree.ts';
import { canonicalJson } from '../objects/json.ts';
import { groupOf, isJsonObject, type KubernetesObject } from '../objects/objects.ts';
import { sealSecret } from '../objects/secrets.ts';
import { deployerNamespace, FLUX_NAMES, rootApplicationName } from '../repository/layout.ts';
import type { DeclaredObject } from './apply-folder.ts';

/**
 * `apply/` itself as the deployer applies it: plain manifests and the deployer's own objects, with the marks that it
 * adds. Kept as a render like any other; Secret values sealed.
 */
export async function renderManifests(
  target: Target,
  declared: readonly DeclaredObject[],
  state: ObjectStore,
): Promise<Digest> {
  const key = await sealingKey(state);
  const objects = declared
    .filter(({ object }) => !isLeftAlone(object))
    .map(
      ({ object, file }): RenderedObject => ({
        object: sealSecret(marked(withoutServerFields(object), target), key),
        role: 'applied',
        source: file,
        unstable: [],
        usesLookup: false,
      }),
    );
  const render: Render = { schema: 1, objects };
  const text = canonicalJson(render);
  const digest = digestOf(text);
  await state.putOnce(renderKey(digest), text, 'application/json');
  return digest;
}

/** fluxcd/kustomize-controller: an object that says so is not applied (docs/spec/v1/kustomizations.md). */
const isLeftAlone = ({ metadata: { annotations } }: KubernetesObject): boolean =>
  annotations?.['kustomize.toolkit.fluxcd.io/reconcile'] === 'disabled' ||
  annotations?.['kustomize.toolkit.fluxcd.io/ssa'] === 'Ignore';

/** What nobody declares, though a file exported from a cluster may hold it. */
function withoutServerFields(object: KubernetesObject): KubernetesObject {
  const { creationTimestamp: _created, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function marked(object: KubernetesObject, target: Target): KubernetesObject {
  switch (target.deployer) {
    case 'flux':
      // fluxcd/pkg/ssa, SetOwnerLabels: of the Kustomization that applies the target.
      return withMetadata(object, 'labels', {
        'kustomize.toolkit.fluxcd.io/name': FLUX_NAMES.kustomization,
        'kustomize.toolkit.fluxcd.io/namespace': deployerNamespace(target),
      });
    case 'argocd':
      return withMetadata(object, 'annotations', {
        'argocd.argoproj.io/tracking-id': trackingId(object, target),
      });
    case 'none':
      return object;
  }
}

/** argo-cd, util/argo/resource_tracking.go: `<application>:<group>/<kind>:<namespace>/<name>`. */
function trackingId({ apiVersion, kind, metadata }: KubernetesObject, target: Target): string {
  const namespace = metadata.namespace ?? target.argocdNamespace;
  return `${rootApplicationName(target)}:${groupOf(apiVersion)}/${kind}:${namespace}/${metadata.name}`;
}

function withMetadata(
  object: KubernetesObject,
  field: 'labels' | 'annotations',
  added: Readonly<Record<string, string>>,
): KubernetesObject {
  const own = object.metadata[field];
  return {
    ...object,
    metadata: { ...object.metadata, [field]: { ...(isJsonObject(own) ? own : {}), ...added } },
  };
}
