import { Aws, CfnCondition, Fn } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { Construct } from 'constructs';
import { CHECK_GROUP } from '../lib/bootstrap/check-rights.ts';
import type { Target } from '../lib/config/config.ts';
import { clustersOf } from './clusters.ts';
import type { FairleadFunction } from './function.ts';

/** An access entry in each cluster of this region; a cluster elsewhere gets its own there. */
export class AccessEntries extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { targets, checker }: { readonly targets: readonly Target[]; readonly checker: FairleadFunction },
  ) {
    super(scope, id);
    for (const { name, region } of clustersOf(targets)) {
      const here = new CfnCondition(this, `Here-${region}-${name}`, {
        expression: Fn.conditionEquals(Aws.REGION, region),
      });
      const entry = new CfnAccessEntry(this, `Entry-${region}-${name}`, {
        clusterName: name,
        principalArn: checker.roleArn,
        type: 'STANDARD',
        kubernetesGroups: [CHECK_GROUP],
      });
      entry.cfnOptions.condition = here;
    }
  }
}
