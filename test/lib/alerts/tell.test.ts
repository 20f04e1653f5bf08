import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readIncidents } from '../../../lib/alerts/incident-items.ts';
import { untoldOf } from '../../../lib/alerts/outbox.ts';
import { type TellContext, tellObservation } from '../../../lib/alerts/tell.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import type { Observation, ScopeState } from '../../../lib/checks/observation.ts';
import { finding } from '../../fixtures/findings.ts';
import { type TestAws, testAws } from '../../fixtures/local-aws.ts';

const CONTEXT: TellContext = {
  installation: 'fairlead',
  repository: 'https://git.example.com/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  rolloutDeadlineMinutes: 15,
  firstCheck: 'alert',
  remindAfterHours: 24,
  severity: [],
};
const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
const DRIFT: ScopeState = { kind: 'drift', findings: [finding('spec.replicas', { desired: 1, live: 4 })] };

/** Later than all that is observed. */
const NOW = new Date('2026-12-31T00:00:00Z');

/** Each test has a target of its own. */
let targets = 0;
const newTarget = (): string => `target-${++targets}`;

function observation(
  target: string,
  minute: number,
  states: Readonly<Record<string, ScopeState>>,
  sequence = 1,
): Observation {
  return {
    target,
    commit: 'c'.repeat(40),
    sequence,
    at: new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString(),
    scopes: Object.entries(states).map(([name, state]) => ({
      scope:
        name === 'target' || name === 'manifests'
          ? { kind: name }
          : { kind: 'release', namespace: 'shop', name },
      state,
    })),
  };
}

describe('telling an observation, on a real table', () => {
  let aws: TestAws;
  let table: Table;
  before(async () => {
    aws = await testAws();
    table = aws.table;
  });
  after(() => aws.end());

  const untoldItems = async (target: string): Promise<Item[]> =>
    (await Array.fromAsync(table.untold())).filter(({ pk }) => pk === `incident#${target}`);
  const tell = (seen: Observation) => tellObservation(table, seen, CONTEXT, () => NOW);

  test('the decision and its alert lie in one item, in the index of what is not told', async () => {
    const target = newTarget();
    const alerts = await tell(observation(target, 1, { web: DRIFT, api: IN_SYNC }));
    assert.deepEqual(
      alerts.map(({ kind, scope }) => `${kind} ${scope}`),
      ['drift shop/web'],
    );
    const [item, ...others] = await untoldItems(target);
    assert.ok(item);
    assert.deepEqual(others, []);
    assert.equal(item.sk, 'shop/web#drift');
    assert.deepEqual(untoldOf(item), alerts);
    assert.equal((await readIncidents(table, target)).scopes.get('shop/web')?.drift?.kind, 'drifting');
  });

  test('a check that finds the same writes nothing but that it looked', async () => {
    const target = newTarget();
    await tell(observation(target, 1, { web: DRIFT }));
    const before = (await readIncidents(table, target)).item('shop/web', 'drift');
    assert.deepEqual(await tell(observation(target, 2, { web: DRIFT })), []);
    assert.deepEqual((await readIncidents(table, target)).item('shop/web', 'drift'), before);
  });

  test('an observation older than what is known is dropped, by sequence and by time', async () => {
    const target = newTarget();
    await tell(observation(target, 5, { web: IN_SYNC }, 7));
    assert.deepEqual(await tell(observation(target, 9, { web: DRIFT }, 6)), []);
    assert.deepEqual(await tell(observation(target, 4, { web: DRIFT }, 7)), []);
    assert.equal((await tell(observation(target, 6, { web: DRIFT }, 7))).length, 1);
  });

  test('a clock that was days ahead keeps nothing from people once it is right', async () => {
    const target = newTarget();
    await tell({ ...observation(target, 1, { web: IN_SYNC }), at: '2027-06-01T00:00:00.000Z' });
    assert.equal((await tell(observation(target, 2, { web: DRIFT }))).length, 1);
    assert.deepEqual(await tell(observation(target, 1, { web: IN_SYNC })), []);
  });

  test('of ten checks that meet, one speaks', async () => {
    const target = newTarget();
    await tell(observation(target, 1, { web: IN_SYNC }));
    const seen = observation(target, 2, { web: DRIFT });
    const told = await Promise.all(Array.from({ length: 10 }, () => tell(seen).catch(() => [] as const)));
    assert.equal(told.flat().length, 1);
    assert.equal((await untoldItems(target)).flatMap(untoldOf).length, 1);
  });

  test('who loses a write reads again and decides again', async () => {
    const target = newTarget();
    await tell(observation(target, 1, { web: DRIFT }));
    let raced = false;
    const racing: Table = {
      ...table,
      async put(item, expected) {
        if (item.sk === 'shop/web#drift' && !raced) {
          raced = true;
          await tell(observation(target, 3, { web: IN_SYNC }));
        }
        return await table.put(item, expected);
      },
    };
    const alerts = await tellObservation(
      racing,
      observation(target, 3, { web: IN_SYNC }),
      CONTEXT,
      () => NOW,
    );
    assert.deepEqual(alerts, [], 'the other has told that it converged');
    const all = (await untoldItems(target)).flatMap(untoldOf);
    assert.deepEqual(
      all.map(({ kind, sequence }) => `${kind} ${sequence}`),
      ['drift 1', 'converged 2'],
    );
  });

  test('what Git no longer declares is closed, unless nobody could look', async () => {
    const target = newTarget();
    await tell(observation(target, 1, { web: DRIFT, api: IN_SYNC }));
    const away: ScopeState = { kind: 'unknown', reason: 'the cluster does not answer' };
    assert.deepEqual(await tell(observation(target, 2, { target: away })), []);
    // A file of apply/ that nobody can read may be the one that declares the release.
    assert.deepEqual(await tell(observation(target, 2, { manifests: away, api: IN_SYNC })), []);
    const [closed, ...others] = await tell(observation(target, 3, { api: IN_SYNC }));
    assert.ok(closed?.kind === 'converged');
    assert.equal(closed.because, 'no-longer-declared');
    assert.deepEqual(others, []);
  });

  test('integers beyond 2^53 and deep values come back as they went', async () => {
    const target = newTarget();
    let deep: unknown = 9007199254740993n;
    for (let level = 0; level < 60; level++) deep = { '': deep };
    const odd = finding('spec.x', { desired: 1, live: deep as never });
    const alerts = await tell(observation(target, 1, { web: { kind: 'drift', findings: [odd] } }));
    assert.deepEqual((await untoldItems(target)).flatMap(untoldOf), alerts);
  });
});
