import type { Target } from '../config/config.ts';
import { deployerNamespace } from '../repository/layout.ts';
import { type Documented, introduced } from './documented.ts';
import {
  type AllowedKind,
  allowedKinds,
  CORE_BUT_SECRETS,
  GROUPS,
  READ,
  type Rule,
  rulesOf,
} from './grants.ts';
import { rightsOf, type Subject } from './rights.ts';

/** The Kubernetes group that the EKS access entry of `check-drift` is in, and whoever else is to check. */
export const CHECK_GROUP = 'fairlead:check';

/** Whether the check may read Secrets: it keeps their values as keyed hashes only, and RBAC cannot know that. */
export type SecretsRead = 'read-secrets' | 'no-secrets';

/** get and list, on what the target may declare and on what its deployer says of itself. */
export function checkRights(target: Target, secrets: SecretsRead): readonly Documented[] {
  const allowed = allowedKinds(target.allowKinds);
  const name = `fairlead-${target.name}-check`;
  const subjects: readonly Subject[] = [{ kind: 'Group', name: CHECK_GROUP }];
  const grants = [
    ...target.namespaces.map((namespace) => ({ namespace, rules: namespacedReading(allowed, secrets) })),
    ...deployerReading(target),
  ];
  const cluster = [...rulesOf(allowed, 'cluster', READ), ...(isElsewhere(target) ? FLUX_OBJECTS : [])];
  return introduced(
    [
      ...grants.flatMap(({ namespace, rules }) => rightsOf({ name, namespace, rules, subjects })),
      ...(cluster.length === 0 ? [] : rightsOf({ name, rules: cluster, subjects })),
    ],
    [...aboutCheck(secrets), ...(isElsewhere(target) ? ABOUT_ELSEWHERE : [])],
  );
}

const FLUX_OBJECTS: readonly Rule[] = [
  { apiGroups: ['helm.toolkit.fluxcd.io'], resources: ['helmreleases'], verbs: READ },
  { apiGroups: ['kustomize.toolkit.fluxcd.io'], resources: ['kustomizations'], verbs: READ },
  {
    apiGroups: ['source.toolkit.fluxcd.io'],
    resources: ['buckets', 'gitrepositories', 'helmcharts', 'helmrepositories', 'ocirepositories'],
    verbs: READ,
  },
];

/** Whoever set Flux up for a target that Fairlead never writes to chose the namespaces of its objects. */
const isElsewhere = ({ deployer, driftOnly }: Target): boolean => deployer === 'flux' && driftOnly;

const ABOUT_ELSEWHERE = [
  'HelmReleases, Kustomizations and their sources in every namespace: where yours are is not in the configuration. ConfigMaps that',
  'HelmReleases take values from are read too: where these are in no namespace of the target, add a rule for them.',
];

const aboutCheck = (secrets: SecretsRead): readonly string[] => [
  `The drift check reads, as the group ${CHECK_GROUP}: "get" and "list", and nothing else.`,
  ...(secrets === 'read-secrets'
    ? ['Secrets too, as was asked for (--read-secrets): only keyed hashes of their values are kept.']
    : [
        'It may not read Secrets: those that charts declare are "unknown" in its verdicts. --read-secrets adds them.',
      ]),
];

function namespacedReading(allowed: readonly AllowedKind[], secrets: SecretsRead): readonly Rule[] {
  const core = secrets === 'read-secrets' ? [...CORE_BUT_SECRETS, 'secrets'] : CORE_BUT_SECRETS;
  return [
    { apiGroups: [''], resources: core, verbs: READ },
    { apiGroups: GROUPS.filter((group) => group !== ''), resources: ['*'], verbs: READ },
    ...rulesOf(allowed, 'namespaced', READ),
  ];
}

function deployerReading(target: Target): readonly { namespace: string; rules: readonly Rule[] }[] {
  switch (target.deployer) {
    case 'flux':
      return isElsewhere(target)
        ? []
        : [
            {
              namespace: deployerNamespace(target),
              rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: READ }, ...FLUX_OBJECTS],
            },
          ];
    case 'argocd':
      return [
        {
          namespace: target.argocdNamespace,
          rules: [{ apiGroups: ['argoproj.io'], resources: ['applications', 'appprojects'], verbs: READ }],
        },
      ];
    case 'none':
      return [];
  }
}
