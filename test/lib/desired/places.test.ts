import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isPlace,
  upToLimit,
  wellPlacedKustomizations,
  wellPlacedReleases,
} from '../../../lib/desired/places.ts';
import type { DesiredRelease } from '../../../lib/desired/state.ts';

const release = (namespace: string, name: string, own?: readonly [string, string]): DesiredRelease => ({
  namespace,
  name,
  suspended: false,
  rendering: { kind: 'unknown', reason: 'x' },
  ...(own === undefined
    ? {}
    : { deployedBy: { apiVersion: 'v1', kind: 'HelmRelease', namespace: own[0], name: own[1] } }),
});
const names = (releases: readonly DesiredRelease[]) =>
  releases.map(({ namespace, name }) => `${namespace}/${name}`);

describe('what a release may be called', () => {
  for (const [namespace, name] of [
    ['shop', 'web'],
    ['a'.repeat(63), 'b'.repeat(253)],
    ['1', 'web.v1'],
  ] as const)
    test(`${namespace}/${name} is a place`, () => assert.ok(isPlace({ namespace, name })));
  for (const [namespace, name] of [
    ['', 'web'],
    ['shop', ''],
    ['Shop', 'web'],
    ['shop', 'we/b'],
    ['shop', 'web#drift'],
    ['shop', 'web\n'],
    ['shop', '\u001b[2Jweb'],
    ['shop', '__proto__'],
    ['shop', '-web'],
    ['shop.x', 'web'],
    ['a'.repeat(64), 'web'],
    ['shop', 'b'.repeat(254)],
  ] as const)
    test(`${JSON.stringify(`${namespace}/${name}`)} is none`, () => assert.ok(!isPlace({ namespace, name })));

  test('two of one name: the later is called as its deployer’s object', () => {
    const { kept, remarks } = wellPlacedReleases([
      release('shop', 'web', ['shop', 'web']),
      release('shop', 'web', ['shop', 'front']),
      release('shop', 'web', ['team', 'web']),
      release('shop', 'web', ['shop', 'web']),
    ]);
    assert.deepEqual(names(kept), ['shop/web', 'shop/front', 'team/web']);
    assert.deepEqual(remarks, [
      'the release "shop/web" is declared more than once: only the first is judged',
    ]);
  });

  test('one whose name is none: called as its deployer’s object, else left out with a remark', () => {
    const { kept, remarks } = wellPlacedReleases([
      release('shop', 'My_Release', ['argocd', 'web']),
      release('x'.repeat(5000), 'web', ['y'.repeat(5000), 'web']),
      release('shop', 'good'),
    ]);
    assert.deepEqual(names(kept), ['shop/web', 'shop/good']);
    assert.equal(remarks.length, 1);
    assert.match(remarks[0] ?? '', /^the release "x{60}" has a name that Kubernetes does not take/);
  });

  test('a thousand odd names are few remarks', () => {
    const odd = Array.from({ length: 1000 }, (_, index) => release('shop', `_${index}`));
    const { kept, remarks } = wellPlacedReleases(odd);
    assert.equal(kept.length, 0);
    assert.equal(remarks.length, 21);
    assert.equal(remarks.at(-1), 'and 980 more are not judged');
  });

  test('Kustomizations likewise', () => {
    const { kept, remarks } = wellPlacedKustomizations(
      ['apps', 'Apps'].map((name) => ({
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        namespace: 'flux-system',
        name,
        suspended: false,
        rendering: { kind: 'unknown' as const, reason: 'x' },
      })),
    );
    assert.deepEqual([kept.map(({ name }) => name), remarks.length], [['apps'], 1]);
  });

  test('beyond two thousand one is unknown for all', () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({
      namespace: 'shop',
      name: `r${index}`,
      reason: '',
    }));
    const kept = upToLimit(many, (first, reason) => ({ ...first, reason }));
    assert.equal(kept.length, 2001);
    assert.match(kept.at(-1)?.reason ?? '', /this one and 2999 more are not judged/);
    assert.equal(upToLimit(many.slice(0, 2000), (first) => first).length, 2000);
  });
});
