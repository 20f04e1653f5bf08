import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tellObservation } from '../../lib/alerts/tell.ts';
import { tableMemory } from '../../lib/checks/memory.ts';
import type { ScopeState } from '../../lib/checks/observation.ts';
import { writeNoCluster, writeVerdicts } from '../../lib/checks/verdict-items.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { finding } from '../fixtures/findings.ts';
import { running } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

/** As checks write it, told to a command that waits: the writers are the real ones. */
const COMMIT = 'c0ffee'.padEnd(40, '0');
const LATER = 'd'.repeat(40);
const DIFFERS = [finding('spec.replicas', { desired: 1, live: 4 })];
const DEADLINE_MINUTES = 15;

let installation: StandIn;
let chart: string;
let sequence = 0;

before(async () => {
  installation = await standIn();
  chart = join(installation.folder, 'web-1.4.2.tgz');
  await writeFile(chart, 'a chart');
});
after(() => installation.stop());

const minutesFromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

/** What a check has seen of `shop/web`. */
async function check(target: string, at: string, state: ScopeState, commit = COMMIT, version = '1.4.2') {
  const { table } = installation;
  const observation = {
    target,
    commit,
    sequence: ++sequence,
    at,
    scopes: [
      {
        scope: { kind: 'release', namespace: 'shop', name: 'web' },
        chart: { name: 'web', version },
        render: digestOf(commit),
        state,
      },
      { scope: { kind: 'target' }, state: { kind: 'in-sync', unready: [] } },
    ],
  } as const;
  await writeVerdicts(table, observation, at);
  const context = {
    installation: 'test',
    repository: 'https://git.example/cluster.git',
    root: 'fairlead',
    deployer: 'flux',
    rolloutDeadlineMinutes: DEADLINE_MINUTES,
    firstCheck: 'observe',
    remindAfterHours: 24,
    severity: [],
  } as const;
  await tellObservation(table, observation, context, () => new Date());
}

const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
const ROLLOUT: ScopeState = { kind: 'rollout', findings: DIFFERS, deployer: 'it is being applied' };

/** Uploads to a target of its own, is delivered, and waits for what checks see then. */
async function delivered(target: string, ...argv: string[]) {
  // A target that was checked before: what comes is a rollout.
  await check(target, minutesFromNow(-60), IN_SYNC, 'b'.repeat(40), '1.4.1');
  const place = `${target}/shop/web/`;
  const options = ['--wait', 'rolled-out', '--data', installation.folder, ...argv];
  const under = running(['upload', chart, place, ...options]);
  await under.says(/uploaded to/);
  const now = new Date().toISOString();
  await installation.end(
    `${place}web-1.4.2.tgz`,
    {
      state: 'delivered',
      commit: COMMIT,
      change: 'commit',
      endedAt: now,
      chart: { name: 'web', version: '1.4.2' },
    },
    { 'fairlead-outcome': 'delivered', 'fairlead-commit': COMMIT },
  );
  await under.says(/waiting for the cluster[\s\S]*was before it/);
  return under;
}

describe('npx fairlead upload --wait rolled-out', () => {
  test('ends with 0 when a check sees the commit, and says meanwhile what the deployer says', async () => {
    const under = await delivered('rolls');
    await check('rolls', minutesFromNow(1), ROLLOUT);
    await under.says(/shop\/web: it is being applied/);
    await check('rolls', minutesFromNow(2), IN_SYNC);
    const { code, stdout } = await under.ended;
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `${chart}: delivered in commit ${COMMIT}\n  rolled out: the cluster runs commit ${COMMIT}\n`,
    );
  });

  test('ends with 0 at a later commit that holds it', async () => {
    const under = await delivered('later', '-o', 'json');
    await check('later', minutesFromNow(1), IN_SYNC, LATER);
    const { code, stdout } = await under.ended;
    assert.equal(code, 0);
    const [upload] = JSON.parse(stdout).uploads;
    assert.deepEqual(upload.rollout, { kind: 'rolled-out', seen: LATER });
    assert.equal(upload.commit, COMMIT);
  });

  test('ends with 5 when the rollout has stalled: what differs, and what the deployer says', async () => {
    const under = await delivered('stalls');
    await check('stalls', minutesFromNow(1), ROLLOUT);
    const memory = tableMemory(installation.table, 'stalls');
    await memory.read();
    await memory.write('shop/web', {
      waiting: { render: digestOf(COMMIT), since: minutesFromNow(1) },
      kinds: [],
    });
    const late: ScopeState = { kind: 'drift', findings: DIFFERS, deployer: 'HelmRelease shop.web fails' };
    await check('stalls', minutesFromNow(2 + DEADLINE_MINUTES), late);
    const { code, stdout } = await under.ended;
    assert.equal(code, 5, stdout);
    assert.match(
      stdout,
      /its rollout has stalled, since .*\n {4}the deployer: HelmRelease shop\.web fails\n {4}differs: .*spec\.replicas/,
    );
  });

  test('ends with 5 when it is applied and somebody has changed it', async () => {
    const under = await delivered('changed');
    await check('changed', minutesFromNow(1), { kind: 'drift', findings: DIFFERS });
    const { code, stdout } = await under.ended;
    assert.equal(code, 5);
    assert.match(stdout, /applied, but the cluster is not what it declares\n {4}differs: .*spec\.replicas/);
  });

  test('ends with 4 when a later commit declares another version', async () => {
    const under = await delivered('replaced');
    await check('replaced', minutesFromNow(1), IN_SYNC, LATER, '1.4.3');
    const { code, stdout } = await under.ended;
    assert.equal(code, 4);
    assert.match(stdout, /commit d{40}, which came later, declares web 1\.4\.3/);
  });

  test('ends with 5 where nothing looks at the cluster, and says so at once', async () => {
    const under = await delivered('clusterless');
    const at = minutesFromNow(1);
    await writeNoCluster(installation.table, { target: 'clusterless', commit: COMMIT, at });
    const { code, stdout } = await under.ended;
    assert.equal(code, 5);
    assert.match(stdout, /names no cluster for target clusterless: nothing is checked/);
  });

  test('ends with 2 when the time is up, and says how far it is', async () => {
    const under = await delivered('slow', '--timeout', '8');
    await check('slow', minutesFromNow(1), ROLLOUT);
    const { code, stdout } = await under.ended;
    assert.equal(code, 2);
    assert.match(stdout, /delivered in commit c0ffee/);
    assert.match(stdout, /not known to be rolled out in time/);
  });
});
