import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectRole, RenderedObject } from '../../../lib/charts/render-request.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { allKeptBecause, keptOf, type Removal } from '../../../lib/uploads/deciding/commands/kept.ts';

const rendered = (object: KubernetesObject, role: ObjectRole = 'applied'): RenderedObject => ({
  object,
  role,
  source: 'templates/a.yaml',
  unstable: [],
  usesLookup: false,
});

const object = (
  kind: string,
  name: string,
  metadata: Readonly<Record<string, unknown>> = {},
  rest: Readonly<Record<string, unknown>> = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', ...metadata },
  ...rest,
});

const keeps = { annotations: { 'helm.sh/resource-policy': ' Keep ' } };
const argo = (options: string) => ({ annotations: { 'argocd.argoproj.io/sync-options': options } });
const flux = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' };
const claims = (retention?: string) => ({
  spec: {
    volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    ...(retention === undefined ? {} : { persistentVolumeClaimRetentionPolicy: { whenDeleted: retention } }),
  },
});
const crd = { ...object('CustomResourceDefinition', 'a.b.c'), metadata: { name: 'a.b.c' } };

const CASES: readonly (readonly [
  what: string,
  one: RenderedObject,
  deployer: 'flux' | 'argocd' | 'none',
  removal: Removal,
  kept: readonly string[],
])[] = [
  ['nothing asks for it', rendered(object('ConfigMap', 'a')), 'flux', 'release', []],
  ['helm keeps it', rendered(object('Secret', 'a', keeps)), 'flux', 'release', ['Secret/a']],
  [
    'Argo CD keeps it as helm does',
    rendered(object('Secret', 'a', keeps)),
    'argocd',
    'release',
    ['Secret/a'],
  ],
  ['helm’s word means nothing in a manifest', rendered(object('Secret', 'a', keeps)), 'flux', 'manifest', []],
  ['Argo CD neither', rendered(object('Secret', 'a', keeps)), 'argocd', 'manifest', []],
  [
    'Delete=false',
    rendered(object('Secret', 'a', argo('Validate=false, Delete=false'))),
    'argocd',
    'release',
    ['Secret/a'],
  ],
  [
    'Prune=false is about a manifest',
    rendered(object('Secret', 'a', argo('Prune=false'))),
    'argocd',
    'manifest',
    ['Secret/a'],
  ],
  ['and not about a release', rendered(object('Secret', 'a', argo('Prune=false'))), 'argocd', 'release', []],
  [
    'Flux does not read Argo CD’s',
    rendered(object('Secret', 'a', argo('Delete=false'))),
    'flux',
    'release',
    [],
  ],
  [
    'prune disabled',
    rendered(object('Secret', 'a', { annotations: flux })),
    'flux',
    'manifest',
    ['Secret/a'],
  ],
  [
    'prune disabled, as a label',
    rendered(object('Secret', 'a', { labels: flux })),
    'flux',
    'manifest',
    ['Secret/a'],
  ],
  [
    'helm does not read Flux’s',
    rendered(object('Secret', 'a', { annotations: flux })),
    'flux',
    'release',
    [],
  ],
  [
    'claims of a StatefulSet',
    rendered(object('StatefulSet', 'db', {}, claims())),
    'flux',
    'release',
    ['PersistentVolumeClaim/data-db-*'],
  ],
  [
    'claims that go with it',
    rendered(object('StatefulSet', 'db', {}, claims('Delete'))),
    'flux',
    'release',
    [],
  ],
  [
    'claims that are retained',
    rendered(object('StatefulSet', 'db', {}, claims('Retain'))),
    'argocd',
    'release',
    ['PersistentVolumeClaim/data-db-*'],
  ],
  ['a definition of crds/', rendered(crd, 'crd'), 'flux', 'release', ['CustomResourceDefinition/a.b.c']],
  [
    'a definition of crds/ that follows its chart',
    rendered(crd, 'upgraded-crd'),
    'flux',
    'release',
    ['CustomResourceDefinition/a.b.c'],
  ],
  ['a definition of templates/, with helm', rendered(crd), 'flux', 'release', []],
  [
    'a definition of templates/, with Argo CD',
    rendered(crd),
    'argocd',
    'release',
    ['CustomResourceDefinition/a.b.c'],
  ],
  ['a hook', rendered(object('Job', 'a', keeps), 'hook'), 'flux', 'release', []],
];

for (const [what, one, deployer, removal, kept] of CASES)
  test(`what stays in the cluster (${deployer}, ${removal}): ${what}`, () => {
    assert.deepEqual(
      keptOf([one], deployer, removal, 'shop').map((each) => each.object),
      kept,
    );
  });

const helmRelease = (changed: object) => ({ kind: 'HelmRelease', metadata: {}, spec: {}, ...changed });
const FINALIZER = 'resources-finalizer.argocd.argoproj.io';

for (const [what, applier, deployer, says] of [
  ['without a deployer', undefined, 'none', /no deployer/],
  ['a HelmRelease goes', helmRelease({}), 'flux', undefined],
  ['a suspended one uninstalls nothing', helmRelease({ spec: { suspend: true } }), 'flux', /suspended/],
  ['one that is not pruned', helmRelease({ metadata: { annotations: flux } }), 'flux', /prune: disabled/],
  [
    'an Application as we make it',
    { kind: 'Application', metadata: { finalizers: [FINALIZER] } },
    'argocd',
    undefined,
  ],
  [
    'its finalizer in the background',
    { kind: 'Application', metadata: { finalizers: [`${FINALIZER}/background`] } },
    'argocd',
    undefined,
  ],
  ['one without it', { kind: 'Application', metadata: {} }, 'argocd', /no finalizer/],
] as const)
  test(`whether all of a release stays: ${what}`, () => {
    const because = allKeptBecause(applier, deployer);
    if (says === undefined) assert.equal(because, undefined);
    else assert.match(because ?? '', says);
  });
