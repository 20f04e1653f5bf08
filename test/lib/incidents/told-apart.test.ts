import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { type TellContext, tellObservation } from '../../../lib/alerts/tell.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import type { Observation, ScopeState } from '../../../lib/checks/observation.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { TOLD_APART } from '../../../lib/incidents/told-apart.ts';
import { finding } from '../../fixtures/findings.ts';

/** DynamoDB, "Item size": 400 KB, names of attributes included; what is larger it refuses. */
const ITEM_BYTES = 400 * 1024;
const MANY = 15_000;
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web' };

const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
/** Somebody has added keys to a ConfigMap: as many as an object of Kubernetes holds. */
const keys = (count: number, value: string, from = 0): Finding[] =>
  Array.from({ length: count }, (_, index) =>
    finding(`data.k${from + index}`, { live: value }, { object: CONFIG_MAP, verdict: 'added' }),
  );
const drift = (findings: readonly Finding[]): ScopeState => ({ kind: 'drift', findings });
const privileged = finding('spec.template.spec.containers[name=web].securityContext.privileged', {
  live: true,
});

/** One target with one release, and a table that refuses what DynamoDB does. */
function target(firstCheck: TellContext['firstCheck'] = 'alert') {
  const items = new Map<string, Item>();
  let largest = 0;
  const table: Table = {
    get: async ({ pk, sk }) => structuredClone(items.get(`${pk}\n${sk}`)),
    async put(item, expected) {
      const key = `${item.pk}\n${item.sk}`;
      const before = items.get(key);
      if (expected === 'absent' ? before !== undefined : before?.version !== expected) return 'conflict';
      const size = Object.entries(item).reduce(
        (sum, [name, value]) => sum + Buffer.byteLength(`${name}${String(value)}`),
        0,
      );
      if (size > ITEM_BYTES) throw new Error(`Item size has exceeded the maximum allowed size: ${size}`);
      largest = Math.max(largest, size);
      items.set(key, structuredClone(item));
      return 'written';
    },
    remove: async () => 'removed',
    async *query(pk) {
      for (const item of items.values()) if (item.pk === pk) yield structuredClone(item);
    },
    async *untold() {},
  };
  let minute = 0;
  const check = async (...states: readonly ScopeState[]): Promise<readonly Alert[]> => {
    minute += 30;
    const at = new Date(Date.UTC(2026, 10, 21, 12, minute));
    const observation: Observation = {
      target: 'staging',
      commit: 'c'.repeat(40),
      sequence: 1,
      at: at.toISOString(),
      scopes: [
        ...states.map((state, index) => ({
          scope: { kind: 'release' as const, namespace: 'shop', name: `r${index + 1}` },
          state,
        })),
        { scope: { kind: 'target' }, state: IN_SYNC },
      ],
    };
    const context: TellContext = {
      installation: 'fairlead',
      repository: 'https://git.example.com/cluster.git',
      root: 'fairlead/staging',
      deployer: 'flux',
      rolloutDeadlineMinutes: 15,
      firstCheck,
      remindAfterHours: 24,
      severity: [],
    };
    return await tellObservation(table, observation, context, () => at);
  };
  return { check, largest: () => largest };
}

const only = <Kind extends Alert['kind']>(alerts: readonly Alert[], kind: Kind) => {
  assert.deepEqual(
    alerts.map((alert) => alert.kind),
    [kind],
  );
  return alerts[0] as Extract<Alert, { readonly kind: Kind }>;
};

describe(`a release with ${MANY} findings`, () => {
  test('is told with how many there are, and keeps no other release’s alert from people', async () => {
    const { check } = target();
    await check(IN_SYNC, IN_SYNC);
    const alerts = await check(drift(keys(MANY, 'a')), drift([privileged]));
    const [first, second] = alerts;
    assert.ok(alerts.length === 2 && first?.kind === 'drift' && second?.kind === 'drift');
    assert.equal(first.findings.length + (first.more ?? 0), MANY);
    assert.equal(second.severity, 'critical');
    assert.deepEqual(await check(drift(keys(MANY, 'a')), drift([privileged])), []);
  });

  test('is critical with the one that is, wherever it stands', async () => {
    const { check } = target();
    await check(IN_SYNC);
    only(await check(drift(keys(MANY, 'a'))), 'drift');
    const alert = only(await check(drift([...keys(MANY, 'a'), privileged])), 'drift-changed');
    assert.equal(alert.severity, 'critical');
    assert.equal(alert.fresh, 1);
    assert.equal(alert.findings[0]?.at, privileged.at);
  });

  test('says nothing gone that is there, and closes when all of it is', async () => {
    const { check } = target();
    await check(IN_SYNC);
    await check(drift(keys(TOLD_APART, 'a', MANY)));
    const changed = only(
      await check(drift([...keys(MANY, 'b'), ...keys(TOLD_APART, 'a', MANY), privileged])),
      'drift-changed',
    );
    assert.deepEqual(changed.gone, []);
    only(await check(IN_SYNC), 'converged');
  });

  test('is named at a first check, and is nobody’s incident then', async () => {
    const { check, largest } = target('observe');
    only(await check(drift(keys(MANY, 'a'))), 'summary');
    assert.deepEqual(await check(drift(keys(MANY, 'a'))), []);
    assert.ok(largest() < ITEM_BYTES);
  });

  test('fits its item, whatever is changed for as long as no channel takes its alerts', async () => {
    const { check, largest } = target('observe');
    await check(drift(keys(TOLD_APART, 'x'.repeat(2000))));
    for (let round = 0; round < 12; round++)
      await check(
        drift([...keys(MANY, `${round}${'€'.repeat(600)}`), ...keys(TOLD_APART, 'x'.repeat(2000), MANY)]),
      );
    assert.ok(largest() > ITEM_BYTES / 2, 'it was put to the test');
  });
});
