import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../lib/config/config.ts';
import type { StateStack } from './state-stack.ts';
import { Configuration } from './targets/configuration.ts';
import { Uploaders } from './targets/uploaders.ts';

/** What is known of each target before anything works by it, and who may upload to it. */
export class TargetsStack extends Stack {
  readonly configuration: Configuration;

  constructor(
    scope: Construct,
    id: string,
    { config, kept, ...props }: StackProps & { readonly config: Config; readonly kept: StateStack },
  ) {
    super(scope, id, props);
    this.configuration = new Configuration(this, 'Configuration', config);
    new Uploaders(this, 'Uploaders', {
      ...config,
      uploads: kept.uploads,
      tableArn: kept.record.arn,
      key: config.aws.key,
      oidcProvider: config.aws.existing.oidcProvider,
    });
  }
}
