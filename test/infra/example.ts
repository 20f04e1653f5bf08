import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import example from '../../fairlead.config.ts';
import { Fairlead } from '../../infra/fairlead.ts';
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

/** Templates by the names of their stacks, which nobody reviews: quicker, for tests that look at what is in them. */
export function templatesOf(configuration: ConfigInput): Readonly<Record<string, unknown>> {
  const app = new App({ outdir: temporaryFolder() });
  new Fairlead(app, 'Fairlead', { config: parseConfig(configuration), packages: emptyPackages(IMAGE) });
  return Object.fromEntries(app.synth().stacks.map(({ stackName, template }) => [stackName, template]));
}

function temporaryFolder(): string {
  const outdir = mkdtempSync(join(tmpdir(), 'fairlead-synth-'));
  after(() => rmSync(outdir, { recursive: true, force: true }));
  return outdir;
}

/** A configuration provisioned, to be synthesised into a temporary folder that is gone after the tests. */
export function installed(configuration: ConfigInput) {
  const outdir = temporaryFolder();
  const { app, fairlead } = provision({
    config: parseConfig(configuration),
    packages: emptyPackages(IMAGE),
    outdir,
  });
  return { app, fairlead, outdir };
}

/** The example installation with `changes`, synthesised into a temporary folder that is gone after the tests. */
export function synthesised(changes: Partial<ConfigInput> = {}) {
  const { fairlead, outdir } = installed({ ...example, ...changes });
  const { state, targets, run, checks } = fairlead;
  return {
    state: Template.fromStack(state),
    targets: Template.fromStack(targets),
    run: Template.fromStack(run),
    checks: Template.fromStack(checks),
    outdir,
  };
}
