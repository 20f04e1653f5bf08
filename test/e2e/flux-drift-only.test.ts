import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import { type ClusterRepository, clusterRepository } from '../fixtures/cluster-repository.ts';
import { FLUX_REPOSITORY } from '../fixtures/flux-repository.ts';
import { type FluxCluster, fluxCluster, readyOf } from '../flux/flux.ts';
import { requirement } from '../requirements.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe(
  'a repository that Fairlead did not write, applied by Flux’s own controllers',
  requirement('deployers'),
  () => {
    let flux: FluxCluster;
    let repository: ClusterRepository;
    let cache: string;

    const check = async (): Promise<{ code: number; stdout: string; stderr: string }> => {
      const asked = [
        '--repo',
        repository.url,
        '--root',
        'clusters/prod',
        '--kubeconfig',
        flux.plane.kubeconfig,
      ];
      return await promisify(execFile)(
        process.execPath,
        [join(ROOT, 'cli/main.ts'), 'check', ...asked, '--deployer', 'flux', '--cache', cache],
        { env: { ...process.env, KUBECONFIG: '' } },
      ).then(
        (done) => ({ code: 0, ...done }),
        (failed: { code: number; stdout: string; stderr: string }) => failed,
      );
    };
    const isReady = async (apiVersion: string, kind: string, namespace: string, name: string) =>
      readyOf(await flux.cluster.get({ apiVersion, kind, namespace, name }))?.status === 'True';

    before(async () => {
      cache = await mkdtemp(join(tmpdir(), 'fairlead-drift-only-'));
      repository = await clusterRepository();
      // The test's own source-controller leaves nothing out.
      const { 'clusters/prod/.sops.yaml': _ignored, ...files } = FLUX_REPOSITORY;
      await repository.commit(files);
      flux = await fluxCluster();
      const secret = (namespace: string, name: string, entry: string) =>
        flux.plane.kubectl(['-n', namespace, 'create', 'secret', 'generic', name, `--from-literal=${entry}`]);
      await flux.plane.kubectl(['create', 'namespace', 'shop']);
      await secret('flux-system', 'cluster-secrets', 'DOMAIN=example.com');
      await secret('shop', 'cache-secret', 'password=hunter2');
      const sync = FLUX_REPOSITORY['clusters/prod/flux-system/gotk-sync.yaml'] ?? '';
      await flux.plane.kubectl(['apply', '-f', '-'], sync);
      await flux.follow('flux-system', repository.url);
      await flux.until('apps to be applied', () =>
        isReady(FLUX.kustomization, 'Kustomization', 'flux-system', 'apps'),
      );
      await flux.until('cache to be installed', () =>
        isReady(FLUX.helmRelease, 'HelmRelease', 'shop', 'cache'),
      );
    });
    after(async () => {
      await flux?.end();
      await repository?.remove();
      await rm(cache, { recursive: true, force: true });
    });

    test('is in sync, all of it, once Flux has applied it', async () => {
      const { code, stdout, stderr } = await check();
      assert.equal(code, 0, stdout + stderr);
      for (const line of [
        /^manifests {2}in sync/m,
        /^manifests\/flux-system\/apps {2}in sync/m,
        /^shop\/cache .*in sync/m,
      ])
        assert.match(stdout, line);
    });

    test('a change by hand is found where it was made, in an overlay and in a release', async () => {
      await flux.plane.kubectl([
        '-n',
        'shop',
        'patch',
        'deployment',
        'web',
        '--type=json',
        '-p',
        JSON.stringify([
          { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'evil/web:v2' },
        ]),
      ]);
      await flux.plane.kubectl(['-n', 'shop', 'label', 'deployment', 'cache', 'by=hand']);
      await flux.plane.kubectl([
        '-n',
        'shop',
        'patch',
        'secret',
        'cache',
        '-p',
        '{"stringData":{"password":"mine"}}',
      ]);
      const { code, stdout } = await check();
      assert.equal(code, 1, stdout);
      assert.match(stdout, /Deployment\/web in shop {2}spec\.template\.spec\.containers\S*image {2}changed/);
      assert.match(stdout, /Deployment\/cache {2}metadata\.labels\S* {2}added/);
      assert.match(stdout, /Secret\/cache {2}data\S*password/);
      assert.doesNotMatch(stdout, /hunter2|mine/);
    });
  },
);
