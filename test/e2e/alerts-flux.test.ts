import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { formatBootstrap } from '../../lib/bootstrap/bootstrap.ts';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import { deployerNamespace, helmReleaseName } from '../../lib/repository/layout.ts';
import { tools } from '../../local/tools.ts';
import { type MovedClock, movedClock } from '../alerted/clock.ts';
import { pageOf, textOf } from '../alerted/scene.ts';
import { type AlertedTarget, alertedTarget, forPeople, inShort } from '../alerted/target.ts';
import { deliveredRelease, targetOf } from '../fixtures/cluster-repository.ts';
import { type FluxCluster, fluxCluster, readyOf } from '../flux/flux.ts';
import { requirement } from '../requirements.ts';

/** What people get where Flux's own controllers apply what is in Git. */
describe('people hear of what Flux does, in its own words', requirement('deployers'), () => {
  const target = targetOf({ deployer: 'flux' });
  const namespace = deployerNamespace(target);
  const name = helmReleaseName({ namespace: 'shop', release: 'web' });
  let flux: FluxCluster;
  let at: AlertedTarget;
  let clock: MovedClock;

  const helmRelease = () =>
    flux.cluster.get({ apiVersion: FLUX.helmRelease, kind: 'HelmRelease', namespace, name });
  const replicas = () =>
    flux.plane.kubectl([
      '-n',
      'shop',
      'get',
      'deployment',
      'web',
      '-o',
      'jsonpath={.status.availableReplicas}',
    ]);
  const checked = async () => {
    await at.check();
    return forPeople(await at.told());
  };
  /** Commits values, and waits until Helm has done what it can. */
  const values = async (text: string, ready: 'True' | 'False') => {
    const before = (await helmRelease())?.metadata.generation;
    await at.commit(deliveredRelease(target, { values: text }));
    await flux.until(`HelmRelease to be Ready: ${ready}`, async () => {
      const object = await helmRelease();
      const { status } = readyOf(object) ?? {};
      return status === ready && (before === undefined || (await hasTaken(text)));
    });
  };
  const hasTaken = async (text: string): Promise<boolean> => {
    const found = await flux.plane.kubectl(['-n', namespace, 'get', 'configmaps', '-o', 'json']);
    return found.includes(JSON.stringify(text).slice(1, -1));
  };

  before(async () => {
    flux = await fluxCluster('nodes');
    clock = movedClock();
    at = await alertedTarget(flux.plane.kubeconfig, {
      name: target.name,
      deployer: 'flux',
      namespaces: ['shop'],
      checkEveryMinutes: 12 * 60,
    });
    await flux.plane.kubectl(['create', 'namespace', 'shop']);
    const repository = { url: target.repository, readCredential: { kind: 'none' } } as const;
    const text = formatBootstrap({
      target,
      repository: { ...repository, url: 'https://git.example.com/cluster.git' },
      secrets: 'read-secrets',
    });
    await flux.plane.kubectl(['apply', '-f', '-'], text);
    await flux.follow(namespace, at.bare);
    await values('replicas: 1\n', 'True');
    assert.deepEqual(inShort(await checked()), []);
  });
  after(async () => {
    clock?.restore();
    await at?.end();
    await flux?.end();
  });

  test('a hand edit of a HelmRelease is one alert, of the release, with what it does there', async () => {
    const patch = ['--type=merge', '-p', '{"spec":{"values":{"replicas":3}}}'];
    await flux.plane.kubectl(['-n', namespace, 'patch', 'helmrelease', name, ...patch]);
    await flux.until('three replicas', async () => (await replicas()) === '3');
    await flux.until('Helm to be done', async () => readyOf(await helmRelease())?.status === 'True');
    const told = await checked();
    assert.deepEqual(inShort(told), ['drift shop/web warning']);
    const text = textOf(told[0]);
    assert.match(text, /HelmRelease\/\S+ in fairlead-staging/);
    assert.match(text, /spec\.values/);
    assert.match(text, /kubectl-patch/);
    assert.match(text, /Deployment\/web changed\s+spec\.replicas/);

    const [command] = /kubectl annotate .*kustomization.*/.exec(text) ?? [];
    assert.ok(command, text);
    await pasted(command);
    await flux.until('one replica', async () => (await replicas()) === '1');
    await flux.until('Helm to be done', async () => readyOf(await helmRelease())?.status === 'True');
    const resolved = await checked();
    assert.deepEqual(inShort(resolved), ['converged shop/web info']);
    assert.deepEqual(pageOf(resolved[0]), [pageOf(told[0])?.[0], 'OK']);
  });

  /** Into a shell, as it stands. */
  async function pasted(command: string): Promise<void> {
    const { folder } = await tools();
    await promisify(execFile)('sh', ['-c', command], {
      env: {
        PATH: `${folder}/kubectl:${process.env.PATH}`,
        KUBECONFIG: flux.plane.kubeconfig,
        HOME: flux.plane.folder,
      },
    });
  }

  test('a commit that Helm refuses has stalled, with what Flux says; the commit that mends it closes that', async () => {
    await values('replicas: -1\n', 'False');
    assert.deepEqual(inShort(await checked()), []);
    clock.forward(16);
    const told = await checked();
    assert.deepEqual(inShort(told), ['stalled shop/web warning']);
    const text = textOf(told[0]);
    assert.match(text, /HelmRelease fairlead-staging\/\S+ fails \(UpgradeFailed: Helm upgrade failed/);
    assert.match(text, /spec\.replicas: Invalid value: -1/);

    await values('replicas: 2\n', 'True');
    const closed = await checked();
    assert.deepEqual(inShort(closed), ['rolled-out shop/web info']);
    assert.deepEqual(pageOf(closed[0]), [pageOf(told[0])?.[0], 'OK']);
    for (let checks = 0; checks < 2; checks++) assert.deepEqual(inShort(await checked()), []);
  });
});
