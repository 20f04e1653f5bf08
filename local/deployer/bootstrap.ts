import { ARGOCD } from '../../lib/bootstrap/argocd.ts';
import { bootstrapDocuments } from '../../lib/bootstrap/bootstrap.ts';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import type { Target } from '../../lib/config/config.ts';
import { groupOf, type KubernetesObject } from '../../lib/objects/objects.ts';
import type { ClusterClient } from './cluster-client.ts';

/**
 * What a cluster needs once a target, as `npx fairlead bootstrap` prints it, and the kinds of the deployer that plays
 * here. Made where it is missing: a cluster with the real thing keeps it as it is.
 */
const MANAGER = 'fairlead-bootstrap';

export async function bootstrap(cluster: ClusterClient, target: Target, url: string): Promise<void> {
  const documents = bootstrapDocuments({
    target,
    // The stand-in clones with what it was given.
    repository: { url, readCredential: { kind: 'none' } },
    secrets: 'read-secrets',
  });
  if (target.deployer === 'argocd') await cluster.createIfAbsent(namespace(target.argocdNamespace), MANAGER);
  for (const object of definitions(target)) await cluster.createIfAbsent(object, MANAGER);
  for (const { object } of documents) {
    if (DEPLOYERS.includes(groupOf(object.apiVersion)))
      await cluster.waitUntilServed(object.apiVersion, object.kind);
    await cluster.createIfAbsent(object, MANAGER);
  }
}

const DEPLOYERS = [FLUX.source, FLUX.kustomization, ARGOCD].map(groupOf);

function definitions({ deployer }: Target): readonly KubernetesObject[] {
  switch (deployer) {
    case 'flux':
      return [
        definition('helm.toolkit.fluxcd.io', 'v2', 'HelmRelease', 'helmreleases'),
        definition('source.toolkit.fluxcd.io', 'v1', 'GitRepository', 'gitrepositories'),
        definition('kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations'),
      ];
    case 'argocd':
      return [
        definition('argoproj.io', 'v1alpha1', 'Application', 'applications'),
        definition('argoproj.io', 'v1alpha1', 'AppProject', 'appprojects'),
      ];
    case 'none':
      return [];
  }
}

const namespace = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** As little of the real CustomResourceDefinition as works: any spec, and status as a subresource of its own. */
function definition(group: string, version: string, kind: string, plural: string): KubernetesObject {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: anything, status: anything, operation: anything },
            },
          },
        },
      ],
    },
  };
}
