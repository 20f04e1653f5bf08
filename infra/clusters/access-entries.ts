import { Aws, CfnCondition, CfnOutput, Fn } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { Construct } from 'constructs';
import { accessPolicyArn, type EntryRights, entryRights } from '../../lib/bootstrap/cluster-access.ts';
import { clusterKey, type EksCluster } from '../../lib/config/clusters.ts';
import type { Target } from '../../lib/config/config.ts';
import type { Checker } from './checkers.ts';
import { clustersOf } from './clusters.ts';

/**
 * An access entry in each cluster of this account and region, for the function that checks it. What is elsewhere gets
 * its own there (`npx fairlead bootstrap TARGET`), for the role that is an output.
 */
export class AccessEntries extends Construct {
  constructor(scope: Construct, id: string, { checkers }: { readonly checkers: readonly Checker[] }) {
    super(scope, id);
    const regions = new Map<string, CfnCondition>();
    const here = (region: string): CfnCondition => {
      const known =
        regions.get(region) ??
        new CfnCondition(this, `Here-${region}`, { expression: Fn.conditionEquals(Aws.REGION, region) });
      regions.set(region, known);
      return known;
    };
    for (const { worker, targets } of checkers) {
      for (const cluster of clustersOf(targets)) {
        if (cluster.role !== undefined) continue;
        const { name, region } = cluster;
        const entry = new CfnAccessEntry(this, `Entry-${region}-${name}`, {
          clusterName: name,
          principalArn: worker.roleArn,
          type: 'STANDARD',
          ...granted(entryRights(cluster.access, sharing(cluster, targets))),
        });
        entry.cfnOptions.condition = here(region);
      }
    }
    const [open] = checkers;
    if (open === undefined) return;
    new CfnOutput(this, 'CheckRole', {
      description: 'Whom clusters of other regions and roles of other accounts let in (docs/clusters.md)',
      value: open.worker.roleArn,
    });
  }
}

const sharing = (cluster: EksCluster, targets: readonly Target[]): readonly Target[] =>
  targets.filter(
    (target) => target.cluster?.kind === 'eks' && clusterKey(target.cluster) === clusterKey(cluster),
  );

const granted = ({ groups, policy }: EntryRights) => ({
  kubernetesGroups: [...groups],
  ...(policy === undefined
    ? {}
    : {
        accessPolicies: [
          {
            policyArn: accessPolicyArn(Aws.PARTITION, policy.name),
            accessScope: { type: 'namespace', namespaces: [...policy.namespaces] },
          },
        ],
      }),
});
