import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import {
  applicationName,
  appliedValues,
  helmReleaseName,
  newReleaseFile,
} from '../../../lib/repository/layout.ts';

const target = {
  name: 'staging',
  root: undefined,
  deployer: 'flux',
  branch: 'main',
  mutableVersions: false,
  argocdNamespace: 'argocd',
} as const;
const web = { namespace: 'shop', release: 'web' };
const URL_ = 'https://git.example.com/cluster.git';

test('Flux: a HelmRelease in the namespace of the target, bound to its service account', () => {
  const file = newReleaseFile(target, web, URL_);
  assert.equal(file?.path, 'fairlead/staging/apply/shop/web/release.yaml');
  const strategy = { strategy: { name: 'RetryOnFailure' }, disableTakeOwnership: true };
  assert.deepEqual(parse(file?.text ?? ''), {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'shop.web', namespace: 'fairlead-staging' },
    spec: {
      interval: '10m',
      releaseName: 'web',
      targetNamespace: 'shop',
      storageNamespace: 'shop',
      serviceAccountName: 'fairlead-releases',
      chart: {
        spec: {
          chart: 'fairlead/staging/releases/shop/web/chart',
          reconcileStrategy: 'ChartVersion',
          sourceRef: { kind: 'GitRepository', name: 'fairlead' },
        },
      },
      install: strategy,
      upgrade: strategy,
      valuesFrom: [{ kind: 'ConfigMap', name: 'shop.web', valuesKey: 'values.yaml' }],
    },
  });
});

test('Argo CD: an Application in its namespace, with the values beside the chart', () => {
  const text = newReleaseFile({ ...target, deployer: 'argocd' }, web, URL_)?.text ?? '';
  const application = parse(text);
  assert.deepEqual(application.metadata, {
    name: 'staging.shop.web',
    namespace: 'argocd',
    finalizers: ['resources-finalizer.argocd.argoproj.io'],
  });
  assert.equal(application.spec.project, 'fairlead-staging');
  assert.deepEqual(application.spec.source, {
    repoURL: URL_,
    targetRevision: 'main',
    path: 'fairlead/staging/releases/shop/web/chart',
    helm: { releaseName: 'web', valueFiles: ['../values.yaml'], ignoreMissingValueFiles: true },
  });
});

test('a target without deployer has neither', () => {
  const none = { ...target, deployer: 'none' } as const;
  assert.equal(newReleaseFile(none, web, URL_), undefined);
  assert.equal(appliedValues(none, web, 'a: 1\n'), undefined);
});

test('names above 63 characters are hashed, and two releases never share one', () => {
  const long = { namespace: 'n'.repeat(40), release: 'r'.repeat(40) };
  const names = [
    helmReleaseName(long),
    helmReleaseName({ ...long, release: `${'r'.repeat(39)}s` }),
    applicationName(target, long),
  ];
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.match(name, /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])$/);
  assert.equal(helmReleaseName({ namespace: 'n'.repeat(31), release: 'r'.repeat(31) }).length, 63);
});

test('values come back from the ConfigMap byte for byte', () => {
  const VALUES = [
    '{}\n',
    'a: 1',
    'a: |\n  text\n\n\nb: 2\n\n\n',
    '# comment\n\ta: "tab"\r\nb: windows\r\n',
    `long: ${'word '.repeat(200)}\n`,
    ' leading: 1\n',
    '"quoted": \'ü→🙂\'\n',
    '',
    '\n',
    '---\na: 1\n---\n',
  ];
  for (const values of VALUES) {
    const map = parse(appliedValues(target, web, values)?.text ?? '');
    assert.equal(map.data['values.yaml'], values, JSON.stringify(values));
    assert.deepEqual(map.metadata.labels, { 'reconcile.fluxcd.io/watch': 'Enabled' });
  }
});
