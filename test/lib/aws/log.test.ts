import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const LIB = pathToFileURL(join(import.meta.dirname, '..', '..', '..', 'lib', 'aws')).href;

/** The lines that a program which logs so writes: the logger writes to the process's own streams. */
function linesOf(program: string): Record<string, unknown>[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { functionLog } from '${LIB}/log.ts';
       import { onFirstCall } from '${LIB}/environment.ts';
       const log = functionLog('test', { FAIRLEAD_INSTALLATION: 'here' });
       ${program}`,
    ],
    { encoding: 'utf8' },
  );
  return `${stdout}${stderr}`
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('a line is JSON that names function, installation and the call that it belongs to', () => {
  const [line] = linesOf(`
    const handler = onFirstCall(() => async () => log.event('worked', { target: 'staging' }));
    await handler({}, { awsRequestId: 'request-1' });
  `);
  assert.equal(line?.message, 'worked');
  assert.equal(line?.service, 'test');
  assert.equal(line?.installation, 'here');
  assert.equal(line?.target, 'staging');
  assert.equal(line?.function_request_id, 'request-1');
});

test('of an error a line has name, message and stack, its cause and its parts, and nothing that hangs on them', () => {
  const [line] = linesOf(`
    const hung = (error) => Object.assign(error, { request: { headers: { authorization: 'Bearer hanging' } } });
    const parts = new AggregateError([hung(new Error('one part'))], 'several');
    log.failure('did not work', hung(new Error('outer', { cause: hung(parts) })));
  `);
  const error = line?.error as { message: string; stack: string; cause: { errors: { message: string }[] } };
  assert.equal(error.message, 'outer');
  assert.match(error.stack, /^Error: outer/);
  assert.equal(error.cause.errors[0]?.message, 'one part');
  assert.doesNotMatch(JSON.stringify(line), /hanging/);
});
