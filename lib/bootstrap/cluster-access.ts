import type { ClusterAccess } from '../config/clusters.ts';
import type { Target } from '../config/config.ts';
import { deployerNamespace } from '../repository/layout.ts';
import { CHECK_GROUP } from './check-rights.ts';

/** What an access entry gives: the group always, so that rules which a policy lacks can be added by RBAC. */
export interface EntryRights {
  readonly groups: readonly string[];
  /** An access policy of Amazon EKS, in these namespaces alone. */
  readonly policy?: { readonly name: string; readonly namespaces: readonly string[] };
}

/** EKS user guide, "Review access policy permissions". */
const POLICIES: Readonly<Record<Exclude<ClusterAccess, 'group'>, string>> = {
  'view-policy': 'AmazonEKSViewPolicy',
  'admin-view-policy': 'AmazonEKSAdminViewPolicy',
};

/** @param targets those of one cluster */
export function entryRights(access: ClusterAccess, targets: readonly Target[]): EntryRights {
  const groups = [CHECK_GROUP];
  if (access === 'group') return { groups };
  const namespaces = [...new Set(targets.flatMap(readNamespaces))].sort();
  return { groups, policy: { name: POLICIES[access], namespaces } };
}

/** The policy's ARN, in `aws`, `aws-cn` or another partition. */
export const accessPolicyArn = (partition: string, name: string): string =>
  `arn:${partition}:eks::aws:cluster-access-policy/${name}`;

/** Where the check reads: as `bootstrap` gives it by RBAC. */
function readNamespaces(target: Target): readonly string[] {
  switch (target.deployer) {
    case 'flux':
      return target.driftOnly ? target.namespaces : [...target.namespaces, deployerNamespace(target)];
    case 'argocd':
      return [...target.namespaces, target.argocdNamespace];
    case 'none':
      return target.namespaces;
  }
}
