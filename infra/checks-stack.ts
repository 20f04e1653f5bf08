import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../lib/config/config.ts';
import { AccessEntries } from './clusters/access-entries.ts';
import { Readings } from './run/schedules.ts';
import type { RunStack } from './run-stack.ts';
import type { StateStack } from './state-stack.ts';
import { Operators } from './targets/operators.ts';

export interface ChecksSettings extends StackProps {
  readonly config: Config;
  readonly kept: StateStack;
  readonly run: RunStack;
}

/**
 * What sets the rest going, once it is there: the clock that has each target checked, a cluster that lets the checker
 * in, and the people who give commands. Those are here and not beside the uploaders, since 150 targets with a policy
 * for each of the two and a role are more than one stack may have.
 */
export class ChecksStack extends Stack {
  constructor(scope: Construct, id: string, { config, kept, run, ...props }: ChecksSettings) {
    super(scope, id, props);
    const { installation, targets, aws } = config;
    new Readings(this, 'Readings', { installation, targets, key: aws.key, ...run.scheduled });
    new AccessEntries(this, 'Clusters', { checkers: run.checkers });
    new Operators(this, 'Operators', {
      installation,
      targets,
      uploads: kept.uploads,
      tableArn: kept.record.arn,
      key: aws.key,
    });
  }
}
