import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ObjectStore } from '../../../lib/aws/objects.ts';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import type { RenderRequest } from '../../../lib/charts/render-request.ts';
import type { Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { getTree } from '../../../lib/content/store.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { type DesiredReading, type RenderAnswer, readDesired } from '../../../lib/desired/desired.ts';
import type { DesiredRelease } from '../../../lib/desired/state.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { tools } from '../../../local/tools.ts';
import {
  type ClusterRepository,
  clusterRepository,
  deliveredRelease,
  targetOf,
} from '../../fixtures/cluster-repository.ts';

const APPLY = 'fairlead/staging/apply';
const CHART = 'fairlead/staging/releases/shop/web/chart';

const { folder: toolsFolder } = await tools();

describe('what a commit declares', () => {
  let folder: string;
  let repository: ClusterRepository;
  let content: ObjectStore;
  let state: ObjectStore;
  let requests: RenderRequest[];
  let answer: (request: RenderRequest) => RenderAnswer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-desired-'));
    repository = await clusterRepository();
    content = folderStore(join(folder, 'content'));
    state = folderStore(join(folder, 'state'));
    requests = [];
    answer = () => ({ schema: 1, kind: 'rendered', render: digestOf('a render'), warnings: [] });
  });
  afterEach(async () => {
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function read(target: Target): Promise<DesiredReading> {
    const clone = await openClone({ url: repository.url, branch: 'main', folder: join(folder, 'clone.git') });
    return await readDesired(target, {
      clone,
      content,
      state,
      capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
      // Another spelling of what the Applications name.
      repositoryUrl: 'https://GIT.example.com/cluster/',
      render: async (request) => {
        requests.push(request);
        // What Flux's Kustomizations build is read again for what it declares.
        const { subject } = request;
        return subject.kind === 'manifests' && subject.build !== undefined
          ? await renderRelease(request, {
              content,
              state,
              tools: toolsFolder,
              scratch: join(folder, 'scratch'),
            })
          : answer(request);
      },
    });
  }
  async function readState(target: Target) {
    const reading = await read(target);
    assert.ok(reading.kind === 'read');
    return reading;
  }
  async function onlyRelease(target: Target): Promise<DesiredRelease> {
    const { releases } = (await readState(target)).state;
    assert.equal(releases.length, 1);
    return releases[0] as DesiredRelease;
  }
  /** The values documents that rendering was asked for, as texts. */
  async function valuesAsked(): Promise<string[]> {
    const subject = releaseRequests().at(-1)?.subject;
    assert.ok(subject?.kind === 'release');
    return await Promise.all(
      subject.values.map(async (digest) =>
        typeof digest === 'string'
          ? [...(await getTree(content, digest)).values()].map(({ data }) => data.toString()).join('')
          : `the chart's ${digest.chartFile}`,
      ),
    );
  }
  const inputsOf = (release: DesiredRelease | undefined) =>
    release?.rendering.kind === 'rendered' ? release.rendering.inputs : undefined;
  const releaseRequests = () => requests.filter(({ subject }) => subject.kind === 'release');

  test('a branch without a commit declares nothing yet', async () => {
    assert.deepEqual(await read(targetOf()), { kind: 'no-branch' });
  });

  test('the rules of drift.yaml at the tip are part of what is desired, with all that is wrong in them', async () => {
    const target = targetOf();
    await repository.commit(deliveredRelease(target, { version: '1.4.2', values: '' }));
    const without = await readState(target);
    assert.equal(without.state.rules, undefined);

    const text =
      'rules:\n  - {kind: Job, reason: jobs come and go}\n  - {kind: Job, wait: soon, reason: r}\n';
    await repository.commit({ 'fairlead/staging/drift.yaml': text });
    const reading = await readState(target);
    assert.deepEqual(reading.state.rules, {
      rules: [{ number: 1, line: 2, kind: 'Job', reason: 'jobs come and go' }],
      problems: [{ line: 3, key: 'rules[1].wait', message: 'is a duration, as in 90s, 30m, 1h30m or 2d' }],
    });
    // Kept under another digest, and read back the same.
    assert.notEqual(reading.digest, without.digest);
    assert.deepEqual((await readState(target)).state, reading.state);
  });

  test('a delivered release of Flux: its chart, its values from the ConfigMap, its HelmRelease', async () => {
    const target = targetOf();
    const commit = await repository.commit(
      deliveredRelease(target, { version: '1.4.2', values: 'replicas: 3\n' }),
    );
    const { state: desired, staleValues } = await readState(target);
    assert.equal(desired.commit, commit);
    const subject = releaseRequests()[0]?.subject;
    assert.ok(subject?.kind === 'release');
    assert.deepEqual(desired.releases, [
      {
        namespace: 'shop',
        name: 'web',
        chart: { name: 'web', version: '1.4.2' },
        chartTree: subject.chart,
        deployedBy: {
          apiVersion: 'helm.toolkit.fluxcd.io/v2',
          kind: 'HelmRelease',
          namespace: 'fairlead-staging',
          name: 'shop.web',
        },
        suspended: false,
        rendering: { kind: 'rendered', render: digestOf('a render'), inputs: inputsOf(desired.releases[0]) },
      },
    ]);
    assert.deepEqual(staleValues, []);
    assert.deepEqual(await valuesAsked(), ['replicas: 3\n']);
    assert.deepEqual(subject.deployedBy, { namespace: 'fairlead-staging', name: 'shop.web' });
    assert.deepEqual([...(await getTree(content, subject.chart)).keys()].sort(), [
      'Chart.yaml',
      'templates/deployment.yaml',
      'templates/settings.yaml',
      'values.yaml',
    ]);
  });

  test('values are in helm-controller’s order: valuesFrom, then the values of the HelmRelease itself', async () => {
    const target = targetOf();
    const files = deliveredRelease(target, { values: 'replicas: 3\n' });
    const release = `${APPLY}/shop/web/release.yaml`;
    await repository.commit({
      ...files,
      [release]: `${files[release]}  values:\n    replicas: 9007199254740993\n    on: "yes"\n`,
    });
    await readState(target);
    assert.deepEqual(await valuesAsked(), ['replicas: 3\n', '{"on":"yes","replicas":9007199254740993}']);
  });

  test('apply/ itself is rendered as the deployer reads it: the YAML files below it, and nothing else', async () => {
    const target = targetOf();
    await repository.commit({ ...deliveredRelease(target), [`${APPLY}/README.md`]: 'not for the deployer' });
    const { manifests } = (await readState(target)).state;
    assert.equal(manifests?.kind, 'rendered');
    const subject = requests.find((request) => request.subject.kind === 'manifests')?.subject;
    assert.ok(subject?.kind === 'manifests');
    assert.equal(subject.path, APPLY);
    const files = [...(await getTree(content, subject.tree)).keys()].sort();
    assert.deepEqual(files, [`${APPLY}/shop/web/release.yaml`, `${APPLY}/shop/web/values.yaml`]);
  });

  test('an Argo CD Application: its value files beside the chart, then parameters', async () => {
    const target = targetOf({ deployer: 'argocd' });
    const files = deliveredRelease(target, { values: 'replicas: 3\n' });
    const release = `${APPLY}/shop/web/release.yaml`;
    const parameters =
      '      parameters:\n        - {name: image.tag, value: "1"}\n        - {name: debug, value: "true", forceString: true}\n';
    await repository.commit({
      ...files,
      [release]: (files[release] ?? '').replace(
        '      releaseName: web\n',
        `      releaseName: web\n${parameters}`,
      ),
    });
    assert.deepEqual((await onlyRelease(target)).chart, { name: 'web', version: '1.0.0' });
    assert.deepEqual(await valuesAsked(), ['replicas: 3\n']);
    const subject = releaseRequests()[0]?.subject;
    assert.ok(subject?.kind === 'release');
    assert.deepEqual(subject.flags, {
      sets: [
        { flag: 'set', name: 'image.tag', value: '1' },
        { flag: 'set-string', name: 'debug', value: 'true' },
      ],
      crds: 'included',
    });
  });

  test('a target without a deployer: every chart below releases/', async () => {
    const target = targetOf({ deployer: 'none' });
    await repository.commit(deliveredRelease(target, { values: 'replicas: 3\n' }));
    const release = await onlyRelease(target);
    assert.equal(release.rendering.kind, 'rendered');
    assert.deepEqual(await valuesAsked(), ['replicas: 3\n']);
  });

  test('a suspended HelmRelease says so', async () => {
    const target = targetOf();
    const files = deliveredRelease(target);
    const release = `${APPLY}/shop/web/release.yaml`;
    await repository.commit({ ...files, [release]: `${files[release]}  suspend: true\n` });
    assert.equal((await onlyRelease(target)).suspended, true);
  });

  test('an unchanged commit is not rendered again, and gives the same digest', async () => {
    const target = targetOf();
    await repository.commit(deliveredRelease(target));
    const first = await readState(target);
    const again = await readState(target);
    assert.deepEqual(again, first);
    assert.equal(releaseRequests().length, 1);
  });

  test('a failed rendering is the reason of one unknown, and is tried again', async () => {
    const target = targetOf();
    await repository.commit(deliveredRelease(target));
    answer = () => ({ kind: 'failed', reason: 'rendering it did not end' });
    assert.deepEqual((await onlyRelease(target)).rendering, {
      kind: 'unknown',
      reason: 'rendering it did not end',
    });
    answer = () => ({ schema: 1, kind: 'rendered', render: digestOf('b'), warnings: [] });
    const { rendering } = await onlyRelease(target);
    assert.equal(rendering.kind === 'rendered' && rendering.render, digestOf('b'));
  });

  test('values.yaml that a person committed makes the ConfigMap stale', async () => {
    const target = targetOf();
    await repository.commit(deliveredRelease(target));
    await repository.commit({ 'fairlead/staging/releases/shop/web/values.yaml': 'replicas: 7\n' });
    assert.deepEqual((await readState(target)).staleValues, ['shop/web']);
    // The deployer has the ConfigMap, so that is what is declared until it follows.
    assert.deepEqual(await valuesAsked(), ['{}\n']);
  });

  describe('what cannot be resolved is unknown, with the reason', () => {
    const HEAD =
      'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n';
    const CASES: readonly (readonly [name: string, spec: string, reason: RegExp])[] = [
      [
        'a chart from a Helm repository that is not declared',
        '  chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: x}}}\n',
        /comes from HelmRepository\/x in shop, which Git does not declare/,
      ],
      [
        'a chart outside of the tree',
        '  chart: {spec: {chart: ../../etc, sourceRef: {kind: GitRepository, name: fairlead}}}\n',
        /no path inside the repository/,
      ],
      [
        'a chart that is not there',
        '  chart: {spec: {chart: charts/web, sourceRef: {kind: GitRepository, name: fairlead}}}\n',
        /charts\/web is not in the commit/,
      ],
      [
        'values from a Secret',
        `  chart: {spec: {chart: ${CHART}, sourceRef: {kind: GitRepository, name: fairlead}}}\n  valuesFrom: [{kind: Secret, name: s}]\n`,
        /valuesFrom\[0\]: Secret\/s holds values, which Fairlead does not read/,
      ],
      [
        'values from a ConfigMap that Git does not have',
        `  chart: {spec: {chart: ${CHART}, sourceRef: {kind: GitRepository, name: fairlead}}}\n  valuesFrom: [{kind: ConfigMap, name: s}]\n`,
        /ConfigMap\/s in shop is not declared/,
      ],
      [
        'old post-renderers',
        `  chart: {spec: {chart: ${CHART}, sourceRef: {kind: GitRepository, name: fairlead}}}\n  postRenderers: [{kustomize: {patchesJson6902: [{}]}}]\n`,
        /spec\.postRenderers\[0\] has patchesJson6902/,
      ],
      [
        'another cluster',
        `  chart: {spec: {chart: ${CHART}, sourceRef: {kind: GitRepository, name: fairlead}}}\n  kubeConfig: {secretRef: {name: x}}\n`,
        /spec\.kubeConfig: it is installed in another cluster/,
      ],
    ];
    for (const [name, spec, reason] of CASES) {
      test(name, async () => {
        const target = targetOf();
        await repository.commit({ [`${APPLY}/web.yaml`]: HEAD + spec });
        const { rendering } = await onlyRelease(target);
        assert.ok(rendering.kind === 'unknown');
        assert.match(rendering.reason, reason);
        assert.equal(releaseRequests().length, 0);
      });
    }

    test('a chart from another GitRepository', async () => {
      const spec = `  chart: {spec: {chart: ${CHART}, sourceRef: {kind: GitRepository, name: other}}}\n`;
      await repository.commit({
        ...deliveredRelease(targetOf()),
        [`${APPLY}/shop/web/release.yaml`]: HEAD + spec,
      });
      const { rendering } = await onlyRelease(targetOf());
      assert.ok(rendering.kind === 'unknown');
      assert.match(rendering.reason, /GitRepository\/other, which need not be this repository/);
    });

    for (const [name, changed, reason] of [
      [
        'repository',
        ['https://git.example.com/cluster.git', 'https://git.example.com/other'],
        /another repository/,
      ],
      ['branch', ['targetRevision: main', 'targetRevision: v1'], /follows "v1", not the branch "main"/],
    ] as const) {
      test(`an Application of another ${name}`, async () => {
        const target = targetOf({ deployer: 'argocd' });
        const files = deliveredRelease(target);
        const release = `${APPLY}/shop/web/release.yaml`;
        await repository.commit({
          ...files,
          [release]: (files[release] ?? '').replace(changed[0], changed[1]),
        });
        const { rendering } = await onlyRelease(target);
        assert.ok(rendering.kind === 'unknown');
        assert.match(rendering.reason, reason);
      });
    }

    test('a file of apply/ that is no YAML: the manifests are unknown, by file and line; releases are still read', async () => {
      const target = targetOf();
      await repository.commit({
        ...deliveredRelease(target),
        [`${APPLY}/manifests/bad.yaml`]: 'a: b\nc: d: e\n',
      });
      const { state: desired } = await readState(target);
      assert.ok(desired.manifests?.kind === 'unknown');
      assert.match(desired.manifests.reason, /apply\/manifests\/bad\.yaml:2 cannot be read as YAML/);
      assert.equal(desired.releases[0]?.rendering.kind, 'rendered');
    });
  });

  test('valuesFiles of a HelmRelease replace the chart’s own values, merged in order', async () => {
    const target = targetOf();
    const files = deliveredRelease(target);
    const release = `${APPLY}/shop/web/release.yaml`;
    const marker = '      sourceRef:';
    await repository.commit({
      ...files,
      'env/base.yaml': 'image: {name: nginx, tag: "1"}\n',
      'env/staging.yaml': 'image: {tag: "2"}\nreplicas: 2\n',
      [release]: (files[release] ?? '').replace(
        marker,
        `      valuesFiles: [env/base.yaml, env/staging.yaml]\n${marker}`,
      ),
    });
    assert.equal((await onlyRelease(target)).rendering.kind, 'rendered');
    const subject = releaseRequests()[0]?.subject;
    assert.ok(subject?.kind === 'release');
    const values = (await getTree(content, subject.chart)).get('values.yaml')?.data.toString();
    assert.deepEqual(JSON.parse(values ?? ''), { image: { name: 'nginx', tag: '2' }, replicas: 2 });
  });
});
