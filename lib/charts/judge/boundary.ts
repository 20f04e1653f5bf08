import { RESERVED_NAMESPACES } from '../../config/reserved.ts';
import { groupOf, isJsonObject, type Json, type KubernetesObject } from '../../objects/objects.ts';
import type { Declared } from '../files/declared.ts';
import { type Place, type Reason, reason } from '../reasons.ts';
import { isClusterScoped } from '../render/scopes.ts';
import type { Boundary } from '../render-request.ts';

/**
 * What a target allows, as an early and clear answer: the cluster's RBAC is what enforces it (docs/security.md,
 * "What is checked before anything is committed"). Objects come with their namespaces filled in.
 */
export function checkBoundary({ object, place }: Declared, boundary: Boundary): Reason[] {
  return [
    ...checkNamespace(object, place, boundary),
    ...(isAllowed(object, boundary) ? [] : checkKind(object, place)),
  ];
}

function checkNamespace(object: KubernetesObject, place: Place, { namespaces }: Boundary): Reason[] {
  const { namespace } = object.metadata;
  if (namespace === undefined) return [];
  if (namespaces.includes(namespace) && !RESERVED_NAMESPACES.test(namespace)) return [];
  const allowed = namespaces.filter((name) => !RESERVED_NAMESPACES.test(name)).join(', ');
  return [reason('namespace-forbidden', { object: named(object), namespace, allowed }, place)];
}

/** As `Kind` or `Kind.group`. */
const isAllowed = ({ apiVersion, kind }: KubernetesObject, { allowKinds }: Boundary): boolean =>
  allowKinds.includes(kind) || allowKinds.includes(`${kind}.${groupOf(apiVersion)}`);

/** Deployers' own kinds: a chart that creates one gives itself the deployer's rights. */
const DEPLOYER_GROUPS = /(^|\.)toolkit\.fluxcd\.io$|(^|\.)argoproj\.io$|^kustomize\.config\.k8s\.io$/;

function checkKind(object: KubernetesObject, place: Place): Reason[] {
  const { apiVersion, kind } = object;
  const group = groupOf(apiVersion);
  if (DEPLOYER_GROUPS.test(group) || isClusterScoped(apiVersion, kind)) {
    const name = group === '' ? kind : `${kind}.${group}`;
    return [reason('kind-forbidden', { object: named(object), kind: name }, place)];
  }
  const rights = rightsOf(object);
  return rights === undefined
    ? []
    : [reason('rights-forbidden', { object: named(object), rights, kind }, place)];
}

const POWERFUL_ROLES = ['cluster-admin', 'admin', 'edit'];
const POWERFUL_VERBS = ['escalate', 'bind', 'impersonate', '*'];

function rightsOf(object: KubernetesObject): string | undefined {
  const group = groupOf(object.apiVersion);
  if (group === 'rbac.authorization.k8s.io' && object.kind === 'RoleBinding') {
    const role = isJsonObject(object.roleRef) ? object.roleRef : {};
    return role.kind === 'ClusterRole' && POWERFUL_ROLES.includes(String(role.name))
      ? `those of ClusterRole ${role.name}`
      : undefined;
  }
  if (group === 'rbac.authorization.k8s.io' && object.kind === 'Role') {
    for (const rule of listOf(object.rules)) {
      if (!isJsonObject(rule)) continue;
      const verb = listOf(rule.verbs).find((each) => POWERFUL_VERBS.includes(String(each)));
      if (verb !== undefined) return `the verb "${verb}"`;
      if ([...listOf(rule.resources), ...listOf(rule.apiGroups)].includes('*')) return 'those on "*"';
    }
    return undefined;
  }
  if (group === '' && object.kind === 'Secret' && object.type === 'kubernetes.io/service-account-token')
    return 'those of a ServiceAccount, through its token';
  return undefined;
}

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value : []);
const named = ({ kind, metadata: { name } }: KubernetesObject): string => `${kind}/${name}`;
