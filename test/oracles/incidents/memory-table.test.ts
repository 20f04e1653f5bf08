import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Item, Table } from '../../../lib/aws/table.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';
import { random } from '../faults/random.ts';
import { gatedTable } from './interleaving.ts';
import { memoryTable } from './memory-table.ts';

/** The table in memory behind the same face; nobody waits for a turn. */
function atOnce(): { table: Table; indexed: () => void } {
  const memory = memoryTable(() => {});
  return { table: gatedTable(memory, async (_doing, perform) => perform()), indexed: () => memory.indexed() };
}

const KEYS = ['a', 'a#1', 'b', 'ä', 'z', 'Z', '😀', '\uffee'];

describe('the table in memory answers what the embedded one answers', () => {
  let aws: TestAws;
  before(async () => {
    aws = await testAws();
  });
  after(() => aws.end());

  test('to random writes, reads, removals and queries', async () => {
    const { table, indexed } = atOnce();
    const chance = random(7, 'contract');
    const seen = { written: 0, removed: 0, conflict: 0 };
    for (let round = 0; round < 400; round++) {
      const key = { pk: `p${chance.below(2)}`, sk: chance.pick(KEYS) };
      const known = await table.get(key);
      const isUntold = chance.chance(0.3);
      const item: Item = {
        ...key,
        schema: 1,
        version: (known?.version ?? 0) + 1,
        text: `t${round}`,
        nothing: undefined,
        inside: { kept: null, gone: undefined, list: [1, { gone: undefined }] },
        ...(isUntold
          ? { untold: 'untold', untoldAt: `2026-11-21T12:${String(round).padStart(4, '0')}` }
          : {}),
      };
      const right = known?.version ?? ('absent' as const);
      const expected = chance.chance(0.25) ? chance.pick(['absent' as const, 1, 2]) : right;
      const ask = (one: Table) =>
        round % 5 === 4 ? one.remove(key, expected === 'absent' ? 1 : expected) : one.put(item, expected);
      const answer = await ask(table);
      seen[answer]++;
      assert.equal(await ask(aws.table), answer, `round ${round}`);
      assert.deepEqual(await aws.table.get(key), await table.get(key));
      if (round % 10 !== 0) continue;
      for (const prefix of [undefined, 'a', 'q'])
        assert.deepEqual(
          await Array.fromAsync(aws.table.query(key.pk, prefix)),
          await Array.fromAsync(table.query(key.pk, prefix)),
        );
      indexed();
      assert.deepEqual(await Array.fromAsync(aws.table.untold()), await Array.fromAsync(table.untold()));
    }
    assert.ok(
      Object.values(seen).every((times) => times > 20),
      JSON.stringify(seen),
    );
  });
});
