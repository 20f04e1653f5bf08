import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type MovedClock, movedClock } from '../alerted/clock.ts';
import { deployed, inGit, namespaceObject, type WebRelease } from '../alerted/releases.ts';
import { type AlertedTarget, alertedTarget, forPeople, inShort } from '../alerted/target.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';

/** What people get when a cluster drifts, from a real API server to the topics that they subscribe to. */
describe('people hear of drift', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let clock: MovedClock;
  let at: AlertedTarget;
  before(async () => {
    plane = await testControlPlane();
  });
  after(() => plane.end());
  afterEach(async () => {
    await at?.end();
    clock?.restore();
  });

  /** A target whose releases run as Git says. */
  async function running(name: string, ...releases: readonly WebRelease[]): Promise<void> {
    clock = movedClock();
    // So seldom that the hours which tests leave out are no silence.
    at = await alertedTarget(plane.kubeconfig, { name, checkEveryMinutes: 12 * 60 });
    await at.commit(Object.assign({}, ...releases.map((release) => inGit(at, release))));
    await plane.apply([namespaceObject(name), ...releases.map((release) => deployed(name, release))]);
  }
  async function inSync(name: string, ...releases: readonly WebRelease[]): Promise<void> {
    await running(name, ...releases);
    await at.check();
    assert.deepEqual(inShort(forPeople(await at.told())), []);
  }
  const edit = (...argv: readonly string[]) => plane.kubectl(['-n', at.name, ...argv]);
  const heard = async () => forPeople(await at.told());
  const checked = async () => {
    await at.check();
    return await heard();
  };

  test('the first check of a drifted target is one summary, and pages nobody', async () => {
    await running('first', { release: 'web' }, { release: 'api' });
    await edit('set', 'image', 'deployment/web', 'web=evil/web:2');
    await edit('label', 'deployment/api', 'by=hand');
    const [summary, ...more] = await checked();
    assert.deepEqual(inShort(more), []);
    assert.deepEqual(inShort(summary ? [summary] : []), ['summary target info']);
    assert.equal(summary?.forms.pager, undefined);
    assert.match(summary?.forms.email?.body ?? '', /evil\/web:2/);
    assert.match(summary?.forms.email?.body ?? '', /npx fairlead baseline/);

    // What it named is accepted for now; what is new since is told at once.
    assert.deepEqual(inShort(await checked()), []);
    await edit('set', 'image', 'deployment/api', 'web=evil/api:3');
    const news = await checked();
    assert.deepEqual(inShort(news), ['drift first/api warning']);
    assert.match(news[0]?.forms.email?.body ?? '', /evil\/api:3/);
  });

  test('a deleted Deployment is critical', async () => {
    await inSync('deleted', { release: 'web' });
    await edit('delete', 'deployment', 'web');
    const told = await checked();
    assert.deepEqual(inShort(told), ['drift deleted/web critical']);
    assert.match(
      told[0]?.forms.email?.subject ?? '',
      /critical\] deleted deleted\/web: Deployment\/web missing/,
    );
    const { AlarmName, NewStateValue } = JSON.parse(told[0]?.forms.pager?.body ?? '{}');
    assert.equal(NewStateValue, 'ALARM');
    await plane.apply([deployed('deleted', { release: 'web' })]);
    const [resolved] = await checked();
    assert.equal(resolved?.kind, 'converged');
    const ok = JSON.parse(resolved?.forms.pager?.body ?? '{}');
    assert.deepEqual([ok.AlarmName, ok.NewStateValue], [AlarmName, 'OK']);
  });

  test('somebody who keeps editing is told as changes of one incident, and what stays is not repeated', async () => {
    await inSync('editing', { release: 'web' });
    const heardOf: string[] = [];
    const incidents = new Set<string>();
    for (const version of [2, 3, 3, 3, 4]) {
      await edit(
        'set',
        'image',
        'deployment/web',
        `web=shop/web:${version}`,
        '--field-manager=gitlab-runner',
      );
      for (const alert of await checked()) {
        heardOf.push(alert.kind);
        incidents.add(alert.incident);
      }
      clock.forward(15);
    }
    assert.deepEqual(heardOf, ['drift', 'drift-changed', 'drift-changed']);
    assert.equal(incidents.size, 1);
  });

  test('an incident that stays open is told again after a day, once a day', async () => {
    await inSync('reminded', { release: 'web' });
    await edit('set', 'image', 'deployment/web', 'web=shop/web:2');
    const [first] = await checked();
    assert.equal(first?.kind, 'drift');
    const kinds: string[] = [];
    for (let hours = 6; hours <= 54; hours += 6) {
      clock.forward(6 * 60);
      for (const alert of await checked()) {
        kinds.push(alert.kind);
        assert.deepEqual([alert.incident, alert.severity], [first?.incident, 'warning']);
        assert.match(alert.forms.email?.body ?? '', /shop\/web:2/);
      }
    }
    assert.deepEqual(kinds, ['reminder', 'reminder']);
  });
});
