import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Alert } from '../../../lib/alerts/alert.ts';
import type { Channel } from '../../../lib/alerts/channels.ts';
import { nameOf, outboxOf, untoldOf, untoldPart, withUntold } from '../../../lib/alerts/outbox.ts';
import { type Round, tellItem } from '../../../lib/alerts/publish.ts';
import { Silent } from '../../../lib/alerts/silent.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import { EXAMPLES } from './examples.ts';

const KEY = { pk: 'incident#staging', sk: 'shop/web#drift' };
const DAY = 24 * 60 * 60_000;
const BEGIN = Date.parse('2026-11-21T13:00:00.000Z');

/** A table of one item, channels that remember what they were given, and a clock that is set by hand. */
function parts(alerts: readonly Alert[], names: readonly string[] = ['email', 'pager', 'webhook/a']) {
  let item: Item = withUntold({ ...KEY, schema: 1, version: 1, state: 'kept' }, alerts, at(BEGIN));
  const told: string[] = [];
  const failing = new Map<string, Error>();
  const clock = { now: BEGIN };
  const table: Table = {
    get: async () => item,
    async put(next, expected) {
      if (expected !== item.version) return 'conflict';
      item = next;
      return 'written';
    },
    remove: async () => 'removed',
    async *query() {},
    async *untold() {},
  };
  const channels = names.map(
    (name): Channel => ({
      name,
      whose: name.startsWith('webhook/') ? 'theirs' : 'ours',
      patience: { first: 30_000, longest: 3_600_000, givenUpAfter: DAY },
      takes: () => true,
      async tell(alert) {
        const failure = failing.get(name);
        if (failure !== undefined) throw failure;
        told.push(`${name} ${alert.sequence}`);
      },
    }),
  );
  let rounds = 0;
  const round = (more: Partial<Round> = {}): Round => ({
    id: String(++rounds),
    now: () => new Date(clock.now),
    endsAt: Number.POSITIVE_INFINITY,
    silent: new Set(),
    ...more,
  });
  return {
    table,
    channels,
    told,
    failing,
    clock,
    round,
    tell: (more: Partial<Round> = {}) => tellItem(table, KEY, channels, round(more)),
    current: () => item,
    change: (next: Item) => {
      item = next;
    },
  };
}

const at = (time: number): string => new Date(time).toISOString();
const numbered = (count: number, from = 1): Alert[] =>
  Array.from(
    { length: count },
    (_, index) => ({ ...EXAMPLES['drift-changed'], sequence: from + index, at: at(BEGIN) }) as Alert,
  );
const ofChannel = (told: readonly string[], name: string): number[] =>
  told.flatMap((line) => (line.startsWith(`${name} `) ? [Number(line.slice(name.length + 1))] : []));

describe('telling what an item has not told', () => {
  test('each channel has each alert once, and the item is as it was before', async () => {
    const { tell, told, current } = parts(numbered(2));
    const { failures } = await tell();
    assert.deepEqual(told, ['email 1', 'email 2', 'pager 1', 'pager 2', 'webhook/a 1', 'webhook/a 2']);
    assert.deepEqual(failures, []);
    const { version: _, ...left } = current();
    assert.deepEqual(left, { ...KEY, schema: 1, state: 'kept' });
    assert.deepEqual((await tell()).told, []);
    assert.equal(told.length, 6);
  });

  test('a channel that fails holds back its own later alerts, and no other channel’s', async () => {
    const { tell, told, failing, clock, current } = parts(numbered(3));
    failing.set('email', new Error('throttled'));
    const { failures } = await tell();
    assert.deepEqual(
      failures.map(({ channel, whose, alert }) => [channel, whose, alert.sequence]),
      [['email', 'ours', 1]],
    );
    assert.deepEqual(ofChannel(told, 'pager'), [1, 2, 3]);
    assert.deepEqual(ofChannel(told, 'webhook/a'), [1, 2, 3]);
    failing.clear();
    await tell();
    assert.deepEqual(ofChannel(told, 'email'), [], 'it is not asked again before its time');
    clock.now += 30_001;
    await tell();
    assert.deepEqual(ofChannel(told, 'email'), [1, 2, 3]);
    assert.deepEqual(ofChannel(told, 'pager'), [1, 2, 3], 'and nobody hears twice');
    assert.equal(current().telling, undefined);
  });

  test('what failed is not asked again in the same call, however long that takes', async () => {
    const { tell, channels, clock } = parts(numbered(1));
    const [email, pager] = channels;
    assert.ok(email && pager);
    let tries = 0;
    Object.assign(email, {
      tell: async () => {
        tries += 1;
        throw new Error('throttled');
      },
    });
    Object.assign(pager, {
      tell: async () => {
        clock.now += 120_000;
      },
    });
    await tell({ endsAt: BEGIN + DAY });
    assert.equal(tries, 1);
  });

  test('an item that takes the place of another keeps what was told to whom', async () => {
    const { tell, told, failing, clock, current, change } = parts(numbered(1));
    failing.set('email', new Error('throttled'));
    await tell();
    failing.clear();
    const { version } = current();
    change({ ...KEY, schema: 1, version: version + 1, state: 'another', ...untoldPart(current()) });
    clock.now += 60_000;
    await tell();
    assert.deepEqual(told, ['pager 1', 'webhook/a 1', 'email 1']);
    assert.equal(current().state, 'another');
  });

  test('while a channel waits, who looks for what was forgotten waits as long; what is new is told at once', async () => {
    const { tell, told, failing, clock, current, change } = parts(numbered(1));
    failing.set('webhook/a', new Error('500'));
    for (const seconds of [30, 60, 120]) {
      await tell();
      assert.equal(current().untoldAt, at(clock.now + seconds * 1000));
      clock.now += seconds * 1000;
    }
    await tell();
    const now = current();
    change({ ...withUntold(now, numbered(1, 2), at(clock.now)), version: now.version + 1 });
    assert.equal(current().untoldAt, at(clock.now));
    await tell();
    assert.deepEqual(ofChannel(told, 'email'), [1, 2]);
  });

  test('what is added while it speaks is told after it', async () => {
    const { tell, told, channels, current, change } = parts(numbered(1));
    const [email] = channels;
    assert.ok(email);
    const before = email.tell;
    let isFirst = true;
    Object.assign(email, {
      tell: async (...given: Parameters<Channel['tell']>) => {
        const now = current();
        if (isFirst) change({ ...withUntold(now, numbered(1, 2), 'later'), version: now.version + 1 });
        isFirst = false;
        await before(...given);
      },
    });
    await tell();
    assert.deepEqual(ofChannel(told, 'email'), [1, 2]);
    assert.deepEqual(ofChannel(told, 'pager'), [1, 2]);
    assert.equal(current().untold, undefined);
  });

  test('two calls that meet: one tells, and the other leaves it to that one', async () => {
    const { tell, told } = parts(numbered(3));
    const answers = await Promise.all([tell(), tell(), tell()]);
    assert.equal(told.length, 9);
    assert.equal(new Set(told).size, 9);
    assert.equal(answers.filter((answer) => answer.told.length > 0).length, 1);
  });

  test('who died while telling is followed when its time is over', async () => {
    const { tell, told, clock, channels } = parts(numbered(1));
    const [email] = channels;
    assert.ok(email);
    const before = email.tell;
    Object.assign(email, { tell: () => new Promise(() => {}) });
    void tell();
    await turn();
    Object.assign(email, { tell: before });
    clock.now += 44_000;
    assert.deepEqual((await tell()).told, []);
    clock.now += 2_000;
    await tell();
    assert.deepEqual(told, ['email 1', 'pager 1', 'webhook/a 1']);
  });

  test('a crash between telling and marking repeats that one telling, with the same key and sequence', async () => {
    const { table, channels, round, tell, told, clock } = parts(numbered(2));
    let writes = 0;
    const crashing: Table = {
      ...table,
      async put(next, expected) {
        writes += 1;
        if (writes > 2) throw new Error('the function ended');
        return await table.put(next, expected);
      },
    };
    await assert.rejects(tellItem(crashing, KEY, channels, round()), /the function ended/);
    clock.now += 60_000;
    await tell();
    assert.deepEqual(ofChannel(told, 'email'), [1, 2, 2]);
    assert.deepEqual(ofChannel(told, 'pager'), [1, 2]);
  });

  test('one that did not answer in time is not asked again in the round, for no item', async () => {
    const one = parts(numbered(1));
    const other = parts(numbered(1));
    one.failing.set('webhook/a', new Silent('a.example did not answer within 5 seconds'));
    const silent = new Set<string>();
    await one.tell({ silent });
    const { failures } = await other.tell({ silent });
    assert.deepEqual(ofChannel(other.told, 'webhook/a'), []);
    assert.match(String(failures[0]?.error), /did not answer just before/);
    other.clock.now += 60_000;
    await other.tell();
    assert.deepEqual(ofChannel(other.told, 'webhook/a'), [1]);
  });

  test('nothing begins after the end of the round, and the next one goes on', async () => {
    const { tell, told, channels, clock } = parts(numbered(3));
    const [email] = channels;
    assert.ok(email);
    const before = email.tell;
    Object.assign(email, {
      tell: async (...given: Parameters<Channel['tell']>) => {
        clock.now += 20_000;
        await before(...given);
      },
    });
    await tell({ endsAt: BEGIN + 30_000 });
    assert.deepEqual(told, ['email 1', 'email 2']);
    await tell();
    assert.equal(new Set(told).size, 9);
    assert.equal(told.length, 9);
  });

  test('an item that has gone meanwhile is nothing to tell; so is one whose audience has gone', async () => {
    const { table, channels, round, tell, failing, current, clock } = parts(numbered(1));
    assert.deepEqual(await tellItem({ ...table, get: async () => undefined }, KEY, channels, round()), {
      told: [],
      failures: [],
    });
    failing.set('webhook/a', new Error('500'));
    await tell();
    clock.now += 60_000;
    await tellItem(
      table,
      KEY,
      channels.filter(({ name }) => name !== 'webhook/a'),
      round(),
    );
    assert.equal(current().untold, undefined);
    assert.equal(current().telling, undefined);
  });
});

describe('a channel that fails for a day', () => {
  test('is told no more of what is a day old, and goes on with what is newer when it works again', async () => {
    const { tell, told, failing, clock, current, change } = parts(numbered(2));
    failing.set('webhook/a', new Error('500'));
    const givenUp: number[] = [];
    let tries = 0;
    while (givenUp.length === 0 && tries < 200) {
      tries += 1;
      const { failures } = await tell();
      givenUp.push(...failures.flatMap((failure) => failure.givenUp.map(({ sequence }) => sequence)));
      clock.now = Math.max(clock.now, Date.parse(String(current().untoldAt ?? '')) || clock.now) + 1;
    }
    assert.deepEqual(givenUp, [1, 2]);
    assert.ok(clock.now >= BEGIN + DAY && clock.now < BEGIN + DAY + 2 * 3_600_000, at(clock.now));
    assert.ok(tries > 20 && tries < 40, `${tries} tries in a day`);
    assert.equal(current().untold, undefined);
    assert.deepEqual(ofChannel(told, 'email'), [1, 2]);

    failing.clear();
    const now = current();
    change({ ...withUntold(now, numbered(1, 3), at(clock.now)), version: now.version + 1 });
    await tell();
    assert.deepEqual(ofChannel(told, 'webhook/a'), [3]);
  });

  test('an alert that nobody could tell for a day is tried, before anybody gives it up', async () => {
    const { tell, failing, clock, current } = parts(numbered(1));
    clock.now += 3 * DAY;
    failing.set('webhook/a', new Error('500'));
    const { failures } = await tell();
    assert.deepEqual(failures[0]?.givenUp, []);
    assert.equal(untoldOf(current()).length, 1);
  });
});

describe('however it fails, dies and meets itself', () => {
  const step = fc.record({
    do: fc.constantFrom('tell', 'tell twice', 'die', 'add', 'wait', 'wait'),
    /** Of a call that dies: its how many-eth write does not come. */
    at: fc.nat({ max: 12 }),
    failing: fc.subarray(['email', 'pager', 'webhook/a']),
    seconds: fc.nat({ max: 200 }),
  });

  test('each channel hears each alert, in order, and again at most once a death', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { table, channels, round, tell, told, failing, clock, current, change } = parts(numbered(2));
        let count = 2;
        let deaths = 0;
        for (const one of steps) {
          failing.clear();
          for (const name of one.failing) failing.set(name, new Error('down'));
          switch (one.do) {
            case 'tell':
              await tell();
              break;
            case 'tell twice':
              await Promise.all([tell(), tell()]);
              break;
            case 'die': {
              let writes = 0;
              const dying: Table = {
                ...table,
                put: async (next, expected) => {
                  writes += 1;
                  if (writes > one.at) throw new Error('died');
                  return await table.put(next, expected);
                },
              };
              await tellItem(dying, KEY, channels, round()).catch(() => {
                deaths += 1;
              });
              break;
            }
            case 'add': {
              const now = current();
              count += 1;
              change({ ...withUntold(now, numbered(1, count), at(clock.now)), version: now.version + 1 });
              break;
            }
            case 'wait':
              clock.now += one.seconds * 1000;
              break;
          }
        }
        failing.clear();
        for (let rest = 0; rest < 3; rest++) {
          clock.now += 3_600_001;
          await tell();
        }
        assert.deepEqual(untoldOf(current()), []);
        assert.equal(current().telling, undefined);
        const wanted = Array.from({ length: count }, (_, index) => index + 1);
        let repeated = 0;
        for (const { name } of channels) {
          const heard = ofChannel(told, name);
          assert.deepEqual([...new Set(heard)], wanted, name);
          assert.deepEqual(
            heard,
            heard.toSorted((a, b) => a - b),
            `${name} in order`,
          );
          repeated += heard.length - wanted.length;
        }
        assert.ok(repeated <= deaths, `${repeated} repeated, ${deaths} deaths`);
      }),
      { numRuns: 500 },
    );
  });
});

describe('who heard of an incident by a namespace', () => {
  test('hears of its end, which names none; and nothing is kept of it afterwards', async () => {
    const opened = { ...EXAMPLES['drift-manifests'], sequence: 1 } as Alert;
    const closed = {
      ...EXAMPLES.converged,
      scope: opened.scope,
      incident: opened.incident,
      sequence: 2,
    } as Alert;
    const { tell, channels, current, change } = parts([opened], ['email']);
    const heard: string[][] = [];
    const [email] = channels;
    assert.ok(email);
    Object.assign(email, {
      tell: async (_alert: Alert, { namespaces }: { namespaces: string[] }) => {
        heard.push(namespaces);
      },
    });
    await tell();
    assert.equal(current().untold, undefined);
    assert.ok((heard[0]?.length ?? 0) > 0, nameOf(opened));
    assert.deepEqual([...outboxOf(current()).namespaces.keys()], [opened.incident]);
    const now = current();
    change({ ...withUntold(now, [closed], 'later'), version: now.version + 1 });
    await tell();
    assert.deepEqual(heard[1], heard[0]);
    assert.equal(current().telling, undefined);
  });
});
