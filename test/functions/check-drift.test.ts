import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkDrift } from '../../functions/check-drift.ts';
import * as clients from '../../lib/aws/clients.ts';
import { MissingVariables, VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { renderKey } from '../../lib/charts/render-request.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { type DesiredState, desiredKey } from '../../lib/desired/state.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { requirement } from '../requirements.ts';

const COMMIT = 'c'.repeat(40);
const OBJECT = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'web',
    namespace: 'default',
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'default' },
  },
  data: { key: 'value' },
};

describe('check-drift', () => {
  let aws: TestAws;
  let folder: string;
  let check: (event: unknown) => Promise<unknown>;
  before(async () => {
    aws = await testAws({});
    folder = await mkdtemp(join(tmpdir(), 'fairlead-check-'));
    // Table and state bucket are all that it is given.
    check = checkDrift({
      ...aws.environment,
      [VARIABLES.table]: TABLE,
      [VARIABLES.stateBucket]: BUCKETS.state,
    });
  });
  after(async () => {
    await aws.end();
    await rm(folder, { recursive: true, force: true });
  });

  /** A target with one release, asked for as `read-desired` asks. */
  async function request(target: string, kubeconfig?: string, sequence = 1) {
    const state = s3Store(clients.s3(aws.environment), BUCKETS.state);
    const config = parseConfig({
      repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
      targets: [
        {
          name: target,
          repository: 'cluster',
          deployer: 'none',
          namespaces: ['default'],
          ...(kubeconfig === undefined ? {} : { cluster: { kind: 'kubeconfig', path: kubeconfig } }),
        },
      ],
    });
    await writeCheckConfig(state, config, target);
    const entry = {
      object: OBJECT,
      role: 'applied',
      source: 'templates/all.yaml',
      unstable: [],
      usesLookup: false,
    };
    const render = JSON.stringify({ schema: 1, objects: [entry] });
    await state.put(renderKey(digestOf(render)), render);
    const desired: DesiredState = {
      schema: 1,
      target,
      commit: COMMIT,
      committedAt: '2026-11-21T11:00:00Z',
      releases: [
        {
          namespace: 'default',
          name: 'web',
          suspended: false,
          rendering: { kind: 'rendered', render: digestOf(render) },
        },
      ],
    };
    const text = JSON.stringify(desired);
    await state.put(desiredKey(digestOf(text)), text);
    const body = { schema: 1, target, commit: COMMIT, sequence, desired: digestOf(text) };
    return { Records: [{ messageId: 'm', body: JSON.stringify(body) }] };
  }
  const verdictOf = async (target: string, scope: string) =>
    (await aws.table.get({ pk: `target#${target}`, sk: `verdict#${scope}` }))?.verdict;

  test('a cluster that is down becomes an unknown of the target, not a failure of the message', async () => {
    const kubeconfig = join(folder, 'down');
    const server = 'https://127.0.0.1:1';
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server } }],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'c',
      }),
    );
    assert.deepEqual(await check(await request('down', kubeconfig)), { batchItemFailures: [] });
    assert.equal(await verdictOf('down', 'target'), 'unknown');
    assert.equal(await verdictOf('down', 'default/web'), undefined);
  });

  test('an EKS cluster that AWS does not know is an unknown of the target, with what to do', async () => {
    const event = await request('nowhere');
    const config = parseConfig({
      repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
      targets: [
        {
          name: 'nowhere',
          repository: 'cluster',
          deployer: 'none',
          namespaces: ['default'],
          cluster: { kind: 'eks', name: 'production', region: 'eu-central-1' },
        },
      ],
    });
    const state = s3Store(clients.s3(aws.environment), BUCKETS.state);
    await writeCheckConfig(state, config, 'nowhere', {
      kind: 'no-endpoint',
      reason: 'there is none: correct it',
    });
    assert.deepEqual(await check(event), { batchItemFailures: [] });
    const item = await aws.table.get({ pk: 'target#nowhere', sk: 'verdict#target' });
    assert.equal(item?.verdict, 'unknown');
    assert.match(JSON.stringify(item), /there is none: correct it/);
  });

  test('a target without a cluster is not checked, and nobody is told that it is unknown', async () => {
    assert.deepEqual(await check(await request('only-git')), { batchItemFailures: [] });
    const verdict = await aws.table.get({ pk: 'target#only-git', sk: 'verdict#target' });
    assert.equal(verdict?.checks, 'none', 'for whoever waits for a rollout');
    assert.equal(await verdictOf('only-git', 'default/web'), undefined);
    assert.deepEqual(await Array.fromAsync(aws.table.query('incident#only-git')), []);
  });

  test('a message that is none is acknowledged; one of a target that has gone, too', async () => {
    const gone = { schema: 1, target: 'gone', commit: COMMIT, sequence: 1, desired: digestOf('') };
    for (const body of ['{', '{"schema":99}', JSON.stringify(gone)]) {
      assert.deepEqual(await check({ Records: [{ messageId: 'm', body }] }), { batchItemFailures: [] });
    }
  });

  test('without its table or bucket it does not start, and names both', () => {
    assert.throws(
      () => checkDrift({}),
      (error: unknown) =>
        error instanceof MissingVariables && /FAIRLEAD_TABLE, FAIRLEAD_STATE_BUCKET/.test(error.message),
    );
  });

  describe('on a real cluster', requirement('control-plane'), () => {
    let plane: TestControlPlane;
    before(async () => {
      plane = await testControlPlane();
    });
    after(() => plane.end());

    test('an edit by hand becomes an incident with an alert that waits to be told; put back, it converges', async () => {
      const alerts = async () => {
        const waiting: string[] = [];
        for await (const item of aws.table.untold()) waiting.push(String(item.sk));
        return waiting;
      };
      await plane.apply([OBJECT]);
      const event = await request('edited', plane.kubeconfig);
      await check(event);
      assert.equal(await verdictOf('edited', 'default/web'), 'in-sync');

      await plane.kubectl(['patch', 'configmap', 'web', '-p', '{"data":{"key":"other"}}']);
      await check(event);
      assert.equal(await verdictOf('edited', 'default/web'), 'drift');
      assert.ok((await alerts()).includes('default/web#drift'));

      await plane.apply([OBJECT]);
      await check(event);
      assert.equal(await verdictOf('edited', 'default/web'), 'in-sync');
    });
  });
});
