import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterCulprit, afterRefused, afterTaken, FULL_PACE } from '../../../lib/uploads/delivering/pace.ts';

/** Pushes until nothing waits, to a server that refuses each push that holds one of `bad`. */
function deliver(count: number, bad: ReadonlySet<number>) {
  let waiting = Array.from({ length: count }, (_, at) => at);
  let pace = FULL_PACE;
  let pushes = 0;
  const rejected: number[] = [];
  while (waiting.length > 0) {
    const batch = waiting.slice(0, pace.limit);
    pushes++;
    if (!batch.some((one) => bad.has(one))) {
      pace = afterTaken(pace, batch.length);
      waiting = waiting.slice(batch.length);
    } else if (batch.length > 1) pace = afterRefused(pace, batch.length);
    else {
      rejected.push(...batch);
      waiting = waiting.slice(1);
      pace = afterCulprit(pace);
    }
  }
  return { pushes, rejected };
}

test('one poison among 200 is found with few pushes, wherever it is, and alone', () => {
  for (let at = 0; at < 200; at++) {
    const { pushes, rejected } = deliver(200, new Set([at]));
    assert.deepEqual(rejected, [at]);
    assert.ok(pushes <= 14, `${pushes} pushes for the one at ${at}`);
  }
});

test('nothing bad is one push, all bad costs one push each and a few', () => {
  assert.equal(deliver(200, new Set()).pushes, 1);
  const all = deliver(200, new Set(Array.from({ length: 200 }, (_, at) => at)));
  assert.equal(all.rejected.length, 200);
  assert.ok(all.pushes <= 210, `${all.pushes} pushes`);
});

test('several poisons are all found, and nothing else', () => {
  const bad = new Set([3, 4, 90, 150, 199]);
  const { pushes, rejected } = deliver(200, bad);
  assert.deepEqual(rejected, [...bad]);
  assert.ok(pushes <= 60, `${pushes} pushes`);
});
