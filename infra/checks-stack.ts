import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../lib/config/config.ts';
import { AccessEntries } from './clusters/access-entries.ts';
import { Readings } from './run/schedules.ts';
import type { RunStack } from './run-stack.ts';

/** What makes targets be checked: the clock for each, and a cluster that lets the checker in. */
export class ChecksStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { config, run, ...props }: StackProps & { readonly config: Config; readonly run: RunStack },
  ) {
    super(scope, id, props);
    const { installation, targets, aws } = config;
    new Readings(this, 'Readings', { installation, targets, key: aws.key, ...run.scheduled });
    new AccessEntries(this, 'Clusters', { checkers: run.checkers });
  }
}
