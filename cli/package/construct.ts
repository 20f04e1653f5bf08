import { join } from 'node:path';
import type { Environment } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Fairlead as Installation } from '../../infra/fairlead.ts';
import { packagesIn } from '../../infra/packages.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';

export type FairleadProps = ConfigInput & { readonly env?: Environment | undefined };

/** `import { Fairlead } from 'fairlead'`: an installation in a CDK app of your own, with the functions as published. */
export class Fairlead extends Installation {
  /** @throws ConfigError naming everything that is wrong with the configuration */
  constructor(scope: Construct, id: string, { env, ...config }: FairleadProps) {
    super(scope, id, {
      config: parseConfig(config, `new Fairlead(…, "${id}", …)`),
      packages: packagesIn(join(import.meta.dirname, 'packages')),
      ...(env === undefined ? {} : { env }),
    });
  }
}

export { ConfigError, defineConfig } from '../../lib/config/config.ts';
