import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { judge, object, ownedBy, put, said } from './judging.ts';

const schemas = await builtInSchemas();

test("Flux's finalizer on its own objects is Flux's, and another that its controllers put there is not", () => {
  const desired = object(
    '{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: s, labels: {a: b}}}',
  );
  const found = (name: string) => {
    const fields: Json = { 'f:metadata': { 'f:finalizers': { '.': {}, [`v:"${name}"`]: {} } } };
    const live = put(desired, ['metadata', 'finalizers'], [name]);
    const own: Json = { 'f:metadata': { 'f:labels': { 'f:a': {} } } };
    return said(
      judge(desired, ownedBy(live, ['kustomize-controller', own], ['helm-controller', fields]), {
        schemas,
        deployer: 'flux',
      }),
    );
  };
  assert.deepEqual(found('finalizers.fluxcd.io'), []);
  assert.deepEqual(found('a.example/b'), ['changed metadata.finalizers["a.example/b"]']);
});
