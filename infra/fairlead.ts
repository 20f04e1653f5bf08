import {
  DefaultStackSynthesizer,
  type Environment,
  type IStackSynthesizer,
  type StackProps,
  Tags,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import cdk from '../cdk.json' with { type: 'json' };
import { type Config, ConfigError } from '../lib/config/config.ts';
import { ChecksStack } from './checks-stack.ts';
import { encryptWith } from './customer-key.ts';
import type { Packages } from './packages.ts';
import { ruleRoles } from './role-rules.ts';
import { RunStack } from './run-stack.ts';
import { StateStack } from './state-stack.ts';
import { TargetsStack } from './targets-stack.ts';

export interface FairleadSettings {
  readonly config: Config;
  readonly packages: Packages;
  /** Account and region, if not those of who deploys. */
  readonly env?: Environment;
}

/**
 * An installation: four stacks by lifecycle, each named after it. What is kept; what is known of each target; what
 * runs; and what makes targets be checked, with who gives commands. They are deployed in this order, since a function
 * that knows of a change reads it at once, and a schedule rings for a target that is known.
 */
export class Fairlead extends Construct {
  readonly state: StateStack;
  readonly targets: TargetsStack;
  readonly run: RunStack;
  readonly checks: ChecksStack;

  /** @throws ConfigError if the configuration cannot be provisioned in AWS */
  constructor(scope: Construct, id: string, { config, packages, env }: FairleadSettings) {
    super(scope, id);
    const local = config.targets.filter(({ cluster }) => cluster?.kind === 'kubeconfig');
    if (local.length > 0) {
      throw new ConfigError(
        local.map(
          ({ name }) => `target "${name}": a kubeconfig is for the local installation; name an EKS cluster`,
        ),
        'fairlead.config.ts',
      );
    }
    // The switches that these templates were tested with, whatever those of the app around them are.
    for (const [name, value] of Object.entries(cdk.context)) this.node.setContext(name, value);

    const { installation, aws } = config;
    const props = (name: string, description: string): StackProps => ({
      stackName: `${installation}-${name}`,
      description: `Fairlead: ${description}`,
      terminationProtection: config.production,
      ...(env === undefined ? {} : { env }),
      ...(aws.qualifier === undefined ? {} : { synthesizer: bootstrappedAs(aws.qualifier) }),
    });
    this.state = new StateStack(this, 'state', { ...props('state', 'what is kept'), config });
    this.targets = new TargetsStack(this, 'targets', {
      ...props('targets', 'what is known of each target'),
      config,
      kept: this.state,
    });
    this.run = new RunStack(this, 'run', {
      ...props('run', 'what runs'),
      config,
      packages,
      kept: this.state,
      known: this.targets,
    });
    this.checks = new ChecksStack(this, 'checks', {
      ...props('checks', 'what makes targets be checked, and who gives commands'),
      config,
      kept: this.state,
      run: this.run,
    });
    this.targets.addStackDependency(this.state);
    this.run.addStackDependency(this.targets);
    this.checks.addStackDependency(this.run);
    encryptWith(this, aws.key, this.state);
    ruleRoles(this, aws);
    Tags.of(this).add('fairlead:installation', installation);
  }
}

/** Its declaration and that of what takes it differ where exact optional properties are asked for. */
const bootstrappedAs = (qualifier: string): IStackSynthesizer =>
  new DefaultStackSynthesizer({ qualifier }) as IStackSynthesizer;
