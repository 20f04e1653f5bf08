import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Table } from '../../../lib/aws/table.ts';
import {
  type FreezeChange,
  freeze,
  lift,
  readFreezes,
  tellFrozen,
  thawOwn,
} from '../../../lib/uploads/record/freezes.ts';
import { memoryTable } from './doubles.ts';

const WEB = { kind: 'release', namespace: 'shop', release: 'web' } as const;

/** The command that was given as the n-th. */
const given = (order: number, by = `person ${order}`): FreezeChange => ({
  scope: WEB,
  order: `2026-11-22T03:${String(order).padStart(2, '0')}:00.000Z#0`,
  at: `2026-11-22T03:${String(order).padStart(2, '0')}:30.000Z`,
  by,
  command: `command ${order}`,
});

const whose = async (table: Table) => (await readFreezes(table, 'staging')).map(({ by }) => by);
const takeBack = (table: Table, order: number) => thawOwn(table, 'staging', WEB, `command ${order}`);

test('a command that comes to nothing takes back its own freeze, and that of nobody else', async () => {
  const table = memoryTable();
  assert.equal(await freeze(table, 'staging', given(1)), 'frozen');
  assert.equal(await freeze(table, 'staging', given(2)), 'kept');
  assert.equal(await freeze(table, 'staging', given(3)), 'kept');
  await takeBack(table, 1);
  assert.deepEqual(await whose(table), ['person 2']);
  await takeBack(table, 3);
  assert.deepEqual(await whose(table), ['person 2']);
  await takeBack(table, 3);
  await takeBack(table, 2);
  assert.deepEqual(await whose(table), []);
});

test('what was taken back was not thawed: an older command that is carried out after it still freezes', async () => {
  const table = memoryTable();
  await freeze(table, 'staging', given(2));
  await takeBack(table, 2);
  assert.equal(await freeze(table, 'staging', given(1)), 'frozen');
  assert.deepEqual(await whose(table), ['person 1']);
});

test('who thaws it thaws all that was frozen before, and nothing that comes after', async () => {
  const table = memoryTable();
  for (const order of [1, 2, 4]) await freeze(table, 'staging', given(order));
  assert.equal(await lift(table, 'staging', given(3)), 'older');
  assert.deepEqual(await whose(table), ['person 4']);
  assert.equal(await lift(table, 'staging', given(5)), 'lifted');
  assert.equal(await lift(table, 'staging', given(5)), 'kept');
  assert.deepEqual(await whose(table), []);
  for (const order of [1, 2, 3, 4]) assert.equal(await freeze(table, 'staging', given(order)), 'older');
  assert.deepEqual(await whose(table), []);
  assert.equal(await freeze(table, 'staging', given(6)), 'frozen');
});

test('the same command twice is one', async () => {
  const table = memoryTable();
  await freeze(table, 'staging', given(1));
  assert.equal(await freeze(table, 'staging', given(1)), 'kept');
  await takeBack(table, 1);
  assert.deepEqual(await whose(table), []);
});

test('a freeze is taken back also while its alert is being told', async () => {
  const table = memoryTable();
  await freeze(table, 'staging', given(1));
  const busy: Table = {
    ...table,
    async get(key) {
      const item = await table.get(key);
      // Somebody else writes right after it was read, once.
      if (item?.toldAt === undefined && item !== undefined)
        await table.put({ ...item, version: item.version + 1, toldAt: 'now' }, item.version);
      return item;
    },
  };
  await thawOwn(busy, 'staging', WEB, 'command 1');
  assert.deepEqual(await whose(table), []);
});

test('people are told anew once it is the freeze of somebody else', async () => {
  const table = memoryTable();
  await freeze(table, 'staging', given(1));
  await freeze(table, 'staging', given(2));
  const alerts = async () => [...table.items.values()].map(({ toldAt }) => toldAt);
  const tell = async (order: number) => {
    const { by, at: since, command } = given(order);
    const alert = {
      schema: 1,
      kind: 'frozen',
      installation: 'test',
      target: 'staging',
      scope: 'shop/web',
      incident: `test/staging/shop/web/frozen/${command}`,
      sequence: 1,
      at: since,
      severity: 'info',
      upload: 's3://charts/x',
      since,
      by,
    } as const;
    await tellFrozen(table, 'staging', { scope: WEB, command }, alert);
  };
  await tell(1);
  assert.deepEqual(await alerts(), [given(1).at]);
  await takeBack(table, 1);
  assert.deepEqual(await alerts(), [undefined]);
  await tell(1);
  assert.deepEqual(await alerts(), [undefined]);
  await tell(2);
  assert.deepEqual(await alerts(), [given(2).at]);
});

test('however often it is frozen, its item is one that the table takes', async () => {
  const table = memoryTable();
  for (let order = 0; order < 60; order++)
    await freeze(table, 'staging', { ...given(order), reason: 'x'.repeat(500) });
  const [item] = table.items.values();
  assert.ok(Buffer.byteLength(JSON.stringify(item)) < 50 * 1024);
  assert.deepEqual(await whose(table), ['person 0']);
});
