import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ObjectStore } from '../../../lib/aws/objects.ts';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import { readRender } from '../../../lib/checks/renders.ts';
import type { Deployer, Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { getTree, putTree } from '../../../lib/content/store.ts';
import { withDependencies } from '../../../lib/desired/chart-dependencies.ts';
import type { OutsideChart } from '../../../lib/desired/declaration.ts';
import { readDesired } from '../../../lib/desired/desired.ts';
import type { OutsideCharts } from '../../../lib/desired/outside/outside-charts.ts';
import { outsideCharts } from '../../../lib/desired/outside/outside-charts.ts';
import { tools } from '../../../local/tools.ts';
import { type ChartHost, chartPackage, helmRepository } from '../../fixtures/chart-hosts.ts';
import { targetOf } from '../../fixtures/cluster-repository.ts';
import { commitInMemory } from './flux/commit-in-memory.ts';

type Files = Readonly<Record<string, string>>;
type Entry = readonly [name: string, version: string, repository?: string];
const listed = (entries: readonly Entry[]): string =>
  JSON.stringify(entries.map(([name, version, repository = '']) => ({ name, version, repository })));
const chartOf = (entries: readonly Entry[]): string =>
  `apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies: ${listed(entries)}\n`;
const lockOf = (entries: readonly Entry[]): string => `dependencies: ${listed(entries)}\ndigest: sha256:0\n`;
const treeOf = (files: Files) =>
  new Map(
    Object.entries(files).map(([path, text]) => [path, { mode: 0o644 as const, data: Buffer.from(text) }]),
  );
const CHARTS = 'https://charts.example.com/';

describe('charts that a chart in Git depends on, and Git does not hold', () => {
  let folder: string;
  let content: ObjectStore;
  let asked: OutsideChart[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-dependencies-'));
    content = folderStore(join(folder, 'content'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  beforeEach(() => {
    asked = [];
  });

  const outside: OutsideCharts = {
    async fetch(chart) {
      asked.push(chart);
      const tree = await putTree(content, treeOf({ 'chart.tgz': JSON.stringify(chart) }));
      return { kind: 'stored', tree, name: 'x', version: '1' };
    },
  };
  async function made(chart: Files, { repository = {}, deployer = 'argocd' as Deployer } = {}) {
    const result = await withDependencies(
      {
        tree: await putTree(content, treeOf(chart)),
        about: chart['Chart.yaml'] ?? '',
        folder: 'charts/umbrella',
      },
      deployer,
      'tip',
      { clone: commitInMemory(repository), content, outside },
    );
    if (result.kind === 'incomplete') return result.reason;
    return [...(await getTree(content, result.tree)).keys()].filter((path) => !(path in chart)).sort();
  }

  test('come in the versions of the lock', async () => {
    const chart = chartOf([
      ['redis', '1.x', CHARTS],
      ['web', '^2', 'oci://registry.example.com/charts'],
    ]);
    const lock = lockOf([
      ['redis', '1.4.2', CHARTS],
      ['web', '2.0.1', 'oci://registry.example.com/charts'],
    ]);
    assert.deepEqual(await made({ 'Chart.yaml': chart, 'Chart.lock': lock }), [
      'charts/redis-1.4.2.tgz',
      'charts/web-2.0.1.tgz',
    ]);
    assert.deepEqual(asked, [
      { kind: 'helm-repository', url: 'https://charts.example.com', name: 'redis', version: '1.4.2' },
      {
        kind: 'oci',
        url: 'oci://registry.example.com/charts/web',
        reference: { kind: 'version', version: '2.0.1' },
      },
    ]);
  });

  test('of the first format are in files of their own', async () => {
    const chart = 'apiVersion: v1\nname: umbrella\nversion: 1.0.0\n';
    const requirements = `dependencies: ${listed([['redis', '1.4.2', CHARTS]])}\n`;
    assert.deepEqual(await made({ 'Chart.yaml': chart, 'requirements.yaml': requirements }), [
      'charts/redis-1.4.2.tgz',
    ]);
  });

  test('one chart in two versions is both', async () => {
    const chart = chartOf([
      ['redis', '1.4.2', CHARTS],
      ['redis', '1.5.0', CHARTS],
    ]);
    assert.deepEqual(await made({ 'Chart.yaml': chart }), [
      'charts/redis-1.4.2.tgz',
      'charts/redis-1.5.0.tgz',
    ]);
  });

  test('that Git holds, as folders or packages, are not fetched; nor are any where nothing applies them', async () => {
    const chart = chartOf([
      ['redis', '1.4.2', CHARTS],
      ['web', '2.0.1', CHARTS],
    ]);
    const vendored = { 'charts/cache/Chart.yaml': 'name: redis\n', 'charts/web-2.0.1.tgz': 'x' };
    assert.deepEqual(await made({ 'Chart.yaml': chart, ...vendored }), []);
    assert.deepEqual(await made({ 'Chart.yaml': chart }, { deployer: 'none' }), []);
    assert.deepEqual(await made({ 'Chart.yaml': 'name: umbrella\n' }), []);
    assert.deepEqual(asked, []);
  });

  test('a chart beside it is taken as it lies there', async () => {
    const chart = chartOf([['common', '>=1', 'file://../common']]);
    const repository = {
      'charts/common/Chart.yaml': 'name: common\nversion: 1.2.0\n',
      'charts/common/templates/_a.tpl': '',
    };
    assert.deepEqual(await made({ 'Chart.yaml': chart }, { repository }), [
      'charts/common/Chart.yaml',
      'charts/common/templates/_a.tpl',
    ]);
    const other = { ...repository, 'charts/common/Chart.yaml': 'name: common\nversion: 0.9.0\n' };
    assert.match(String(await made({ 'Chart.yaml': chart }, { repository: other })), /"0.9.0", not ">=1"/);
  });

  const incomplete: readonly [
    what: string,
    entries: readonly Entry[],
    lock: string | undefined,
    why: RegExp,
  ][] = [
    ['a range without a lock', [['redis', '1.x', CHARTS]], undefined, /"1.x" is no single version/],
    ['no version', [['redis', '', CHARTS]], undefined, /is no single version/],
    ['a lock without it', [['redis', '1.x', CHARTS]], lockOf([]), /Chart.lock is out of date/],
    [
      'a lock with another version than it may be',
      [['redis', '2.x', CHARTS]],
      lockOf([['redis', '1.4.2', CHARTS]]),
      /Chart.lock is out of date/,
    ],
    ['no repository', [['redis', '1.4.2']], undefined, /no repository is given/],
    ['a name of the deployer’s', [['redis', '1.4.2', '@stable']], undefined, /only the deployer knows/],
    ['another scheme', [['redis', '1.4.2', 'git+ssh://x/y']], undefined, /only the deployer knows/],
    ['a folder outside', [['redis', '1.4.2', 'file://../../../etc']], undefined, /no folder inside/],
    ['an absolute folder', [['redis', '1.4.2', 'file:///etc']], undefined, /no folder inside/],
    ['a folder without a chart', [['redis', '1.4.2', 'file://../none']], undefined, /no chart of that name/],
    [
      'too many',
      Array.from({ length: 51 }, (_, index) => [`c${index}`, '1.0.0', CHARTS] as const),
      undefined,
      /more than 50/,
    ],
  ];
  for (const [what, entries, lock, why] of incomplete)
    test(`${what}: unknown, with the reason`, async () => {
      const files = { 'Chart.yaml': chartOf(entries), ...(lock === undefined ? {} : { 'Chart.lock': lock }) };
      const answer = await made(files);
      assert.ok(typeof answer === 'string', JSON.stringify(answer));
      assert.match(answer, /^charts\/umbrella depends on the chart "/);
      assert.match(answer, why);
    });

  test('a name that is a path, or of every object, fetches nothing', async () => {
    const chart = chartOf([
      ['../../etc', '1.0.0', CHARTS],
      ['__proto__', '1.0.0', CHARTS],
    ]);
    assert.deepEqual(await made({ 'Chart.yaml': chart }), []);
    assert.deepEqual(asked, []);
  });

  describe('as helm renders it', () => {
    let host: ChartHost;
    before(async () => {
      const map =
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-redis"}\ndata: {size: "{{ .Values.size }}"}\n';
      const bytes = await chartPackage('redis', {
        'Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 1.4.2\n',
        'values.yaml': 'size: 1\n',
        'templates/map.yaml': map,
      });
      host = await helmRepository([{ name: 'redis', version: '1.4.2', bytes }]);
    });
    after(() => host.stop());

    const declared = {
      argocd: (): object => ({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name: 'cache', namespace: 'argocd' },
        spec: {
          project: 'default',
          destination: { namespace: 'shop', server: 'https://kubernetes.default.svc' },
          source: { repoURL: 'https://git.example.com/infra.git', path: 'umbrella', targetRevision: 'main' },
        },
      }),
      flux: (): object => ({
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'cache', namespace: 'shop' },
        spec: {
          interval: '5m',
          chart: {
            spec: {
              chart: './umbrella',
              sourceRef: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
            },
          },
        },
      }),
    };
    for (const deployer of ['argocd', 'flux'] as const)
      test(`for ${deployer}: the dependency’s objects, with the values that the umbrella gives it`, async () => {
        const files = {
          'clusters/prod/cache.yaml': JSON.stringify(declared[deployer]()),
          'umbrella/Chart.yaml': chartOf([['redis', '1.x', `${host.url}/charts`]]),
          'umbrella/Chart.lock': lockOf([['redis', '1.4.2', `${host.url}/charts`]]),
          'umbrella/values.yaml': 'redis: {size: 7}\n',
        };
        const target: Target = { ...targetOf({ name: 'prod', deployer }), root: 'clusters/prod' };
        const { folder: toolsFolder } = await tools();
        const state = folderStore(join(folder, `state-${deployer}`));
        const reading = await readDesired(target, {
          clone: {
            ...commitInMemory(files),
            treeId: (_commit, path) => Promise.resolve(path === 'umbrella' ? `tree-${host.port}` : undefined),
          },
          content,
          state,
          capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
          outside: outsideCharts({
            sources: [{ url: host.url, network: 'private' }],
            others: 'refused',
            content,
          }),
          render: (request) =>
            renderRelease(request, { content, state, tools: toolsFolder, scratch: join(folder, 'scratch') }),
        });
        assert.ok(reading.kind === 'read');
        const [release] = reading.state.releases;
        assert.ok(release?.rendering.kind === 'rendered', JSON.stringify(release));
        assert.deepEqual(release.chart, { name: 'umbrella', version: '1.0.0' });
        const objects = (await readRender(state, release.rendering.render)) ?? [];
        assert.deepEqual(
          objects.map(({ object }) => [object.metadata.name, object.data]),
          [['cache-redis', { size: '7' }]],
        );
      });
  });
});
