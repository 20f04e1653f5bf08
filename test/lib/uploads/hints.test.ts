import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Declaring } from '../../../lib/uploads/deciding/hints.ts';
import { hashOf, keepHint, readHints } from '../../../lib/uploads/deciding/hints.ts';
import { memoryTable } from './doubles.ts';

/** A target's table with what three releases declare; how often all of it was read. */
async function begin() {
  const table = memoryTable();
  let reads = 0;
  const counted = {
    ...table,
    query(pk: string) {
      reads += 1;
      return table.query(pk);
    },
  };
  for (const release of ['web', 'api', 'db'])
    await keepHint(table, 'staging', declaring(release, `${release}-settings`, `${release}-keys`), undefined);
  return { table: counted, reads: () => reads };
}

const declaring = (release: string, ...objects: string[]): Declaring => ({
  group: `staging/shop/${release}`,
  key: { kind: 'values', target: 'staging', namespace: 'shop', release },
  declares: objects.map((object) => ({ hash: hashOf(object) })),
});

test('who declares what it had is found by its own hint, whatever the number of others', async () => {
  const { table, reads } = await begin();
  const some = [declaring('web', 'web-settings', 'web-keys'), declaring('api', 'api-keys')];
  const hints = await readHints(table, 'staging', some);
  assert.deepEqual([...hints.groupsWith(hashOf('web-keys'))], ['staging/shop/web']);
  assert.deepEqual([...hints.groupsWith(hashOf('api-keys'))], ['staging/shop/api']);
  assert.equal(reads(), 0);
});

test('all others are looked through once for a crowd of which one declares something new', async () => {
  const { table, reads } = await begin();
  const some = [declaring('web', 'web-keys'), declaring('api', 'db-keys'), declaring('new', 'x')];
  const hints = await readHints(table, 'staging', some);
  assert.deepEqual([...hints.groupsWith(hashOf('db-keys'))], ['staging/shop/db']);
  assert.deepEqual([...hints.groupsWith(hashOf('x'))], []);
  assert.equal(reads(), 1);
});

test('what a release declared before its last judgement is still its own, and said once', async () => {
  const { table, reads } = await begin();
  const known = (await readHints(table, 'staging', [declaring('web')])).get('staging/shop/web');
  await keepHint(table, 'staging', declaring('web', 'web-settings', 'fresh'), known);
  const back = await readHints(table, 'staging', [declaring('web', 'web-keys', 'web-settings', 'fresh')]);
  assert.deepEqual([...back.groupsWith(hashOf('web-keys'))], ['staging/shop/web']);
  assert.deepEqual(back.get('staging/shop/web')?.before, [hashOf('web-keys')]);
  assert.equal(reads(), 0);
});
