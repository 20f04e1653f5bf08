import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { readHelmRelease } from '../../../../lib/desired/helm-release.ts';
import type { JsonObject, KubernetesObject } from '../../../../lib/objects/objects.ts';

const url = 'https://git.example.com/fleet/infra';
const SOURCES: readonly KubernetesObject[] = [
  ['GitRepository', 'infra', { url, ref: { branch: 'main' } }],
  ['HelmRepository', 'charts', { url: 'https://charts.example.com/', secretRef: { name: 'login' } }],
  ['HelmRepository', 'registry', { url: 'oci://registry.example.com/charts', type: 'oci' }],
  [
    'HelmChart',
    'web',
    { chart: 'web', version: '1.x', sourceRef: { kind: 'HelmRepository', name: 'charts' } },
  ],
  [
    'OCIRepository',
    'tagged',
    { url: 'oci://registry.example.com/web', ref: { tag: '1.0.0', semver: '1.x' } },
  ],
  ['OCIRepository', 'plain', { url: 'oci://registry.example.com/web' }],
  ['Bucket', 'web', {}],
].map(([kind, name, spec]) => ({
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: kind as string,
  metadata: { namespace: 'shop', name: name as string },
  spec: spec as JsonObject,
}));

const read = (spec: JsonObject, name = 'web') =>
  readHelmRelease(
    {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { namespace: 'shop', name },
      spec,
    },
    {
      here: { branch: 'main', url, ownSources: [] },
      find: (kind, namespace, wanted) =>
        SOURCES.find(
          (source) =>
            source.kind === kind &&
            source.metadata.namespace === namespace &&
            source.metadata.name === wanted,
        ),
      findMap: () => ({ kind: 'unseen' }),
    },
  );
const chart = (template: JsonObject, kind = 'GitRepository', name = 'infra'): JsonObject => ({
  chart: { spec: { chart: './charts/web', sourceRef: { kind, name }, ...template } },
});

describe('the name of a HelmRelease’s release', () => {
  const long = 'a'.repeat(54);
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
  const names: readonly [what: string, spec: JsonObject, own: string, namespace: string, name: string][] = [
    ['its own', {}, 'web', 'shop', 'web'],
    ['the one it says', { releaseName: 'front' }, 'web', 'shop', 'front'],
    ['with its target namespace before it', { targetNamespace: 'prod' }, 'web', 'prod', 'prod-web'],
    ['as it says, there too', { targetNamespace: 'prod', releaseName: 'web' }, 'web', 'prod', 'web'],
    ['of 53 characters as it is', {}, long.slice(1), 'shop', long.slice(1)],
    ['of 54 with a hash', {}, long, 'shop', `${long.slice(0, 40)}-${hash(long)}`],
    [
      'a hash of the whole, prefix and all',
      { targetNamespace: 'prod' },
      long.slice(1),
      'prod',
      `prod-${'a'.repeat(35)}-${hash(`prod-${long.slice(1)}`)}`,
    ],
  ];
  for (const [what, spec, own, namespace, name] of names)
    test(what, () => {
      const release = read(spec, own);
      assert.deepEqual([release.namespace, release.name], [namespace, name]);
    });
});

describe('the CRDs of a HelmRelease’s chart', () => {
  const policies: readonly [install: string | undefined, upgrade: string | undefined, crds: string][] = [
    [undefined, undefined, 'installed'],
    ['CreateReplace', 'Skip', 'installed'],
    [undefined, 'CreateReplace', 'installed'],
    ['CreateReplace', 'CreateReplace', 'upgraded'],
    ['Skip', undefined, 'perhaps'],
    ['Skip', 'CreateReplace', 'perhaps'],
    ['Skip', 'Skip', 'never'],
    [undefined, 'Skip', 'installed'],
  ];
  for (const [install, upgrade, crds] of policies)
    test(`install ${install}, upgrade ${upgrade}: ${crds}`, () => {
      const spec = {
        ...(install === undefined ? {} : { install: { crds: install } }),
        ...(upgrade === undefined ? {} : { upgrade: { crds: upgrade } }),
      };
      assert.equal(read(spec).shaping?.crds ?? 'installed', crds);
    });
});

describe('where the chart of a HelmRelease comes from', () => {
  const found: readonly [what: string, spec: JsonObject, source: object][] = [
    ['a folder of this repository', chart({}), { kind: 'in-git', chart: 'charts/web', chartValues: [] }],
    [
      'with values files, the one of the beta versions first',
      chart({ valuesFile: 'a.yaml', valuesFiles: ['./charts/web/b.yaml'], ignoreMissingValuesFiles: true }),
      {
        kind: 'in-git',
        chart: 'charts/web',
        chartValues: [
          { kind: 'file', path: 'a.yaml', ifMissing: 'skip' },
          { kind: 'file', path: 'charts/web/b.yaml', ifMissing: 'skip' },
        ],
      },
    ],
    [
      'a Helm repository',
      chart({ chart: 'web', version: '1.2.3' }, 'HelmRepository', 'charts'),
      {
        kind: 'outside',
        chart: {
          kind: 'helm-repository',
          url: 'https://charts.example.com',
          name: 'web',
          version: '1.2.3',
          secret: 'shop/login',
        },
        chartValues: [],
      },
    ],
    [
      'a registry as a Helm repository',
      chart({ chart: 'web' }, 'HelmRepository', 'registry'),
      {
        kind: 'outside',
        chart: {
          kind: 'oci',
          url: 'oci://registry.example.com/charts/web',
          reference: { kind: 'version', version: '*' },
        },
        chartValues: [],
      },
    ],
    [
      'a HelmChart',
      { chartRef: { kind: 'HelmChart', name: 'web' } },
      {
        kind: 'outside',
        chart: {
          kind: 'helm-repository',
          url: 'https://charts.example.com',
          name: 'web',
          version: '1.x',
          secret: 'shop/login',
        },
        chartValues: [],
      },
    ],
    [
      'an OCIRepository, a range before a tag',
      { chartRef: { kind: 'OCIRepository', name: 'tagged' } },
      {
        kind: 'outside',
        chart: {
          kind: 'oci',
          url: 'oci://registry.example.com/web',
          reference: { kind: 'version', version: '1.x' },
        },
        chartValues: [],
      },
    ],
    [
      'an OCIRepository without a reference: latest',
      { chartRef: { kind: 'OCIRepository', name: 'plain' } },
      {
        kind: 'outside',
        chart: {
          kind: 'oci',
          url: 'oci://registry.example.com/web',
          reference: { kind: 'tag', tag: 'latest' },
        },
        chartValues: [],
      },
    ],
  ];
  for (const [what, spec, source] of found)
    test(what, () => {
      assert.deepEqual(read(spec).source, { ...source, values: [] });
    });

  const unresolved: readonly [what: string, spec: JsonObject, reason: RegExp][] = [
    ['nowhere', {}, /neither spec.chart nor spec.chartRef/],
    ['out of the repository', chart({ chart: '../../etc' }), /no path inside the repository/],
    ['the repository itself', chart({ chart: './' }), /no path inside the repository/],
    ['an absolute path', chart({ chart: '/etc' }), /no path inside the repository/],
    ['values from outside', chart({ valuesFiles: ['../x.yaml'] }), /valuesFiles names "..\/x.yaml"/],
    [
      'values from outside of a package',
      chart({ chart: 'web', valuesFiles: ['../../x.yaml'] }, 'HelmRepository', 'charts'),
      /no path inside the chart/,
    ],
    ['a source that Git does not declare', chart({}, 'HelmRepository', 'none'), /does not declare/],
    ['a bucket', chart({}, 'Bucket', 'web'), /comes from Bucket\/web/],
    ['a kind that is none', { chartRef: { kind: 'constructor', name: 'web' } }, /does not declare/],
    ['another cluster', { ...chart({}), kubeConfig: { secretRef: { name: 'x' } } }, /another cluster/],
    [
      'values that stay from one upgrade to the next',
      { ...chart({}), upgrade: { preserveValues: true } },
      /preserveValues/,
    ],
    [
      'a patch of a kind that is gone',
      { ...chart({}), postRenderers: [{ kustomize: { patchesJson6902: [{ patch: '' }] } }] },
      /postRenderers\[0\] has patchesJson6902/,
    ],
  ];
  for (const [what, spec, reason] of unresolved)
    test(`${what}: unknown, with the reason`, () => {
      const { source } = read(spec);
      assert.ok(source.kind === 'unresolved', JSON.stringify(source));
      assert.match(source.reason, reason);
    });

  test('fields that are null are not there', () => {
    const release = read({
      ...chart({ version: null, valuesFiles: null }),
      postRenderers: [{ kustomize: { patches: null, images: [{ name: 'web', newTag: '2', digest: null }] } }],
      commonMetadata: null,
      kubeConfig: null,
    });
    assert.equal(release.source.kind, 'in-git');
    assert.deepEqual(release.shaping?.postRenderers, [
      { patches: [], images: [{ name: 'web', newTag: '2' }] },
    ]);
  });
});
