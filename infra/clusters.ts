import { Aws, CfnCondition, Fn, Stack } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { Construct } from 'constructs';
import { CHECK_GROUP } from '../lib/bootstrap/check-rights.ts';
import type { Target } from '../lib/config/config.ts';
import type { FairleadFunction } from './function.ts';

type EksCluster = Extract<NonNullable<Target['cluster']>, { kind: 'eks' }>;

/** The clusters that are checked, each once. */
export class Clusters extends Construct {
  private readonly clusters: readonly EksCluster[];

  constructor(scope: Construct, id: string, targets: readonly Target[]) {
    super(scope, id);
    const named = targets.flatMap(({ cluster }) =>
      cluster?.kind === 'eks' ? [[`${cluster.region}-${cluster.name}`, cluster] as const] : [],
    );
    this.clusters = [...new Map(named).values()];
  }

  /** Endpoint and certificate authority: asked of AWS, never taken from a message. */
  describedBy(reader: FairleadFunction): void {
    if (this.clusters.length === 0) return;
    reader.allow({
      actions: ['eks:DescribeCluster'],
      resources: this.clusters.map(({ name, region }) =>
        Stack.of(this).formatArn({ service: 'eks', region, resource: 'cluster', resourceName: name }),
      ),
    });
  }

  /** An access entry in each cluster of this region; a cluster elsewhere gets its own there. */
  admit(checker: FairleadFunction): void {
    for (const { name, region } of this.clusters) {
      const here = new CfnCondition(this, `Here-${region}-${name}`, {
        expression: Fn.conditionEquals(Aws.REGION, region),
      });
      const entry = new CfnAccessEntry(this, `Entry-${region}-${name}`, {
        clusterName: name,
        principalArn: checker.role.roleArn,
        type: 'STANDARD',
        kubernetesGroups: [CHECK_GROUP],
      });
      entry.cfnOptions.condition = here;
    }
  }
}
