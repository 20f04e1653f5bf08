import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { Fairlead, type FairleadSettings } from './fairlead.ts';
import { acknowledgeReviewed } from './review/reviewed.ts';

export interface InstallationSettings extends FairleadSettings {
  /** Where the cloud assembly goes; the CDK CLI says so by `CDK_OUTDIR`. */
  readonly outdir?: string;
}

/**
 * An app of one installation. cdk-nag looks at it when it is synthesised.
 * @throws ConfigError if the configuration cannot be provisioned in AWS
 */
export function provision({ outdir, ...settings }: InstallationSettings): { app: App; fairlead: Fairlead } {
  const app = new App(outdir === undefined ? {} : { outdir });
  const fairlead = new Fairlead(app, 'Fairlead', settings);
  acknowledgeReviewed(fairlead);
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app, { verbose: true }),
    new NIST80053R5Checks(app, { verbose: true }),
  );
  return { app, fairlead };
}
