import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { nameOf, outboxOf, untoldOf, withUntold } from '../../../lib/alerts/outbox.ts';
import { tellItem } from '../../../lib/alerts/publish.ts';
import type { Table } from '../../../lib/aws/table.ts';
import { EXAMPLES } from './examples.ts';
import { at, BEGIN, DAY, KEY, numbered, ofChannel, parts } from './one-outbox.ts';

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
