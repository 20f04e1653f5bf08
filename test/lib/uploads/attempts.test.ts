import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { reason } from '../../../lib/charts/reasons.ts';
import { recordAttempt } from '../../../lib/uploads/delivering/attempts.ts';
import { gitIn } from '../repository/server.ts';
import { ACCEPTED, type Pipeline, pipeline } from './pipeline.ts';

class Killed extends Error {
  override readonly name = 'Killed';
}

async function begin(context: TestContext) {
  const pipe = await pipeline({ target: { judgeAgainSeconds: 0 } });
  context.after(() => pipe.stop());
  return pipe;
}

const VALUES = 'staging/shop/web/values.yaml';
const FILE = 'fairlead/staging/releases/shop/web/values.yaml';

/** Delivers up to the moment of the push, which is still on its way when the function has gone. Gives its commit. */
async function pushOnItsWay(pipe: Pipeline): Promise<string> {
  let commit = '';
  const table = {
    ...pipe.table,
    async put(...[item, expected]: Parameters<Pipeline['table']['put']>) {
      const written = await pipe.table.put(item, expected);
      const attempted = item.attempted as readonly { readonly commit: string }[] | undefined;
      if (attempted === undefined || attempted.length === 0) return written;
      commit = attempted.at(-1)?.commit ?? '';
      throw new Killed();
    },
  };
  await assert.rejects(pipe.deliver({ ...pipe.parts, table }), Killed);
  const clone = join(pipe.parts.scratch, 'clones', 'cluster-main.git');
  gitIn(pipe.git.bare, 'fetch', '--quiet', clone, '+refs/fairlead/delivery:refs/sent/one');
  return commit;
}

/** The server takes it only now: where the branch is still what it was built upon. */
function arrive(pipe: Pipeline, commit: string, base: string): 'taken' | 'refused' {
  try {
    pipe.git.git('update-ref', 'refs/heads/main', commit, base);
    return 'taken';
  } catch {
    return 'refused';
  }
}

async function healed(pipe: Pipeline) {
  pipe.later(3600);
  await pipe.sweep();
  if (pipe.queues.doorbell.messages.splice(0).length > 0) await pipe.deliver();
}

for (const arrives of ['before the next sweep', 'never'] as const) {
  test(`a push on its way arrives ${arrives}: a newer upload that asks for what is there has the last word`, async (context) => {
    const pipe = await begin(context);
    await pipe.upload(VALUES, 'colour: red\n');
    const base = pipe.git.tip();
    const older = pipe.put(VALUES, 'colour: blue\n');
    await pipe.receive(older);
    const commit = await pushOnItsWay(pipe);

    const newer = pipe.put(VALUES, 'colour: red\n');
    await pipe.receive(newer);
    await pipe.deliver();
    const taken = arrives === 'never' ? 'refused' : arrive(pipe, commit, base);
    await healed(pipe);

    assert.equal(pipe.git.show(FILE), 'colour: red');
    assert.equal((await pipe.record(newer))?.state, 'delivered');
    const claims = pipe.git
      .git('log', '--format=%(trailers:key=Fairlead-Upload)', 'refs/heads/main')
      .split('\n')
      .filter((line) => line.includes(older.detail.object['version-id']));
    const state = (await pipe.record(older))?.state;
    assert.equal(claims.length, state === 'delivered' ? 1 : 0, `${state}, ${taken}`);
  });
}

const CHART = 'fairlead/staging/releases/shop/web/chart/Chart.yaml';
const WEB = { namespace: 'shop', release: 'web' };

for (const arrives of ['before the next sweep', 'never'] as const) {
  test(`a push on its way arrives ${arrives}: a rollback to what is there has the last word`, async (context) => {
    const pipe = await begin(context);
    await pipe.receive(await pipe.chart('1.4.2'));
    await pipe.deliver();
    const base = pipe.git.tip();
    const bad = await pipe.chart('1.4.3');
    await pipe.receive(bad);
    const commit = await pushOnItsWay(pipe);

    const rollback = pipe.command({ kind: 'rollback', release: WEB, to: '1.4.2' });
    await pipe.receive(rollback);
    await pipe.deliver();
    if (arrives !== 'never') assert.equal(arrive(pipe, commit, base), 'taken');
    await healed(pipe);

    assert.match(pipe.git.show(CHART), /version: 1\.4\.2/);
    assert.equal((await pipe.record(rollback))?.state, 'delivered');
    assert.equal((await pipe.record(bad))?.state, arrives === 'never' ? 'superseded' : 'delivered');
    assert.equal(pipe.open(), 0);
  });
}

test('a push on its way: a removal of what is not there yet has the last word', async (context) => {
  const pipe = await begin(context);
  const remove = async () => {
    const event = pipe.command({ kind: 'remove', what: { kind: 'release', ...WEB } });
    await pipe.receive(event);
    await pipe.deliver();
    return event;
  };
  await pipe.receive(await pipe.chart('1.4.2'));
  await pipe.deliver();
  await remove();
  const base = pipe.git.tip();
  await pipe.receive(await pipe.chart('1.4.3'));
  const commit = await pushOnItsWay(pipe);
  const second = await remove();
  arrive(pipe, commit, base);
  await healed(pipe);
  assert.throws(() => pipe.git.show(CHART));
  assert.equal((await pipe.record(second))?.state, 'delivered');
  assert.equal(pipe.open(), 0);
});

test("a commit is nobody else's: built twice in one second, it is not the same commit", async (context) => {
  const pipe = await begin(context);
  const event = pipe.put(VALUES, 'colour: blue\n');
  await pipe.receive(event);
  const first = await pushOnItsWay(pipe);
  const second = await pushOnItsWay(pipe);
  assert.notEqual(second, first);
});

for (const arrives of ['after all', 'never'] as const) {
  test(`a push on its way arrives ${arrives}, while the configuration has taken its namespace out: outcome and branch agree`, async (context) => {
    const pipe = await begin(context);
    const event = pipe.put(VALUES, 'colour: blue\n');
    await pipe.receive(event);
    const base = pipe.git.tip();
    const commit = await pushOnItsWay(pipe);
    const targets = pipe.parts.config.targets.map((target) => ({ ...target, namespaces: ['other'] }));
    const parts = { ...pipe.parts, config: { ...pipe.parts.config, targets } };
    await pipe.deliver(parts);
    const taken = arrives === 'never' ? 'refused' : arrive(pipe, commit, base);
    pipe.later(3600);
    await pipe.deliver(parts);
    const state = (await pipe.record(event))?.state;
    assert.equal(state, taken === 'taken' ? 'delivered' : 'rejected');
    assert.equal(pipe.open(), 0);
  });
}

test('after a night of pushes whose fate nobody knows, a record with the longest warnings is one that the table takes', async (context) => {
  const says = 'x'.repeat(2000);
  const warnings = Array.from({ length: 10 }, () => ({ ...reason('upload-gone', {}), message: says }));
  const pipe = await pipeline({ judge: () => ({ ...ACCEPTED, warnings }) });
  context.after(() => pipe.stop());
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  let record = await pipe.record(event);
  for (let at = 0; at < 60 && record?.state === 'checked'; at++) {
    const attempt = { commit: String(at), base: 'b', files: 'f', at: event.time, warnings };
    record = await recordAttempt(pipe.table, record, attempt, new Set());
  }
  assert.ok(record?.state === 'checked' && record.attempted.length === 50);
  // DynamoDB's limit of an item: 400 KB.
  assert.ok(Buffer.byteLength(JSON.stringify(record)) < 100 * 1024);
  await pipe.deliver();
  const ended = await pipe.record(event);
  assert.ok(ended?.state === 'delivered');
  assert.equal(ended.warnings?.length, 10);
});
