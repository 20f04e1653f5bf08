import { groupOf, type KubernetesObject } from '../../objects/objects.ts';
import { applicationName, deployerNamespace, FLUX_NAMES, helmReleaseName } from '../../repository/layout.ts';
import type { ObjectRole, RenderRequest } from '../render-request.ts';

/**
 * What the target's deployer adds to an object as it applies it (docs/drift.md, "Where the desired state comes from"):
 * ownership marks are declared too, so that their loss is a difference and their presence is none.
 */
export function marksOf(
  request: RenderRequest,
): (object: KubernetesObject, role: ObjectRole) => KubernetesObject {
  const target = { name: request.target };
  const { deployer, subject } = request;
  if (subject.kind === 'manifests') {
    switch (deployer) {
      case 'flux': {
        const { build } = subject;
        const ours = { namespace: deployerNamespace(target), name: FLUX_NAMES.kustomization };
        const owner = build === undefined ? ours : build.owner;
        const labels = owner === undefined ? {} : kustomizeLabels(owner.name, owner.namespace);
        // What is common to all comes afterwards, and wins (internal/controller, apply).
        const common = build?.spec.commonMetadata ?? {};
        return (object) => marked(marked(object, { labels }), common);
      }
      case 'argocd': {
        const name = subject.deployedBy?.name ?? rootApplication(request.target);
        return (object) => tracked(object, name, subject.namespace ?? '');
      }
      case 'none':
        return (object) => object;
    }
  }
  const { namespace, release, deployedBy } = subject;
  const annotations = { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace };
  const byHelm = { labels: { 'app.kubernetes.io/managed-by': 'Helm' }, annotations };
  switch (deployer) {
    case 'none':
      // helm marks what it manages: neither hooks nor crds/.
      return (object, role) => (role === 'applied' ? marked(object, byHelm) : object);
    case 'flux': {
      const name = deployedBy?.name ?? helmReleaseName({ namespace, release });
      const labels = helmLabels(name, deployedBy?.namespace ?? deployerNamespace(target));
      const common = subject.shaping?.commonMetadata ?? {};
      return (object, role) => {
        // crds/ goes past the post-renderers, and past helm's own marks (internal/action/crds.go).
        if (role === 'crd') return marked(object, { labels });
        return marked(marked(role === 'applied' ? marked(object, byHelm) : object, common), { labels });
      };
    }
    case 'argocd': {
      const name = deployedBy?.name ?? applicationName(target, { namespace, release });
      return (object) => tracked(object, name, namespace);
    }
  }
}

/** helm-controller's origin labels (internal/postrender/origin_labels.go). */
const helmLabels = (name: string, namespace: string) => ({
  'helm.toolkit.fluxcd.io/name': name,
  'helm.toolkit.fluxcd.io/namespace': namespace,
});
/** kustomize-controller's owner labels (ssa, SetOwnerLabels). */
const kustomizeLabels = (name: string, namespace: string) => ({
  'kustomize.toolkit.fluxcd.io/name': name,
  'kustomize.toolkit.fluxcd.io/namespace': namespace,
});

/** The one Application that is pointed at `apply/`. */
export const rootApplication = (target: string): string => `fairlead-${target}`;

/** Every object but CustomResourceDefinitions (argo-cd, reposerver/repository/repository.go, GenerateManifests). */
const tracked = (object: KubernetesObject, application: string, destination: string): KubernetesObject =>
  object.kind === 'CustomResourceDefinition' && groupOf(object.apiVersion) === 'apiextensions.k8s.io'
    ? object
    : marked(object, { annotations: trackingId(application, object, destination) });

/** Argo CD's resource tracking (util/argo/resource_tracking.go): an object without namespace counts as in the destination's. */
function trackingId(
  application: string,
  { apiVersion, kind, metadata }: KubernetesObject,
  destination: string,
) {
  const place = `${metadata.namespace ?? destination}/${metadata.name}`;
  return { 'argocd.argoproj.io/tracking-id': `${application}:${groupOf(apiVersion)}/${kind}:${place}` };
}

interface Marks {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

function marked(object: KubernetesObject, { labels, annotations }: Marks): KubernetesObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(labels === undefined ? {} : { labels: { ...metadata.labels, ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...metadata.annotations, ...annotations } }),
    },
  };
}
