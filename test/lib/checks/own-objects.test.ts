import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScopeObservation, ScopeState } from '../../../lib/checks/observation.ts';
import { withOwnObjects } from '../../../lib/checks/own-objects.ts';
import type { DeclaredScope } from '../../../lib/checks/scopes.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { identityOf, type KubernetesObject, type ObjectReference } from '../../../lib/objects/objects.ts';

const helmRelease = (name: string) => ({
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  namespace: 'apps',
  name,
});
const VALUES = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'shared' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const finding = (object: ObjectReference, at: string): Finding => ({
  verdict: 'changed',
  object,
  path: [],
  at,
  secret: false,
});
const declared = (scope: DeclaredScope['scope'], name: string): DeclaredScope => ({
  scope,
  name,
  ...(scope.kind === 'release'
    ? {
        release: {
          namespace: scope.namespace,
          name: scope.name,
          suspended: false,
          rendering: { kind: 'unknown', reason: '' },
          deployedBy: helmRelease(scope.name),
        },
      }
    : {}),
  tip: { kind: 'unknown', reason: '' },
  remembered: { kinds: [] },
});
const MANIFESTS = declared({ kind: 'manifests' }, 'manifests');
const WEB = declared({ kind: 'release', namespace: 'shop', name: 'web' }, 'shop/web');
const API = declared({ kind: 'release', namespace: 'shop', name: 'api' }, 'shop/api');

/** HelmReleases that all take the same values. */
const live = {
  all: () => [],
  find(reference: ObjectReference) {
    const object: KubernetesObject = {
      apiVersion: reference.apiVersion,
      kind: reference.kind,
      metadata: { name: reference.name, namespace: 'apps' },
      ...(reference.kind === 'HelmRelease'
        ? { spec: { valuesFrom: [{ kind: 'ConfigMap', name: VALUES.name }] } }
        : {}),
    };
    return { kind: 'found', object } as const;
  },
};

const PATCHED = finding(helmRelease('web'), 'spec.values.replicas');
const SCALED = finding(DEPLOYMENT, 'spec.replicas');
const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };

function told(manifests: ScopeState, web: ScopeState) {
  const observed: readonly ScopeObservation[] = [
    { scope: MANIFESTS.scope, state: manifests },
    { scope: WEB.scope, state: web },
    { scope: API.scope, state: IN_SYNC },
  ];
  const after = withOwnObjects(observed, [MANIFESTS, WEB, API], live);
  return after.map(({ state }) =>
    'findings' in state
      ? `${state.kind}: ${state.findings.map(({ object, at }) => `${object.kind} ${at}`).join(', ')}`
      : state.kind,
  );
}

describe('what somebody changes of a HelmRelease', () => {
  test('is told with its release, before what that does there, and not with the manifests as well', () => {
    assert.deepEqual(told({ kind: 'drift', findings: [PATCHED] }, { kind: 'drift', findings: [SCALED] }), [
      'in-sync',
      'drift: HelmRelease spec.values.replicas, Deployment spec.replicas',
      'in-sync',
    ]);
    assert.notEqual(identityOf(PATCHED.object), identityOf(SCALED.object));
  });

  test('is drift of the release at once, whatever the deployer has made of it', () => {
    const before = { kind: 'drift', findings: [PATCHED] } as const;
    const drift = 'drift: HelmRelease spec.values.replicas';
    assert.equal(told(before, IN_SYNC)[1], drift);
    assert.equal(told(before, { kind: 'rollout', findings: [SCALED] })[1], drift);
    assert.equal(told(before, { kind: 'unknown', reason: 'may not be read' })[1], drift);
  });

  test('leaves with the manifests what is of no single release', () => {
    const shared = finding(VALUES, 'data.a');
    const stray = finding(helmRelease('stray'), 'spec.values');
    assert.deepEqual(told({ kind: 'drift', findings: [PATCHED, shared, stray] }, IN_SYNC), [
      'drift: ConfigMap data.a, HelmRelease spec.values',
      'drift: HelmRelease spec.values.replicas',
      'in-sync',
    ]);
  });

  test('stays with the manifests where these wait for their own rollout, or are late', () => {
    const late: ScopeState = { kind: 'drift', findings: [PATCHED], deployer: 'Kustomization fails' };
    const pending: ScopeState = { kind: 'rollout', findings: [PATCHED] };
    assert.deepEqual(told(late, IN_SYNC).slice(1), ['in-sync', 'in-sync']);
    assert.deepEqual(told(pending, IN_SYNC).slice(1), ['in-sync', 'in-sync']);
  });

  test('hides nothing of manifests that could not be judged wholly', () => {
    const unjudged = { reason: 'may not be read' };
    assert.equal(told({ kind: 'drift', findings: [PATCHED], unjudged }, IN_SYNC)[0], 'unknown');
  });
});
