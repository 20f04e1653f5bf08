import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applierOf } from '../../../lib/checks/applier.ts';
import type { Applier } from '../../../lib/checks/observation.ts';
import type { DeclaredScope } from '../../../lib/checks/scopes.ts';
import { filesOf, withSources } from '../../../lib/checks/sources.ts';
import type { Target } from '../../../lib/config/config.ts';
import { identityOf, type KubernetesObject, type ObjectReference } from '../../../lib/objects/objects.ts';
import { finding } from '../../fixtures/findings.ts';

const HELM = 'helm.toolkit.fluxcd.io/v2';
const KUSTOMIZE = 'kustomize.toolkit.fluxcd.io/v1';
const ARGO = 'argoproj.io/v1alpha1';
const target = (deployer: Target['deployer']): Target =>
  ({ name: 'staging', deployer, root: 'clusters/staging' }) as Target;

const object = (apiVersion: string, kind: string, name: string, spec: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'team-a' },
  spec,
});
const clusterOf = (...objects: readonly KubernetesObject[]) => ({
  all: (apiVersion: string, kind: string) =>
    objects.filter((each) => each.apiVersion === apiVersion && each.kind === kind),
  find(reference: ObjectReference) {
    const found = objects.find(
      ({ kind, metadata }) => kind === reference.kind && metadata.name === reference.name,
    );
    return found === undefined ? ({ kind: 'absent' } as const) : ({ kind: 'found', object: found } as const);
  },
});
const release = (apiVersion: string, kind: string): DeclaredScope => ({
  scope: { kind: 'release', namespace: 'shop', name: 'web' },
  name: 'shop/web',
  release: {
    namespace: 'shop',
    name: 'web',
    suspended: false,
    rendering: { kind: 'unknown', reason: '' },
    deployedBy: { apiVersion, kind, namespace: 'team-a', name: 'frontend' },
  },
  tip: { kind: 'unknown', reason: '' },
  remembered: { kinds: [] },
});
const manifests: DeclaredScope = {
  scope: { kind: 'manifests' },
  name: 'manifests',
  tip: { kind: 'unknown', reason: '' },
  remembered: { kinds: [] },
};
const nowhere = () => undefined;

describe('who applies a scope', () => {
  const CASES: readonly (readonly [string, string, object, Applier['putsBack']])[] = [
    [HELM, 'HelmRelease', {}, 'with-a-change-in-git'],
    [HELM, 'HelmRelease', { driftDetection: { mode: 'warn' } }, 'with-a-change-in-git'],
    [HELM, 'HelmRelease', { driftDetection: { mode: 'enabled' } }, 'by-itself'],
    [HELM, 'HelmRelease', { driftDetection: { mode: 'enabled' }, suspend: true }, 'nothing'],
    [ARGO, 'Application', {}, 'when-asked'],
    [ARGO, 'Application', { syncPolicy: { automated: null } }, 'when-asked'],
    [ARGO, 'Application', { syncPolicy: { automated: { enabled: false, selfHeal: true } } }, 'when-asked'],
    [ARGO, 'Application', { syncPolicy: { automated: {} } }, 'with-a-change-in-git'],
    [ARGO, 'Application', { syncPolicy: { automated: { selfHeal: true } } }, 'by-itself'],
  ];
  for (const [apiVersion, kind, spec, putsBack] of CASES) {
    test(`a release: ${kind} with ${JSON.stringify(spec)} puts back ${putsBack}`, () => {
      const live = clusterOf(
        object(apiVersion, kind, 'frontend', spec),
        object(apiVersion, kind, 'other', {}),
      );
      const deployer = kind === 'Application' ? 'argocd' : 'flux';
      const file = 'clusters/staging/frontend.yaml';
      assert.deepEqual(
        applierOf(release(apiVersion, kind), live, target(deployer), ({ name }) =>
          name === 'frontend' ? file : undefined,
        ),
        { kind, namespace: 'team-a', name: 'frontend', putsBack, file },
      );
    });
  }

  test('manifests: the Kustomization that applies the root, by itself unless it is suspended', () => {
    for (const [suspend, putsBack] of [
      [false, 'by-itself'],
      [true, 'nothing'],
    ] as const) {
      const live = clusterOf(
        object(KUSTOMIZE, 'Kustomization', 'infra', { path: './clusters/infra' }),
        object(KUSTOMIZE, 'Kustomization', 'apps', { path: './clusters/staging', suspend }),
      );
      const found = applierOf(manifests, live, target('flux'), nowhere);
      assert.deepEqual(found, { kind: 'Kustomization', namespace: 'team-a', name: 'apps', putsBack });
    }
  });

  test('nobody is guessed: not where nothing is found, and not without a deployer', () => {
    assert.equal(applierOf(release(HELM, 'HelmRelease'), clusterOf(), target('flux'), nowhere), undefined);
    assert.equal(applierOf(manifests, clusterOf(), target('argocd'), nowhere), undefined);
    assert.equal(applierOf(manifests, clusterOf(), target('none'), nowhere), undefined);
  });
});

describe('where Git declares what differs', () => {
  const rendered = (
    scope: DeclaredScope,
    objects: readonly (readonly [KubernetesObject, string])[],
  ): DeclaredScope => ({
    ...scope,
    tip: {
      kind: 'rendered',
      render: 'sha256:0' as never,
      objects: objects.map(([each, source]) => ({
        object: each,
        source,
        role: 'applied',
        unstable: [],
        usesLookup: false,
      })),
    },
  });
  const bare = (kind: string, namespace?: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'web', ...(namespace === undefined ? {} : { namespace }) },
  });
  const differs = (kind: string, namespace?: string) =>
    finding(
      'data.a',
      { desired: 1, live: 2 },
      { object: { apiVersion: 'v1', kind, name: 'web', ...(namespace === undefined ? {} : { namespace }) } },
    );

  test('is the template of a release, with or without the namespace, and for kinds of the whole cluster', () => {
    const declared = rendered(release(HELM, 'HelmRelease'), [
      [bare('ConfigMap'), 'templates/a.yaml'],
      [bare('Secret', 'shop'), 'templates/b.yaml'],
      [bare('PersistentVolume'), 'templates/c.yaml'],
    ]);
    const findings = [
      differs('ConfigMap', 'shop'),
      differs('Secret', 'shop'),
      differs('PersistentVolume'),
      differs('Service', 'shop'),
    ];
    const state = withSources({ kind: 'drift', findings }, declared);
    assert.deepEqual('findings' in state ? state.findings.map(({ source }) => source) : [], [
      'templates/a.yaml',
      'templates/b.yaml',
      'templates/c.yaml',
      undefined,
    ]);
  });

  test('is the file of a manifest, by which the deployer’s own objects are found', () => {
    const helmRelease = object(HELM, 'HelmRelease', 'frontend', {});
    const files = filesOf([
      rendered(manifests, [[helmRelease, 'clusters/staging/frontend.yaml']]),
      rendered(release(HELM, 'HelmRelease'), [[bare('ConfigMap'), 'templates/a.yaml']]),
    ]);
    assert.deepEqual([...files.values()], ['clusters/staging/frontend.yaml']);
    const reference = { apiVersion: HELM, kind: 'HelmRelease', namespace: 'team-a', name: 'frontend' };
    assert.equal(files.get(identityOf(reference)), 'clusters/staging/frontend.yaml');
  });

  test('what has no findings, or could not be judged, stays as it is', () => {
    const state = { kind: 'in-sync', unready: [] } as const;
    assert.equal(withSources(state, manifests), state);
    const unknown = { kind: 'unknown', reason: 'no' } as const;
    assert.equal(withSources(unknown, manifests), unknown);
  });
});
