import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ObjectStore } from '../../../lib/aws/objects.ts';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import { readRender } from '../../../lib/checks/renders.ts';
import type { Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { readDesired } from '../../../lib/desired/desired.ts';
import type { DesiredState } from '../../../lib/desired/state.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { tools } from '../../../local/tools.ts';
import { type ClusterRepository, clusterRepository, targetOf } from '../../fixtures/cluster-repository.ts';

const CHART = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'charts/web/templates/map.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {a: "1"}\n',
};
const helmRelease = (name: string, chart: string, valuesFile?: string): string =>
  JSON.stringify({
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name, namespace: 'shop' },
    spec: {
      interval: '5m',
      chart: {
        spec: {
          chart,
          sourceRef: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
          ...(valuesFile === undefined ? {} : { valuesFiles: [valuesFile] }),
        },
      },
    },
  });

describe('what is wrong with one thing in a repository says nothing of the others', () => {
  let folder: string;
  const repositories: ClusterRepository[] = [];
  let state: ObjectStore;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-hostile-'));
    state = folderStore(join(folder, 'state'));
  });
  after(async () => {
    for (const repository of repositories) await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function read(target: Target, files: Readonly<Record<string, string>>): Promise<DesiredState> {
    const { folder: toolsFolder } = await tools();
    const content = folderStore(join(folder, 'content'));
    const repository = await clusterRepository();
    repositories.push(repository);
    await repository.commit(files);
    const clone = await openClone({
      url: repository.url,
      branch: 'main',
      folder: join(folder, `${repositories.length}.git`),
    });
    const reading = await readDesired(target, {
      clone,
      content,
      state,
      capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
      render: (request) =>
        renderRelease(request, { content, state, tools: toolsFolder, scratch: join(folder, 'scratch') }),
    });
    assert.ok(reading.kind === 'read');
    return reading.state;
  }
  const kinds = ({ releases }: DesiredState) =>
    Object.fromEntries(releases.map(({ name, rendering }) => [name, rendering.kind]));

  test('paths that git would take for more than paths', async () => {
    const target: Target = { ...targetOf({ name: 'prod' }), root: 'clusters/prod' };
    const desired = await read(target, {
      ...CHART,
      'clusters/prod/releases.yaml': [
        helmRelease('good', './charts/web'),
        helmRelease('excluded', ':!charts/web'),
        helmRelease('globbed', ':(glob)charts/*'),
        helmRelease('values', './charts/web', ':(top)/values.yaml'),
        helmRelease('more-values', './charts/web', ':!x/values.yaml'),
        helmRelease('an-option', '--help', '-rf/values.yaml'),
        helmRelease('long', './charts/web', `${'a/'.repeat(100_000)}values.yaml`),
      ].join('\n---\n'),
    });
    assert.deepEqual(kinds(desired), {
      good: 'rendered',
      excluded: 'unknown',
      globbed: 'unknown',
      values: 'unknown',
      'more-values': 'unknown',
      'an-option': 'unknown',
      long: 'unknown',
    });
  });

  test('a whole repository that Flux was pointed at', async () => {
    const target: Target = { ...targetOf({ name: 'prod' }), root: '.', driftOnly: true };
    const desired = await read(target, {
      ...CHART,
      '.sourceignore': '/charts\n/kustomization-of-nobody\n',
      'flux-system/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, ref: {branch: main}, url: https://git.example.com/infra.git, ignore: "/drafts\\n"}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, path: ./, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
`,
      'drafts/broken.yaml': 'apiVersion: [unclosed\n',
      'apply/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: top, namespace: shop}\n',
      'releases/web.yaml': helmRelease('web', './charts/web'),
    });
    assert.deepEqual(desired.appliedBy, { namespace: 'flux-system', name: 'flux-system' });
    assert.ok(desired.manifests?.kind === 'rendered', JSON.stringify(desired.manifests));
    const objects = (await readRender(state, desired.manifests.render)) ?? [];
    assert.deepEqual(objects.map(({ object, source }) => `${object.kind} ${source}`).sort(), [
      'ConfigMap apply/map.yaml',
      'GitRepository flux-system/gotk-sync.yaml',
      'HelmRelease releases/web.yaml',
      'Kustomization flux-system/gotk-sync.yaml',
    ]);
    assert.deepEqual(kinds(desired), { web: 'rendered' });
  });

  test('a whole repository that Argo CD was pointed at', async () => {
    const target: Target = { ...targetOf({ name: 'prod', deployer: 'argocd' }), root: '.', driftOnly: true };
    const application = (name: string, path: string) =>
      JSON.stringify({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name, namespace: 'argocd' },
        spec: {
          project: 'default',
          destination: { namespace: 'shop', server: 'https://kubernetes.default.svc' },
          source: { repoURL: 'https://git.example.com/infra.git', path, targetRevision: 'main' },
        },
      });
    const desired = await read(target, {
      ...CHART,
      // What source-controller leaves out by itself Argo CD applies.
      '.sourceignore': '/plain\n',
      'plain/cloudbuild.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n',
      'apps/web.yaml': application('web', 'charts/web'),
      'apps/plain.yaml': application('plain', 'plain'),
      'apps/odd.yaml': application('odd', ':(glob)*'),
    });
    assert.deepEqual(kinds(desired), { web: 'rendered', plain: 'rendered', odd: 'unknown' });
  });
});
