import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const LIB = pathToFileURL(join(import.meta.dirname, '..', '..', '..', 'lib', 'aws')).href;

/** The lines that a program which logs so writes: the logger writes to the process's own streams. */
function linesOf(program: string, environment: NodeJS.ProcessEnv = {}): Record<string, unknown>[] {
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
    { encoding: 'utf8', env: { ...process.env, ...environment } },
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

test('a call ends with one line of what it came to, from which CloudWatch takes its figures', () => {
  const [inside, ended, ...more] = linesOf(`
    const handler = onFirstCall(() => log.calls(async () => {
      log.measure('UploadsDelivered', 1);
      log.measure('UploadsDelivered', 2);
      log.measure('SecondsToCommit', 3);
      log.measure('SecondsToCommit', 4);
      log.measure('OpenDrift', 5);
      log.measure('OpenDrift', 0);
      log.sum({ delivery: 'delivered' });
      log.about({ commit: 'c0ffee' }, () => log.event('worked'));
    }));
    await handler({}, { awsRequestId: 'request-1' });
  `);
  assert.equal(inside?.commit, 'c0ffee');
  assert.deepEqual(more, []);
  const { _aws, seconds, ...rest } = ended as { _aws: Directive; seconds: number };
  assert.ok(seconds >= 0 && seconds < 10);
  const { timestamp, sampling_rate: _, ...line } = rest as Record<string, unknown>;
  assert.deepEqual(line, {
    level: 'INFO',
    message: 'call ended',
    service: 'test',
    installation: 'here',
    function_request_id: 'request-1',
    delivery: 'delivered',
    outcome: 'done',
    UploadsDelivered: 3,
    SecondsToCommit: [3, 4],
    OpenDrift: 0,
  });
  assert.ok(Math.abs(_aws.Timestamp - Date.parse(String(timestamp))) < 10_000);
  const [directive] = _aws.CloudWatchMetrics;
  assert.equal(directive?.Namespace, 'Fairlead');
  assert.deepEqual(directive?.Dimensions, [['installation']]);
  assert.deepEqual(
    directive?.Metrics.map(({ Name }) => Name),
    ['UploadsDelivered', 'SecondsToCommit', 'OpenDrift'],
  );
});

test('a call that fails says so in its line as well, with what was measured by then, and is thrown on', () => {
  const [failed, ended, thrown] = linesOf(`
    const call = log.calls(async () => { log.measure('AlertsTold', 2); throw new Error('the table is gone'); });
    await call({}).catch((error) => console.log(JSON.stringify({ thrown: error.message })));
  `).sort((one, other) => order(one) - order(other));
  assert(failed !== undefined);
  assert.equal(failed.level, 'ERROR');
  assert.equal((failed.error as { message: string }).message, 'the table is gone');
  assert.equal(ended?.outcome, 'failed');
  assert.equal(ended?.AlertsTold, 2);
  assert.equal(thrown?.thrown, 'the table is gone');
});

test('a line has no more values of a metric than CloudWatch takes: the others get lines of their own', () => {
  const lines = linesOf(`
    await log.calls(async () => { for (let at = 0; at < 250; at++) log.measure('SecondsToCommit', at); })({});
  `);
  assert.deepEqual(
    lines.map(({ SecondsToCommit }) => (SecondsToCommit as number[]).length),
    [100, 100, 50],
  );
});

test('details are written when somebody asks for them: by level on the function, or in a sample of its calls', () => {
  const program = `await log.calls(async () => log.detail('looked closely'))({});`;
  assert.deepEqual(
    linesOf(program).map(({ message }) => message),
    ['call ended'],
  );
  assert.deepEqual(
    linesOf(program, { POWERTOOLS_LOG_LEVEL: 'DEBUG' }).map(({ message }) => message),
    ['looked closely', 'call ended'],
  );
});

test('of calls that run side by side each has lines and figures of its own', () => {
  const lines = linesOf(`
    const call = log.calls(async (name) => log.about({ target: name }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.measure('ChecksFinished', 1);
      log.event('checked');
      log.sum({ of: name });
    }));
    await Promise.all([call('one'), call('two')]);
  `);
  const ended = lines.filter(({ message }) => message === 'call ended');
  assert.deepEqual(ended.map(({ of, ChecksFinished }) => [of, ChecksFinished]).sort(), [
    ['one', 1],
    ['two', 1],
  ]);
  assert.deepEqual(lines.flatMap(({ target }) => target ?? []).sort(), ['one', 'two']);
});

interface Directive {
  readonly Timestamp: number;
  readonly CloudWatchMetrics: readonly {
    readonly Namespace: string;
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string }[];
  }[];
}

/** Two streams have no order between them. */
const order = (line: Record<string, unknown>): number =>
  line.level === 'ERROR' ? 0 : 'outcome' in line ? 1 : 2;
