import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKey, slotOf } from '../../../lib/uploads/record/keys.ts';
import { orderOf } from '../../../lib/uploads/record/order.ts';

const SLOTS: readonly (readonly [key: string, slot: string])[] = [
  ['staging/shop/web/web-1.4.2.tgz', 'staging/shop/web/chart'],
  ['staging/shop/web/web-1.4.3.tgz', 'staging/shop/web/chart'],
  ['staging/shop/web/My_Chart.v2-1.0.0-rc.1+build.5.tgz', 'staging/shop/web/chart'],
  ['staging/shop/web/web-v1.2.tgz', 'staging/shop/web/chart'],
  ['staging/shop/web.api/values.yaml', 'staging/shop/web.api/values'],
  ['staging/manifests/a.yaml', 'staging/manifests/a.yaml'],
  ['staging/manifests/team/sub_1/a.b.yaml', 'staging/manifests/team/sub_1/a.b.yaml'],
  [`staging/shop/${'r'.repeat(53)}/values.yaml`, `staging/shop/${'r'.repeat(53)}/values`],
];
for (const [key, slot] of SLOTS) {
  test(`${key.slice(0, 60)} fills a slot`, () => {
    const parsed = parseKey(key);
    assert.equal(parsed.kind === 'slot' && slotOf(parsed.key), slot);
  });
}

const MALFORMED: readonly string[] = [
  '',
  '/',
  'staging',
  'staging/',
  'staging/shop/web',
  'staging/shop/web/web.tgz',
  'staging/shop/web/web-1.4.2.tar.gz',
  'staging/shop/web/values.yml',
  'staging/shop/web/extra/values.yaml',
  'staging/shop//values.yaml',
  'staging//web/values.yaml',
  '/staging/shop/web/values.yaml',
  'Staging/shop/web/values.yaml',
  'staging/Shop/web/values.yaml',
  'staging/shop/-web/values.yaml',
  'staging/shop/we..b/values.yaml',
  'staging/shop/../values.yaml',
  'staging/../shop/web/values.yaml',
  'staging/shop/web/%2e%2e-1.0.0.tgz',
  'staging/shop/web/web%2D1.4.2.tgz',
  'staging/shop/web/web-1.4.2.tgz\n',
  'staging/shop/web/web-1.4.2.tgz ',
  'staging/shop/web/wéb-1.4.2.tgz',
  'staging/shop/web/-web-1.4.2.tgz',
  'staging/manifests/a.yml',
  'staging/manifests/.hidden.yaml',
  'staging/manifests/-a.yaml',
  'staging/manifests/../a.yaml',
  'staging/manifests/a//b.yaml',
  'staging/manifests/.git/a.yaml',
  'staging/manifests/kustomization.yaml',
  'staging/manifests/sub/Kustomization.yaml',
  'staging/manifests/Kustomization/a.yaml',
  `staging/shop/${'r'.repeat(54)}/values.yaml`,
  `${'t'.repeat(55)}/shop/web/values.yaml`,
  `staging/${'n'.repeat(64)}/web/values.yaml`,
  `staging/manifests/${'a/'.repeat(600)}a.yaml`,
  `staging/manifests/${'a'.repeat(251)}.yaml`,
];
for (const key of MALFORMED) {
  test(`${JSON.stringify(key.slice(0, 60))} is malformed`, () => {
    assert.equal(parseKey(key).kind, 'malformed');
  });
}

test('signatures and provenance are evidence for their package', () => {
  for (const ending of ['sigstore.json', 'prov'])
    assert.equal(parseKey(`staging/shop/web/web-1.4.2.tgz.${ending}`).kind, 'evidence');
  assert.equal(parseKey('staging/shop/web/values.yaml.prov').kind, 'malformed');
});

test('uploads are ordered by event time, then by sequencer as a number', () => {
  const at = '2026-11-21T12:00:00Z';
  const ordered = [
    { eventTime: '2026-11-21T11:59:59.999Z', sequencer: 'FF' },
    { eventTime: at, sequencer: '9' },
    { eventTime: at, sequencer: '0a' },
    { eventTime: at, sequencer: '10' },
    { eventTime: at, sequencer: '00FF00FF00FF00FF00' },
    { eventTime: '2026-11-21T12:00:00.001Z', sequencer: '0' },
  ];
  const shuffled = ordered.toReversed().toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  assert.deepEqual(shuffled, ordered);
});
