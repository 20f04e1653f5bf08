import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Channel } from '../../../lib/alerts/channels.ts';
import { untoldPart, withUntold } from '../../../lib/alerts/outbox.ts';
import { tellItem } from '../../../lib/alerts/publish.ts';
import { Silent } from '../../../lib/alerts/silent.ts';
import type { Table } from '../../../lib/aws/table.ts';
import { at, BEGIN, DAY, KEY, numbered, ofChannel, parts } from './one-outbox.ts';

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
