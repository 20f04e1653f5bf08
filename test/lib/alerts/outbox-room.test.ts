import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { untoldOf, withUntold } from '../../../lib/alerts/outbox.ts';
import type { Item } from '../../../lib/aws/table.ts';
import { finding } from '../../fixtures/findings.ts';
import { EXAMPLES } from './examples.ts';

const ITEM: Item = { pk: 'incident#staging', sk: 'shop/web#drift', schema: 1, version: 1 };
const { drift, converged } = EXAMPLES;
const AT = '2026-11-21T12:00:00.000Z';
/** What DynamoDB takes, less a state as large as states get. */
const BYTES = (400 - 60) * 1024;

const changed = (sequence: number, findings: number): Alert => {
  assert.ok(drift?.kind === 'drift');
  return {
    ...drift,
    kind: 'drift-changed',
    sequence,
    findings: Array.from({ length: findings }, (_, index) =>
      finding(`data.key-${index}`, { desired: 'a'.repeat(500), live: `${sequence} ${'b'.repeat(500)}` }),
    ),
    fresh: findings,
    gone: [],
  };
};

function filled(alerts: readonly Alert[]): { readonly item: Item; readonly alerts: readonly Alert[] } {
  let item = ITEM;
  for (const alert of alerts) item = withUntold(item, [alert], AT);
  assert.ok(Buffer.byteLength(JSON.stringify(item)) < BYTES, 'it fits into the table');
  return { item, alerts: untoldOf(item) };
}

describe('alerts that no channel takes for long', () => {
  test('stay as they are while they fit', () => {
    const alerts = [drift, changed(2, 20), changed(3, 20)].filter((alert) => alert !== undefined);
    assert.deepEqual(filled(alerts).alerts, alerts);
  });

  test('keep a finding each, the oldest first, and count the others; the newest is whole', () => {
    const alerts = Array.from({ length: 20 }, (_, index) => changed(index + 2, 30));
    const left = filled(alerts).alerts;
    assert.deepEqual(
      left.map(({ sequence }) => sequence),
      alerts.map(({ sequence }) => sequence),
    );
    assert.deepEqual(left.at(-1), alerts.at(-1));
    const [oldest] = left;
    assert.ok(oldest?.kind === 'drift-changed');
    assert.deepEqual([oldest.findings.length, oldest.more, oldest.fresh], [1, 29, 1]);
  });

  test('at last only changes that were overtaken go: never what opens, closes, or is the last', () => {
    assert.ok(drift && converged);
    const alerts = [drift, ...Array.from({ length: 300 }, (_, index) => changed(index + 2, 5))];
    const left = filled([...alerts, { ...converged, sequence: 302 }]).alerts;
    assert.ok(left.length > 50 && left.length < 290, `${left.length}`);
    assert.deepEqual([left[0]?.kind, left.at(-2)?.sequence, left.at(-1)?.kind], ['drift', 301, 'converged']);
  });

  test('beside a state that is large there is room for less', () => {
    let item: Item = { ...ITEM, state: 'x'.repeat(260 * 1024) };
    for (let sequence = 1; sequence <= 20; sequence++) item = withUntold(item, [changed(sequence, 80)], AT);
    assert.ok(Buffer.byteLength(JSON.stringify(item)) < 400 * 1024);
    assert.equal(untoldOf(item).at(-1)?.sequence, 20);
  });
});
