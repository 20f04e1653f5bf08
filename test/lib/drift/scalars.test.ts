import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration, sameDuration } from '../../../lib/drift/compare/durations.ts';
import { sameQuantity } from '../../../lib/drift/compare/quantity.ts';
import { sameScalar } from '../../../lib/drift/compare/scalars.ts';
import type { ScalarSchema } from '../../../lib/drift/schema.ts';

const QUANTITIES: readonly [string | number, string | number, boolean][] = [
  ['1000m', '1', true],
  [0.5, '500m', true],
  ['0.5', '500m', true],
  ['1024Mi', '1Gi', true],
  ['1.5Gi', '1536Mi', true],
  ['1e2', '100', true],
  ['1E3', '1k', true],
  ['12e6', '12M', true],
  ['+5', '5', true],
  ['01', '1', true],
  ['5.', '5', true],
  ['.5', '500m', true],
  ['0.1m', '100u', true],
  ['0.1m', '1m', false],
  ['1n', '1m', false],
  ['0.1n', '1n', true],
  ['-1', '-1000m', true],
  ['0', '0Gi', true],
  ['9223372036854775807', '9223372036854775807', true],
  ['9007199254740993', '9007199254740992', false],
  ['1Gi', '1G', false],
  ['1', '1m', false],
  ['1 Gi', '1Gi', false],
  ['', '0', false],
  ['Gi', '0', false],
  ['1e999999999', '1', false],
];
for (const [desired, live, same] of QUANTITIES)
  test(`the quantities ${desired} and ${live} are ${same ? 'the same' : 'not the same'}`, () => {
    assert.equal(sameQuantity(desired, live, 'quantity'), same);
    assert.equal(sameQuantity(live, desired, 'quantity'), same);
    if (same) assert.ok(sameQuantity(desired, live, 'resource'));
  });

test('of a ResourceList, what is finer than a thousandth is rounded up', () => {
  for (const fine of ['0.1m', '1n', '999u']) assert.ok(sameQuantity(fine, '1m', 'resource'));
  assert.ok(sameQuantity('-1n', '-1m', 'resource'));
  assert.ok(!sameQuantity('1001u', '1m', 'resource'));
});

test('a quantity is itself in thousandths and in other units', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (whole) => {
      assert.ok(sameQuantity(`${whole}`, `${whole}000m`, 'quantity'));
      assert.ok(sameQuantity(`${whole}Ki`, `${whole * 1024}`, 'quantity'));
      assert.ok(sameQuantity(`${whole}`, `${whole}e0`, 'quantity'));
      assert.ok(!sameQuantity(`${whole}`, `${whole + 1}`, 'quantity'));
    }),
    { numRuns: 100 },
  );
});

const DURATIONS: readonly [string, string, boolean][] = [
  ['60m', '1h0m0s', true],
  ['60m', '1h', true],
  ['90s', '1m30s', true],
  ['1.5h', '1h30m0s', true],
  ['100ms', '0.1s', true],
  ['1h', '2h0m0s', false],
  ['web', 'web1', false],
  ['1', '1s', false],
  ['1d', '24h0m0s', false],
];
for (const [desired, live, same] of DURATIONS)
  test(`the durations ${desired} and ${live} are ${same ? 'the same' : 'not the same'}`, () => {
    assert.equal(sameDuration(desired, live), same);
  });
test('a duration in nanoseconds', () => {
  assert.equal(parseDuration('1h1m1.5s'), 3_661_500_000_000n);
  assert.equal(parseDuration('-1s'), -1_000_000_000n);
  assert.equal(parseDuration('five minutes'), undefined);
});

const scalar = (format: ScalarSchema['format']): ScalarSchema => ({
  kind: 'scalar',
  type: '',
  custom: false,
  nullable: false,
  pointer: false,
  format,
});
const SCALARS: readonly [ScalarSchema['format'], unknown, unknown, boolean][] = [
  ['int-or-string', 8080, '8080', false],
  ['int-or-string', 80.0, 80, true],
  ['date-time', '2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00Z', true],
  ['date-time', '2026-01-01T00:00:00.500Z', '2026-01-01T00:00:00Z', true],
  ['date-time', '2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z', false],
  ['byte', 'aGVsbG8g\nd29ybGQ=\n', 'aGVsbG8gd29ybGQ=', true],
  ['byte', 'YQ==', 'Yg==', false],
  ['byte', 'hmac-sha256:00ff', 'hmac-sha256:00fe', false],
  ['byte', 'hmac-sha256:00ff', 'hmac-sha256:00ff', true],
  ['plain', 9007199254740993n, 9007199254740992, false],
  ['plain', true, 'true', false],
];
for (const [format, desired, live, same] of SCALARS)
  test(`as ${format}, ${JSON.stringify(String(desired))} and ${JSON.stringify(String(live))} are ${same ? 'the same' : 'not the same'}`, () => {
    assert.equal(sameScalar(desired as string, live as string, scalar(format)), same);
  });
