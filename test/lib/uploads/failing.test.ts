import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason } from '../../../lib/charts/reasons.ts';
import { dueToFail, prefixOf } from '../../../lib/uploads/record/failing.ts';
import type { CheckedRecord } from '../../../lib/uploads/record/record.ts';

const HOUR = 3_600_000;
const now = new Date('2026-11-22T12:00:00Z');
const aged = (hours: number) => ({
  record: {
    key: `${hours}`,
    receivedAt: new Date(now.getTime() - hours * HOUR).toISOString(),
  } as CheckedRecord,
  reason: reason('repository-blocked', { says: 'no' }),
});

test('those of one outage fail together: the first waits for those that come within an hour', () => {
  const cases: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[], []],
    [[23.9], []],
    [[24, 24.5, 24.9], []],
    [
      [25, 24.5, 24, 23.9, 1],
      [25, 24.5, 24],
    ],
    [[48], [48]],
  ];
  for (const [ages, due] of cases)
    assert.deepEqual(
      dueToFail(ages.map(aged), now).map(({ record }) => Number(record.key)),
      due,
    );
});

test('what is taken again is one key, or the folder that all share', () => {
  assert.equal(prefixOf(['staging/shop/web/values.yaml']), 'staging/shop/web/values.yaml');
  assert.equal(prefixOf(['staging/shop/web/a.tgz', 'staging/shop/web/b.tgz']), 'staging/shop/web/');
  assert.equal(prefixOf(['staging/shop/web/a.tgz', 'staging/shop/worker/b.tgz']), 'staging/shop/');
  assert.equal(prefixOf(['staging/shop/web/a.tgz', 'staging/manifests/a.yaml']), 'staging/');
  assert.equal(prefixOf(['a/b', 'a/b']), 'a/b');
});
