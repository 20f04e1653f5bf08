import { writtenDestination } from '../config/argocd-destination.ts';
import type { Target } from '../config/config.ts';
import { applyFolder, argocdProject, argocdRootProject, rootApplicationName } from '../repository/layout.ts';
import type { Documented } from './documented.ts';
import { type AllowedKind, allowedKinds, GROUPS } from './grants.ts';

export const ARGOCD = 'argoproj.io/v1alpha1';

/** A project for the releases, one for what declares them, and the Application that applies the target's `apply/`. */
export function argocdDocuments(
  target: Target,
  url: string,
  aboutAccess: readonly string[],
): readonly Documented[] {
  const { argocdNamespace: namespace, branch } = target;
  const allowed = allowedKinds(target.allowKinds);
  const cluster = writtenDestination(target);
  const own = target.namespaces.map((name) => ({ ...cluster, namespace: name }));
  return [
    {
      about: [
        'The project of the releases: charts may write the kinds below into the namespaces of the target, and nothing',
        "else. Argo CD's own namespace is none of them, nor are its kinds: a chart that may create an Application in a",
        'project with more rights has these rights.',
      ],
      object: project(argocdProject(target), namespace, {
        description: `Charts of Fairlead's target ${target.name}`,
        sourceRepos: [url],
        destinations: own,
        namespaceResourceWhitelist: namespacedKinds(allowed),
        clusterResourceWhitelist: clusterKinds(allowed),
      }),
    },
    {
      about: [
        `The project of ${applyFolder(target)}: it declares the Applications of the releases, and manifests. Nothing`,
        'there is rendered: what it holds is what was judged before it was committed.',
      ],
      object: project(argocdRootProject(target), namespace, {
        description: `What Fairlead's target ${target.name} consists of`,
        sourceRepos: [url],
        destinations: [{ ...cluster, namespace }, ...own],
        namespaceResourceWhitelist: [
          { group: 'argoproj.io', kind: 'Application' },
          ...namespacedKinds(allowed),
        ],
        clusterResourceWhitelist: clusterKinds(allowed),
      }),
    },
    {
      about: ['What Fairlead commits below apply/, applied with each commit.', ...aboutAccess],
      object: {
        apiVersion: ARGOCD,
        kind: 'Application',
        metadata: { name: rootApplicationName(target), namespace },
        spec: {
          project: argocdRootProject(target),
          source: {
            repoURL: url,
            targetRevision: branch,
            path: applyFolder(target),
            directory: { recurse: true },
          },
          destination: { ...cluster, namespace },
          // Without it Argo CD keeps what was removed last, and says so of nothing but its own status.
          syncPolicy: { automated: { prune: true, allowEmpty: true } },
        },
      },
    },
  ];
}

const project = (name: string, namespace: string, spec: object) => ({
  apiVersion: ARGOCD,
  kind: 'AppProject',
  metadata: { name, namespace },
  spec,
});

const namespacedKinds = (allowed: readonly AllowedKind[]) => [
  ...GROUPS.map((group) => ({ group, kind: '*' })),
  ...allowed
    .filter(({ scope, group }) => scope === 'namespaced' && !GROUPS.includes(group))
    .map(({ group, kind }) => ({ group, kind })),
];

const clusterKinds = (allowed: readonly AllowedKind[]) =>
  allowed.filter(({ scope }) => scope === 'cluster').map(({ group, kind }) => ({ group, kind }));
