import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { reason } from '../../../lib/charts/reasons.ts';
import { ACCEPTED, type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext, ...options: Parameters<typeof pipeline>) {
  const pipe = await pipeline(...options);
  context.after(() => pipe.stop());
  return pipe;
}

const stateOf = async (pipe: Pipeline, event: Parameters<Pipeline['record']>[0]) =>
  (await pipe.record(event))?.state;
const told = (pipe: Pipeline) => pipe.alerts().map(({ kind, severity }) => `${kind} ${severity}`);

/** As the schedule and the queue do it, once. */
async function minute(pipe: Pipeline, parts = pipe.parts) {
  pipe.later(60);
  await pipe.sweep();
  if (pipe.queues.doorbell.messages.splice(0).length > 0) await pipe.deliver(parts);
}

test('a host that is down for two hours is told twice, loses nothing, keeps the order and drains by itself', async (context) => {
  const pipe = await begin(context);
  const down = pipe.withoutHost();
  const events = [];
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    for (const release of ['web', `web-${version.replaceAll('.', '-')}`]) {
      const event = await pipe.chart(version, {}, release);
      events.push(event);
      await pipe.receive(event);
    }
    await minute(pipe, down);
    pipe.later(40 * 60);
  }
  await minute(pipe, down);
  assert.deepEqual(told(pipe), ['blocked warning', 'blocked critical']);
  for (const event of events) assert.equal(await stateOf(pipe, event), 'checked');
  await minute(pipe);
  assert.deepEqual(told(pipe), ['blocked warning', 'blocked critical', 'unblocked info']);
  const [first, , last] = pipe.alerts();
  assert.equal(first?.incident, last?.incident);
  assert.deepEqual(last?.told, ['warning', 'critical']);
  const states = await Promise.all(events.map((event) => stateOf(pipe, event)));
  // The newest of the slot that all three filled, and every other one.
  assert.deepEqual(states, ['superseded', 'delivered', 'superseded', 'delivered', 'delivered', 'delivered']);
  assert.equal(pipe.open(), 0);
  // It is over: a new outage is a new incident.
  await pipe.receive(await pipe.chart('1.3.0'));
  await minute(pipe, down);
  assert.equal(told(pipe).at(-1), 'blocked warning');
  assert.notEqual(pipe.alerts().at(-1)?.incident, first?.incident);
});

test('a host that is down for more than a day: many failed are one alert, with what takes them again', async (context) => {
  const pipe = await begin(context);
  const down = pipe.withoutHost();
  const events = [];
  for (let at = 0; at < 14; at++) {
    const event = pipe.put(`staging/shop/web-${at}/values.yaml`, `at: ${at}\n`);
    events.push(event);
    await pipe.receive(event);
    pipe.later(60);
  }
  await pipe.deliver(down);
  const late = pipe.put('staging/shop/late/values.yaml', 'at: last\n');
  pipe.later(24 * 3600);
  await pipe.receive(late);
  await pipe.deliver(down);
  assert.equal(await stateOf(pipe, events[0] as never), 'checked', 'the first waits for the others');
  pipe.later(3600);
  await pipe.deliver(down);
  for (const event of events) {
    assert.equal(await stateOf(pipe, event), 'failed');
    assert.equal(pipe.tags(event)['fairlead-reason'], 'repository-blocked');
  }
  assert.equal(await stateOf(pipe, late), 'checked');
  assert.deepEqual(told(pipe).sort(), ['blocked critical', 'blocked warning', 'failed critical']);
  const alert = pipe.alerts().find(({ kind }) => kind === 'failed');
  assert.ok(alert?.kind === 'failed');
  assert.equal(alert.uploads.length + (alert.more ?? 0), 14);
  assert.equal(alert.prefix, 'staging/shop/');
  assert.equal(alert.reasons.length, 1);
  await minute(pipe);
  assert.equal(await stateOf(pipe, late), 'delivered');
  for (const event of events) await pipe.receive(pipe.replayOf(event));
  await pipe.deliver();
  for (const event of events) assert.equal(await stateOf(pipe, event), 'delivered');
  assert.equal(pipe.open(), 0);
});

test('people hear that it works again, also where all that waited has failed', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(await pipe.chart('1.0.0'));
  await pipe.deliver(pipe.withoutHost());
  pipe.later(25 * 3600);
  await pipe.deliver(pipe.withoutHost());
  assert.equal(pipe.open(), 0);
  await minute(pipe, pipe.withoutHost());
  assert.ok(!told(pipe).includes('unblocked info'));
  await minute(pipe);
  assert.ok(told(pipe).includes('unblocked info'));
  await pipe.sweep();
  assert.equal(pipe.queues.doorbell.messages.length, 0);
});

test('killed between telling of a failure and writing it, nothing fails unheard', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  pipe.later(25 * 3600);
  const down = pipe.withoutHost();
  const { table } = down;
  const put: typeof table.put = async (item, expected) => {
    if (item.state === 'failed') throw new Error('killed');
    return table.put(item, expected);
  };
  await assert.rejects(pipe.deliver({ ...down, table: { ...table, put } }), /killed/);
  assert.equal(await stateOf(pipe, event), 'checked');
  assert.ok(told(pipe).includes('failed critical'));
  await pipe.deliver(down);
  assert.equal(await stateOf(pipe, event), 'failed');
});

test('of many in one push the one that the repository refuses fails alone, with few pushes, the others in order', async (context) => {
  const pipe = await begin(context);
  pipe.git.hook(`echo x >> ${pipe.git.folder}/pushes
while read old new ref; do
  if git ls-tree -r --name-only $new | grep -q forbidden; then echo "forbidden is not wanted here" >&2; exit 1; fi
done`);
  const events = [];
  for (let at = 0; at < 40; at++) {
    const name = at === 27 ? 'forbidden' : `settings-${at}`;
    const event = pipe.put(
      `staging/manifests/${name}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: shop\n`,
    );
    events.push(event);
    await pipe.receive(event);
  }
  await pipe.deliver();
  const states = await Promise.all(events.map((event) => stateOf(pipe, event)));
  assert.deepEqual(
    states.map((state, at) => (state === 'delivered' ? undefined : `${at} ${state}`)).filter(Boolean),
    ['27 rejected'],
  );
  const pushes = readFileSync(`${pipe.git.folder}/pushes`, 'utf8').length / 2;
  assert.ok(pushes <= 12, `${pushes} pushes`);
  const order = pipe.git.log().toReversed().slice(1);
  assert.deepEqual(
    order,
    [...events.keys()].filter((at) => at !== 27).map((at) => `Deliver manifests: settings-${at}.yaml`),
  );
  assert.deepEqual(told(pipe), ['rejected warning']);
});

test('a chart and values that belong together are pushed together also while a culprit is looked for', async (context) => {
  const pipe = await begin(context, {
    target: { judgeAgainSeconds: 0 },
    // The chart needs the values that came with it.
    judge: (request) =>
      request.subject.kind === 'release' &&
      request.subject.release === 'pair' &&
      pairs.add(request.subject.values[0] ?? '').size > 1
        ? { schema: 1, kind: 'rejected', reasons: [reason('template-failed', {})] }
        : ACCEPTED,
  });
  const pairs = new Set<unknown>();
  pipe.git.hook(`while read old new ref; do
  if git ls-tree -r --name-only $new | grep -q forbidden; then echo "forbidden is not wanted here" >&2; exit 1; fi
done`);
  const bad = await pipe.chart('1.0.0', { 'forbidden.txt': 'x' }, 'bad');
  const pair = [await pipe.chart('1.0.0', {}, 'pair'), pipe.put('staging/shop/pair/values.yaml', 'a: 1\n')];
  const both = [
    pipe.put('staging/shop/both/values.yaml', 'a: 1\n'),
    await pipe.chart('1.0.0', { 'forbidden.txt': 'x' }, 'both'),
  ];
  for (const event of [bad, ...pair, ...both]) await pipe.receive(event);
  await pipe.deliver();
  const states = await Promise.all([bad, ...pair, ...both].map((event) => stateOf(pipe, event)));
  assert.deepEqual(states, ['rejected', 'delivered', 'delivered', 'delivered', 'rejected']);
});

test('a crowd of slow uploads does not use up a call before anything is pushed', async (context) => {
  const pipe = await begin(context, {
    judge: () => {
      pipe.later(20);
      return { schema: 1, kind: 'rejected', reasons: [reason('upload-gone', {})] };
    },
  });
  for (let at = 0; at < 30; at++) await pipe.receive(await pipe.chart('1.0.0', {}, `slow-${at}`));
  const good = pipe.put('staging/shop/web/values.yaml', 'a: 1\n');
  await pipe.receive(good);
  await pipe.deliver();
  const begun = pipe.parts.now().getTime();
  let ended = 0;
  for (const item of pipe.table.items.values()) if (item.state === 'rejected') ended += 1;
  assert.ok(ended > 0 && ended < 30, `${ended} ended`);
  // The call has ended in time, and has asked for another.
  assert.ok(pipe.queues.doorbell.messages.length > 0);
  for (let call = 0; call < 10; call++) await pipe.deliver();
  assert.equal(await stateOf(pipe, good), 'delivered');
  assert.ok(pipe.parts.now().getTime() > begun);
});
