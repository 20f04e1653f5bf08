import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { pageOf, type Scene, scene, sceneInSync, textOf } from '../alerted/scene.ts';
import { inShort } from '../alerted/target.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';

/** Commits on their way into a cluster with real controllers, a scheduler, and Pods that are played. */
describe('people hear of rollouts that do not arrive, and of no other', requirement('nodes'), () => {
  let plane: TestControlPlane;
  let at: Scene;
  before(async () => {
    plane = await testControlPlane('nodes');
  });
  after(() => plane.end());
  afterEach(() => at?.end());

  const field = (path: string) => at.edit('get', 'deployment', 'web', '-o', `jsonpath={${path}}`);
  const available = (replicas: number, revision: number) =>
    at.until(`${replicas} available of revision ${revision}`, async () => {
      const said = await field(
        '.status.availableReplicas} {.status.updatedReplicas} {.metadata.annotations.deployment\\.kubernetes\\.io/revision',
      );
      return said === `${replicas} ${replicas} ${revision}`;
    });
  /** In Git, in the cluster, running, and seen by a check. */
  const runs = async (name: string, scaledFrom?: number) => {
    const release = { release: 'web', ...(scaledFrom === undefined ? {} : { scaledFrom }) };
    at = await sceneInSync(plane, name, release);
    await available(scaledFrom ?? 1, 1);
    assert.deepEqual(inShort(await at.checked()), []);
  };

  test('an autoscaler scales: nothing is told', async () => {
    await runs('scaled', 3);
    assert.equal(await field('.spec.replicas'), '3');
    assert.deepEqual(inShort(await at.checked()), []);
    const told = await at.told();
    assert.deepEqual(inShort(told), []);
  });

  test('somebody merges a commit and the deployer takes five minutes: no drift, and one event that it is there', async () => {
    await runs('merged');
    const next = { release: 'web', image: 'shop/web:2' };
    await at.declare(next);
    for (let minutes = 0; minutes < 5; minutes++) {
      assert.deepEqual(inShort(await at.checked()), []);
      at.clock.forward(1);
    }
    await at.deploy(next);
    await available(1, 2);
    for (let checks = 0; checks < 3; checks++) await at.check();
    const told = await at.told();
    assert.deepEqual(inShort(told), ['rolled-out merged/web info']);
    assert.deepEqual(Object.keys(told[0]?.forms ?? {}), ['event']);
    assert.doesNotMatch(told[0]?.forms.event?.body ?? '', /after 0 s/);
  });

  test('a commit that is merged and deployed between two checks is one event too, and it does not say how long', async () => {
    await runs('between');
    const next = { release: 'web', image: 'shop/web:2' };
    await at.declare(next);
    await at.deploy(next);
    await available(1, 2);
    for (let checks = 0; checks < 2; checks++) await at.check();
    const told = await at.told();
    assert.deepEqual(inShort(told), ['rolled-out between/web info']);
    assert.deepEqual(Object.keys(told[0]?.forms ?? {}), ['event']);
    assert.doesNotMatch(told[0]?.forms.event?.body ?? '', /after 0 s/);
  });

  test('a release that crash-loops has stalled, and the alert names it', async () => {
    await runs('crashing');
    const next = { release: 'web', image: 'shop/web:crash' };
    await at.declare(next);
    await at.deploy(next);
    await available(1, 2);
    await crash();
    assert.deepEqual(inShort(await at.checked()), []);
    at.clock.forward(16);
    const told = await at.checked();
    assert.deepEqual(inShort(told), ['stalled crashing/web warning']);
    assert.match(textOf(told[0]), /Deployment\/web: 0 of 1 are available/);
    assert.deepEqual(inShort(await at.checked()), []);

    await at.edit('delete', 'pods', '--all', '--wait=false');
    await available(1, 2);
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['rolled-out crashing/web info']);
    assert.deepEqual(pageOf(resolved[0]), [pageOf(told[0])?.[0], 'OK']);
  });

  test('a release that crash-looped before anybody looked pages nobody', async () => {
    const broken = { release: 'web', image: 'shop/web:crash' };
    at = await scene(plane, 'broken', broken);
    await available(1, 1);
    await crash();
    assert.deepEqual(inShort(await at.checked()), []);
    at.clock.forward(16);
    assert.deepEqual(inShort(await at.checked()), []);
  });

  /** As a kubelet says it of a container that ends again and again. */
  async function crash(): Promise<void> {
    const names = await at.edit('get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}');
    const status = {
      conditions: ['Ready', 'ContainersReady'].map((type) => ({
        type,
        status: 'False',
        reason: 'ContainersNotReady',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
      containerStatuses: [
        {
          name: 'web',
          image: 'shop/web:crash',
          imageID: '',
          ready: false,
          restartCount: 9,
          state: {
            waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' },
          },
        },
      ],
    };
    for (const name of names.split(' '))
      await at.edit('patch', 'pod', name, '--subresource=status', '-p', JSON.stringify({ status }));
    await at.until('no Pod to be available', async () => (await field('.status.availableReplicas')) === '');
  }

  test('a commit that nobody deploys has stalled, and a later one closes that', async () => {
    await runs('forgotten');
    await at.declare({ release: 'web', image: 'shop/web:2' });
    assert.deepEqual(inShort(await at.checked()), []);
    at.clock.forward(16);
    const told = await at.checked();
    assert.deepEqual(inShort(told), ['stalled forgotten/web warning']);
    assert.match(textOf(told[0]), /shop\/web:2/);

    const next = { release: 'web', image: 'shop/web:3' };
    await at.declare(next);
    const closed = await at.checked();
    assert.deepEqual(inShort(closed), ['rolled-out forgotten/web info']);
    assert.deepEqual(pageOf(closed[0]), [pageOf(told[0])?.[0], 'OK']);
    assert.match(textOf(closed[0]), /later commit/);
    await at.deploy(next);
    await available(1, 2);
    await at.check();
    const events = await at.told();
    assert.deepEqual(inShort(events), ['rolled-out forgotten/web info']);
    assert.deepEqual(Object.keys(events[0]?.forms ?? {}), ['event']);
  });
});
