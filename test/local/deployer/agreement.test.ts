import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import { checkTarget } from '../../../lib/checks/check.ts';
import type { CheckMemory, RememberedScope } from '../../../lib/checks/memory.ts';
import { formatScope, type Observation } from '../../../lib/checks/observation.ts';
import { type Cluster, connect } from '../../../lib/cluster/cluster.ts';
import { capabilitiesOf } from '../../../lib/cluster/profile.ts';
import type { Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { sealingKey } from '../../../lib/content/sealing-key.ts';
import { readDesired } from '../../../lib/desired/desired.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { startDeployer } from '../../../local/deployer/deployer.ts';
import { tools } from '../../../local/tools.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import {
  type ClusterRepository,
  clusterRepository,
  deliveredRelease,
  targetOf,
} from '../../fixtures/cluster-repository.ts';
import { requirement } from '../../requirements.ts';

/**
 * Fairlead's own reading and rendering against the stand-in's, which shares nothing with it but Git, helm and the
 * API server: what one says is declared is what the other has applied.
 */
describe('what Fairlead reads from Git is what the deployer made of it', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await testControlPlane();
  });
  after(() => plane.end());

  async function check(
    target: Target,
    repository: ClusterRepository,
    cluster: Cluster,
    memory: CheckMemory,
  ): Promise<Observation> {
    const folder = join(plane.folder, target.name);
    const content = folderStore(join(folder, 'content'));
    const state = folderStore(join(folder, 'state'));
    const unpacked = await tools();
    const reading = await readDesired(target, {
      clone: await openClone({ url: repository.url, branch: 'main', folder: join(folder, 'clone.git') }),
      content,
      state,
      capabilities: capabilitiesOf(undefined, target),
      render: (request) =>
        renderRelease(request, { content, state, tools: unpacked.folder, scratch: join(folder, 'scratch') }),
    });
    assert.ok(reading.kind === 'read');
    const question = { target, desired: reading.state, sequence: 1, now: new Date().toISOString() };
    return (await checkTarget(question, { state, cluster, memory })).observation;
  }

  for (const deployer of ['flux', 'argocd'] as const) {
    test(`as ${deployer}: in sync after a delivery, drift after an edit, rolled out after an upgrade`, async () => {
      const target = targetOf({ name: deployer, deployer });
      const release = `web-${deployer}`;
      const repository = await clusterRepository();
      const failures: unknown[] = [];
      const running = await startDeployer({
        targets: [target],
        repositories: new Map([['cluster', { url: repository.url }]]),
        kubeconfig: plane.kubeconfig,
        tools: await tools(),
        folder: join(plane.folder, 'deployer', deployer),
        onEvent: (event) => event.kind === 'failed' && failures.push(event),
      });
      const state = folderStore(join(plane.folder, target.name, 'state'));
      const cluster = await connect(
        { kind: 'kubeconfig', path: plane.kubeconfig },
        { sealing: await sealingKey(state) },
      );
      const memory = memoryOf();
      const states = async () => {
        const { scopes } = await check(target, repository, cluster, memory);
        return Object.fromEntries(scopes.map(({ scope, state: seen }) => [formatScope(scope), seen]));
      };
      try {
        const manifest = `apiVersion: v1\nkind: Secret\nmetadata: {name: plain-${deployer}, namespace: shop}\nstringData: {a: b}\n`;
        const apply = `fairlead/${deployer}/apply/manifests/plain.yaml`;
        await repository.commit({ ...deliveredRelease(target, { release }), [apply]: manifest });
        await running.applyNow();
        assert.deepEqual(failures, []);
        const scope = `shop/${release}`;
        const before = await states();
        assert.deepEqual(before[scope]?.kind, 'in-sync', JSON.stringify(before, null, 1));
        assert.deepEqual(before.manifests?.kind, 'in-sync', JSON.stringify(before, null, 1));

        await plane.kubectl(['-n', 'shop', 'scale', `deployment/${release}`, '--replicas=3']);
        const drifted = (await states())[scope];
        assert.ok(drifted?.kind === 'drift');
        assert.deepEqual(
          drifted.findings.map(({ at, desired, live }) => [at, desired, live]),
          [['spec.replicas', 1, 3]],
        );

        await repository.commit(
          deliveredRelease(target, { release, version: '1.1.0', values: 'replicas: 2\n' }),
        );
        await running.applyNow();
        assert.deepEqual(failures, []);
        const upgraded = await states();
        assert.equal(upgraded[scope]?.kind, 'in-sync', JSON.stringify(upgraded, null, 1));
      } finally {
        await cluster.close();
        await running.stop();
        await repository.remove();
      }
    });
  }
});

function memoryOf(): CheckMemory {
  const scopes = new Map<string, RememberedScope>();
  return {
    admissions: 'remembered',
    history: async () => 'checked-before',
    read: async () => scopes,
    write: async (scope, remembered) => {
      scopes.set(scope, remembered);
    },
  };
}
