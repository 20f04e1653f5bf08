import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreseenIn } from '../../cli/foreseen.ts';
import type { Item } from '../../lib/aws/table.ts';
import { renderKey } from '../../lib/charts/render-request.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { desiredKey } from '../../lib/desired/state.ts';
import { memoryStore, memoryTable } from '../lib/uploads/doubles.ts';

const COMMIT = 'c'.repeat(40);
const AT = '2026-11-22T03:00:00.000Z';
const NOW = new Date('2026-11-22T03:05:00Z');
const WEB = { namespace: 'shop', release: 'web' };
const TREE = digestOf('web 1.4.2');

async function stores() {
  const [table, state] = [memoryTable(), memoryStore()];
  const put = async (pk: string, sk: string, item: Omit<Item, 'pk' | 'sk' | 'version'>) =>
    assert.equal(await table.put({ schema: 1, ...item, pk, sk, version: 1 }, 'absent'), 'written');
  const mark = {
    order: AT,
    key: 'staging/shop/web/web-1.4.2.tgz',
    versionId: 'v1',
    commit: COMMIT,
    digest: TREE,
    files: '',
    chart: { name: 'web', version: '1.4.2' },
  };
  await put('slot#staging/shop/web/chart', 'mark', mark);
  const verdict = { commit: COMMIT, at: AT, verdict: 'in-sync', findings: 0, unready: 0 };
  await put('target#staging', 'verdict#target', verdict);
  await put('target#staging', 'verdict#shop/web', { ...verdict, chart: mark.chart, chartTree: TREE });
  const object = (kind: string, name: string, annotations: object = {}) => ({
    object: { apiVersion: 'v1', kind, metadata: { name, namespace: 'shop', annotations } },
    role: 'applied',
    source: 'templates/a.yaml',
    unstable: [],
    usesLookup: false,
  });
  const render = digestOf('render');
  const objects = [
    object('ConfigMap', 'settings'),
    object('PersistentVolumeClaim', 'data', { 'helm.sh/resource-policy': 'keep' }),
  ];
  await state.put(renderKey(render), JSON.stringify({ schema: 1, objects }), 'application/json');
  const desired = digestOf('desired');
  const release = {
    namespace: 'shop',
    name: 'web',
    suspended: false,
    rendering: { kind: 'rendered', render },
  };
  const declared = { schema: 1, target: 'staging', commit: COMMIT, committedAt: AT, releases: [release] };
  await state.put(desiredKey(desired), JSON.stringify(declared), 'application/json');
  await put('target#staging', 'desired', { sequence: 1, commit: COMMIT, desired, at: AT });
  return { table, state };
}

test('a rollback shows what stands, where it goes, and what waits from then on', async () => {
  const found = await stores();
  const verb = { kind: 'rollback', release: WEB } as const;
  assert.deepEqual(await foreseenIn(found, 'staging', verb, NOW), [
    'shop/web in staging has chart web 1.4.2 (commit cccccccccccc); last check: in-sync',
    'chart and values go back to the delivery before, and what is uploaded from then on waits until: npx fairlead unfreeze staging shop/web',
  ]);
  const [, there] = await foreseenIn(found, 'staging', { ...verb, to: '1.4.1' }, NOW);
  assert.match(there ?? '', /go back to 1\.4\.1,/);
});

test('what was never delivered is nothing to go back to or to promote, and is said before it is given', async () => {
  const found = await stores();
  const release = { namespace: 'shop', release: 'wbe' };
  const lines = await foreseenIn(found, 'staging', { kind: 'rollback', release }, NOW);
  assert.deepEqual(lines, [
    'shop/wbe in staging has no chart that was delivered',
    'there is nothing to go back to, and it will be rejected, unless Git has a delivery of it: is it called so? npx fairlead status staging',
  ]);
  const [there] = await foreseenIn(found, 'production', { kind: 'promote', from: 'staging', release }, NOW);
  assert.equal(
    there,
    'shop/wbe in staging has no chart that was delivered: there is nothing to promote, and it will be rejected',
  );
});

test('a promotion shows whether it is proven, and what the other target has', async () => {
  const found = await stores();
  const verb = { kind: 'promote', from: 'staging', release: WEB } as const;
  assert.deepEqual(await foreseenIn(found, 'production', verb, NOW), [
    `shop/web in staging has chart web 1.4.2 (commit cccccccccccc), rolled out and in sync as checked at ${AT}`,
    'shop/web in production has no chart that was delivered; its values stay',
  ]);
  const [late] = await foreseenIn(found, 'production', verb, new Date('2026-11-23T03:05:00Z'));
  assert.match(late ?? '', /which is not proven there: its last check was at/);
});

test('a removal shows what goes and what stays', async () => {
  const found = await stores();
  const of = (what: Parameters<typeof foreseenIn>[2] & { readonly kind: 'remove' }) =>
    foreseenIn(found, 'staging', what, NOW);
  assert.deepEqual(await of({ kind: 'remove', what: { kind: 'release', ...WEB } }), [
    'goes from Git: chart web 1.4.2 (commit cccccccccccc) of shop/web in staging, its values and what deploys it',
    'goes from the cluster: ConfigMap/settings',
    'stays in the cluster: PersistentVolumeClaim/data, since its annotation helm.sh/resource-policy says keep',
  ]);
  const [, releases] = await of({ kind: 'remove', what: { kind: 'target' } });
  assert.equal(releases, 'as its last check saw, these are 1 releases: shop/web');
  const [manifest] = await of({ kind: 'remove', what: { kind: 'manifest', path: 'a/b.yaml' } });
  assert.match(manifest ?? '', /apply\/manifests\/a\/b\.yaml of staging/);
  const [, unknown] = await of({ kind: 'remove', what: { kind: 'release', ...WEB, release: 'api' } });
  assert.equal(unknown, 'what of it runs in the cluster is not known here');
});
