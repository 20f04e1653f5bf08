import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindsMemory } from '../../../lib/checks/memory.ts';
import { memoryStore } from '../uploads/doubles.ts';

test('which kinds a release ever declared is known to the next check, and written when it changes', async () => {
  const store = memoryStore();
  let puts = 0;
  const counting = {
    ...store,
    put: (...argv: Parameters<typeof store.put>) => {
      puts++;
      return store.put(...argv);
    },
  };
  const first = await kindsMemory(counting, 'staging');
  assert.deepEqual(await first.read(), new Map());
  await first.write('shop/web', { kinds: ['v1/Service'] });
  await first.write('shop/web', { kinds: ['v1/Service'] });
  assert.equal(puts, 1);
  const second = await kindsMemory(counting, 'staging');
  assert.deepEqual(await second.read(), new Map([['shop/web', { kinds: ['v1/Service'] }]]));
  await second.write('shop/web', { kinds: ['v1/Service', 'v1/ConfigMap'] });
  assert.equal(puts, 2);
  assert.deepEqual(await (await kindsMemory(counting, 'other')).read(), new Map());
});

test('what is kept and is no such thing is forgotten', async () => {
  for (const text of ['', '[]', '{"a":1}', '{"__proto__":7}']) {
    const store = memoryStore();
    let key = '';
    const one = await kindsMemory(
      {
        ...store,
        put: (at, body) => {
          key = at;
          return store.put(at, body);
        },
      },
      'staging',
    );
    await one.write('a', { kinds: ['v1/Service'] });
    await store.put(key, text);
    assert.deepEqual(await (await kindsMemory(store, 'staging')).read(), new Map());
  }
});
