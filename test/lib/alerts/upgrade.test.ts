import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentsOfTarget } from '../../../lib/alerts/incident-items.ts';
import { untoldOf } from '../../../lib/alerts/outbox.ts';
import { type TellContext, tellObservation } from '../../../lib/alerts/tell.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import type { Observation, ScopeState } from '../../../lib/checks/observation.ts';
import { fingerprintOf } from '../../../lib/incidents/findings.ts';
import { formatJson } from '../../../lib/objects/json.ts';
import { finding } from '../../fixtures/findings.ts';
import { memoryTable } from '../uploads/doubles.ts';

/** Items as the release before wrote them, which neither knew when an incident was told nor, always, as what. */
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
const replicas = finding('spec.replicas', { desired: 1, live: 4 });
const DRIFT: ScopeState = { kind: 'drift', findings: [replicas] };
const AWAY: ScopeState = { kind: 'unknown', reason: 'secrets may not be listed' };
const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };

const SINCE = '2026-11-20T11:58:00.000Z';
const CHANGED = '2026-11-20T12:00:00.000Z';

const OPEN = {
  'shop/web#drift': {
    opening: 2,
    sequence: 3,
    kind: 'drifting',
    since: SINCE,
    told: ['warning'],
    fingerprints: [fingerprintOf(replicas)],
    findings: [replicas],
  },
  'shop/web#stalled': { opening: 1, sequence: 1, kind: 'shown', render: 'sha256:aaaa' },
  'shop/web#unknown': { opening: 0, sequence: 0, kind: 'judged' },
  'shop/api#stalled': {
    opening: 4,
    sequence: 1,
    kind: 'stalled',
    since: SINCE,
    render: 'sha256:aaaa',
    fingerprints: [fingerprintOf(replicas)],
  },
  'shop/api#unknown': { opening: 0, sequence: 0, kind: 'judged' },
  'shop/db#unknown': { opening: 1, sequence: 1, kind: 'unknown', since: SINCE },
  'shop/mq#unknown': { opening: 3, sequence: 1, kind: 'unknown', since: SINCE, told: 'critical' },
} as const;

async function oldTable(): Promise<Table> {
  const table = memoryTable();
  const put = (sk: string, rest: object) =>
    table.put({ pk: incidentsOfTarget('staging'), sk, schema: 1, version: 1, ...rest } as Item, 'absent');
  for (const [sk, state] of Object.entries(OPEN))
    await put(sk, { kind: state.kind, state: formatJson(state as never), changedAt: CHANGED });
  await put('seen', { sequence: 1, at: CHANGED });
  return table;
}

const seenAt = (at: string, states: Readonly<Record<string, ScopeState>>): Observation => ({
  target: 'staging',
  commit: 'c'.repeat(40),
  sequence: 1,
  at,
  scopes: Object.entries(states).map(([name, state]) => ({
    scope: { kind: 'release', namespace: 'shop', name },
    state,
    render: 'sha256:aaaa',
  })),
});

const tell = async (table: Table, at: string, states: Readonly<Record<string, ScopeState>>) =>
  (await tellObservation(table, seenAt(at, states), CONTEXT, () => new Date(at)))
    .map(({ kind, incident, sequence, told }) => `${kind} ${incident}#${sequence} told ${told ?? '-'}`)
    .toSorted();

const AS_THEY_ARE = { web: DRIFT, api: DRIFT, db: AWAY, mq: AWAY };

test('what the release before told stays told: nothing is said anew within its day', async () => {
  const table = await oldTable();
  assert.deepEqual(await tell(table, '2026-11-20T12:05:00.000Z', AS_THEY_ARE), []);
});

test('after a day each of its open incidents is remembered once, under its own key', async () => {
  const table = await oldTable();
  const reminded = [
    'reminder fairlead/staging/shop/api/stalled/4#2 told -',
    'reminder fairlead/staging/shop/db/unknown/1#2 told -',
    'reminder fairlead/staging/shop/mq/unknown/3#2 told -',
    'reminder fairlead/staging/shop/web/drift/2#4 told -',
  ];
  assert.deepEqual(await tell(table, '2026-11-21T12:00:00.000Z', AS_THEY_ARE), reminded);
  assert.deepEqual(await tell(table, '2026-11-21T12:01:00.000Z', AS_THEY_ARE), []);
});

test('each of its ALARMs gets its OK, as grave as it was told', async () => {
  const table = await oldTable();
  const well = { web: IN_SYNC, api: IN_SYNC, db: IN_SYNC, mq: IN_SYNC };
  const closed = [
    'converged fairlead/staging/shop/web/drift/2#4 told warning',
    'known-again fairlead/staging/shop/db/unknown/1#2 told warning',
    'known-again fairlead/staging/shop/mq/unknown/3#2 told critical',
    'rolled-out fairlead/staging/shop/api/stalled/4#2 told warning',
  ];
  assert.deepEqual(await tell(table, '2026-11-20T12:05:00.000Z', well), closed);
  const untold = (await Array.fromAsync(table.query(incidentsOfTarget('staging')))).flatMap(untoldOf);
  assert.equal(untold.length, closed.length);
});

test('and so do those of a scope that Git declares no longer', async () => {
  const table = await oldTable();
  const closed = await tell(table, '2026-11-20T12:05:00.000Z', {});
  assert.equal(closed.length, 4, closed.join('\n'));
});
