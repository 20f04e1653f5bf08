import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * `npm run synth`: what `npx cdk synth` does, through the pinned CDK CLI, and a line for each template.
 * Fails on a configuration error, on a function that does not bundle, and on every finding of cdk-nag that is not
 * acknowledged with a reason.
 */
const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'cdk.out');

const cli = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
const artifact = z.object({
  type: z.string(),
  properties: z.object({ stackName: z.string().optional(), templateFile: z.string().optional() }).default({}),
});

const { status } = spawnSync(process.execPath, [cli, 'synth', '--quiet', '--no-notices', '--output', OUT], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
  // It asks the network for newer versions and reports use otherwise; neither belongs in a check.
  env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' },
});
if (status !== 0) process.exit(status ?? 1);

/** CloudFormation's quota of a template in S3, and of its resources (CloudFormation guide, "Quotas"). */
const QUOTA = { kilobytes: 1000, resources: 500 };

for (const [stack, file] of stacksIn(OUT)) {
  const text = readFileSync(join(OUT, file), 'utf8');
  const { Resources } = z.object({ Resources: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text));
  const count = Object.keys(Resources).length;
  const kilobytes = Math.ceil(Buffer.byteLength(text) / 1000);
  console.log(`${stack}: ${count} of ${QUOTA.resources} resources, ${kilobytes} of ${QUOTA.kilobytes} KB`);
}

/** Names of stacks with their templates, in the order in which they are deployed. */
function stacksIn(folder: string): readonly (readonly [string, string])[] {
  const { artifacts } = z
    .object({ artifacts: z.record(z.string(), artifact) })
    .parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  return Object.values(artifacts).flatMap(({ type, properties }) =>
    type === 'aws:cloudformation:stack' && properties.stackName && properties.templateFile
      ? [[properties.stackName, properties.templateFile] as const]
      : [],
  );
}
