import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../lib/config/config.ts';
import type { StateStack } from './state-stack.ts';
import { Configuration } from './targets/configuration.ts';
import { Operators } from './targets/operators.ts';
import { Uploaders } from './targets/uploaders.ts';

/** What is known of each target before anything works by it, and who may upload and give commands to it. */
export class TargetsStack extends Stack {
  readonly configuration: Configuration;

  constructor(
    scope: Construct,
    id: string,
    { config, kept, ...props }: StackProps & { readonly config: Config; readonly kept: StateStack },
  ) {
    super(scope, id, props);
    this.configuration = new Configuration(this, 'Configuration', config);
    const people = {
      ...config,
      uploads: kept.uploads,
      tableArn: kept.record.arn,
      key: config.aws.key,
    };
    new Uploaders(this, 'Uploaders', { ...people, oidcProvider: config.aws.existing.oidcProvider });
    new Operators(this, 'Operators', people);
  }
}
