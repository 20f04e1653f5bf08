import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdk from '../cdk.json' with { type: 'json' };
import { type Config, ConfigError } from '../lib/config/config.ts';
import type { Packages } from './packages.ts';
import { RunStack } from './run-stack.ts';
import { StateStack } from './state-stack.ts';

export interface InstallationSettings {
  readonly config: Config;
  readonly packages: Packages;
  /** Where the cloud assembly goes; the CDK CLI says so by `CDK_OUTDIR`. */
  readonly outdir?: string;
}

export interface Installation {
  readonly app: App;
  readonly state: StateStack;
  readonly run: RunStack;
}

/**
 * Everything that is provisioned: what is kept, and what runs on it. cdk-nag looks at both when they are synthesised.
 * @throws ConfigError if the configuration cannot be provisioned in AWS
 */
export function provision({ config, packages, outdir }: InstallationSettings): Installation {
  const local = config.targets.filter(({ cluster }) => cluster?.kind === 'kubeconfig');
  if (local.length > 0) {
    throw new ConfigError(
      local.map(
        ({ name }) => `target "${name}": a kubeconfig is for the local installation; name an EKS cluster`,
      ),
      'fairlead.config.ts',
    );
  }
  const app = new App({ context: cdk.context, ...(outdir === undefined ? {} : { outdir }) });
  const protection = { terminationProtection: config.production };
  const state = new StateStack(app, `${config.installation}-state`, {
    ...protection,
    description: 'Fairlead: what is kept',
    production: config.production,
  });
  const run = new RunStack(app, `${config.installation}-run`, {
    ...protection,
    description: 'Fairlead: what runs',
    config,
    packages,
    kept: state,
  });
  run.addStackDependency(state);
  Tags.of(app).add('fairlead:installation', config.installation);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, state, run };
}
