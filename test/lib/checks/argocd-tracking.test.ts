import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { asTracked } from '../../../lib/checks/argocd-tracking.ts';
import type { LiveObjects } from '../../../lib/checks/live.ts';
import type { DeclaredScope } from '../../../lib/checks/scopes.ts';
import { digestOf } from '../../../lib/content/tree.ts';

const ID = 'argocd.argoproj.io/tracking-id';
const configMap = (name: string, annotations?: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', ...(annotations === undefined ? {} : { annotations }) },
});
const rendered = (name: string, more = {}): RenderedObject => ({
  object: configMap(name, { [ID]: `web:/ConfigMap:shop/${name}`, ...more }),
  role: 'applied',
  source: 'x',
  unstable: [],
  usesLookup: false,
});
const scopeOf = (...objects: readonly RenderedObject[]): DeclaredScope => ({
  scope: { kind: 'manifests' },
  name: 'manifests',
  tip: { kind: 'rendered', render: digestOf('x'), objects },
  remembered: { kinds: [] },
});
const liveOf = (...objects: readonly ReturnType<typeof configMap>[]): Pick<LiveObjects, 'find'> => ({
  find: ({ name }) => {
    const object = objects.find(({ metadata }) => metadata.name === name);
    return object === undefined ? { kind: 'absent' } : { kind: 'found', object };
  },
});
const annotationsIn = (scopes: readonly DeclaredScope[]) =>
  scopes.flatMap(({ tip }) =>
    tip.kind === 'rendered' ? tip.objects.map(({ object }) => object.metadata.annotations) : [],
  );
const scopes = [scopeOf(rendered('a', { team: 'shop' })), scopeOf(rendered('b'))];

test('where no object has a tracking id, Argo CD tracks by label, and none is declared', () => {
  const tracked = asTracked(scopes, liveOf(configMap('a', { team: 'shop' }), configMap('b')), {
    deployer: 'argocd',
  });
  assert.deepEqual(annotationsIn(tracked), [{ team: 'shop' }, undefined]);
});

test('where a single one has it, the loss on another is a difference', () => {
  const live = liveOf(configMap('a'), configMap('b', { [ID]: 'web:/ConfigMap:shop/b' }));
  assert.equal(asTracked(scopes, live, { deployer: 'argocd' }), scopes);
});

test('where nothing is there yet, or another deployer applies it, nothing is changed', () => {
  assert.equal(asTracked(scopes, liveOf(), { deployer: 'argocd' }), scopes);
  assert.equal(asTracked(scopes, liveOf(configMap('a')), { deployer: 'flux' }), scopes);
});
