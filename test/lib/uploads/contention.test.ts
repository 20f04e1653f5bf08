import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from './pipeline.ts';

test('three calls of one branch at once: each upload is one commit', async (context) => {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  const events = [];
  for (let at = 0; at < 6; at++) {
    const event = pipe.put(`staging/shop/web-${at}/values.yaml`, `at: ${at}\n`);
    events.push(event);
    await pipe.receive(event);
  }
  const calls = ['a', 'b', 'c'].map((name) =>
    pipe.deliver({
      ...pipe.parts,
      scratch: `${pipe.parts.scratch}-${name}`,
      pause: (milliseconds) => sleep(milliseconds),
    }),
  );
  await Promise.all(calls);
  for (const event of events) assert.equal((await pipe.record(event))?.state, 'delivered');
  const subjects = pipe.git.log().filter((line) => line.startsWith('Deliver'));
  assert.equal(subjects.length, 6);
  assert.equal(new Set(subjects).size, 6);
  assert.equal(pipe.open(), 0);
  assert.deepEqual(pipe.alerts(), []);
});
