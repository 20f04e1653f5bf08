import { join } from 'node:path';
import installation from '../fairlead.config.ts';
import { ConfigError, parseConfig } from '../lib/config/config.ts';
import { bundledPackages } from './bundle.ts';
import { provision } from './installation.ts';

/** `cdk synth` and `cdk deploy` run this (cdk.json). */
try {
  const config = parseConfig(installation, 'fairlead.config.ts');
  const packages = bundledPackages(join(import.meta.dirname, '..', 'cdk.out', 'packages'));
  provision({ config, packages }).app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
