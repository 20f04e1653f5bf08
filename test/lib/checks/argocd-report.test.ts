import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applicationReport } from '../../../lib/checks/argocd-report.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';

const commit = 'c'.repeat(40);
const other = 'd'.repeat(40);
const object = (kind: string, more: object): KubernetesObject => ({
  apiVersion: 'x/v1',
  kind,
  metadata: { name: 'web', namespace: 'fairlead-staging', generation: 2 },
  ...more,
});

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
  [
    'failed and is tried again',
    { operationState: { phase: 'Running', message: 'denied. Retrying attempt #2' } },
    /^Application fairlead-staging\/web is being synced \(denied\. Retrying attempt #2\)$/,
  ],
  [
    'cannot be rendered',
    { conditions: [{ type: 'ComparisonError', message: 'failed to load target state' }] },
    /fails \(ComparisonError: failed to load target state\)/,
  ],
  [
    'has a warning',
    { conditions: [{ type: 'SharedResourceWarning', message: 'x' }] },
    /has applied nothing yet/,
  ],
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

/**
 * Shapes as Argo CD writes them (argo-cd, pkg/apis/application/v1alpha1/types.go: SyncStatus, OperationState,
 * RevisionHistory): with `sources` there are `revisions`, one a source, and `revision` is left out.
 */
const GIT = { repoURL: 'https://git.example.com/cluster', path: 'web', targetRevision: 'main' };
const CHART = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.x' };
const REGISTRY = { repoURL: 'registry.example.com/charts', chart: 'web', targetRevision: '1.4.2' };
const VALUES = { repoURL: 'https://git.example.com/cluster', targetRevision: 'main', ref: 'values' };
const automated = { syncPolicy: { automated: {} } };
const synced = (revisions: object) => ({ operationState: { phase: 'Succeeded', syncResult: revisions } });

const CASES_SOURCES: readonly [string, object, object, string | undefined, 'applied' | RegExp][] = [
  [
    'has the chart and the values of the tip',
    { sources: [CHART, VALUES] },
    synced({ revisions: ['1.4.2', commit] }),
    '1.4.2',
    'applied',
  ],
  [
    'has the chart, and older values',
    { sources: [CHART, VALUES] },
    synced({ revisions: ['1.4.2', other] }),
    '1.4.2',
    /has applied 1\.4\.2, d/,
  ],
  [
    'has an older chart',
    { sources: [CHART, VALUES] },
    synced({ revisions: ['1.4.1', commit] }),
    '1.4.2',
    /has applied 1\.4\.1/,
  ],
  ['is a chart alone', { source: CHART }, synced({ revision: '1.4.2' }), '1.4.2', 'applied'],
  [
    'is a chart alone, with the v that its repository writes',
    { source: CHART },
    synced({ revision: 'v1.4.2' }),
    '1.4.2',
    'applied',
  ],
  ['is an older chart', { source: CHART }, synced({ revision: '1.4.1' }), '1.4.2', /has applied 1\.4\.1/],
  [
    'is a chart of a registry, known by digest',
    { source: REGISTRY },
    synced({ revision: `sha256:${'a'.repeat(64)}` }),
    '1.4.2',
    'applied',
  ],
  [
    'has two charts, each of a version of its own',
    { sources: [CHART, REGISTRY] },
    synced({ revisions: ['9.9.9', '1.4.2'] }),
    undefined,
    'applied',
  ],
  [
    'found nothing to sync at the tip',
    { source: GIT },
    {
      sync: { status: 'Synced', revision: commit, comparedTo: { source: GIT } },
      ...synced({ revision: other }),
    },
    undefined,
    'applied',
  ],
  [
    'found nothing to sync before its source was changed',
    { source: { ...GIT, path: 'other' } },
    {
      sync: { status: 'Synced', revision: commit, comparedTo: { source: GIT } },
      ...synced({ revision: other }),
    },
    undefined,
    /has applied d/,
  ],
  [
    'has several sources and failed to sync, after one that succeeded',
    { sources: [CHART, VALUES] },
    { operationState: { phase: 'Failed', message: 'denied' }, history: [{ revisions: ['1.4.2', commit] }] },
    '1.4.2',
    'applied',
  ],
  ['was never synced', { source: GIT }, {}, undefined, /has applied nothing yet$/],
  ['waits for a person', { source: GIT, syncPolicy: {} }, {}, undefined, /is synced by hand/],
  [
    'is not automated any more',
    { source: GIT, syncPolicy: { automated: { enabled: false } } },
    {},
    undefined,
    /is synced by hand/,
  ],
];
for (const [name, spec, status, chartVersion, expected] of CASES_SOURCES) {
  test(`an Application that ${name}`, () => {
    const application = object('Application', { spec: { ...automated, ...spec }, status });
    const report = applicationReport(application, { commit, chartVersion });
    if (typeof expected === 'string') assert.equal(report.kind, expected);
    else assert.match(report.kind === 'pending' ? report.says : report.kind, expected);
  });
}
