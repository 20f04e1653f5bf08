import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { requirement } from '../requirements.ts';
import { startLambda } from './lambda.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-environment-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A function that says what it finds, or fails in the ways that functions do. */
const LOOKS = `
import { writeFileSync } from 'node:fs';
const tries = (file) => { try { writeFileSync(file, 'x'); return 'written'; } catch ({ code }) { return code; } };
export const handler = async (event, context) => {
  if (event.fail) throw new TypeError(event.fail);
  if (event.end) process.exit(7);
  return {
    files: Object.fromEntries(['/tmp/a', '/var/task/a', '/opt/a', '/a', '/usr/a', '/etc/a', '/var/a', '/home/a'].map((file) => [file, tries(file)])),
    user: process.getuid(), folder: process.cwd(), variables: Object.keys(process.env).sort(),
    left: context.getRemainingTimeInMillis(), name: context.functionName, trace: process.env._X_AMZN_TRACE_ID,
  };
};
`;

async function looking(source = LOOKS) {
  const bundle = mkdtempSync(join(folder, 'task-'));
  writeFileSync(join(bundle, 'index.mjs'), source);
  // As a build with a strict umask leaves it, but for the bundle itself: Lambda's zip has modes of its own.
  mkdirSync(join(bundle, 'nothing'));
  const { chmodSync } = await import('node:fs');
  chmodSync(bundle, 0o755);
  return startLambda({
    name: 'sweep',
    bundle,
    environment: { FAIRLEAD_INSTALLATION: 'fairlead', HOME: '/tmp' },
  });
}

describe("Lambda's environment on this machine", requirement('mount-namespace'), () => {
  test('only /tmp can be written, nobody is root, and of the machine nothing is told', async () => {
    const before = readFileSync('/proc/self/mounts', 'utf8');
    process.env.FAIRLEAD_OF_THE_MACHINE = 'a secret';
    const lambda = await looking();
    try {
      const invoked = await lambda.invoke({});
      assert.equal(invoked.kind, 'response', lambda.log());
      const found = (invoked as { answer: Record<string, never> }).answer as Record<string, unknown>;
      const { '/tmp/a': tmp, ...rest } = found.files as Record<string, string>;
      assert.equal(tmp, 'written');
      for (const [file, outcome] of Object.entries(rest))
        assert.match(outcome, /^(EROFS|EACCES|ENOENT)$/, file);
      assert.equal(found.user, 993);
      assert.equal(found.folder, '/var/task');
      assert.equal(found.name, 'fairlead-sweep');
      assert.ok(Number(found.left) > 290_000 && Number(found.left) <= 300_000);
      assert.match(String(found.trace), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$/);
      const variables = found.variables as string[];
      assert.ok(!variables.includes('FAIRLEAD_OF_THE_MACHINE'));
      assert.ok(!variables.includes('USER'));
      assert.ok(variables.includes('LD_LIBRARY_PATH'));
    } finally {
      delete process.env.FAIRLEAD_OF_THE_MACHINE;
      await lambda.stop();
    }
    assert.equal(readFileSync('/proc/self/mounts', 'utf8'), before);
  });

  test('an error of a call has its name and message, and the next call is answered', async () => {
    const lambda = await looking();
    try {
      assert.deepEqual(await lambda.invoke({ fail: 'on purpose' }), {
        kind: 'error',
        errorType: 'TypeError',
        errorMessage: 'on purpose',
      });
      assert.equal((await lambda.invoke({})).kind, 'response');
    } finally {
      await lambda.stop();
    }
  });

  test('a module that cannot be loaded, a handler that is not there and a process that ends are errors, and no one waits for them', async () => {
    for (const [source, event, type] of [
      ["throw new RangeError('at its start');", {}, 'RangeError'],
      ['export const other = 1;', {}, 'Runtime.HandlerNotFound'],
      [LOOKS, { end: true }, 'Runtime.ExitError'],
    ] as const) {
      const lambda = await looking(source);
      try {
        const invoked = await lambda.invoke(event);
        assert.equal(invoked.kind === 'error' && invoked.errorType, type, lambda.log());
      } finally {
        await lambda.stop();
      }
    }
  });
});
