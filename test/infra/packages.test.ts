import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle, GIT_FUNCTIONS, ZIP_FUNCTIONS } from '../../infra/packages.ts';
import { synthesised } from './example.ts';

const { run } = synthesised();
const folder = mkdtempSync(join(tmpdir(), 'fairlead-packages-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Calls the bundle's handler with an event that says nothing, and prints the name and message of what it throws. */
const PROGRAM = `
const { handler } = await import(process.argv[1]);
try { console.log(JSON.stringify({ answer: await handler({}) ?? null })); }
catch (error) { console.log(JSON.stringify({ name: error.name, message: error.message })); }
process.exit(0);
`;

function callOf(
  name: (typeof ZIP_FUNCTIONS | typeof GIT_FUNCTIONS)[number],
  environment: Record<string, string>,
) {
  const out = execFileSync(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM, pathToFileURL(join(folder, name, 'index.mjs')).href],
    // No network: whatever it might want to reach is not there.
    {
      env: { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:9', ...environment },
      encoding: 'utf8',
    },
  );
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as { name?: string; message?: string };
}

for (const name of [...ZIP_FUNCTIONS, ...GIT_FUNCTIONS]) {
  test(`${name} is one file that runs alone, and finds every variable that it asks for`, () => {
    bundle(name, join(folder, name));

    const without = callOf(name, {});
    assert.equal(without.name, 'MissingVariables', without.message);

    const [provisioned] = Object.values(run.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.FunctionName === `fairlead-${name}`,
    );
    const variables = Object.keys(provisioned?.Properties.Environment.Variables);
    // An ARN for all of them: some are taken apart.
    const given = callOf(
      name,
      Object.fromEntries(variables.map((variable) => [variable, 'arn:aws:sns:eu-central-1:123456789012:x'])),
    );
    assert.notEqual(given.name, 'MissingVariables', given.message);
  });
}
