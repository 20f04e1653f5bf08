import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Target } from '../../../lib/config/config.ts';
import type { JsonObject, KubernetesObject } from '../../../lib/objects/objects.ts';
import { startControlPlane } from '../../../local/control-plane/control-plane.ts';
import { type ClusterClient, openCluster } from '../../../local/deployer/cluster-client.ts';
import { type DeployerEvent, type RunningDeployer, startDeployer } from '../../../local/deployer/deployer.ts';
import { cacheFolder, tools } from '../../../local/tools.ts';
import {
  type ClusterRepository,
  clusterRepository,
  deliveredRelease,
  targetOf,
} from '../../fixtures/cluster-repository.ts';
import { requirement } from '../../requirements.ts';

const HELM_RELEASE = {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  namespace: 'fairlead-staging',
  name: 'shop.web',
};
const KUSTOMIZATION = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  namespace: 'fairlead-staging',
  name: 'fairlead',
};
const APPLICATION = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', namespace: 'argocd' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const SETTINGS = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web-settings' };

describe('the stand-in for the deployer, on a real API server', requirement('control-plane'), () => {
  let folder: string;
  let kubeconfig: string;
  let stopControlPlane: () => Promise<void>;
  let cluster: ClusterClient;
  const ending = new AbortController();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-deployer-'));
    const plane = await startControlPlane({
      dataFolder: join(folder, 'plane'),
      cacheFolder: cacheFolder(),
      missing: 'give-up',
    });
    assert.equal(plane.kind, 'running');
    if (plane.kind !== 'running') return;
    kubeconfig = plane.kubeconfig;
    stopControlPlane = plane.stop;
    cluster = await openCluster(kubeconfig, undefined, ending.signal);
  });
  after(async () => {
    ending.abort();
    await stopControlPlane?.();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (reference: Parameters<ClusterClient['get']>[0]): Promise<KubernetesObject> => {
    const found = await cluster.get(reference);
    assert.ok(found, `${reference.kind}/${reference.name} is not there`);
    return found;
  };
  const status = async (reference: Parameters<ClusterClient['get']>[0]) =>
    (await get(reference)).status as JsonObject & {
      history: JsonObject[];
      conditions: { status: string; message: string }[];
    };
  const spec = async (reference: Parameters<ClusterClient['get']>[0]) =>
    (await get(reference)).spec as JsonObject;

  async function deployer(
    target: Target,
    repository: ClusterRepository,
  ): Promise<{ running: RunningDeployer; events: DeployerEvent[] }> {
    const events: DeployerEvent[] = [];
    const running = await startDeployer({
      targets: [target],
      repositories: new Map([['cluster', { url: repository.url }]]),
      kubeconfig,
      tools: await tools(),
      folder: join(folder, target.name),
      onEvent: (event) => events.push(event),
    });
    return { running, events };
  }

  test('as Flux: applies what Git declares, upgrades on a new version only, prunes what has gone', async () => {
    const target = targetOf();
    const repository = await clusterRepository();
    const { running, events } = await deployer(target, repository);
    try {
      await running.applyNow();
      assert.deepEqual(events, [], 'an empty repository is nothing to apply, and no failure');

      const manifest =
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain, namespace: shop}\ndata: {a: b}\n';
      const first = await repository.commit({
        ...deliveredRelease(target),
        'fairlead/staging/apply/manifests/plain.yaml': manifest,
      });
      await running.applyNow();
      assert.deepEqual(
        events.filter(({ kind }) => kind === 'failed'),
        [],
      );

      const deployment = await get(DEPLOYMENT);
      assert.equal((deployment.spec as JsonObject).replicas, 1);
      assert.deepEqual(deployment.metadata.labels, {
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.toolkit.fluxcd.io/name': 'shop.web',
        'helm.toolkit.fluxcd.io/namespace': 'fairlead-staging',
      });
      assert.equal(deployment.metadata.annotations?.['meta.helm.sh/release-name'], 'web');
      const managers = deployment.metadata.managedFields as { manager: string; operation: string }[];
      assert.deepEqual(
        managers.map(({ manager, operation }) => `${manager} ${operation}`),
        ['helm-controller Apply'],
      );
      assert.equal((await status(KUSTOMIZATION)).lastAppliedRevision, `main@sha1:${first}`);
      const installed = await status(HELM_RELEASE);
      assert.equal(installed.history[0]?.status, 'deployed');
      assert.equal(installed.history[0]?.chartVersion, '1.0.0');
      assert.equal(installed.observedGeneration, (await get(HELM_RELEASE)).metadata.generation);

      // A change by hand stays, with a commit that does not touch the release.
      await cluster.apply({ ...asObject(DEPLOYMENT), spec: { replicas: 4 } }, 'kubectl-edit');
      await repository.commit({ 'README.md': 'hello\n' });
      await running.applyNow();
      assert.equal((await spec(DEPLOYMENT)).replicas, 4);

      // The next upgrade takes it back.
      await repository.commit({
        ...deliveredRelease(target, { version: '1.1.0', values: 'colour: red\n' }),
        'fairlead/staging/apply/manifests/plain.yaml': undefined as unknown as string,
      });
      await running.applyNow();
      assert.equal((await spec(DEPLOYMENT)).replicas, 1);
      assert.equal(((await get(SETTINGS)).data as JsonObject).colour, 'red');
      const upgraded = await status(HELM_RELEASE);
      assert.deepEqual(
        upgraded.history.map(({ chartVersion, status: state, version }) => [chartVersion, state, version]),
        [
          ['1.1.0', 'deployed', 2],
          ['1.0.0', 'superseded', 1],
        ],
      );
      assert.equal(await cluster.get({ ...SETTINGS, name: 'plain' }), undefined, 'the manifest was pruned');

      // A release that Git no longer declares goes, and all that it made with it.
      const gone = Object.fromEntries(Object.keys(deliveredRelease(target)).map((path) => [path, undefined]));
      await repository.commit(gone);
      await running.applyNow();
      assert.equal(await cluster.get(HELM_RELEASE), undefined);
      assert.equal(await cluster.get(DEPLOYMENT), undefined);
      assert.deepEqual(
        events.filter(({ kind }) => kind === 'failed'),
        [],
      );
    } finally {
      await running.stop();
      await repository.remove();
    }
  });

  test('as Flux: an upgrade asked for by annotation puts a change by hand back', async () => {
    const target = targetOf();
    const repository = await clusterRepository();
    const { running } = await deployer(target, repository);
    try {
      await repository.commit(deliveredRelease(target));
      await running.applyNow();
      await cluster.apply({ ...asObject(DEPLOYMENT), spec: { replicas: 5 } }, 'kubectl-edit');
      const annotations = { 'reconcile.fluxcd.io/requestedAt': '1', 'reconcile.fluxcd.io/forceAt': '1' };
      await cluster.apply(
        { ...asObject(HELM_RELEASE), metadata: { ...asObject(HELM_RELEASE).metadata, annotations } },
        'kubectl-annotate',
      );
      await until(async () => (await spec(DEPLOYMENT)).replicas === 1);
      await until(async () => (await status(HELM_RELEASE)).lastHandledForceAt === '1');
    } finally {
      await running.stop();
      await repository.remove();
    }
  });

  test('as Flux: says what cannot be applied, in an event and in the status', async () => {
    const target = targetOf();
    const repository = await clusterRepository();
    const { running, events } = await deployer(target, repository);
    try {
      const files = deliveredRelease(target);
      await repository.commit({ ...files, 'fairlead/staging/apply/manifests/bad.yaml': 'a: b: c\n' });
      await running.applyNow();
      assert.equal(events.at(-1)?.kind, 'failed');
      assert.equal((await status(KUSTOMIZATION)).conditions[0]?.status, 'False');
    } finally {
      await running.stop();
      await repository.remove();
    }
  });

  test('as Flux: what a failed upgrade has left is put back by an upgrade to what was there before', async () => {
    const target = targetOf();
    const release = { ...HELM_RELEASE, name: 'shop.back' };
    const versions = async () =>
      (await status(release)).history.map(({ chartVersion, status: state }) => [chartVersion, state]);
    await failAndGoBack(target, async (then) => {
      switch (then) {
        case 'failed':
          assert.deepEqual(await versions(), [
            ['1.1.0', 'failed'],
            ['1.0.0', 'deployed'],
          ]);
          return;
        case 'back':
          assert.deepEqual(await versions(), [
            ['1.0.0', 'deployed'],
            ['1.0.0', 'superseded'],
          ]);
          assert.equal((await status(release)).conditions[0]?.status, 'True');
      }
    });
  });

  test('as Argo CD: what a failed sync has left is put back by a sync of what was there before', async () => {
    const target = targetOf({ name: 'argo', deployer: 'argocd' });
    await failAndGoBack(target, async (then) => {
      const { operationState } = await status({ ...APPLICATION, name: 'argo.shop.back' });
      const { phase } = operationState as JsonObject;
      assert.equal(phase, then === 'failed' ? 'Failed' : 'Succeeded');
    });
  });

  /** A chart that the cluster takes, one of which it takes a part, and the first again. */
  async function failAndGoBack(
    target: Target,
    look: (then: 'failed' | 'back') => Promise<void>,
  ): Promise<void> {
    const repository = await clusterRepository();
    const { running } = await deployer(target, repository);
    const colour = async () =>
      ((await get({ ...SETTINGS, name: 'back-settings' })).data as JsonObject).colour;
    try {
      const good = deliveredRelease(target, { release: 'back' });
      await repository.commit(good);
      await running.applyNow();
      assert.equal(await colour(), 'green');

      const bad = deliveredRelease(target, { release: 'back', version: '1.1.0', values: 'colour: red\n' });
      for (const [path, text] of Object.entries(bad))
        if (path.endsWith('templates/deployment.yaml'))
          // The selector of a Deployment never changes.
          bad[path] = text.replaceAll(
            '{app: {{ .Release.Name }}}',
            '{app: {{ .Release.Name }}, tier: front}',
          );
      await repository.commit(bad);
      await running.applyNow();
      assert.equal(await colour(), 'red');
      await look('failed');

      await repository.commit(good);
      await running.applyNow();
      assert.equal(await colour(), 'green');
      await look('back');
    } finally {
      await running.stop();
      await repository.remove();
    }
  }

  test('as Argo CD: syncs the root and each Application, with tracking ids and the revision', async () => {
    const target = targetOf({ name: 'argo', deployer: 'argocd' });
    const repository = await clusterRepository();
    const { running, events } = await deployer(target, repository);
    try {
      const commit = await repository.commit(
        deliveredRelease(target, { release: 'argo', values: 'replicas: 2\n' }),
      );
      await running.applyNow();
      assert.deepEqual(
        events.filter(({ kind }) => kind === 'failed'),
        [],
      );
      const deployment = await get({ ...DEPLOYMENT, name: 'argo' });
      assert.equal((deployment.spec as JsonObject).replicas, 2);
      assert.deepEqual(deployment.metadata.annotations, {
        'argocd.argoproj.io/tracking-id': 'argo.shop.argo:apps/Deployment:shop/argo',
      });
      const application = await status({ ...APPLICATION, name: 'argo.shop.argo' });
      assert.deepEqual((application.operationState as JsonObject).syncResult, { revision: commit });

      // Gone from Git, it takes along what it made: Argo CD's finalizer holds it until then.
      const files = Object.keys(deliveredRelease(target, { release: 'argo' }));
      await repository.commit(Object.fromEntries(files.map((path) => [path, undefined])));
      await running.applyNow();
      assert.equal(await cluster.get({ ...APPLICATION, name: 'argo.shop.argo' }), undefined);
      assert.equal(await cluster.get({ ...DEPLOYMENT, name: 'argo' }), undefined);
    } finally {
      await running.stop();
      await repository.remove();
    }
  });
});

const asObject = ({ apiVersion, kind, name, namespace }: typeof DEPLOYMENT): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
});

/** Asks until it is so: the runner's own time limit ends what never is. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 100));
}
