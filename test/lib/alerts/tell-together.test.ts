import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LIFE } from '../../../lib/alerts/alert.ts';
import { incidentsOfTarget } from '../../../lib/alerts/incident-items.ts';
import { untoldOf } from '../../../lib/alerts/outbox.ts';
import { putSnooze } from '../../../lib/alerts/snoozes.ts';
import { type TellContext, tellObservation } from '../../../lib/alerts/tell.ts';
import { tellTooOld } from '../../../lib/alerts/too-old.ts';
import type { Table } from '../../../lib/aws/table.ts';
import type { Observation, ScopeState } from '../../../lib/checks/observation.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { finding } from '../../fixtures/findings.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';

const CONTEXT: TellContext = {
  installation: 'fairlead',
  repository: 'https://git.example.com/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  rolloutDeadlineMinutes: 15,
  firstCheck: 'observe',
  remindAfterHours: 24,
  severity: [],
};
const NOW = new Date('2026-12-31T00:00:00Z');
const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
const drift = (live: number): ScopeState => ({
  kind: 'drift',
  findings: [finding('spec.replicas', { desired: 1, live })],
});
const timeAt = (minute: number) => new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString();

/** Each test has a target of its own. */
let targets = 0;
const newTarget = (): string => `target-${++targets}`;

const each = (count: number, state: ScopeState): Readonly<Record<string, ScopeState>> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`r${index + 1}`, state]));

const observation = (
  target: string,
  minute: number,
  states: Readonly<Record<string, ScopeState>>,
): Observation => ({
  target,
  commit: 'c'.repeat(40),
  sequence: 1,
  at: timeAt(minute),
  scopes: [
    ...Object.entries(states).map(([name, state]) => ({
      scope: { kind: 'release' as const, namespace: 'shop', name },
      state,
    })),
    { scope: { kind: 'target' }, state: IN_SYNC },
  ],
});

class Died extends Error {}

/** Dies at its nth write, before it is done or just after. */
function dying(table: Table, at: number, when: 'before' | 'after'): Table {
  let writes = 0;
  return {
    ...table,
    async put(item, expected) {
      writes += 1;
      if (writes === at && when === 'before') throw new Died();
      const outcome = await table.put(item, expected);
      if (writes === at) throw new Died();
      return outcome;
    },
  };
}

describe('telling many as one, on a real table', () => {
  let aws: TestAws;
  let table: Table;
  before(async () => {
    aws = await testAws();
    table = aws.table;
  });
  after(() => aws.end());

  const tell = (seen: Observation, on = table) => tellObservation(on, seen, CONTEXT, () => NOW);
  /** All that was ever told of a target, since nobody has taken it out. */
  const toldOf = async (target: string) => {
    const items = await Array.fromAsync(table.query(incidentsOfTarget(target)));
    return items
      .flatMap(untoldOf)
      .map(
        ({ kind, scope, incident, sequence }) => `${kind} ${scope} ${incident.split('/').at(-1)}#${sequence}`,
      )
      .toSorted();
  };

  test('who dies at any write of a burst leaves one alert to the next check, and one OK', async () => {
    for (let at = 1; at <= 10; at++)
      for (const when of ['before', 'after'] as const) {
        const target = newTarget();
        await tell(observation(target, 0, each(8, IN_SYNC)));
        const seen = (minute: number) => observation(target, minute, each(8, drift(4)));
        await tell(seen(1), dying(table, at, when)).catch((error) => assert.ok(error instanceof Died));
        await tell(seen(2));
        assert.deepEqual(await toldOf(target), ['drift target 1#1'], `died ${when} write ${at}`);
        const well = (minute: number) => observation(target, minute, each(8, IN_SYNC));
        await tell(well(3), dying(table, at, when)).catch((error) => assert.ok(error instanceof Died));
        await tell(well(4));
        assert.deepEqual(await toldOf(target), ['converged target 1#2', 'drift target 1#1']);
      }
  });

  test('who dies at any write of a first check leaves one summary to the next', async () => {
    for (let at = 1; at <= 14; at++) {
      const target = newTarget();
      const seen = (minute: number) => observation(target, minute, each(4, drift(4)));
      await tell(seen(1), dying(table, at, 'after')).catch((error) => assert.ok(error instanceof Died));
      await tell(seen(2));
      assert.deepEqual(await toldOf(target), ['summary target 1#1'], `died at write ${at}`);
    }
  });

  test('of checks that meet over a burst one speaks, whoever is first at which item', async () => {
    for (let round = 0; round < 5; round++) {
      const target = newTarget();
      await tell(observation(target, 0, each(12, IN_SYNC)));
      const checks = [7, 9, 12, 12].map((count) =>
        tell(observation(target, 1, { ...each(12, IN_SYNC), ...each(count, drift(4)) })).catch(() => []),
      );
      await Promise.all(checks);
      await tell(observation(target, 2, each(12, drift(4))));
      const told = await toldOf(target);
      assert.ok(told.includes('drift target 1#1'), told.join(', '));
      await tell(observation(target, 3, each(12, IN_SYNC)));
      const open = new Set<string>();
      const items = await Array.fromAsync(table.query(incidentsOfTarget(target)));
      const alerts = items.flatMap(untoldOf);
      for (const { kind, incident } of alerts) if (LIFE[kind] === 'opens') open.add(incident);
      for (const { kind, incident } of alerts) if (LIFE[kind] === 'closes') open.delete(incident);
      assert.deepEqual([...open], [], 'every ALARM has its OK');
      assert.deepEqual(
        new Set(alerts.map(({ incident, sequence }) => `${incident}#${sequence}`)).size,
        alerts.length,
      );
    }
  });

  test('a snooze keeps alerts from people, and is read with the incidents', async () => {
    const target = newTarget();
    await tell(observation(target, 0, each(1, IN_SYNC)));
    const until = timeAt(30);
    await putSnooze(table, target, 'shop/r1', { until, by: 'pat', reason: 'a load test', at: timeAt(0) });
    const [quiet] = await tell(observation(target, 1, each(1, drift(4))));
    assert.deepEqual(quiet?.quiet, { until, reason: 'a load test' });
    const [reminder] = await tell(observation(target, 31, each(1, drift(4))));
    assert.ok(reminder?.kind === 'reminder');
    assert.deepEqual([reminder.snoozedUntil, reminder.quiet], [until, undefined]);
  });

  test('what the configuration says of severity counts, and a clock far ahead reminds nobody', async () => {
    const target = newTarget();
    const context: TellContext = {
      ...CONTEXT,
      severity: [
        {
          kinds: ['Deployment'],
          path: '/spec/replicas',
          severity: 'info',
          reason: 'people scale by hand here',
        },
      ],
    };
    await tellObservation(table, observation(target, 0, each(1, IN_SYNC)), context, () => NOW);
    const [alert] = await tellObservation(
      table,
      observation(target, 1, each(1, drift(4))),
      context,
      () => NOW,
    );
    assert.equal(alert?.severity, 'info');
    const late = observation(target, 3 * 24 * 60, each(1, drift(4)));
    assert.deepEqual(await tellObservation(table, late, context, () => new Date(timeAt(2))), []);
    const [reminder] = await tellObservation(table, late, context, () => new Date(late.at));
    assert.equal(reminder?.kind, 'reminder');
  });

  test('a target that no check finishes for is told by the sweep, which costs a read where all is well', async () => {
    const target = newTarget();
    const config = parseConfig({
      repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
      targets: [
        {
          name: target,
          repository: 'cluster',
          deployer: 'none',
          namespaces: ['shop'],
          cluster: { kind: 'kubeconfig', path: '/nowhere' },
        },
        { name: 'only-git', repository: 'cluster', deployer: 'none', namespaces: ['shop'] },
      ],
    });
    const sweep = async (minute: number) =>
      (await tellTooOld(table, config, new Date(timeAt(minute)))).map(({ kind }) => kind);
    assert.deepEqual(await sweep(0), [], 'of what was never read there is nothing to check');
    await tell(observation(target, 0, each(1, IN_SYNC)));
    assert.deepEqual(await sweep(44), []);
    assert.deepEqual(await sweep(45), []);
    assert.deepEqual(await sweep(47), ['unknown']);
    assert.deepEqual(await sweep(48), []);
    const [known] = await tell(observation(target, 49, each(1, IN_SYNC)));
    assert.equal(known?.kind, 'known-again');
    assert.deepEqual(await sweep(50), []);
  });
});
