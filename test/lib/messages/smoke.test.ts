import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotWell, orSmoke, SMOKE_REQUEST } from '../../../lib/messages/smoke.ts';

const work = async (event: unknown) => ({ worked: event });

test('what a function works with is tried when it is asked for, and its ordinary work is not begun', async () => {
  const answer = orSmoke({ git: async () => 'git version 2.50.1', record: async () => 'can be read' }, work);
  // As it is asked, and as it arrives when one function calls another.
  for (const event of [SMOKE_REQUEST, { ...SMOKE_REQUEST, trail: { calledBy: '7-8-9' } }])
    assert.deepEqual(await answer(event as unknown), {
      schema: 1,
      smoke: 'well',
      found: { git: 'git version 2.50.1', record: 'can be read' },
    });
});

test('everything else is its work, also what only looks like it', async () => {
  let tried = 0;
  const answer = orSmoke({ git: async () => `${++tried}` }, work);
  for (const event of [
    {},
    { schema: 1 },
    { Records: [], ...SMOKE_REQUEST },
    { schema: 2, smoke: 'deployed' },
  ])
    assert.deepEqual(await answer(event as unknown), { worked: event });
  assert.equal(tried, 0);
});

test('all that is wrong is told at once', async () => {
  const answer = orSmoke(
    {
      git: async () => {
        throw new Error('spawn git ENOENT');
      },
      record: async () => 'can be read',
      configuration: async () => {
        throw new TypeError('no parameters');
      },
    },
    work,
  );
  await assert.rejects(answer(SMOKE_REQUEST), (error: unknown) => {
    assert.ok(error instanceof NotWell);
    assert.equal(error.message, 'git: Error: spawn git ENOENT; configuration: TypeError: no parameters');
    return true;
  });
});
