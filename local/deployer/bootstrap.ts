import type { Target } from '../../lib/config/config.ts';
import type { KubernetesObject } from '../../lib/objects/objects.ts';
import {
  applyFolder,
  argocdProject,
  deployerNamespace,
  FLUX_NAMES,
  rootApplicationName,
} from '../../lib/repository/layout.ts';
import type { ClusterClient } from './cluster-client.ts';

/** What a cluster needs once a target, made where it is missing. A cluster with the real thing keeps it as it is. */
const MANAGER = 'fairlead-bootstrap';

export const FLUX = {
  helmRelease: 'helm.toolkit.fluxcd.io/v2',
  kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  source: 'source.toolkit.fluxcd.io/v1',
} as const;
export const ARGOCD = 'argoproj.io/v1alpha1';

export async function bootstrap(cluster: ClusterClient, target: Target, url: string): Promise<void> {
  const parts = partsOf(target, url);
  for (const object of [...parts.namespaces, ...parts.definitions])
    await cluster.createIfAbsent(object, MANAGER);
  for (const object of parts.objects) {
    await cluster.waitUntilServed(object.apiVersion, object.kind);
    await cluster.createIfAbsent(object, MANAGER);
  }
}

interface Parts {
  readonly namespaces: readonly KubernetesObject[];
  readonly definitions: readonly KubernetesObject[];
  readonly objects: readonly KubernetesObject[];
}

function partsOf(target: Target, url: string): Parts {
  const allowed = target.namespaces.map(namespace);
  switch (target.deployer) {
    case 'flux':
      return { namespaces: [...allowed, namespace(deployerNamespace(target))], ...flux(target, url) };
    case 'argocd':
      return { namespaces: [...allowed, namespace(target.argocdNamespace)], ...argocd(target, url) };
    case 'none':
      return { namespaces: allowed, definitions: [], objects: [] };
  }
}

function flux(target: Target, url: string): Omit<Parts, 'namespaces'> {
  const metadata = (name: string) => ({ name, namespace: deployerNamespace(target) });
  const account = (name: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadata(name),
  });
  return {
    definitions: [
      definition('helm.toolkit.fluxcd.io', 'v2', 'HelmRelease', 'helmreleases'),
      definition('source.toolkit.fluxcd.io', 'v1', 'GitRepository', 'gitrepositories'),
      definition('kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations'),
    ],
    objects: [
      account(FLUX_NAMES.applyServiceAccount),
      account(FLUX_NAMES.releasesServiceAccount),
      {
        apiVersion: FLUX.source,
        kind: 'GitRepository',
        metadata: metadata(FLUX_NAMES.gitRepository),
        spec: { interval: '1m', url, ref: { branch: target.branch } },
      },
      {
        apiVersion: FLUX.kustomization,
        kind: 'Kustomization',
        metadata: metadata(FLUX_NAMES.kustomization),
        spec: {
          interval: '10m',
          path: `./${applyFolder(target)}`,
          prune: true,
          serviceAccountName: FLUX_NAMES.applyServiceAccount,
          sourceRef: { kind: 'GitRepository', name: FLUX_NAMES.gitRepository },
        },
      },
    ],
  };
}

function argocd(target: Target, url: string): Omit<Parts, 'namespaces'> {
  const { argocdNamespace, branch } = target;
  return {
    definitions: [
      definition('argoproj.io', 'v1alpha1', 'Application', 'applications'),
      definition('argoproj.io', 'v1alpha1', 'AppProject', 'appprojects'),
    ],
    objects: [
      {
        apiVersion: ARGOCD,
        kind: 'AppProject',
        metadata: { name: argocdProject(target), namespace: argocdNamespace },
        spec: {
          sourceRepos: [url],
          destinations: target.namespaces.map((name) => ({ server: IN_CLUSTER, namespace: name })),
          clusterResourceWhitelist: [],
        },
      },
      {
        apiVersion: ARGOCD,
        kind: 'Application',
        metadata: { name: rootApplicationName(target), namespace: argocdNamespace },
        spec: {
          project: 'default',
          source: {
            repoURL: url,
            targetRevision: branch,
            path: applyFolder(target),
            directory: { recurse: true },
          },
          destination: { server: IN_CLUSTER, namespace: argocdNamespace },
          syncPolicy: { automated: { prune: true } },
        },
      },
    ],
  };
}

const IN_CLUSTER = 'https://kubernetes.default.svc';

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
