import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Item, Table } from '../../../lib/aws/table.ts';
import type { Observation, ScopeState } from '../../../lib/checks/observation.ts';
import { readVerdict, readVerdicts, writeVerdicts } from '../../../lib/checks/verdict-items.ts';
import { memoryTable } from '../uploads/doubles.ts';

const inSync: ScopeState = { kind: 'in-sync', unready: [] };
const drifted: ScopeState = { kind: 'drift', findings: [], deployer: 'the deployer says so' };
const silent: ScopeState = { kind: 'unknown', reason: 'no answer in time' };

const time = (minute: number) => `2026-11-22T12:${String(minute).padStart(2, '0')}:00.000Z`;

/** A check in that minute: of releases by name, or of a cluster that did not answer. */
const seen = (minute: number, releases: Readonly<Record<string, ScopeState>> | 'silent'): Observation => ({
  target: 'staging',
  commit: String(minute).padStart(40, '0'),
  sequence: 1,
  at: time(minute),
  scopes: [
    ...Object.entries(releases === 'silent' ? {} : releases).map(([name, state]) => ({
      scope: { kind: 'release' as const, namespace: 'shop', name },
      chart: { name: 'web', version: '1.0.0', newestOf: undefined },
      state,
    })),
    { scope: { kind: 'target' }, state: releases === 'silent' ? silent : inSync },
  ],
});

/** Counts the puts of each key. */
function counted(table: Table): { readonly table: Table; taken(): readonly string[] } {
  let written: string[] = [];
  return {
    table: {
      ...table,
      put(item, expected) {
        written.push(item.sk);
        return table.put(item, expected);
      },
    },
    taken() {
      const taken = written;
      written = [];
      return taken;
    },
  };
}

describe('the verdicts of a check', () => {
  test('that are as they were are not written again, and are known to be of this check', async () => {
    const { table, taken } = counted(memoryTable());
    await writeVerdicts(table, seen(1, { web: inSync, api: drifted }), time(0));
    assert.deepEqual(taken(), ['verdict#shop/web', 'verdict#shop/api', 'verdict#target']);
    await writeVerdicts(table, seen(16, { web: inSync, api: inSync }), time(15));
    assert.deepEqual(taken(), ['verdict#shop/api', 'verdict#target']);
    await writeVerdicts(table, seen(31, { web: inSync, api: inSync }), undefined);
    assert.deepEqual(taken(), ['verdict#target']);

    const web = await readVerdict(table, 'staging', 'shop/web');
    assert.deepEqual(web, {
      commit: String(31).padStart(40, '0'),
      at: time(31),
      verdict: 'in-sync',
      chart: { name: 'web', version: '1.0.0' },
      findings: 0,
      unready: 0,
    });
    const all = await readVerdicts(table, 'staging');
    assert.deepEqual([...(all?.scopes.keys() ?? [])].sort(), ['shop/api', 'shop/web']);
    assert.deepEqual(all?.scopes.get('shop/web'), web);
  });

  test('are of the last check that saw the cluster, where it is silent', async () => {
    const table = memoryTable();
    await writeVerdicts(table, seen(1, { web: drifted }), time(0));
    await writeVerdicts(table, seen(16, { web: drifted }), time(15));
    await writeVerdicts(table, seen(31, 'silent'), time(30));
    const all = await readVerdicts(table, 'staging');
    assert.equal(all?.target.verdict, 'unknown');
    assert.equal(all?.scopes.size, 0);
    assert.equal((await readVerdict(table, 'staging', 'shop/web'))?.verdict, 'drift');

    await writeVerdicts(table, seen(46, { web: drifted }), time(45));
    assert.equal((await readVerdicts(table, 'staging'))?.scopes.get('shop/web')?.at, time(46));
  });

  test('of a slower check, which saw an older cluster, are not taken for what the faster one saw', async () => {
    const table = memoryTable();
    await writeVerdicts(table, seen(1, { web: inSync }), time(0));
    // It reads what stands, and the other one is done before it writes.
    let other: Promise<void> | undefined;
    const slower: Table = {
      ...table,
      async put(item: Item, expected) {
        other ??= writeVerdicts(table, seen(17, { web: inSync }), time(17));
        await other;
        return table.put(item, expected);
      },
    };
    await writeVerdicts(slower, seen(16, { web: drifted }), time(16));
    const all = await readVerdicts(table, 'staging');
    assert.equal(all?.target.at, time(17));
    assert.equal(all?.scopes.get('shop/web'), undefined);
    assert.equal((await readVerdict(table, 'staging', 'shop/web'))?.at, time(16));

    await writeVerdicts(table, seen(31, { web: inSync }), time(30));
    assert.equal((await readVerdict(table, 'staging', 'shop/web'))?.verdict, 'in-sync');
    assert.equal((await readVerdict(table, 'staging', 'shop/web'))?.at, time(31));
  });

  test('that are no longer declared go, and one that comes back is new', async () => {
    const table = memoryTable();
    await writeVerdicts(table, seen(1, { web: inSync, api: inSync }), time(0));
    await writeVerdicts(table, seen(16, { web: inSync }), time(15));
    assert.equal(await readVerdict(table, 'staging', 'shop/api'), undefined);
    await writeVerdicts(table, seen(31, { web: inSync, api: drifted }), time(30));
    const all = await readVerdicts(table, 'staging');
    assert.equal(all?.scopes.get('shop/api')?.verdict, 'drift');
    assert.equal(all?.scopes.get('shop/web')?.verdict, 'in-sync');
  });
});
