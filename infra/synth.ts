import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * `npm run synth`: what `npx cdk synth` does, through the pinned CDK CLI, and a line for each template.
 * Fails on a configuration error, on a function that does not bundle, and on every finding of cdk-nag that is not
 * acknowledged with a reason.
 */
const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'cdk.out');

const cli = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
const { status } = spawnSync(process.execPath, [cli, 'synth', '--quiet', '--no-notices', '--output', OUT], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
  // It asks the network for newer versions and reports use otherwise; neither belongs in a check.
  env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' },
});
if (status !== 0) process.exit(status ?? 1);

for (const file of readdirSync(OUT).filter((name) => name.endsWith('.template.json'))) {
  const template = JSON.parse(readFileSync(join(OUT, file), 'utf8')) as { Resources: object };
  console.log(`${file}: ${Object.keys(template.Resources).length} resources`);
}
