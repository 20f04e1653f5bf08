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

/**
 * How the check gets into the cluster, for the person who applies the rest: `cdk deploy` makes the access entry in its
 * own account and region, and nobody but the cluster's owners elsewhere.
 */
export function accessNotes(
  { name: target, cluster }: Target,
  installation: string,
  sharing: readonly Target[],
): readonly string[] {
  if (cluster?.kind !== 'eks') return [];
  const { name, region, role, access, vpc } = cluster;
  const { groups, policy } = entryRights(access, sharing);
  const withPolicy =
    policy === undefined ? '' : `, and with ${policy.name} in ${policy.namespaces.join(', ')}`;
  if (role !== undefined)
    return [
      `The cluster ${name} is in another account: ${role}, which check-drift assumes, and its access entry are a`,
      `CloudFormation template (npx fairlead bootstrap ${target} -o cloudformation), to deploy there.`,
    ];
  if (vpc !== undefined)
    return [`"cdk deploy" makes the check's access entry, in the group ${CHECK_GROUP}${withPolicy}.`];
  return [
    `"cdk deploy" makes the check's access entry, in the group ${CHECK_GROUP}${withPolicy}, if ${name} is in the`,
    `installation's own region. If not, for the output CheckRole of the stack ${installation}-checks (as CHECK_ROLE):`,
    `  aws eks create-access-entry --region ${region} --cluster-name ${name} --type STANDARD \\`,
    `    --kubernetes-groups ${groups.join(' ')} --principal-arn "$CHECK_ROLE"`,
    ...(policy === undefined
      ? []
      : [
          `  aws eks associate-access-policy --region ${region} --cluster-name ${name} --principal-arn "$CHECK_ROLE" \\`,
          `    --policy-arn ${accessPolicyArn('aws', policy.name)} \\`,
          `    --access-scope type=namespace,namespaces=${policy.namespaces.join(',')}`,
        ]),
  ];
}
