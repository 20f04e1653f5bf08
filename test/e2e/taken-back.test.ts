import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Verb } from '../../lib/commands/command.ts';
import { type FluxTarget, fluxTarget } from '../flux/target.ts';
import { requirement } from '../requirements.ts';

const WEB = { namespace: 'shop', release: 'web' };

/** What a chart declares: a ConfigMap that the API server lets nobody change. */
const settings = (colour: string) => ({
  'templates/settings.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\nimmutable: true\ndata:\n  colour: ${colour}\n`,
});
const MANIFEST = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: shop}\ndata: {a: b}\n';

/** The second week of a team, on a real API server with Flux's own controllers. */
describe('what was delivered is taken back, kept so, let go and removed', requirement('deployers'), () => {
  let at: FluxTarget;
  before(async () => {
    at = await fluxTarget({ namespaces: ['shop'] });
  });
  after(() => at.end());

  async function give(verb: Verb) {
    const event = at.pipe.command(verb);
    await at.pipe.receive(event);
    await at.pipe.deliver();
    return at.pipe.record(event);
  }
  const tookSince = (context: TestContext, what: string, since: number) =>
    context.diagnostic(`${what}: ${((performance.now() - since) / 1000).toFixed(1)} s`);
  const colour = () =>
    at.flux.plane.kubectl([
      ...['-n', 'shop', 'get', 'configmap', 'web-settings', '-o', 'jsonpath={.data.colour}'],
    ]);
  const configMaps = async () => {
    const list = await at.flux.plane.kubectl([
      ...['-n', 'shop', 'get', 'configmaps', '-o'],
      'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\\n"}{end}',
    ]);
    return list.split('\n').filter((line) => line !== '' && !line.startsWith('kube-root-ca.crt'));
  };

  test('a chart that the cluster cannot take is rolled back by one command, and the cluster is back', async (context) => {
    await at.chart('shop/web', '1.4.2', settings('blue'));
    await at.deployed('shop/web', '1.4.2');
    await at.chart('shop/other', '1.0.0', settings('green'));
    await at.deployed('shop/other', '1.0.0');
    await at.pipe.upload('staging/manifests/extra.yaml', MANIFEST);
    await at.chart('shop/web', '1.4.3', settings('red'));
    assert.match(await at.failed('shop/web'), /immutable/);

    const since = performance.now();
    const record = await give({ kind: 'rollback', release: WEB, reason: '1.4.3 does not start' });
    assert.equal(record?.state, 'delivered');
    tookSince(context, 'rollback to commit', since);
    assert.equal((await at.deployed('shop/web', '1.4.2')).status, 'deployed');
    tookSince(context, 'rollback to a cluster that is back', since);
    assert.equal(await colour(), 'blue');
    assert.match(at.pipe.git.show('fairlead/staging/releases/shop/web/chart/Chart.yaml'), /version: 1\.4\.2/);
  });

  test('what CI uploads next waits and says so, until the release is let go', async (context) => {
    const tip = at.pipe.git.tip();
    const next = await at.pipe.chart('1.4.4', settings('blue'));
    await at.pipe.receive(next);
    await at.pipe.deliver();
    assert.equal(at.pipe.git.tip(), tip);
    const waiting = await at.pipe.record(next);
    assert.equal(waiting?.state, 'checked');
    assert.equal(waiting?.state === 'checked' && waiting.frozen?.reason, '1.4.3 does not start');
    assert.equal((await at.pipe.tags(next))['fairlead-outcome'], 'frozen');

    const since = performance.now();
    const lifted = await give({ kind: 'unfreeze', scope: { kind: 'release', ...WEB } });
    assert.equal(lifted?.state, 'done');
    // The bell that it rang.
    await at.pipe.deliver();
    assert.equal((await at.pipe.record(next))?.state, 'delivered');
    await at.deployed('shop/web', '1.4.4');
    tookSince(context, 'let go until the cluster runs what waited', since);
  });

  test('a release that is removed is gone from the cluster, and nothing else has moved', async (context) => {
    const others = (await configMaps()).filter((line) => !line.startsWith('web-settings '));
    assert.equal(others.length, 2, others.join(', '));
    const since = performance.now();
    const record = await give({ kind: 'remove', what: { kind: 'release', ...WEB } });
    assert.equal(record?.state, 'delivered');
    await at.flux.until('its objects to go', async () => {
      const left = await configMaps();
      return !left.some((line) => line.startsWith('web-settings '));
    });
    tookSince(context, 'removed from the cluster', since);
    assert.deepEqual(await configMaps(), others);
    assert.equal((await at.release('shop/other')).status.history.length, 1);
  });
});
