import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../lib/config/config.ts';
import { Configuration } from './configuration.ts';

/** What is known of each target, before anything works by it. */
export class TargetsStack extends Stack {
  readonly configuration: Configuration;

  constructor(scope: Construct, id: string, { config, ...props }: StackProps & { readonly config: Config }) {
    super(scope, id, props);
    this.configuration = new Configuration(this, 'Configuration', config);
  }
}
