import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { reason } from '../../../lib/charts/reasons.ts';
import { uploadMessage } from '../../../lib/messages/messages.ts';
import { ACCEPTED, type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext, ...options: Parameters<typeof pipeline>) {
  const pipe = await pipeline(...options);
  context.after(() => pipe.stop());
  return pipe;
}

const stateOf = async (pipe: Pipeline, event: Parameters<Pipeline['record']>[0]) =>
  (await pipe.record(event))?.state;

async function failed(pipe: Pipeline) {
  const token = pipe.secrets.get('write') ?? '';
  pipe.secrets.set('write', 'wrong');
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  await pipe.deliver();
  pipe.later(25 * 3600);
  await pipe.deliver();
  assert.equal(await stateOf(pipe, event), 'failed');
  pipe.secrets.set('write', token);
  return event;
}

test('a failed upload is delivered when it is taken again a day later, and its tags say so alone', async (context) => {
  const pipe = await begin(context);
  const event = await failed(pipe);
  pipe.later(24 * 3600);
  const request = pipe.replayOf(event);
  assert.equal(await pipe.receive(request), 'checked');
  assert.deepEqual(Object.keys(pipe.tags(event)), ['fairlead-record']);
  assert.ok(pipe.queues.doorbell.messages.length > 0);
  await pipe.deliver();
  const record = await pipe.record(event);
  assert.ok(record?.state === 'delivered');
  assert.equal(record.commit, pipe.git.tip());
  assert.deepEqual(record.replays, [request.time]);
  assert.equal(record.eventTime, event.time);
  assert.deepEqual(pipe.tags(event), {
    'fairlead-outcome': 'delivered',
    'fairlead-commit': pipe.git.tip(),
    'fairlead-record': 'test:v1',
  });
  assert.equal(pipe.open(), 0);
});

test('what is taken again waits for a day anew before it has failed', async (context) => {
  const pipe = await begin(context);
  const event = await failed(pipe);
  pipe.secrets.set('write', 'wrong again');
  await pipe.receive(pipe.replayOf(event));
  await pipe.deliver();
  assert.equal(await stateOf(pipe, event), 'checked');
  pipe.later(25 * 3600);
  await pipe.deliver();
  assert.equal(await stateOf(pipe, event), 'failed');
});

test('an upload to a target that did not exist is delivered when it does', async (context) => {
  const pipe = await begin(context);
  const event = pipe.put('production/shop/web/values.yaml', 'colour: red\n');
  await pipe.receive(event);
  assert.equal(await stateOf(pipe, event), 'rejected');
  const [target] = pipe.parts.config.targets;
  assert.ok(target);
  const config = { ...pipe.parts.config, targets: [target, { ...target, name: 'production' }] };
  await pipe.receive(pipe.replayOf(event), { ...pipe.parts, config });
  await pipe.deliver({ ...pipe.parts, config });
  assert.equal(await stateOf(pipe, event), 'delivered');
  assert.equal(pipe.git.show('fairlead/production/releases/shop/web/values.yaml'), 'colour: red');
  assert.equal(pipe.tags(event)['fairlead-reason'], undefined);
  // What was told of the rejection is still told: it was so.
  assert.deepEqual(
    pipe.alerts().map(({ kind }) => kind),
    ['rejected'],
  );
});

test('a request that is told twice takes an upload again once', async (context) => {
  const pipe = await begin(context);
  const event = pipe.put('production/shop/web/values.yaml', 'colour: red\n');
  await pipe.receive(event);
  pipe.later(61);
  const request = pipe.replayOf(event);
  await pipe.receive(request);
  const once = await pipe.record(event);
  assert.equal(once?.replays?.length, 1);
  assert.equal(pipe.alerts().length, 2);
  assert.equal(await pipe.receive(request), 'rejected');
  assert.deepEqual(await pipe.record(event), once);
  assert.equal(pipe.alerts().length, 2);
  await pipe.receive(pipe.replayOf(event));
  assert.equal((await pipe.record(event))?.replays?.length, 2);
});

test('nothing is done for what was delivered, superseded, or waits', async (context) => {
  const pipe = await begin(context);
  const older = await pipe.chart('1.0.0');
  const newer = await pipe.chart('1.1.0');
  await pipe.receive(newer);
  await pipe.receive(older);
  await pipe.deliver();
  pipe.git.commit({ 'fairlead/staging/releases/shop/web/chart/Chart.yaml': undefined }, 'Revert');
  const waits = pipe.put('staging/shop/other/values.yaml', 'a: 1\n');
  await pipe.receive(waits);
  const before = [await pipe.record(older), await pipe.record(newer), await pipe.record(waits)];
  assert.deepEqual(
    before.map((record) => record?.state),
    ['superseded', 'delivered', 'checked'],
  );
  for (const event of [older, newer, waits]) await pipe.receive(pipe.replayOf(event));
  assert.deepEqual([await pipe.record(older), await pipe.record(newer), await pipe.record(waits)], before);
  await pipe.deliver();
  assert.equal(await stateOf(pipe, newer), 'delivered');
  assert.equal(pipe.git.git('log', '-1', '--format=%s', 'main~1'), 'Revert');
});

test('taken again, an upload keeps its place: what is older than its slot’s newest is superseded', async (context) => {
  const pipe = await begin(context);
  const event = await failed(pipe);
  const newer = await pipe.chart('1.1.0');
  await pipe.receive(newer);
  await pipe.deliver();
  await pipe.receive(pipe.replayOf(event));
  await pipe.deliver();
  assert.equal(await stateOf(pipe, event), 'superseded');
  assert.equal(pipe.git.log()[0], 'Deliver shop/web: chart web 1.1.0');
  assert.equal(pipe.tags(event)['fairlead-reason'], undefined);
  assert.equal(pipe.open(), 0);
});

test('a version that nobody ever heard of is taken, in the place that its time in the bucket gives it', async (context) => {
  const pipe = await begin(context);
  const unheard = await pipe.chart('1.0.0');
  await pipe.receive(pipe.replayOf(unheard));
  await pipe.deliver();
  const record = await pipe.record(unheard);
  assert.equal(record?.state, 'delivered');
  const [version] = await Array.fromAsync(pipe.uploads.versions());
  assert.equal(record?.eventTime, version?.lastModified.toISOString());
});

test('a push of which nobody knows the fate is looked for again after a failure: it is not committed twice', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  // Dies after the push; and then nothing works for a day.
  const reads = { send: () => Promise.reject(new Error('killed')) };
  await assert.rejects(pipe.deliver({ ...pipe.parts, reads }), /killed/);
  const pushed = pipe.git.tip();
  pipe.later(25 * 3600);
  await pipe.deliver(pipe.withoutHost());
  assert.equal(await stateOf(pipe, event), 'failed');
  pipe.git.commit({ 'fairlead/staging/releases/shop/web/chart/Chart.yaml': undefined }, 'Revert');
  const reverted = pipe.git.tip();
  await pipe.receive(pipe.replayOf(event));
  await pipe.deliver();
  const record = await pipe.record(event);
  assert.equal(record?.state === 'delivered' && record.commit, pushed);
  assert.equal(pipe.git.tip(), reverted);
});

test('killed anywhere while it is taken again, an upload ends once', async (context) => {
  const pipe = await begin(context);
  for (let at = 1, done = false; !done; at++) {
    const event = pipe.put(`staging/kube-system/web-${at}/values.yaml`, 'a: 1\n');
    await pipe.receive(event);
    const request = pipe.replayOf(event);
    let calls = 0;
    const dies =
      <Values extends unknown[], Answer>(real: (...values: Values) => Promise<Answer>) =>
      async (...values: Values) => {
        calls += 1;
        if (calls >= at) throw new Error('killed');
        return real(...values);
      };
    const { table, uploads } = pipe.parts;
    const dying = {
      ...pipe.parts,
      table: { ...table, get: dies(table.get), put: dies(table.put), remove: dies(table.remove) },
      uploads: { ...uploads, get: dies(uploads.get), mergeTags: dies(uploads.mergeTags) },
    };
    await pipe.receive(request, dying).catch((error: Error) => assert.equal(error.message, 'killed'));
    done = calls < at;
    // The queue tells again what was not acknowledged; the sweep brings back what lies open.
    await pipe.receive(request);
    pipe.later(600);
    await pipe.sweep();
    for (const again of pipe.queues.received.messages.splice(0)) await pipe.receive(again);
    const record = await pipe.record(event);
    assert.equal(record?.state, 'rejected', `killed at call ${at}`);
    assert.deepEqual(record?.replays, [request.time], `killed at call ${at}`);
    assert.equal(pipe.tags(event)['fairlead-outcome'], 'rejected', `killed at call ${at}`);
    assert.equal(pipe.open(), 0, `killed at call ${at}`);
  }
});

test('taken again while the delivery that rejected it still tidies up, an upload stays on the list', async (context) => {
  const pipe = await begin(context, {
    target: { judgeAgainSeconds: 0 },
    judge: () =>
      good ? ACCEPTED : { schema: 1, kind: 'rejected', reasons: [reason('template-failed', {})] },
  });
  let good = false;
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  const remove: Pipeline['table']['remove'] = async (key, version) => {
    // The record says so already, and somebody has read it.
    if (key.pk.startsWith('waiting#') && !good) {
      good = true;
      assert.equal(await pipe.receive(pipe.replayOf(event)), 'checked');
    }
    return pipe.table.remove(key, version);
  };
  await pipe.deliver({ ...pipe.parts, table: { ...pipe.table, remove } });
  // A call asks the judge once.
  if ((await stateOf(pipe, event)) === 'rejected') await pipe.receive(pipe.replayOf(event));
  await pipe.deliver();
  assert.equal(await stateOf(pipe, event), 'delivered');
  assert.equal(pipe.open(), 0);
});

test('versions that nobody ever heard of keep their order among themselves and among the others of their key', async (context) => {
  const pipe = await begin(context);
  const key = 'staging/shop/web/values.yaml';
  const heard = pipe.put(key, 'a: 1\n');
  const unheard = [pipe.put(key, 'a: 2\n'), pipe.put(key, 'a: 3\n'), pipe.put(key, 'a: 4\n')];
  // S3 keeps whole seconds: all of them in one.
  const lastModified = new Date(Math.floor(Date.parse(heard.time) / 1000) * 1000);
  const uploads: Pipeline['uploads'] = {
    ...pipe.uploads,
    async *versions(prefix) {
      for await (const version of pipe.uploads.versions(prefix)) yield { ...version, lastModified };
    },
  };
  const parts = { ...pipe.parts, uploads };
  const { time } = heard;
  await pipe.receive({ ...heard, time: time.replace('.000Z', '.700Z') }, parts);
  await pipe.deliver(parts);
  for (const event of unheard.toReversed()) await pipe.receive(pipe.replayOf(event), parts);
  await pipe.deliver(parts);
  assert.deepEqual(await Promise.all([heard, ...unheard].map((event) => stateOf(pipe, event))), [
    'delivered',
    'superseded',
    'superseded',
    'delivered',
  ]);
  assert.equal(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), 'a: 4');
});

test('a request is a message of the queue, and what is neither is none', () => {
  const detail = { bucket: { name: 'charts' }, object: { key: 'a', 'version-id': 'v', sequencer: '0' } };
  const time = '2026-11-21T12:00:00.000Z';
  assert.ok(uploadMessage.safeParse({ 'detail-type': 'Replay Requested', time, detail }).success);
  assert.ok(uploadMessage.safeParse({ 'detail-type': 'Object Created', time, detail }).success);
  assert.ok(!uploadMessage.safeParse({ 'detail-type': 'Object Deleted', time, detail }).success);
  assert.ok(!uploadMessage.safeParse({ 'detail-type': 'Replay Requested', time: 'now', detail }).success);
});
