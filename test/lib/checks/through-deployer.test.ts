import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScopeState } from '../../../lib/checks/observation.ts';
import { throughDeployer } from '../../../lib/checks/through-deployer.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';

const release = {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  namespace: 'apps',
  name: 'web',
};
const other = { ...release, name: 'other' };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const finding = (object: Finding['object'], at: string, manager: string, likely: string): Finding => ({
  verdict: 'changed',
  object,
  path: [],
  at,
  secret: false,
  attribution: { manager, operation: 'Update', likely },
});
const byDeployer = finding(deployment, 'spec.replicas', 'helm-controller', 'still owned by the deployer');
const byHand = finding(deployment, 'spec.paused', 'kubectl-edit', 'likely with kubectl-edit');
const drift = (...findings: Finding[]): ScopeState => ({ kind: 'drift', findings });
const judged = (spoken: readonly Finding[], state = drift(byDeployer, byHand)) => {
  const after = throughDeployer(state, spoken, [release], new Set(['helm-controller']));
  return 'findings' in after ? after.findings.map(({ attribution }) => attribution?.likely) : after.kind;
};
const before = ['still owned by the deployer', 'likely with kubectl-edit'];

describe('what a deployer wrote otherwise than Git says', () => {
  test('is told to come from its own object, and from who changed that; what others wrote is not', () => {
    const patched = finding(release, 'spec.values.replicas', 'kubectl-patch', 'likely with kubectl-patch');
    assert.deepEqual(judged([patched]), [
      'by the deployer, through HelmRelease/web in apps, spec.values.replicas, which is not what Git says (likely with kubectl-patch)',
      'likely with kubectl-edit',
    ]);
  });

  test('is told to come from what is deployed, where the release was suspended by hand as well', () => {
    const suspended = finding(release, 'spec.suspend', 'kubectl-patch', 'x');
    const chart = finding(release, 'spec.chart.spec.version', 'kubectl-edit', 'likely with kubectl-edit');
    assert.match(
      judged([suspended, chart])[0] ?? '',
      /through HelmRelease\/web in apps, spec\.chart\.spec\.version/,
    );
  });

  const APPLICATION = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    namespace: 'argocd',
    name: 'web',
  };
  const KUSTOMIZATION = {
    ...{ apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' },
    ...{ namespace: 'flux-system', name: 'apps' },
  };
  const VALUES = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'web-values' };
  const FIELDS: readonly (readonly [object: Finding['object'], cause: boolean, ...at: string[]])[] = [
    [release, true, 'spec.values', 'spec.valuesFrom[0].name', 'spec.postRenderers', 'spec.install.crds'],
    [release, false, 'spec.suspend', 'spec.interval', 'spec.timeout', 'spec.upgrade.remediation.retries'],
    [release, false, 'spec.driftDetection.mode', 'spec.dependsOn', 'spec.valuesX'],
    [APPLICATION, true, 'spec.source.helm.parameters[0].value', 'spec.sources', 'spec.destination.namespace'],
    [
      APPLICATION,
      false,
      'spec.syncPolicy.automated',
      'spec.syncPolicy',
      'spec.info',
      'spec.revisionHistoryLimit',
    ],
    [KUSTOMIZATION, true, 'spec.path', 'spec.postBuild.substitute.a', 'spec'],
    [KUSTOMIZATION, false, 'spec.suspend', 'spec.prune', 'spec.interval'],
    [VALUES, true, "data['values.yaml']", 'binaryData'],
    [VALUES, false, 'immutable', 'metadata.labels.a'],
  ];
  for (const [object, cause, ...places] of FIELDS)
    for (const at of places)
      test(`is ${cause ? '' : 'not '}told to come from ${at} of a ${object.kind}`, () => {
        const spoken = [finding(object, at, 'kubectl-edit', 'x')];
        const after = throughDeployer(drift(byDeployer), spoken, [object], new Set(['helm-controller']));
        const [found] = after.kind === 'drift' ? after.findings : [];
        assert.equal(found?.attribution?.likely?.includes('through'), cause);
      });

  const NO_CAUSE: readonly (readonly [name: string, spoken: readonly Finding[]])[] = [
    ['nothing of it differs', []],
    ['another release of the target was changed', [finding(other, 'spec.values', 'kubectl-patch', 'x')]],
    ['only an annotation of it was changed', [finding(release, 'metadata.annotations.a', 'kubectl', 'x')]],
  ];
  for (const [name, spoken] of NO_CAUSE) {
    test(`stays the deployer's own where ${name}`, () => assert.deepEqual(judged(spoken), before));
  }

  test('keeps who wrote the path', () => {
    const patched = finding(release, 'spec.values', 'kubectl-patch', 'x');
    const after = throughDeployer(drift(byDeployer), [patched], [release], new Set(['helm-controller']));
    assert.ok(after.kind === 'drift' && after.findings[0]?.attribution?.manager === 'helm-controller');
  });

  test('is nothing where the release is in sync', () => {
    assert.equal(judged([], { kind: 'in-sync', unready: [] }), 'in-sync');
  });
});
