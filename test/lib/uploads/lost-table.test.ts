import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Pipeline, pipeline } from './pipeline.ts';

/** The bucket and the repository are what they were; the table is empty, or as it was an hour ago. */
const CHART = 'fairlead/staging/releases/shop/web/chart/Chart.yaml';

async function begin(context: TestContext) {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

/** What the hourly sweep asks for is received and delivered one by one, in the worst order for what is newest. */
async function sweepUp(pipe: Pipeline, order: 'as listed' | 'reversed' = 'as listed') {
  pipe.later(600);
  const { messages } = pipe.queues.received;
  messages.length = 0;
  await pipe.sweep('hours');
  const asked = order === 'as listed' ? [...messages] : messages.toReversed();
  for (const message of asked) {
    await pipe.receive(message);
    await pipe.deliver();
  }
  await pipe.sweep();
  await pipe.deliver();
  return asked.length;
}

for (const order of ['as listed', 'reversed'] as const) {
  test(`after a loss of the table nothing is committed twice, nothing is taken back, and what waited is delivered (${order})`, async (context) => {
    const pipe = await begin(context);
    const older = await pipe.chart('1.0.0');
    await pipe.receive(older);
    await pipe.deliver();
    const newer = await pipe.chart('1.1.0');
    await pipe.receive(newer);
    await pipe.deliver();
    const values = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
    const refused = await pipe.upload('production/shop/web/values.yaml', 'a: 1\n');
    // A person has turned something back since, and an upload waits for a host that is down.
    pipe.git.commit({ 'fairlead/staging/releases/shop/web/values.yaml': 'colour: blue\n' }, 'Turn it back');
    const waits = await pipe.chart('2.0.0', {}, 'other');
    await pipe.receive(waits);
    await pipe.deliver(pipe.withoutHost());
    const before = pipe.git.log();
    const states = ['delivered', 'delivered', 'delivered', 'rejected'];

    pipe.table.items.clear();
    assert.equal(await sweepUp(pipe, order), 5);

    const log = pipe.git.log();
    assert.deepEqual(log.slice(1), before, 'one commit more, for what waited');
    assert.equal(log[0], 'Deliver shop/other: chart web 2.0.0');
    assert.match(pipe.git.show(CHART), /version: 1\.1\.0/);
    assert.equal(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), 'colour: blue');
    const records = await Promise.all([older, newer, values, refused].map((event) => pipe.record(event)));
    assert.deepEqual(
      records.map((record) => record?.state),
      states,
    );
    assert.equal(pipe.open(), 0);
    assert.equal(await sweepUp(pipe, order), 0, 'the next sweep finds nothing to ask for');
    assert.deepEqual(pipe.git.log(), log);
  });
}

test('after a loss of the table what people have frozen is frozen before any upload is taken, however long ago', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(await pipe.chart('1.0.0'));
  await pipe.deliver();
  const scope = { kind: 'release', namespace: 'shop', release: 'web' } as const;
  const thawed = { ...scope, release: 'other' };
  const commands = [
    pipe.command({ kind: 'freeze', scope }),
    pipe.command({ kind: 'freeze', scope: thawed }),
    pipe.command({ kind: 'unfreeze', scope: thawed }),
  ];
  for (const command of commands) await pipe.receive(command);
  await pipe.deliver();
  pipe.later(7 * 24 * 3600);
  const waits = await pipe.chart('1.1.0');
  await pipe.receive(waits);
  await pipe.deliver();
  const goes = await pipe.chart('2.0.0', {}, 'other');

  pipe.table.items.clear();
  assert.equal(await sweepUp(pipe, 'reversed'), commands.length);
  assert.equal(await sweepUp(pipe, 'reversed'), 2);
  assert.equal(pipe.tags(waits)['fairlead-outcome'], 'frozen');
  assert.match(pipe.git.show(CHART), /version: 1\.0\.0/);
  assert.equal((await pipe.record(goes))?.state, 'delivered');
  assert.equal(await sweepUp(pipe), 0);
});

test('after a loss of the table what was delivered last is still the newest of its slot', async (context) => {
  const pipe = await begin(context);
  // Nobody heard of it: its event was lost.
  const unheard = await pipe.chart('1.0.0');
  const newest = await pipe.chart('1.1.0');
  await pipe.receive(newest);
  await pipe.deliver();
  pipe.table.items.clear();
  pipe.later(600);
  await pipe.receive(newest);
  await pipe.receive(unheard);
  await pipe.deliver();
  assert.equal((await pipe.record(unheard))?.state, 'superseded');
  assert.match(pipe.git.show(CHART), /version: 1\.1\.0/);

  const next = await pipe.chart('1.2.0');
  await pipe.receive(next);
  await pipe.deliver();
  assert.equal((await pipe.record(next))?.state, 'delivered');
  const message = pipe.git.git('log', '-1', '--format=%B', 'main');
  // Which version it was is not in the tags.
  assert.match(message, /^Deliver shop\/web: chart web 1\.2\.0$/m);
  assert.doesNotMatch(message, /Fairlead-Replaces/, 'nobody else had changed it');
});

test('a table as it was an hour ago leads to no second commit', async (context) => {
  const pipe = await begin(context);
  const first = await pipe.chart('1.0.0');
  await pipe.receive(first);
  const hourAgo = structuredClone([...pipe.table.items]);
  await pipe.deliver();
  const second = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  const log = pipe.git.log();

  pipe.table.items.clear();
  for (const [name, item] of hourAgo) pipe.table.items.set(name, item);
  await sweepUp(pipe);
  assert.deepEqual(pipe.git.log(), log);
  assert.equal((await pipe.record(first))?.state, 'delivered');
  assert.equal((await pipe.record(second))?.state, 'delivered');
  assert.equal(pipe.open(), 0);
});

test('a table as it was before what is newest of a slot takes nothing back', async (context) => {
  for (const order of ['as listed', 'reversed'] as const) {
    const pipe = await begin(context);
    const first = await pipe.chart('1.0.0');
    await pipe.receive(first);
    const hourAgo = structuredClone([...pipe.table.items]);
    await pipe.deliver();
    const second = await pipe.chart('1.1.0');
    await pipe.receive(second);
    await pipe.deliver();
    const log = pipe.git.log();

    pipe.table.items.clear();
    for (const [name, item] of hourAgo) pipe.table.items.set(name, item);
    // A bell rings before the hourly sweep has found the second.
    await pipe.deliver();
    await sweepUp(pipe, order);
    assert.match(pipe.git.show(CHART), /version: 1\.1\.0/);
    assert.deepEqual(pipe.git.log(), log);
    assert.equal((await pipe.record(second))?.state, 'delivered');
  }
});

test('tags say nothing about a version that they were copied to, nor for another installation', async (context) => {
  const pipe = await begin(context);
  const original = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  const copied = pipe.put('staging/shop/web/values.yaml', 'colour: green\n');
  const { key, 'version-id': versionId } = copied.detail.object;
  await pipe.uploads.mergeTags(key, versionId, pipe.tags(original));
  pipe.later(3600);
  await pipe.receive(copied);
  await pipe.deliver();
  assert.equal(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), 'colour: green');
});

test('whoever asks for a rejected upload to be taken again gets that, also after a loss of the table', async (context) => {
  const pipe = await begin(context);
  const rejected = await pipe.upload('production/shop/web/values.yaml', 'a: 1\n');
  pipe.table.items.clear();
  await sweepUp(pipe);
  const record = await pipe.record(rejected);
  assert.ok(record?.state === 'rejected');
  assert.deepEqual(
    record.reasons.map(({ code }) => code),
    ['key-unknown-target'],
  );
  assert.deepEqual(pipe.alerts(), [], 'nobody is told a second time');
  pipe.later(1);
  const [target] = pipe.parts.config.targets;
  assert.ok(target);
  const config = { ...pipe.parts.config, targets: [target, { ...target, name: 'production' }] };
  await pipe.receive(pipe.replayOf(rejected), { ...pipe.parts, config });
  await pipe.deliver({ ...pipe.parts, config });
  assert.equal((await pipe.record(rejected))?.state, 'delivered');
});

test('what was delivered is not taken again by who asks for that right after a loss of the table', async (context) => {
  const pipe = await begin(context);
  const delivered = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  const path = 'fairlead/staging/releases/shop/web/values.yaml';
  pipe.git.commit({ [path]: 'colour: blue\n' }, 'Turn it back');
  pipe.table.items.clear();
  assert.equal(await pipe.receive(pipe.replayOf(delivered)), 'delivered');
  await pipe.deliver();
  assert.equal(pipe.git.show(path), 'colour: blue');
});

for (const [says, error, taken] of [
  ['is in haste', { name: 'SlowDown', $metadata: { httpStatusCode: 503 } }, 'later'],
  ['is not reached', { name: 'TimeoutError' }, 'later'],
  ['denies them', { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }, 'at once'],
] as const)
  test(`where S3 ${says} when it is asked for tags, an upload without a record is taken ${taken}`, async (context) => {
    const pipe = await begin(context);
    const delivered = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
    const path = 'fairlead/staging/releases/shop/web/values.yaml';
    pipe.git.commit({ [path]: 'colour: blue\n' }, 'Turn it back');
    pipe.table.items.clear();
    const tags = () => Promise.reject(Object.assign(new Error(says), error));
    const asked = pipe.receive(delivered, { ...pipe.parts, uploads: { ...pipe.uploads, tags } });
    if (taken === 'at once') return assert.equal(await asked, 'checked');
    await assert.rejects(asked, { name: error.name });
    assert.equal(await pipe.record(delivered), undefined);
    assert.equal(await pipe.receive(delivered), 'delivered');
    await pipe.deliver();
    assert.equal(pipe.git.show(path), 'colour: blue');
  });
