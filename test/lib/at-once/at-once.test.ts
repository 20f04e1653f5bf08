import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachAtOnce } from '../../../lib/at-once/at-once.ts';

test('many at once: answers in their order; a failure waits for those under way, and begins no more', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error('one');
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
    return item * 2;
  };
  assert.deepEqual(await eachAtOnce([4, 5, 6], 2, work), [8, 10, 12]);
  begun.length = 0;
  ended.length = 0;
  await assert.rejects(eachAtOnce([0, 1, 2, 3, 4, 5], 3, work), /one/);
  assert.deepEqual(begun, [0, 1, 2]);
  assert.deepEqual(ended, [0, 2]);
});
