import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { putSnooze } from '../../lib/alerts/snoozes.ts';
import { pageOf, type Scene, scene, sceneInSync, textOf } from '../alerted/scene.ts';
import { inShort } from '../alerted/target.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';

/** What people get when a cluster drifts, from a real API server to the topics that they subscribe to. */
describe('people hear of drift', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let at: Scene;
  before(async () => {
    plane = await testControlPlane();
  });
  after(() => plane.end());
  afterEach(() => at?.end());

  const setImage = (deployment: string, image: string, by = 'kubectl-set') =>
    at.edit('set', 'image', `deployment/${deployment}`, `web=${image}`, `--field-manager=${by}`);

  test('the first check of a drifted target is one summary, and pages nobody', async () => {
    at = await scene(plane, 'first', { release: 'web' }, { release: 'api' });
    await setImage('web', 'evil/web:2');
    await at.edit('label', 'deployment/api', 'by=hand');
    const found = await at.checked();
    assert.deepEqual(inShort(found), ['summary target info']);
    const [summary] = found;
    assert.equal(summary?.forms.pager, undefined);
    assert.match(textOf(summary), /evil\/web:2/);
    assert.match(textOf(summary), /npx fairlead baseline/);

    // What it named is accepted for now; what is new since is told at once.
    assert.deepEqual(inShort(await at.checked()), []);
    await setImage('api', 'evil/api:3');
    const news = await at.checked();
    assert.deepEqual(inShort(news), ['drift first/api warning']);
    assert.match(textOf(news[0]), /evil\/api:3/);
  });

  test('a deleted Deployment is critical', async () => {
    at = await sceneInSync(plane, 'deleted', { release: 'web' });
    await at.edit('delete', 'deployment', 'web');
    const told = await at.checked();
    assert.deepEqual(inShort(told), ['drift deleted/web critical']);
    assert.doesNotMatch(textOf(told[0]), /\(0 s\)|after 0 s/);
    assert.match(told[0]?.forms.email?.subject ?? '', /critical\].* deleted\/web: Deployment\/web missing/);
    const [name, state] = pageOf(told[0]) ?? [];
    assert.equal(state, 'ALARM');
    await at.deploy({ release: 'web' });
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['converged deleted/web info']);
    assert.deepEqual(pageOf(resolved[0]), [name, 'OK']);
  });

  test('somebody who keeps editing is told as changes of one incident, and what stays is not repeated', async () => {
    at = await sceneInSync(plane, 'editing', { release: 'web' });
    const heard: string[] = [];
    const incidents = new Set<string>();
    for (const version of [2, 3, 3, 3, 4]) {
      await setImage('web', `shop/web:${version}`, 'gitlab-runner');
      for (const { kind, incident } of await at.checked()) {
        heard.push(kind);
        incidents.add(incident);
      }
      at.clock.forward(15);
    }
    assert.deepEqual(heard, ['drift', 'drift-changed', 'drift-changed']);
    assert.equal(incidents.size, 1);
  });

  test('an incident that stays open is told again after a day, once a day', async () => {
    at = await sceneInSync(plane, 'reminded', { release: 'web' });
    await setImage('web', 'shop/web:2');
    const [first] = await at.checked();
    assert.equal(first?.kind, 'drift');
    const kinds: string[] = [];
    for (let hours = 9; hours <= 54; hours += 9) {
      at.clock.forward(9 * 60);
      for (const alert of await at.checked()) {
        kinds.push(alert.kind);
        assert.deepEqual([alert.incident, alert.severity], [first?.incident, 'warning']);
        assert.match(textOf(alert), /shop\/web:2/);
      }
    }
    assert.deepEqual(kinds, ['reminder', 'reminder']);
  });

  test('a snoozed release is quiet until something critical comes, and its end is told', async () => {
    at = await sceneInSync(plane, 'snoozed', { release: 'web' });
    await setImage('web', 'shop/web:2');
    const [opened] = await at.checked();
    assert.equal(opened?.kind, 'drift');
    const now = new Date();
    await putSnooze(at.table, 'snoozed', 'snoozed/web', {
      until: new Date(now.getTime() + 8 * 3_600_000).toISOString(),
      by: 'Pat',
      reason: 'the new version is being tried',
      at: now.toISOString(),
    });
    await setImage('web', 'shop/web:3');
    await at.check();
    const quiet = await at.told();
    assert.deepEqual(
      quiet.map(({ kind, forms }) => [kind, Object.keys(forms)]),
      [['drift-changed', ['event']]],
    );
    await at.edit('delete', 'deployment', 'web');
    const risen = await at.checked();
    assert.deepEqual(inShort(risen), ['drift-changed snoozed/web critical']);
    assert.deepEqual(pageOf(risen[0]), [opened.incident, 'ALARM']);
    await at.deploy({ release: 'web' });
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['converged snoozed/web info']);
    assert.deepEqual(pageOf(resolved[0]), [opened.incident, 'OK']);
  });

  test('what changed while it was snoozed is told once the snooze has ended', async () => {
    at = await sceneInSync(plane, 'snooze-over', { release: 'web' });
    const now = new Date();
    await putSnooze(at.table, at.name, 'snooze-over/web', {
      until: new Date(now.getTime() + 2 * 3_600_000).toISOString(),
      by: 'Pat',
      reason: 'at work on it',
      at: now.toISOString(),
    });
    await setImage('web', 'shop/web:2');
    assert.deepEqual(inShort(await at.checked()), []);
    at.clock.forward(121);
    const after = await at.checked();
    assert.deepEqual(inShort(after), ['reminder snooze-over/web warning']);
    assert.match(textOf(after[0]), /shop\/web:2/);
    assert.deepEqual(inShort(await at.checked()), []);
  });
});
