import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readKustomization } from '../../../../lib/desired/flux/kustomization.ts';
import type { JsonObject } from '../../../../lib/objects/objects.ts';

const read = (spec: JsonObject) =>
  readKustomization({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { namespace: 'flux-system', name: 'apps' },
    spec: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, ...spec },
  });

describe('a Kustomization of Flux', () => {
  test('with fields that are null, as YAML writes what is left empty, has none of them', () => {
    const found = read({ path: './apps', patches: null, postBuild: null, decryption: null, suspend: null });
    assert.ok(found.kind === 'read', JSON.stringify(found));
    const { path, suspended, postBuild, decrypts, spec } = found.declaration;
    assert.deepEqual(
      [path, suspended, postBuild, decrypts, spec.patches],
      ['apps', false, undefined, false, []],
    );
  });

  const paths: readonly [written: string | undefined, path: string][] = [
    [undefined, ''],
    ['./', ''],
    ['/apps/', 'apps'],
    ['apps/../clusters', 'clusters'],
  ];
  for (const [written, path] of paths)
    test(`path ${written} is "${path}"`, () => {
      const found = read(written === undefined ? {} : { path: written });
      assert.equal(found.kind === 'read' && found.declaration.path, path);
    });

  const unreadable: readonly [what: string, spec: JsonObject, reason: RegExp][] = [
    ['out of the repository', { path: '../../etc' }, /leaves the repository/],
    ['by another separator', { path: '..\\..\\etc' }, /leaves the repository/],
    ['in another cluster', { kubeConfig: { secretRef: { name: 'x' } } }, /another cluster/],
    ['variables that are no text', { postBuild: { substitute: { A: 1 } } }, /spec.postBuild.substitute.A/],
    ['a source that is none', { sourceRef: 'flux-system' }, /spec.sourceRef/],
  ];
  for (const [what, spec, reason] of unreadable)
    test(`${what}: unreadable`, () => {
      const found = read(spec);
      assert.ok(found.kind === 'unreadable');
      assert.match(found.reason, reason);
    });
});
