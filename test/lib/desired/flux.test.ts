import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ObjectStore } from '../../../lib/aws/objects.ts';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import type { RenderedObject } from '../../../lib/charts/render-request.ts';
import { readRender } from '../../../lib/checks/renders.ts';
import type { Target } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { readDesired } from '../../../lib/desired/desired.ts';
import type { ClusterMaps } from '../../../lib/desired/flux/maps.ts';
import type { DesiredState } from '../../../lib/desired/state.ts';
import { partOf } from '../../../lib/objects/objects.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { tools } from '../../../local/tools.ts';
import { type ClusterRepository, clusterRepository, targetOf } from '../../fixtures/cluster-repository.ts';
import { FLUX_REPOSITORY } from '../../fixtures/flux-repository.ts';

const target: Target = { ...targetOf({ name: 'prod' }), root: 'clusters/prod' };

describe('a repository that Flux was bootstrapped with', () => {
  let folder: string;
  let repository: ClusterRepository;
  let content: ObjectStore;
  let state: ObjectStore;
  let renders: number;
  const maps: ClusterMaps = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-flux-'));
    repository = await clusterRepository();
    content = folderStore(join(folder, 'content'));
    state = folderStore(join(folder, 'state'));
  });
  after(async () => {
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function read(
    files: Readonly<Record<string, string | undefined>>,
    clusterMaps = maps,
  ): Promise<DesiredState> {
    await repository.commit(files);
    renders = 0;
    const { folder: toolsFolder } = await tools();
    const reading = await readDesired(target, {
      clone: await openClone({ url: repository.url, branch: 'main', folder: join(folder, 'clone.git') }),
      content,
      state,
      clusterMaps,
      capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
      repositoryUrl: 'https://git.example.com/fleet/infra.git',
      render: async (request) => {
        renders++;
        return renderRelease(request, {
          content,
          state,
          tools: toolsFolder,
          scratch: join(folder, 'scratch'),
        });
      },
    });
    assert.ok(reading.kind === 'read');
    return reading.state;
  }
  async function objectsOf(
    rendering: DesiredState['manifests'],
  ): Promise<ReadonlyMap<string, RenderedObject>> {
    assert.ok(rendering?.kind === 'rendered', JSON.stringify(rendering));
    const objects = (await readRender(state, rendering.render)) ?? [];
    return new Map(objects.map((entry) => [`${entry.object.kind}/${entry.object.metadata.name}`, entry]));
  }

  test('is what its Kustomizations and HelmReleases say, wherever they lie', async (context) => {
    const desired = await read(FLUX_REPOSITORY);
    assert.deepEqual(desired.appliedBy, { namespace: 'flux-system', name: 'flux-system' });

    await context.test('the cluster’s own folder, by the Kustomization that is pointed at it', async () => {
      const own = await objectsOf(desired.manifests);
      assert.deepEqual([...own.keys()].sort(), [
        'ConfigMap/cluster-variables',
        'GitRepository/flux-system',
        'Kustomization/apps',
        'Kustomization/flux-system',
        'Namespace/shop',
      ]);
      assert.deepEqual(own.get('Namespace/shop')?.object.metadata.labels, {
        'kustomize.toolkit.fluxcd.io/name': 'flux-system',
        'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
      });
      assert.equal(own.get('Namespace/shop')?.source, 'clusters/prod/namespaces.yaml');
    });

    await context.test(
      'the Kustomization in it: overlay, component, patches, images, variables',
      async () => {
        assert.deepEqual(
          desired.kustomizations?.map(({ namespace, name }) => `${namespace}/${name}`),
          ['flux-system/apps'],
        );
        const apps = await objectsOf(desired.kustomizations?.[0]?.rendering);
        assert.deepEqual([...apps.keys()].map((key) => key.replace(/-[a-z0-9]{10}$/, '-HASH')).sort(), [
          'ConfigMap/settings-HASH',
          'Deployment/web',
          'HelmRelease/cache',
          'ResourceQuota/quota',
          'Service/web',
        ]);
        const web = apps.get('Deployment/web');
        assert.ok(web !== undefined);
        assert.equal(web.source, 'apps/base/web/web.yaml');
        const { metadata, spec } = web.object as unknown as {
          metadata: { namespace: string; labels: object; annotations: object };
          spec: { replicas: number; template: { spec: { containers: readonly Record<string, unknown>[] } } };
        };
        assert.equal(metadata.namespace, 'shop');
        assert.deepEqual(metadata.labels, {
          environment: 'prod',
          team: 'shop',
          'kustomize.toolkit.fluxcd.io/name': 'apps',
          'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
        });
        assert.deepEqual(
          { ...metadata.annotations, note: '' },
          { since: '2020-01-01T00:00:00Z', reviewed: '2026', note: '' },
        );
        assert.equal(spec.replicas, 3);
        const [container] = spec.template.spec.containers;
        assert.equal(container?.image, 'registry.example.com/web:v2');
        assert.deepEqual(container?.resources, { limits: { memory: '1Gi' } });
      },
    );

    await context.test('what a Secret says is unstable, and nothing else', async () => {
      const apps = await objectsOf(desired.kustomizations?.[0]?.rendering);
      assert.deepEqual(apps.get('Deployment/web')?.unstable, [
        '/metadata/annotations/note',
        '/spec/template/spec/containers/0/env/1/value',
      ]);
      const settings = [...apps].find(([key]) => key.startsWith('ConfigMap/'))?.[1];
      // The name is made before variables are filled in.
      assert.deepEqual(settings?.unstable, ['/data/settings.txt']);
      assert.deepEqual(apps.get('Service/web')?.unstable, []);
    });

    await context.test(
      'the HelmRelease in that: post-renderers, commonMetadata, a Secret at a targetPath',
      async () => {
        const { chartTree, ...release } = desired.releases[0] ?? assert.fail();
        assert.match(chartTree ?? '', /^sha256:/);
        assert.deepEqual(
          { ...release, rendering: release.rendering.kind },
          {
            namespace: 'shop',
            name: 'cache',
            chart: { name: 'cache', version: '1.2.3' },
            deployedBy: {
              apiVersion: 'helm.toolkit.fluxcd.io/v2',
              kind: 'HelmRelease',
              namespace: 'shop',
              name: 'cache',
            },
            suspended: false,
            rendering: 'rendered',
          },
        );
        const objects = await objectsOf(release.rendering);
        const cache = objects.get('Deployment/cache');
        assert.equal(cache?.source, 'templates/deployment.yaml');
        assert.deepEqual(cache?.unstable, ['/spec/template/metadata/annotations/checksum']);
        const text = JSON.stringify(cache?.object);
        assert.match(text, /"image":"cache:7"/);
        assert.match(text, /"terminationGracePeriodSeconds":5/);
        assert.match(text, /"value":"eu-west-1"/);
        assert.match(text, /"owner":"shop"/);
        assert.match(text, /"helm\.toolkit\.fluxcd\.io\/namespace":"shop"/);
        assert.deepEqual(objects.get('Secret/cache')?.unstable, ['/data/password']);
      },
    );

    await context.test('a commit that changes nothing of it renders nothing anew', async () => {
      assert.ok(renders > 0);
      const again = await read({ 'README.md': '# Fleet, once more\n' });
      assert.deepEqual(again.releases, desired.releases);
      assert.deepEqual(again.kustomizations, desired.kustomizations);
    });
  });

  const APPS = FLUX_REPOSITORY['clusters/prod/apps.yaml'] ?? '';
  const unknown: readonly (readonly [
    what: string,
    files: Readonly<Record<string, string>>,
    reason: RegExp,
  ])[] = [
    [
      'a remote base',
      { 'apps/prod/kustomization.yaml': 'resources: ["https://github.com/a/b?ref=v1"]\n' },
      /apps\/prod\/kustomization\.yaml: its "resources" names .* fetched from elsewhere/,
    ],
    [
      'a file outside of the repository',
      { 'apps/prod/kustomization.yaml': 'resources: [../../../../etc]\n' },
      /outside of the repository/,
    ],
    ['helm charts', { 'apps/prod/kustomization.yaml': 'helmCharts: [{name: a}]\n' }, /"helmCharts"/],
    [
      'a path that is not there',
      { 'clusters/prod/apps.yaml': APPS.replace('./apps/prod', './no') },
      /no is not in the commit/,
    ],
    [
      'another repository',
      { 'clusters/prod/apps.yaml': APPS.replace('name: flux-system}\n  common', 'name: other}\n  common') },
      /GitRepository\/other/,
    ],
    [
      'another cluster',
      { 'clusters/prod/apps.yaml': `${APPS}  kubeConfig: {secretRef: {name: x}}\n` },
      /another cluster/,
    ],
    [
      'variables that nobody knows',
      { 'clusters/prod/apps.yaml': APPS.replace('name: cluster-variables', 'name: elsewhere') },
      /ConfigMap\/elsewhere in flux-system is not declared in Git/,
    ],
    [
      'what kustomize does not build',
      { 'apps/prod/more-memory.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: nobody}\n' },
      /kustomize does not build it: .*no matches for Id/,
    ],
  ];
  for (const [what, files, reason] of unknown)
    test(`${what}: that Kustomization is unknown, and nothing else`, async () => {
      const desired = await read({ ...FLUX_REPOSITORY, ...files });
      assert.equal(desired.manifests?.kind, 'rendered');
      const [apps] = desired.kustomizations ?? [];
      assert.ok(apps?.rendering.kind === 'unknown', JSON.stringify(apps));
      assert.match(apps.rendering.reason, reason);
    });

  test('variables that only the cluster has come from what its last check saw', async () => {
    const files = {
      ...FLUX_REPOSITORY,
      'clusters/prod/apps.yaml': APPS.replace('name: cluster-variables', 'name: elsewhere'),
    };
    const desired = await read(files, { 'flux-system/elsewhere': { REPLICAS: '4', REGION: 'here' } });
    assert.deepEqual(desired.asks, ['flux-system/elsewhere']);
    const apps = await objectsOf(desired.kustomizations?.[0]?.rendering);
    assert.equal(partOf(apps.get('Deployment/web')?.object.spec).replicas, 4);
  });

  test('Kustomizations that declare each other come to an end', async () => {
    const other = APPS.replace('name: apps', 'name: again').replace('./apps/prod', './clusters/prod');
    const desired = await read({
      ...FLUX_REPOSITORY,
      'clusters/prod/again.yaml': other.replace(/ {2}patches:[\s\S]*?(?= {2}postBuild)/, ''),
    });
    assert.deepEqual(
      desired.kustomizations?.map(({ name }) => name),
      ['again', 'apps'],
    );
    await read({ 'clusters/prod/again.yaml': undefined });
  });

  test('a Secret that SOPS encrypted is there, with any values', async () => {
    const secret =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\nstringData:\n  key: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:q,iv:y,tag:z,type:str]\n  version: 3.9.0\n';
    const withKeys = {
      ...FLUX_REPOSITORY,
      'apps/prod/keys.yaml': secret,
      'apps/prod/kustomization.yaml': (FLUX_REPOSITORY['apps/prod/kustomization.yaml'] ?? '').replace(
        'cache.yaml]',
        'cache.yaml, keys.yaml]',
      ),
    };
    const plain = await read(withKeys);
    const [apps] = plain.kustomizations ?? [];
    assert.ok(apps?.rendering.kind === 'unknown');
    assert.match(apps.rendering.reason, /Secret\/keys is encrypted with SOPS/);
    const decrypted = await read({
      ...withKeys,
      'clusters/prod/apps.yaml': `${APPS}  decryption: {provider: sops}\n`,
    });
    const keys = (await objectsOf(decrypted.kustomizations?.[0]?.rendering)).get('Secret/keys');
    assert.deepEqual(keys?.unstable, ['/data/key']);
    assert.equal(keys?.object.sops, undefined);
  });
});
