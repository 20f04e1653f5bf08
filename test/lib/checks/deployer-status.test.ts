import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applicationReport } from '../../../lib/checks/argocd-report.ts';
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

const CASES_ARGO: readonly [string, object | undefined, 'applied' | 'silent' | RegExp][] = [
  ['synced the tip', { operationState: { phase: 'Succeeded', syncResult: { revision: commit } } }, 'applied'],
  [
    'only compared the tip',
    { sync: { revision: commit }, operationState: { phase: 'Succeeded', syncResult: { revision: other } } },
    /has applied d/,
  ],
  [
    'applied the tip, and is syncing something since',
    { operationState: { phase: 'Running' }, history: [{ revision: other }, { revision: commit }] },
    /is being synced/,
  ],
  ['failed to sync', { operationState: { phase: 'Failed', message: 'denied' } }, /fails \(Failed: denied\)/],
  ['is not there', undefined, 'silent'],
];
test('what an Application has compared with the tip it has taken up, though nothing was to be synced', () => {
  const status = {
    sync: { revision: commit },
    operationState: { phase: 'Succeeded', syncResult: { revision: other } },
  };
  const report = applicationReport(object('Application', { status }), { commit });
  assert.equal(report.kind === 'pending' && report.at, 'tip');
  const behind = applicationReport(object('Application', { status: { ...status, sync: {} } }), { commit });
  assert.equal(behind.kind === 'pending' && behind.at, 'elsewhere');
});
for (const [name, status, expected] of CASES_ARGO) {
  test(`an Application that ${name}`, () => {
    const report = applicationReport(status === undefined ? undefined : object('Application', { status }), {
      commit,
    });
    if (typeof expected === 'string') assert.equal(report.kind, expected);
    else assert.match(report.kind === 'pending' ? report.says : report.kind, expected);
  });
}
