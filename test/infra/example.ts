import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import example from '../../fairlead.config.ts';
import { provision } from '../../infra/installation.ts';
import type { Packages } from '../../infra/packages.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';

/** Code that does nothing: what a template says of a function does not depend on it. */
function emptyPackages(folder: string): Packages {
  return {
    zip: () => Code.fromInline('export const handler = () => undefined;'),
    imageFolder: folder,
  };
}

const IMAGE = join(import.meta.dirname, '..', '..', 'infra', 'image');

/** The example installation with `changes`, synthesised into a temporary folder that is gone after the tests. */
export function synthesised(changes: Partial<ConfigInput> = {}) {
  const outdir = mkdtempSync(join(tmpdir(), 'fairlead-synth-'));
  after(() => rmSync(outdir, { recursive: true, force: true }));
  const config = parseConfig({ ...example, ...changes });
  const { state, targets, run, checks } = provision({
    config,
    packages: emptyPackages(IMAGE),
    outdir,
  }).fairlead;
  return {
    state: Template.fromStack(state),
    targets: Template.fromStack(targets),
    run: Template.fromStack(run),
    checks: Template.fromStack(checks),
    outdir,
  };
}
