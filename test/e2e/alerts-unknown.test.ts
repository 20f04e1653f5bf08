import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startControlPlane } from '../../local/control-plane/control-plane.ts';
import { cacheFolder } from '../../local/tools.ts';
import { pageOf, type Scene, sceneInSync, textOf } from '../alerted/scene.ts';
import { forPeople, inShort } from '../alerted/target.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';

/** What nobody can judge is told as that, once, and never as drift. */
describe('a cluster that cannot be judged', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let again: { stop(): Promise<void> } | undefined;
  let at: Scene;
  before(async () => {
    plane = await testControlPlane();
    at = await sceneInSync(plane, 'shop', { release: 'web' }, { release: 'api' });
  });
  after(async () => {
    await at?.end();
    await again?.stop();
    await plane?.end();
  });

  test('its API server stopped for a while: one unknown, one resolve, and no drift', async () => {
    await plane.stop();
    const heard = [];
    for (let checks = 0; checks < 5; checks++) {
      heard.push(...(await at.checked()));
      at.clock.forward(15);
    }
    assert.deepEqual(inShort(heard), ['unknown target warning']);
    assert.equal(pageOf(heard[0])?.[1], 'ALARM');
    assert.match(textOf(heard[0]), /did not answer|ECONNREFUSED|refused/i);

    const started = await at.clock.withoutIt(() =>
      startControlPlane({
        dataFolder: join(plane.folder, 'data'),
        cacheFolder: cacheFolder(),
        missing: 'give-up',
      }),
    );
    assert.ok(started.kind === 'running', started.kind === 'unavailable' ? started.reason : '');
    again = started;
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['known-again target info']);
    assert.deepEqual(pageOf(resolved[0]), [pageOf(heard[0])?.[0], 'OK']);
    assert.deepEqual(inShort(await at.checked()), []);
  });

  test('no check has finished for three intervals: one unknown, and the next check resolves it', async () => {
    at.clock.forward(3 * 12 * 60 + 30);
    // Noticed by one sweep, told by a later one: a check may be about to finish.
    await at.sweep();
    at.clock.forward(3);
    await at.sweep();
    const heard = forPeople(await at.told());
    assert.deepEqual(inShort(heard), ['unknown target warning']);
    assert.match(textOf(heard[0]), /no check has finished since/i);
    await at.sweep();
    assert.deepEqual(inShort(forPeople(await at.told())), []);
    const resolved = await at.checked();
    assert.deepEqual(inShort(resolved), ['known-again target info']);
    assert.deepEqual(pageOf(resolved[0]), [pageOf(heard[0])?.[0], 'OK']);
  });
});
