import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RenderedObject } from '../../../../lib/charts/render-request.ts';
import { DeclaredObjects } from '../../../../lib/desired/flux/declared-objects.ts';
import type { ClusterMaps } from '../../../../lib/desired/flux/maps.ts';
import { PLACEHOLDERS } from '../../../../lib/kustomize/placeholders.ts';
import type { KubernetesObject } from '../../../../lib/objects/objects.ts';

describe('what the builds of a commit declare', () => {
  const declared = (
    objects: readonly KubernetesObject[],
    cluster: ClusterMaps = {},
    unstable: string[] = [],
  ) => {
    const all = new DeclaredObjects({ branch: 'main', ownSources: [] }, cluster);
    all.add(
      objects.map(
        (object): RenderedObject => ({
          object,
          role: 'applied',
          source: 'a.yaml',
          unstable,
          usesLookup: false,
        }),
      ),
    );
    return all;
  };
  const map = (apiVersion: string, value: string): KubernetesObject => ({
    apiVersion,
    kind: 'ConfigMap',
    metadata: { namespace: 'shop', name: 'settings' },
    data: { value },
  });

  test('kinds of other groups by the same name are other objects', () => {
    const all = declared([map('v1', 'real'), map('example.com/v1', 'another')]);
    assert.equal(all.all.length, 2);
    assert.deepEqual(all.findMap('shop', 'settings'), { kind: 'found', data: { value: 'real' } });
    const source = (apiVersion: string): KubernetesObject => ({
      apiVersion,
      kind: 'GitRepository',
      metadata: { namespace: 'shop', name: 'settings' },
    });
    const sources = declared([source('source.toolkit.fluxcd.io/v1'), source('source.example.com/v1')]);
    assert.equal(
      sources.find('GitRepository', 'shop', 'settings')?.apiVersion,
      'source.toolkit.fluxcd.io/v1',
    );
    assert.equal(sources.find('constructor', 'shop', 'settings'), undefined);
  });

  test('of one object in two versions the last holds', () => {
    const release = (version: string): KubernetesObject => ({
      apiVersion: `helm.toolkit.fluxcd.io/${version}`,
      kind: 'HelmRelease',
      metadata: { namespace: 'shop', name: 'web' },
    });
    assert.deepEqual(
      declared([release('v2beta2'), release('v2')]).all.map(({ apiVersion }) => apiVersion),
      ['helm.toolkit.fluxcd.io/v2'],
    );
  });

  test('a ConfigMap that only the cluster has is asked for; one that Git declares is not', () => {
    const all = declared([map('v1', 'here')], { 'shop/seen': { a: '1' }, 'shop/gone': null });
    assert.equal(all.findMap('shop', 'settings').kind, 'found');
    assert.deepEqual(all.findMap('shop', 'seen'), { kind: 'found', data: { a: '1' } });
    assert.deepEqual(all.findMap('shop', 'gone'), { kind: 'absent' });
    assert.deepEqual(all.findMap('shop', 'never'), { kind: 'unseen' });
    assert.deepEqual(all.asked, ['shop/gone', 'shop/never', 'shop/seen']);
  });

  test('what no ConfigMap can be called is not asked for', () => {
    const all = declared([]);
    for (const [namespace, name] of [
      ['', 'settings'],
      ['shop', 'Settings'],
      ['shop', '__proto__'],
      ['shop', 'x'.repeat(254)],
      ['shop/other', 'settings'],
      ['shop', '../settings'],
    ] as const)
      assert.deepEqual(all.findMap(namespace, name), { kind: 'absent' });
    assert.deepEqual(all.asked, []);
  });

  test('an object tells what it is made of while the placeholder is whole, and no longer', () => {
    const whole = map('v1', PLACEHOLDERS[0]);
    assert.equal(declared([whole], {}, ['/data/value']).unstableIn(whole), undefined);
    const part = map('v1', PLACEHOLDERS[0].slice(0, 9));
    const all = declared([part], {}, ['/data/value']);
    assert.match(all.unstableIn(part) ?? '', /does not read \(\/data\/value\)/);
    assert.equal(all.findMap('shop', 'settings').kind, 'unstable');
  });
});
