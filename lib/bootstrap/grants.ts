import { clusterScopedGroups } from '../charts/render/scopes.ts';

/**
 * What charts and manifests of a target may write, as RBAC rules (Flux) and as an AppProject's lists (Argo CD). RBAC
 * knows no exceptions, so that this names what is allowed: Kubernetes' own namespaced kinds and those of add-ons that
 * ordinary charts write for. Deployers' kinds are in neither: whoever may create one has the deployer's rights.
 */
const KUBERNETES_GROUPS = [
  '',
  'apps',
  'autoscaling',
  'batch',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
] as const;

const ADD_ON_GROUPS = [
  'autoscaling.k8s.io',
  'bitnami.com',
  'cert-manager.io',
  'elbv2.k8s.aws',
  'external-secrets.io',
  'gateway.networking.k8s.io',
  'keda.sh',
  'monitoring.coreos.com',
  'networking.istio.io',
  'secrets-store.csi.x-k8s.io',
  'security.istio.io',
  'snapshot.storage.k8s.io',
  'traefik.io',
  'vpcresources.k8s.aws',
] as const;

export const GROUPS: readonly string[] = [...KUBERNETES_GROUPS, ...ADD_ON_GROUPS];

/** Of the core group all but Secrets, which are read only where somebody asked for it. */
export const CORE_BUT_SECRETS = [
  'configmaps',
  'endpoints',
  'limitranges',
  'persistentvolumeclaims',
  'pods',
  'podtemplates',
  'replicationcontrollers',
  'resourcequotas',
  'serviceaccounts',
  'services',
] as const;

/**
 * Of the core group what charts write, and what their own Roles may give on (RBAC lets nobody give what they have not).
 * Never `*`: a right in a namespace is also one on the namespace itself (kube-apiserver, RequestInfo), whose labels say
 * whether its Pods may be privileged (Pod Security Admission).
 */
const CORE_WRITTEN = [
  ...CORE_BUT_SECRETS,
  'events',
  'secrets',
  'persistentvolumeclaims/status',
  'pods/attach',
  'pods/ephemeralcontainers',
  'pods/eviction',
  'pods/exec',
  'pods/log',
  'pods/portforward',
  'pods/proxy',
  'pods/resize',
  'pods/status',
  'replicationcontrollers/scale',
  'replicationcontrollers/status',
  'serviceaccounts/token',
  'services/proxy',
  'services/status',
] as const;

/** Never `*`: that is also escalate, bind and impersonate. */
export const WRITE = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
export const READ = ['get', 'list'];

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** One entry of a target's `allowKinds`, as RBAC and AppProjects name it. */
export interface AllowedKind {
  readonly kind: string;
  /** `*`: it was named without one, and no kind of Kubernetes is called so. */
  readonly group: string;
  readonly resource: string;
  readonly scope: 'namespaced' | 'cluster';
}

/** `Kind` or `Kind.group`; a bare kind that several groups have is several. */
export function allowedKinds(entries: readonly string[]): readonly AllowedKind[] {
  return entries.flatMap((entry) => {
    const dot = entry.indexOf('.');
    const kind = dot < 0 ? entry : entry.slice(0, dot);
    const known = clusterScopedGroups(kind);
    const groups = dot >= 0 ? [entry.slice(dot + 1)] : known.length > 0 ? known : ['*'];
    return groups.map((group) => ({
      kind,
      group,
      resource: resourceOf(kind),
      scope: known.includes(group) ? ('cluster' as const) : ('namespaced' as const),
    }));
  });
}

/** A kind's name in URLs and rules, which CustomResourceDefinitions choose as English does. */
export function resourceOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/(s|x|z|ch|sh)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}

/** In each of the target's namespaces. */
export function namespacedRules(allowed: readonly AllowedKind[]): readonly Rule[] {
  return [
    { apiGroups: [''], resources: CORE_WRITTEN, verbs: WRITE },
    { apiGroups: GROUPS.filter((group) => group !== ''), resources: ['*'], verbs: WRITE },
    ...rulesOf(allowed, 'namespaced', WRITE),
  ];
}

/** Rules of those kinds that are allowed beyond the groups above. */
export function rulesOf(
  allowed: readonly AllowedKind[],
  scope: AllowedKind['scope'],
  verbs: readonly string[],
): readonly Rule[] {
  const beyond = allowed.filter(
    (each) => each.scope === scope && (scope === 'cluster' || !GROUPS.includes(each.group)),
  );
  const groups = [...new Set(beyond.map(({ group }) => group))].sort();
  return groups.map((group) => ({
    apiGroups: [group],
    resources: [...new Set(beyond.filter((each) => each.group === group).map(({ resource }) => resource))],
    verbs,
  }));
}

const ABOUT_RIGHTS = ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];

/** What `allowKinds` names and these rules do not give, or give by a guess: for the person who applies them. */
export function notGranted(allowed: readonly AllowedKind[]): readonly string[] {
  const rights = allowed.filter(({ kind }) => ABOUT_RIGHTS.includes(kind)).map(({ kind }) => kind);
  const guessed = allowed.filter(({ group, scope }) => scope === 'namespaced' && !GROUPS.includes(group));
  const scoped = allowed.filter(({ kind }) => kind === 'Namespace');
  return [
    ...(rights.length === 0
      ? []
      : [
          `allowKinds has ${rights.join(', ')}: the verbs "escalate" and "bind" are not granted, so that a chart can ` +
            'only give rights which this account has itself. What your charts give beyond them, grant here.',
        ]),
    ...(scoped.length === 0
      ? []
      : [
          'allowKinds has Namespace: charts may make namespaces, and write into none but those that the target lists.',
        ]),
    ...guessed.map(
      ({ kind, group, resource }) =>
        `${kind} is taken to be the namespaced resource "${resource}" of ` +
        `${group === '*' ? 'any group (name it as Kind.group to narrow this)' : group}: ` +
        `"kubectl api-resources" says whether it is called so.`,
    ),
  ];
}
