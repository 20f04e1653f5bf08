import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ObjectCreated, uploadMessage } from '../../../lib/messages/messages.ts';
import { chartPackage, type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext, ...options: Parameters<typeof pipeline>) {
  const pipe = await pipeline(...options);
  context.after(() => pipe.stop());
  return pipe;
}

const codesOf = async (pipe: Pipeline, event: Parameters<Pipeline['record']>[0]) => {
  const record = await pipe.record(event);
  return record?.state === 'rejected' ? record.reasons.map(({ code }) => code) : record?.state;
};

test('keys that fill no slot are rejected with the valid forms, in record, tags and alert', async (context) => {
  const pipe = await begin(context);
  const cases: readonly (readonly [string, string])[] = [
    ['nowhere/shop/web/values.yaml', 'key-unknown-target'],
    ['staging/shop/web/readme.md', 'key-malformed'],
    ['NOWHERE', 'key-malformed'],
    ['staging/kube-system/web/values.yaml', 'key-namespace'],
  ];
  for (const [key, code] of cases) {
    const event = pipe.put(key, 'a: 1\n');
    await pipe.receive(event);
    assert.deepEqual(await codesOf(pipe, event), [code], key);
    assert.equal(pipe.tags(event)['fairlead-reason'], code);
    // Those of one minute are told as one.
    pipe.later(61);
  }
  assert.deepEqual(
    pipe.alerts().map(({ kind, scope }) => [kind, scope]),
    cases.map(([key]) => ['rejected', key]),
  );
  assert.equal(pipe.open(), 0);
  assert.equal(pipe.queues.doorbell.messages.length, 0);
});

test('keys as long as S3 takes them end, and are on no list', async (context) => {
  const pipe = await begin(context);
  const events = ['a', 'b'].map((end) => pipe.put(`${'k'.repeat(1023)}${end}`, 'a: 1\n'));
  for (const event of events) await pipe.receive(event);
  for (const event of events) assert.deepEqual(await codesOf(pipe, event), ['key-malformed']);
  assert.equal(pipe.open(), 0);
});

test('a key that would forge a line of an alert is told on one line', async (context) => {
  const pipe = await begin(context);
  const event = pipe.put('staging/shop\nFORGED: all is well/\u202eweb', 'a: 1\n');
  await pipe.receive(event);
  assert.deepEqual(await codesOf(pipe, event), ['key-malformed']);
  const [alert] = pipe.alerts();
  assert.ok(alert !== undefined);
  assert.doesNotMatch(`${alert.scope}${alert.incident}`, /[\n\u202e]/);
  assert.match(alert.scope, /FORGED/);
});

test('nothing is delivered to a target that is only checked for drift', async (context) => {
  const pipe = await begin(context, { target: { driftOnly: true } });
  const event = pipe.put('staging/shop/web/values.yaml', 'a: 1\n');
  await pipe.receive(event);
  assert.deepEqual(await codesOf(pipe, event), ['target-drift-only']);
});

test('what cannot be opened is rejected with every reason; the content is never stored', async (context) => {
  const pipe = await begin(context);
  const cases: readonly (readonly [string, Buffer | string, RegExp])[] = [
    ['staging/shop/web/web-1.0.0.tgz', 'no package', /package-unreadable/],
    ['staging/shop/web/web-1.0.0.tgz', Buffer.alloc(11 * 1024 * 1024), /package-too-large/],
    ['staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '2.0.0'), /chart-disagrees-with-name/],
    ['staging/shop/web/values.yaml', 'a: [1\n', /yaml-invalid/],
    ['staging/shop/web/values.yaml', Buffer.alloc(11 * 1024 * 1024), /file-too-large/],
    ['staging/manifests/a.yaml', Buffer.alloc(11 * 1024 * 1024), /file-too-large/],
    ['staging/manifests/a.yaml', 'a: 1\n', /object-incomplete/],
  ];
  for (const [key, body, code] of cases) {
    const event = pipe.put(key, body);
    await pipe.receive(event);
    assert.match(String(await codesOf(pipe, event)), code, key);
  }
  assert.equal(pipe.open(), 0);
});

test('a version that has gone from the bucket is said to have gone', async (context) => {
  const pipe = await begin(context);
  const event = pipe.put('staging/shop/web/values.yaml', 'a: 1\n');
  const gone = { ...pipe.parts, uploads: { ...pipe.uploads, get: async () => undefined } };
  await pipe.receive(event, gone);
  assert.deepEqual(await codesOf(pipe, event), ['upload-gone']);
});

test('the sweep sends what nobody finished checking, rings for what waits, and asks for what is due', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  const failing = {
    ...pipe.parts,
    content: { ...pipe.parts.content, putOnce: () => Promise.reject(new Error()) },
  };
  await assert.rejects(pipe.receive(event, failing));
  assert.equal((await pipe.record(event))?.state, 'received');
  assert.equal((await pipe.sweep()).receivedAgain, 0);
  pipe.later(301);
  assert.equal((await pipe.sweep()).receivedAgain, 1);
  const [again] = pipe.queues.received.messages;
  assert.ok(again);
  await pipe.receive(again);
  assert.equal((await pipe.record(event))?.state, 'checked');
  pipe.later(61);
  assert.equal((await pipe.sweep()).bells, 1);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.deepEqual(await pipe.sweep(), { receivedAgain: 0, bells: 0, reads: 0, silent: 0, announced: 0 });

  const due = (sk: string, at: string) => ({ pk: 'due', sk, schema: 1, version: 1, at });
  await pipe.table.put(due('staging', pipe.parts.now().toISOString()), 'absent');
  await pipe.table.put(due('later', '2099-01-01T00:00:00.000Z'), 'absent');
  pipe.queues.reads.messages.length = 0;
  assert.equal((await pipe.sweep()).reads, 1);
  assert.deepEqual(pipe.queues.reads.messages, [{ schema: 1, target: 'staging', because: 'due' }]);
  assert.equal((await pipe.sweep()).reads, 0);
});

test('a version whose event was lost is found by comparing the bucket with the record', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  const [version] = await Array.fromAsync(pipe.uploads.versions());
  assert.ok(version);
  const hourLater = { ...pipe.parts, now: () => new Date(version.lastModified.getTime() + 3_600_000) };
  const { sweep } = await import('../../../lib/uploads/sweep.ts');
  const parts = { ...hourLater, received: pipe.queues.received };
  assert.equal((await sweep({ schema: 1, sweep: 'hours' }, parts)).receivedAgain, 1);
  const [found] = pipe.queues.received.messages.splice(0);
  assert.ok(found);
  await pipe.receive(found);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal((await sweep({ schema: 1, sweep: 'hours' }, parts)).receivedAgain, 0);
});

test('told twice with different times, a version leaves nothing open that comes round for ever', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  const { table } = pipe.parts;
  let writes = 0;
  const killed: typeof table = {
    ...table,
    put: async (item, expected) => {
      writes += 1;
      if (writes > 1) throw new Error('killed');
      return table.put(item, expected);
    },
  };
  await assert.rejects(pipe.receive(event, { ...pipe.parts, table: killed }), /killed/);
  // As comparing the bucket tells it.
  const object = { ...event.detail.object, sequencer: '0' };
  const time = new Date(Date.parse(event.time) - 400).toISOString();
  await pipe.receive({ ...event, time, detail: { ...event.detail, object } });
  await pipe.deliver();
  pipe.later(600);
  assert.equal((await pipe.sweep()).receivedAgain, 1);
  for (const again of pipe.queues.received.messages.splice(0)) await pipe.receive(again);
  assert.equal((await pipe.sweep()).receivedAgain, 0);
  assert.equal(pipe.open(), 0);
});

test('an alert that nobody told for a minute is announced again, without being changed', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(pipe.put('nowhere/shop/web/values.yaml', 'a: 1\n'));
  assert.equal((await pipe.sweep()).announced, 0);
  pipe.later(61);
  const before = pipe.alerts();
  assert.equal((await pipe.sweep()).announced, 1);
  assert.deepEqual(pipe.alerts(), before);
});

test('what S3 does not tell is dropped: of another bucket, of next year, without a time or an order', async (context) => {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  const event = await pipe.chart('1.0.0');
  const { detail } = event;
  const strange: ObjectCreated[] = [
    { ...event, detail: { ...detail, bucket: { name: 'another' } } },
    { ...event, time: '2027-11-21T12:00:00Z' },
  ];
  for (const message of strange) {
    assert.equal(await pipe.receive(message), 'dropped');
    assert.equal(pipe.table.items.size, 0);
  }
  const replay = pipe.replayOf({ ...event, detail: { ...detail, bucket: { name: 'another' } } });
  assert.equal(await pipe.receive(replay), 'dropped');
  assert.equal(await pipe.receive(event), 'checked');

  for (const malformed of [
    { ...event, time: 'soon' },
    { ...event, detail: { ...detail, object: { ...detail.object, sequencer: 'zzz' } } },
    { ...event, detail: { ...detail, object: { ...detail.object, sequencer: 'f'.repeat(33) } } },
  ])
    assert.equal(uploadMessage.safeParse(malformed).success, false);
});

test('a version that the bucket never gives out ends at once; one that it refuses today, after a day', async (context) => {
  const pipe = await begin(context);
  const refusing = (name: string) => ({
    ...pipe.parts,
    uploads: { ...pipe.uploads, get: () => Promise.reject(Object.assign(new Error(name), { name })) },
  });
  const archived = pipe.put('staging/shop/web/values.yaml', 'a: 1\n');
  assert.equal(await pipe.receive(archived, refusing('InvalidObjectState')), 'rejected');
  assert.equal(pipe.tags(archived)['fairlead-reason'], 'upload-unreadable');
  const denied = pipe.put('staging/shop/web/values.yaml', 'a: 2\n');
  await assert.rejects(pipe.receive(denied, refusing('AccessDenied')), /AccessDenied/);
  assert.equal((await pipe.record(denied))?.state, 'received');
  pipe.later(24 * 3600);
  assert.equal(await pipe.receive(denied, refusing('AccessDenied')), 'rejected');
  assert.equal(pipe.open(), 0);
});

test('an upload that kills whoever opens it is tried once more after a day, and then has failed', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  const killed = {
    ...pipe.parts,
    content: { ...pipe.parts.content, putOnce: () => Promise.reject(new Error('killed')) },
  };
  const tryIt = () => pipe.receive(event, killed).catch((error: Error) => error.message);

  for (let hour = 0; hour < 24; hour++) {
    assert.equal(await tryIt(), 'killed');
    pipe.later(3600);
  }
  assert.equal(await tryIt(), 'killed', 'a last time');
  assert.equal(await tryIt(), 'killed', 'told twice, the last time is still the last time');
  assert.equal((await pipe.record(event))?.state, 'received');

  pipe.later(5 * 60);
  assert.equal(await tryIt(), 'failed');
  const record = await pipe.record(event);
  assert.deepEqual(record?.state === 'failed' && record.reasons.map(({ code }) => code), ['not-checked']);
  assert.equal(pipe.tags(event)['fairlead-outcome'], 'failed');
  assert.deepEqual(
    pipe.alerts().map(({ kind, target }) => [kind, target]),
    [['failed', 'staging']],
  );
  assert.equal(pipe.open(), 0);

  pipe.later(60);
  assert.equal(await pipe.receive(pipe.replayOf(event)), 'checked', 'mended, it is taken again');
});

test('an upload that could not be checked for a day of outage is checked when that is over', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  const away = {
    ...pipe.parts,
    content: { ...pipe.parts.content, putOnce: () => Promise.reject(new Error('away')) },
  };
  await assert.rejects(pipe.receive(event, away), /away/);
  pipe.later(30 * 3600);
  assert.equal(await pipe.receive(event), 'checked');
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.deepEqual(pipe.alerts(), []);
});
