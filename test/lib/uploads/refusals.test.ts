import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { untoldOf, withOutbox } from '../../../lib/alerts/outbox.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import { tellRefusals } from '../../../lib/uploads/record/refusals.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext): Promise<Pipeline> {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

/** Refuses so many, each in its own second. @returns their keys */
async function refuse(pipe: Pipeline, from: number, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let at = from; at < from + count; at++) {
    const event = pipe.put(`staging/shop/web/web-${at}.0.0.tgz`, 'no package');
    await pipe.receive(event);
    assert.equal((await pipe.record(event))?.state, 'rejected');
    keys.push(event.detail.object.key);
  }
  return keys;
}

/** The keys that an alert names. */
const named = (alert: Alert): readonly string[] => {
  assert.ok(alert.kind === 'rejected');
  return [alert.upload, ...(alert.also ?? []).map(({ upload }) => upload)].map(
    (upload) => /^s3:\/\/charts\/(.*)\?/.exec(upload)?.[1] ?? upload,
  );
};
const inOrder = (pipe: Pipeline) => pipe.alerts().toSorted((a, b) => (a.at < b.at ? -1 : 1));

test('the first refusal of a minute is told at once, and the others of it as one', async (context) => {
  const pipe = await begin(context);
  const keys = await refuse(pipe, 1, 8);
  assert.deepEqual(pipe.alerts().map(named), [keys.slice(0, 1)]);
  pipe.later(60);
  await pipe.sweep();
  const [first, others, ...more] = inOrder(pipe);
  assert.ok(first && others);
  assert.deepEqual([named(first), named(others), more], [keys.slice(0, 1), keys.slice(1), []]);
  assert.notEqual(first.incident, others.incident);
  await pipe.sweep();
  assert.equal(pipe.alerts().length, 2, 'the next sweep has nothing to tell');
  pipe.later(61);
  await refuse(pipe, 20, 1);
  assert.equal(pipe.alerts().length, 3, 'later ones are told at once again');
});

test('refusals that go on are one alert a minute, none told later than the next sweep', async (context) => {
  const pipe = await begin(context);
  const keys: string[] = [];
  for (let minute = 0; minute < 4; minute++) {
    keys.push(...(await refuse(pipe, minute * 10 + 1, 5)));
    pipe.later(50);
    await pipe.sweep();
  }
  const alerts = inOrder(pipe);
  assert.equal(alerts.length, 5);
  assert.deepEqual(alerts.flatMap(named).toSorted(), keys.toSorted());
});

test('of more than an alert holds the others are counted', async (context) => {
  const pipe = await begin(context);
  await refuse(pipe, 1, 60);
  await pipe.sweep();
  const many = inOrder(pipe).at(-1);
  assert.ok(many?.kind === 'rejected');
  assert.equal(named(many).length, 50);
  assert.equal(many.more, 9);
});

test('who dies between any two writes of a sweep loses no refusal and tells none twice', async (context) => {
  for (let deadAfter = 0; deadAfter < 6; deadAfter++) {
    const pipe = await begin(context);
    const keys = await refuse(pipe, 1, 5);
    let writes = 0;
    const dying: Table = {
      ...pipe.table,
      async put(item, expected) {
        if (writes++ === deadAfter) throw new Error('killed');
        return await pipe.table.put(item, expected);
      },
    };
    pipe.later(60);
    const now = () => new Date('2026-11-21T13:00:00Z');
    await tellRefusals(dying, now()).catch(() => 0);
    await tellRefusals(pipe.table, now());
    assert.deepEqual(pipe.alerts().flatMap(named).toSorted(), keys.toSorted(), `after ${deadAfter} writes`);
    assert.deepEqual(
      [...pipe.table.items.values()].filter(({ held }) => held !== undefined),
      [],
    );
  }
});

test('two sweeps that meet tell once', async (context) => {
  const pipe = await begin(context);
  const keys = await refuse(pipe, 1, 5);
  const now = new Date('2026-11-21T13:00:00Z');
  await Promise.all([tellRefusals(pipe.table, now), tellRefusals(pipe.table, now)]);
  assert.deepEqual(pipe.alerts().flatMap(named).toSorted(), keys.toSorted());
});

test('what is held back outlives a replay, and the telling of what its record has to tell itself', async (context) => {
  const pipe = await begin(context);
  await refuse(pipe, 1, 1);
  const event = pipe.put('staging/shop/web/web-2.0.0.tgz', 'no package');
  await pipe.receive(event);
  pipe.later(61);
  // Taken again before it was told, and refused again: this time it is the first of its minute.
  await pipe.receive(pipe.replayOf(event));
  const item = [...pipe.table.items.values()].find(({ pk, held }) => pk.startsWith('upload#') && held);
  assert.ok(item);
  assert.equal(untoldOf(item).length, 1);
  const nothing = { alerts: [], told: new Map(), failing: new Map(), namespaces: new Map() };
  const told: Item = { ...withOutbox(item, nothing), version: item.version + 1 };
  assert.equal(await pipe.table.put(told, item.version), 'written');
  assert.equal(await tellRefusals(pipe.table, new Date('2026-11-21T13:00:00Z')), 1);
});
