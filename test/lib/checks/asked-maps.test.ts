import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askedMaps } from '../../../lib/checks/asked-maps.ts';
import type { LiveObjects } from '../../../lib/checks/live.ts';

describe('ConfigMaps that Git asks the cluster for', () => {
  const kept: Readonly<Record<string, unknown>> = {
    'shop/settings': { REGION: 'here', PORT: '80' },
    'shop/odd': { REGION: 'here', list: ['a'] },
    'shop/large': { text: 'x'.repeat(300 * 1024) },
    'shop/small': { a: '1' },
    'shop/empty': undefined,
    'shop/proto': JSON.parse('{"__proto__": "mine"}'),
  };
  const live: Pick<LiveObjects, 'find'> = {
    find({ kind, namespace, name }) {
      assert.equal(kind, 'ConfigMap');
      const key = `${namespace}/${name}`;
      if (key === 'shop/forbidden') return { kind: 'unknown', reason: 'forbidden' };
      if (!Object.hasOwn(kept, key)) return { kind: 'absent', reason: 'not in the cluster' };
      return {
        kind: 'found',
        object: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
          data: kept[key],
        },
      } as unknown as ReturnType<LiveObjects['find']>;
    },
  };

  test('are their texts; null where there is none; nothing where nobody knows', () => {
    assert.deepEqual(
      askedMaps(['shop/settings', 'shop/odd', 'shop/empty', 'shop/none', 'shop/forbidden'], live),
      {
        'shop/settings': { REGION: 'here', PORT: '80' },
        'shop/odd': { REGION: 'here' },
        'shop/empty': {},
        'shop/none': null,
      },
    );
  });

  test('one that is too large is left out, and no other', () => {
    assert.deepEqual(askedMaps(['shop/large', 'shop/small'], live), { 'shop/small': { a: '1' } });
  });

  test('a key named as what all objects share is a key', () => {
    const map = askedMaps(['shop/proto'], live)['shop/proto'];
    assert.deepEqual(Object.entries(map ?? {}), [['__proto__', 'mine']]);
  });
});
