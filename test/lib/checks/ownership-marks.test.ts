import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markOf, marksOf } from '../../../lib/checks/ownership-marks.ts';
import { parseConfig, type Target } from '../../../lib/config/config.ts';

const target = (deployer: 'flux' | 'argocd' | 'none'): Target =>
  parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
    targets: [{ name: 'staging', repository: 'cluster', deployer, namespaces: ['shop'] }],
  }).targets[0] as Target;
const object = (metadata: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', ...metadata },
});
const release = {
  namespace: 'shop',
  name: 'web',
  suspended: false,
  rendering: { kind: 'unknown', reason: '' },
  deployedBy: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    namespace: 'argocd',
    name: 'staging.shop.web',
  },
} as const;

const helm = { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' };
const flux = {
  'kustomize.toolkit.fluxcd.io/name': 'fairlead',
  'kustomize.toolkit.fluxcd.io/namespace': 'fairlead-staging',
};
const tracked = { 'argocd.argoproj.io/tracking-id': 'staging.shop.web:apps/Deployment:shop/web' };

const CASES: readonly [string, object, readonly string[]][] = [
  ['of a Helm release', { annotations: helm }, ['helm:shop/web']],
  ['of a Kustomization', { labels: flux }, ['flux:fairlead-staging/fairlead']],
  ['of an Application', { annotations: tracked }, ['argocd:staging.shop.web']],
  [
    'of an Application in another namespace',
    { annotations: { 'argocd.argoproj.io/tracking-id': 'team_web:apps/Deployment:shop/web' } },
    ['argocd:web'],
  ],
  ['of nobody', {}, []],
  [
    'of a Kustomization that may not remove it',
    { labels: flux, annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
    [],
  ],
  [
    'of an Application that may not remove it',
    { annotations: { ...tracked, 'argocd.argoproj.io/sync-options': 'Prune=false' } },
    [],
  ],
  ['that is half', { annotations: { 'meta.helm.sh/release-name': 'web' } }, []],
];
for (const [name, metadata, marks] of CASES) {
  test(`the marks of an object ${name}`, () => assert.deepEqual(marksOf(object(metadata)), marks));
}

test('each scope has the mark that its deployer writes', () => {
  assert.equal(markOf(target('flux'), { release }), 'helm:shop/web');
  assert.equal(markOf(target('flux'), {}), 'flux:fairlead-staging/fairlead');
  assert.equal(markOf(target('argocd'), { release }), 'argocd:staging.shop.web');
  assert.equal(markOf(target('argocd'), {}), 'argocd:fairlead-staging');
  assert.equal(markOf(target('none'), { release }), 'helm:shop/web');
  assert.equal(markOf(target('none'), {}), undefined);
});
