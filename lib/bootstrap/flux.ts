import type { Target } from '../config/config.ts';
import { rootOf } from '../config/root.ts';
import type { KubernetesObject } from '../objects/objects.ts';
import { applyFolder, deployerNamespace, FLUX_NAMES } from '../repository/layout.ts';
import { type Documented, introduced } from './documented.ts';
import type { GitAccess } from './git-access.ts';
import { allowedKinds, namespacedRules, rulesOf, WRITE } from './grants.ts';
import { type Account, type Grant, rightsOf, type Subject } from './rights.ts';

export const FLUX = {
  helmRelease: 'helm.toolkit.fluxcd.io/v2',
  kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  source: 'source.toolkit.fluxcd.io/v1',
} as const;

/** Flux's objects of a target, and the two accounts that its controllers act as. */
export function fluxDocuments(target: Target, access: GitAccess): readonly Documented[] {
  const namespace = deployerNamespace(target);
  const account = (name: string): Account => ({ name, namespace });
  const apply = account(FLUX_NAMES.applyServiceAccount);
  const releases = account(FLUX_NAMES.releasesServiceAccount);
  return [
    {
      object: accountObject(apply),
      about: [
        `kustomize-controller applies ${applyFolder(target)} as this account: HelmReleases and ConfigMaps here,`,
        'and what manifests may hold in the namespaces of the target.',
      ],
    },
    {
      object: accountObject(releases),
      about: [
        'helm-controller installs charts as this account. It has no right at all in this namespace: a chart that may',
        'create a HelmRelease here could leave out the account, and helm-controller by itself may do everything.',
      ],
    },
    ...introduced(
      rightsOf({
        name: `fairlead-${target.name}-apply`,
        namespace,
        rules: [
          { apiGroups: [''], resources: ['configmaps'], verbs: WRITE },
          { apiGroups: ['helm.toolkit.fluxcd.io'], resources: ['helmreleases'], verbs: WRITE },
        ],
        subjects: [{ kind: 'ServiceAccount', account: apply }],
      }),
      [],
    ),
    ...inNamespaces(target, [apply, releases]),
    { object: gitRepository(target, access), about: aboutSource(access) },
    {
      object: kustomization(target),
      about: ['What Fairlead commits below apply/, applied with each commit; what is removed there goes.'],
    },
  ];
}

const accountObject = (metadata: Account): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { ...metadata },
  // Controllers impersonate it; no Pod is to run as it.
  automountServiceAccountToken: false,
});

/** What charts and manifests may write. */
function inNamespaces(target: Target, accounts: readonly Account[]): readonly Documented[] {
  const allowed = allowedKinds(target.allowKinds);
  const subjects = accounts.map((account): Subject => ({ kind: 'ServiceAccount', account }));
  const name = `fairlead-${target.name}-write`;
  const grants: Grant[] = target.namespaces.map((namespace) => ({
    name,
    namespace,
    rules: namespacedRules(allowed),
    subjects,
  }));
  const cluster = rulesOf(allowed, 'cluster', WRITE);
  const beyond = cluster.length === 0 ? [] : rightsOf({ name, rules: cluster, subjects });
  return [
    ...introduced(grants.flatMap(rightsOf), ABOUT_WRITING),
    ...introduced(beyond, ['Kinds without a namespace, as allowKinds names them.']),
  ];
}

const ABOUT_WRITING = [
  "What charts and manifests may write: Kubernetes' own namespaced kinds, and those of common add-ons. Kinds of",
  'other groups are refused until allowKinds names them. Never Flux\'s and Argo CD\'s own kinds, no "escalate", "bind"',
  'or "impersonate". In each namespace of the target:',
];

function gitRepository(target: Target, access: GitAccess): KubernetesObject {
  return {
    apiVersion: FLUX.source,
    kind: 'GitRepository',
    metadata: { name: FLUX_NAMES.gitRepository, namespace: deployerNamespace(target) },
    spec: {
      interval: '1m',
      url: access.url,
      ref: { branch: target.branch },
      ...access.source,
      ignore: ignoreAllBut(rootOf(target)),
      sparseCheckout: [rootOf(target)],
    },
  };
}

const aboutSource = (access: GitAccess): readonly string[] => [
  'The repository, read-only, and of it the root of this target alone. "ignore" takes the place of Flux\'s own list,',
  'which leaves images and archives out: a chart would then be deployed without files that it was judged with.',
  'Until the first delivery it is not ready: the root is not there yet.',
  ...access.about,
];

/** In the form of .gitignore: everything, then each folder on the way to the root again, without its siblings. */
function ignoreAllBut(root: string): string {
  const segments = root.split('/');
  return segments
    .flatMap((_, index) => {
      const parent = segments
        .slice(0, index)
        .map((segment) => `${segment}/`)
        .join('');
      return [`/${parent}*`, `!/${parent}${segments[index]}`];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function kustomization(target: Target): KubernetesObject {
  return {
    apiVersion: FLUX.kustomization,
    kind: 'Kustomization',
    metadata: { name: FLUX_NAMES.kustomization, namespace: deployerNamespace(target) },
    spec: {
      interval: '10m',
      retryInterval: '1m',
      path: `./${applyFolder(target)}`,
      prune: true,
      serviceAccountName: FLUX_NAMES.applyServiceAccount,
      sourceRef: { kind: 'GitRepository', name: FLUX_NAMES.gitRepository },
    },
  };
}
