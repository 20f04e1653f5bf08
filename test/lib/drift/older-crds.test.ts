import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { judge, object, ownedBy, put, said } from './judging.ts';

const schemas = await builtInSchemas();

test('what an older CRD of crds/ has and the chart has no more is no drift either, until a person adds it', () => {
  const definition = (properties: string, more = '') =>
    object(
      `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a.b}, spec: {group: b, scope: Namespaced, names: {kind: A, plural: a}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {${properties}}}}}${more}]}}`,
    );
  const now = definition('a: {type: string}');
  const older = [
    definition('a: {type: string}, old: {type: string}'),
    definition('a: {type: string}', ', {name: v1alpha1, served: true, storage: false}'),
    put(now, ['spec', 'names', 'shortNames'], ['x']),
    put(now, ['metadata', 'annotations'], { 'controller-gen.kubebuilder.io/version': 'v0.1' }),
  ];
  const fields: Json = {
    'f:metadata': { 'f:annotations': { 'f:controller-gen.kubebuilder.io/version': {} } },
    'f:spec': { 'f:names': { 'f:shortNames': {} }, 'f:versions': {} },
  };
  const situation = { schemas, rendered: { role: 'crd' as const }, ownership: 'required' as const };
  for (const live of older) {
    assert.deepEqual(said(judge(now, ownedBy(live, ['helm', fields]), situation)), []);
    for (const other of ['kubectl-edit', 'some-tool'])
      assert.equal(said(judge(now, ownedBy(live, ['helm', {}], [other, fields]), situation)).length, 1);
    assert.equal(said(judge(now, ownedBy(live, ['helm', {}]), situation)).length, 1, 'nobody is not helm');
    const upgraded = { ...situation, rendered: { role: 'upgraded-crd' as const } };
    assert.equal(
      said(judge(now, ownedBy(live, ['helm', fields]), upgraded)).length,
      1,
      'it follows the chart',
    );
  }
});
