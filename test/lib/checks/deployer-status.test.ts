import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appliedVersions, reportedVersions } from '../../../lib/checks/applied-versions.ts';
import {
  type HelmReleaseQuestion,
  helmReleaseReport,
  kustomizationReport,
} from '../../../lib/checks/deployer-status.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';

const commit = 'c'.repeat(40);
const other = 'd'.repeat(40);
const object = (kind: string, more: object, generation = 2): KubernetesObject => ({
  apiVersion: 'x/v1',
  kind,
  metadata: { name: 'web', namespace: 'fairlead-staging', generation },
  ...more,
});
const ready = (status: string, reason: string, message: string) => ({
  conditions: [{ type: 'Ready', status, reason, message }],
});
/** Failed, and tried again. */
const retried = (reason: string, message: string) => ({
  conditions: [
    { type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry' },
    { type: 'Ready', status: 'False', reason, message },
  ],
});
const kustomization = (status: object, spec = {}) =>
  object('Kustomization', { spec, status: { observedGeneration: 2, ...status } });
const applied = kustomization({ lastAppliedRevision: `main@sha1:${commit}` });

const CASES_KUSTOMIZATION: readonly [string, readonly KubernetesObject[], 'applied' | 'silent' | RegExp][] = [
  ['has applied the tip', [applied], 'applied'],
  [
    'has applied another commit',
    [kustomization({ lastAppliedRevision: `main@sha1:${other}` })],
    /has applied main@sha1:d/,
  ],
  [
    'has not seen its own last change',
    [
      object('Kustomization', {
        status: { observedGeneration: 1, lastAppliedRevision: `main@sha1:${commit}` },
      }),
    ],
    /has applied/,
  ],
  [
    'fails',
    [
      kustomization({
        lastAppliedRevision: `main@sha1:${other}`,
        ...ready('False', 'BuildFailed', 'no such file'),
      }),
    ],
    /fails \(BuildFailed: no such file\)/,
  ],
  [
    'applied the tip, and is at work since',
    [
      kustomization({
        lastAppliedRevision: `main@sha1:${commit}`,
        conditions: [{ type: 'Reconciling', status: 'True', reason: 'Progressing' }],
      }),
    ],
    /is being applied/,
  ],
  [
    'has failed and is tried again',
    [
      kustomization({
        lastAppliedRevision: `main@sha1:${other}`,
        ...retried('ReconciliationFailed', 'dry-run\n  failed'),
      }),
    ],
    /^Kustomization fairlead-staging\/web fails \(ReconciliationFailed: dry-run failed\), and is tried again$/,
  ],
  [
    'is suspended before it applied the tip',
    [kustomization({ lastAppliedRevision: `main@sha1:${other}` }, { suspend: true })],
    /is suspended/,
  ],
  [
    'is suspended after it applied the tip',
    [kustomization({ lastAppliedRevision: `main@sha1:${commit}` }, { suspend: true })],
    'applied',
  ],
  ['is not there', [], 'silent'],
  ['is one of two, and the other has not', [applied, kustomization({})], /nothing yet/],
];
for (const [name, kustomizations, expected] of CASES_KUSTOMIZATION) {
  test(`a Kustomization that ${name}`, () => {
    const report = kustomizationReport(kustomizations, commit);
    if (typeof expected === 'string') assert.equal(report.kind, expected);
    else assert.match(report.kind === 'pending' ? report.says : report.kind, expected);
  });
}

const history = (more: object = {}) => ({
  history: [{ status: 'deployed', chartVersion: '1.4.2', lastDeployed: '2026-11-21T12:00:10Z', ...more }],
});
const helmRelease = (status: object, spec = {}) =>
  object('HelmRelease', { spec, status: { observedGeneration: 2, ...status } });
const values = (time: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'values',
    managedFields: [{ manager: 'kustomize-controller', operation: 'Apply', time }],
  },
});
const question = (more: Partial<HelmReleaseQuestion>): HelmReleaseQuestion => ({
  helmRelease: helmRelease(history()),
  kustomizations: [applied],
  values: [values('2026-11-21T12:00:10Z')],
  commit,
  chartVersion: '1.4.2',
  ...more,
});
const CASES_HELM: readonly [string, Partial<HelmReleaseQuestion>, 'applied' | 'silent' | RegExp][] = [
  ['has the chart and was deployed after its values were written', {}, 'applied'],
  ['was deployed before its values were written', { values: [values('2026-11-21T12:00:11Z')] }, /new values/],
  ['has another chart version', { chartVersion: '1.5.0' }, /has chart 1\.4\.2, not 1\.5\.0/],
  [
    'has the version with this commit appended',
    { helmRelease: helmRelease(history({ chartVersion: `1.4.2+${commit.slice(0, 12)}` })) },
    'applied',
  ],
  [
    'has the version with another commit appended',
    { helmRelease: helmRelease(history({ chartVersion: `1.4.2+${other.slice(0, 12)}` })) },
    /has chart/,
  ],
  [
    'failed',
    {
      helmRelease: helmRelease({
        ...history({ status: 'failed' }),
        ...ready('False', 'UpgradeFailed', 'boom'),
      }),
    },
    /fails \(UpgradeFailed: boom\)/,
  ],
  [
    'has failed and is tried again',
    {
      helmRelease: helmRelease({
        ...history({ status: 'failed' }),
        ...retried('UpgradeFailed', `${'x'.repeat(1100)} the end`),
      }),
    },
    /fails \(UpgradeFailed: x{985}…\), and is tried again$/,
  ],
  [
    'is suspended with another chart version',
    { helmRelease: helmRelease(history({ chartVersion: '1.4.1' }), { suspend: true }) },
    /is suspended/,
  ],
  [
    'is suspended with the chart version of the tip',
    { helmRelease: helmRelease(history(), { suspend: true }) },
    'applied',
  ],
  [
    'is at work',
    { helmRelease: helmRelease({ ...history(), ...ready('Unknown', 'Progressing', 'upgrade') }) },
    /being installed or upgraded/,
  ],
  ['does not exist yet', { helmRelease: undefined }, /does not exist yet/],
  [
    'is there, while its Kustomization has not applied the tip',
    { kustomizations: [kustomization({})] },
    /Kustomization .* nothing yet/,
  ],
  ['is not there, and no Kustomization either', { helmRelease: undefined, kustomizations: [] }, 'silent'],
];
for (const [name, more, expected] of CASES_HELM) {
  test(`a HelmRelease that ${name}`, () => {
    const report = helmReleaseReport(question(more));
    if (typeof expected === 'string') assert.equal(report.kind, expected);
    else assert.match(report.kind === 'pending' ? report.says : report.kind, expected);
  });
}

/** As in argocd-report.test.ts. */
const GIT = { repoURL: 'https://git.example.com/cluster', path: 'web', targetRevision: 'main' };
const REGISTRY = { repoURL: 'registry.example.com/charts', chart: 'web', targetRevision: '1.4.2' };
const CHART = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.x' };
const VALUES = { repoURL: 'https://git.example.com/cluster', targetRevision: 'main', ref: 'values' };
const synced = (revisions: object) => ({ operationState: { phase: 'Succeeded', syncResult: revisions } });

test('a chart that Flux has by chartRef carries a part of its digest, one of Git a part of the commit', () => {
  const release = (version: string, spec: object) =>
    helmReleaseReport({
      helmRelease: object('HelmRelease', {
        spec,
        status: { observedGeneration: 2, history: [{ status: 'deployed', chartVersion: version }] },
      }),
      kustomizations: [],
      values: [],
      commit,
      chartVersion: '1.4.2',
    }).kind;
  assert.equal(release('1.4.2+0123456789ab', { chartRef: { kind: 'OCIRepository' } }), 'applied');
  assert.equal(release('1.4.2+0123456789ab', {}), 'pending');
  assert.equal(release(`1.4.2+${commit.slice(0, 12)}`, {}), 'applied');
  assert.equal(release('1.4.3+0123456789ab', { chartRef: {} }), 'pending');
});

test('which version of its chart each says that it has applied', () => {
  const named = (kind: string, name: string, spec: object, status: object): KubernetesObject => ({
    ...object(kind, { spec, status }),
    metadata: { name, namespace: 'argocd' },
  });
  assert.deepEqual(
    appliedVersions([
      named('Application', 'one', { source: CHART }, synced({ revision: '1.4.2' })),
      named('Application', 'values', { sources: [VALUES, CHART] }, synced({ revisions: [commit, '1.4.3'] })),
      named('Application', 'compared', { source: CHART }, { sync: { revision: '1.4.4' } }),
      named('Application', 'two', { sources: [CHART, REGISTRY] }, synced({ revisions: ['1.0.0', '2.0.0'] })),
      named('Application', 'git', { source: GIT }, synced({ revision: commit })),
      named('Application', 'hostile', { source: CHART }, synced({ revision: '../../x\n' })),
      named('HelmRelease', 'flux', {}, { history: [{ chartVersion: '2.0.0' }, { chartVersion: '1.0.0' }] }),
      named('HelmRelease', 'new', {}, {}),
    ]),
    {
      'Application/argocd/compared': '1.4.4',
      'Application/argocd/one': '1.4.2',
      'Application/argocd/values': '1.4.3',
      'HelmRelease/argocd/flux': '2.0.0',
    },
  );
});

test('asked of a cluster: of the kinds that it serves, and nothing where they may not be listed', async () => {
  const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
  const other = { apiVersion: 'app.k8s.io/v1', kind: 'Application' };
  const web: KubernetesObject = {
    ...object('Application', { spec: { source: CHART }, status: synced({ revision: '1.4.2' }) }),
    metadata: { name: 'web', namespace: 'argocd' },
  };
  const asked: string[] = [];
  const clusterOf = (answer: object) =>
    ({
      discover: async () => ({ kind: 'answered', value: { kinds: [kind, other] } }),
      list: async ({ apiVersion }: typeof kind) => {
        asked.push(apiVersion);
        return answer;
      },
    }) as unknown as Parameters<typeof reportedVersions>[0];
  assert.deepEqual(await reportedVersions(clusterOf({ kind: 'answered', value: [web] })), {
    'Application/argocd/web': '1.4.2',
  });
  assert.deepEqual(await reportedVersions(clusterOf({ kind: 'forbidden', reason: 'no' })), {});
  assert.deepEqual(asked, ['argoproj.io/v1alpha1', 'argoproj.io/v1alpha1']);
});
