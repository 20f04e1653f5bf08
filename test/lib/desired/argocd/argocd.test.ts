import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { RenderedObject } from '../../../../lib/charts/render-request.ts';
import { folderStore } from '../../../../lib/content/folder-store.ts';
import type { DesiredParts } from '../../../../lib/desired/desired.ts';
import { outsideCharts } from '../../../../lib/desired/outside/outside-charts.ts';
import type { DesiredState } from '../../../../lib/desired/state.ts';
import { partOf } from '../../../../lib/objects/objects.ts';
import { type ChartHost, chartPackage, helmRepository } from '../../../fixtures/chart-hosts.ts';
import { type ClusterRepository, clusterRepository } from '../../../fixtures/cluster-repository.ts';
import { application, configMap, declaredIn, inGit, releaseOf } from './applications.ts';

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data:
  colour: {{ .Values.colour | quote }}
  size: {{ .Values.size | quote }}
  list: {{ join "," .Values.list | quote }}
  text: {{ .Values.text | quote }}
  namespace: {{ .Release.Namespace }}
  version: {{ .Capabilities.KubeVersion.Version }}
`;
const CHART = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.4.2\n',
  'values.yaml': 'colour: green\nsize: 1\nlist: []\ntext: ""\n',
  'values-large.yaml': 'size: 100\n',
  'templates/settings.yaml': SETTINGS,
  'crds/things.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n',
};

describe('what Argo CD applies', () => {
  let folder: string;
  let repository: ClusterRepository;
  let charts: ChartHost;

  before(async () => {
    const newer = { ...CHART, 'Chart.yaml': CHART['Chart.yaml'].replace('1.4.2', '1.9.0') };
    charts = await helmRepository([
      { name: 'web', version: '1.4.2', bytes: await chartPackage('web', CHART, 0o600) },
      { name: 'web', version: '1.9.0', bytes: await chartPackage('web', newer) },
    ]);
  });
  after(() => charts.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-argocd-'));
    repository = await clusterRepository();
  });
  afterEach(async () => {
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const declared = (files: Readonly<Record<string, string>>, more: Partial<DesiredParts> = {}) =>
    declaredIn({ folder, repository }, files, {
      outside: outsideCharts({
        sources: [{ url: charts.url, network: 'private' }],
        others: 'refused',
        content: folderStore(join(folder, 'content')),
      }),
      ...more,
    });
  const reasonOf = (desired: DesiredState, name: string): string => {
    const { rendering } = releaseOf(desired, name);
    return rendering.kind === 'unknown' ? rendering.reason : 'it is rendered';
  };
  const dataOf = (objects: readonly RenderedObject[]) =>
    partOf(objects.find(({ object }) => object.kind === 'ConfigMap')?.object.data);

  test('a chart of a Helm repository with the values of another source: files, then the object, then parameters', async () => {
    const { desired, objects } = await declared({
      'values/web.yaml': 'colour: red\nsize: 2\ntext: of the file\n',
      'values/more/a.yaml': 'size: 3\n',
      'values/more/b.yaml': 'size: 4\n',
      'clusters/prod/web.yaml': application('web', {
        sources: [
          {
            repoURL: `${charts.url}/charts`,
            chart: 'web',
            targetRevision: '1.4.2',
            helm: {
              valueFiles: ['$values/values/more/*.yaml', 'values-large.yaml', '$values/values/web.yaml'],
              values: 'colour: not read\n',
              valuesObject: { colour: 'blue' },
              parameters: [
                { name: 'list', value: '{a,b}' },
                { name: 'text', value: 'one, two of $ARGOCD_APP_NAME', forceString: true },
              ],
            },
          },
          { ...inGit(''), path: undefined, ref: 'values' },
        ],
      }),
    });
    const release = releaseOf(desired, 'web');
    assert.deepEqual(release.chart, { name: 'web', version: '1.4.2' });
    assert.deepEqual(release.deployedBy, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      namespace: 'argocd',
      name: 'web',
    });
    const rendered = await objects('web');
    assert.deepEqual(dataOf(rendered), {
      colour: 'blue',
      size: '2',
      list: 'a,b',
      text: 'one, two of web',
      namespace: 'shop',
      version: 'v1.35.4',
    });
    const [settings] = rendered.filter(({ object }) => object.kind === 'ConfigMap');
    assert.deepEqual(settings?.object.metadata.annotations, {
      'argocd.argoproj.io/tracking-id': 'web:/ConfigMap:shop/web-settings',
    });
    const crd = rendered.find(({ role }) => role === 'crd');
    assert.equal(crd?.object.metadata.annotations, undefined, 'Argo CD does not track CRDs');
  });

  test('of a range the newest, and says so, until the deployer reports which it runs', async () => {
    const source = { repoURL: `${charts.url}/charts`, chart: 'web', targetRevision: '1.x' };
    const files = { 'clusters/prod/web.yaml': application('web', { source }) };
    const { desired } = await declared(files);
    assert.deepEqual(releaseOf(desired, 'web').chart, { name: 'web', version: '1.9.0', newestOf: '1.x' });
    const reported = await declared({}, { applied: { 'Application/argocd/web': '1.4.2' } });
    assert.deepEqual(releaseOf(reported.desired, 'web').chart, { name: 'web', version: '1.4.2' });
    const stale = await declared({}, { applied: { 'Application/argocd/web': '0.9.0' } });
    assert.equal(releaseOf(stale.desired, 'web').chart?.version, '1.9.0', 'it runs what Git does not allow');
  });

  test('what Argo CD gives helm: release name, namespace, versions, files as values, no CRDs', async () => {
    const { objects } = await declared({
      'charts/web/Chart.yaml': CHART['Chart.yaml'],
      'charts/web/values.yaml': CHART['values.yaml'],
      'charts/web/templates/settings.yaml': SETTINGS,
      'charts/web/crds/things.yaml': CHART['crds/things.yaml'],
      'charts/web/files/motd': 'one, two\nthree=4\n',
      'clusters/prod/web.yaml': application('web', {
        source: inGit('charts/web', {
          helm: {
            releaseName: 'shop-web',
            namespace: 'elsewhere',
            kubeVersion: '1.30.0',
            skipCrds: true,
            fileParameters: [{ name: 'text', path: 'files/motd' }],
            valueFiles: ['/values/of-root.yaml'],
            ignoreMissingValueFiles: true,
          },
        }),
      }),
    });
    const rendered = await objects('shop-web');
    assert.equal(rendered.length, 1);
    assert.equal(rendered[0]?.object.metadata.name, 'shop-web-settings');
    assert.equal(rendered[0]?.object.metadata.namespace, 'shop', 'objects go to the destination');
    const data = dataOf(rendered);
    assert.equal(data.namespace, 'elsewhere');
    assert.equal(data.version, 'v1.30.0');
    assert.equal(data.text, 'one, two\nthree=4\n');
  });

  test('a directory: below it only with recurse, without what is excluded, and what is no manifest', async () => {
    const files = {
      'plain/a.yaml': configMap('a'),
      'plain/values.yaml': 'colour: red\n',
      'plain/skipped.yaml': `# +argocd:skip-file-rendering\n${configMap('skipped')}`,
      'plain/more/b.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } }),
      'plain/more/dev-c.yaml': configMap('c'),
    };
    const { objects } = await declared({
      ...files,
      'clusters/prod/flat.yaml': application('flat', { source: inGit('plain') }),
      'clusters/prod/deep.yaml': application('deep', {
        source: inGit('plain', { directory: { recurse: true, exclude: '*dev-*' } }),
      }),
      'clusters/prod/some.yaml': application('some', {
        source: inGit('plain', { directory: { recurse: true, include: '{more/*,x}' } }),
      }),
    });
    const names = async (name: string) =>
      (await objects(name)).map(({ object }) => object.metadata.name).sort();
    assert.deepEqual(await names('flat'), ['a']);
    assert.deepEqual(await names('deep'), ['a', 'b']);
    assert.deepEqual(await names('some'), ['b', 'c']);
    const [a] = await objects('flat');
    assert.equal(a?.object.metadata.namespace, 'shop');
    assert.deepEqual(a?.object.metadata.annotations, {
      'argocd.argoproj.io/tracking-id': 'flat:/ConfigMap:shop/a',
    });
  });

  test('a kustomization, with what the Application adds to it', async () => {
    const { objects } = await declared({
      'base/kustomization.yaml': 'resources: [config.yaml]\n',
      'base/config.yaml': configMap('config'),
      'overlay/kustomization.yaml': 'resources: [../base]\nnameSuffix: -prod\n',
      'clusters/prod/k.yaml': application('k', {
        source: inGit('overlay', { kustomize: { namePrefix: 'my-' } }),
      }),
    });
    const rendered = await objects('k');
    assert.deepEqual(
      rendered.map(({ object }) => object.metadata.name),
      ['my-config-prod'],
    );
  });

  test('Applications within Applications, made by a chart as well; circles end', async () => {
    const child = application('child', { source: inGit('plain') });
    const { desired, objects } = await declared({
      'plain/a.yaml': configMap('a'),
      'apps/Chart.yaml': 'apiVersion: v2\nname: apps\nversion: 0.1.0\n',
      'apps/templates/child.yaml': child.replace('"shop"', '"{{ .Values.to }}"'),
      'apps/values.yaml': 'to: lab\n',
      'clusters/prod/root.yaml': application('root', { source: inGit('clusters/prod') }),
      'clusters/prod/apps.yaml': application('apps', { source: inGit('apps') }),
    });
    assert.deepEqual(
      desired.releases.map(({ namespace, name }) => `${namespace}/${name}`),
      ['lab/child', 'shop/apps', 'shop/root'],
    );
    assert.equal((await objects('child'))[0]?.object.metadata.namespace, 'lab');
    assert.deepEqual(
      (await objects('root')).map(({ object }) => object.kind),
      ['Application', 'Application'],
    );
    assert.equal(desired.manifests, undefined, 'nobody says who applies the files at the root themselves');
  });

  test('several sources are one: the objects of all; the Namespace whose labels are kept is one of them', async () => {
    const { objects } = await declared({
      'plain/a.yaml': configMap('a'),
      'other/b.yaml': configMap('b'),
      'clusters/prod/both.yaml': application('both', {
        sources: [inGit('plain'), inGit('other')],
        syncPolicy: {
          automated: {},
          syncOptions: ['CreateNamespace=true'],
          managedNamespaceMetadata: { labels: { team: 'shop' } },
        },
      }),
    });
    const rendered = await objects('both');
    assert.deepEqual(
      rendered.map(({ object }) => `${object.kind}/${object.metadata.name}`),
      ['ConfigMap/a', 'ConfigMap/b', 'Namespace/shop'],
    );
    assert.deepEqual(rendered[2]?.object.metadata.labels, { team: 'shop' });
  });

  test('the file that an image updater writes beside a chart is heeded', async () => {
    const { objects } = await declared({
      'charts/web/Chart.yaml': CHART['Chart.yaml'],
      'charts/web/values.yaml': CHART['values.yaml'],
      'charts/web/templates/settings.yaml': SETTINGS,
      'charts/web/.argocd-source-web.yaml':
        'helm:\n  parameters:\n  - {name: size, value: "7", forceString: true}\n',
      'clusters/prod/web.yaml': application('web', {
        source: inGit('charts/web', { helm: { values: 'colour: red\n' } }),
      }),
    });
    const { colour, size } = dataOf(await objects('web'));
    assert.deepEqual({ colour, size }, { colour: 'red', size: '7' });
  });

  test('what goes to another cluster is a remark; what waits for a person says so', async () => {
    const { desired } = await declared({
      'plain/a.yaml': configMap('a'),
      'clusters/prod/far.yaml': application('far', {
        source: inGit('plain'),
        destination: { name: 'prod-2', namespace: 'shop' },
      }),
      'clusters/prod/hand.yaml': application('hand', { source: inGit('plain'), syncPolicy: {} }),
    });
    assert.deepEqual(
      desired.releases.map(({ name, suspended }) => ({ name, suspended })),
      [{ name: 'hand', suspended: true }],
    );
    assert.deepEqual(desired.remarks, [
      'Application far goes to the cluster "prod-2" and is not judged here. Is that this one? Then name it so: argocdDestination of the target',
    ]);
  });

  describe('what cannot be told is unknown, once, with the reason', () => {
    const CASES: readonly (readonly [name: string, spec: object, reason: RegExp])[] = [
      [
        'another repository',
        { source: { ...inGit('x'), repoURL: 'https://git.example.com/x' } },
        /another repository/,
      ],
      ['another branch', { source: { ...inGit('plain'), targetRevision: 'v1' } }, /follows "v1"/],
      ['a plugin', { source: inGit('plain', { plugin: { name: 'x' } }) }, /a plugin of Argo CD/],
      ['two types', { source: inGit('plain', { plugin: {}, directory: {} }) }, /several types at once/],
      ['a path outside', { source: inGit('../../etc') }, /no path inside the repository/],
      ['a path that is not there', { source: inGit('gone') }, /not in the commit, or empty/],
      ['Jsonnet', { source: inGit('jsonnet') }, /is Jsonnet/],
      ['no source', { source: undefined, sources: [] }, /another repository|no source/],
      [
        'values from an address',
        { source: inGit('charts/web', { helm: { valueFiles: ['https://x/y'] } }) },
        /which is not fetched/,
      ],
      [
        'values outside',
        { source: inGit('charts/web', { helm: { valueFiles: ['../../../x'] } }) },
        /no path inside/,
      ],
      [
        'a value file that is not there',
        { source: inGit('charts/web', { helm: { valueFiles: ['no.yaml'] } }) },
        /no\.yaml is not in the commit/,
      ],
      ['helm 2', { source: inGit('charts/web', { helm: { version: 'v2' } }) }, /helm\.version is "v2"/],
      [
        'a chart from where none is fetched',
        { source: { repoURL: 'https://charts.example.org', chart: 'x', targetRevision: '1.0.0' } },
        /not fetched: add \{ url/,
      ],
      ['a chart over SSH', { source: { repoURL: 'ssh://x/y', chart: 'x' } }, /its chart comes from ssh/],
    ];
    for (const [name, spec, reason] of CASES)
      test(name, async () => {
        const { desired } = await declared({
          'plain/a.yaml': configMap('a'),
          'jsonnet/a.jsonnet': '{}',
          'charts/web/Chart.yaml': CHART['Chart.yaml'],
          'clusters/prod/one.yaml': application('one', spec),
        });
        assert.equal(desired.releases.length, 1);
        assert.match(reasonOf(desired, 'one'), reason);
      });

    test('an ApplicationSet', async () => {
      const { desired } = await declared({
        'clusters/prod/set.yaml':
          'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: many}\nspec: {}\n',
      });
      assert.match(reasonOf(desired, 'many'), /makes its Applications in the cluster/);
    });
  });
});
