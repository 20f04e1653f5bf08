import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';
import { commitAll } from './checked-cluster.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const FILES: Readonly<Record<string, string>> = {
  'clusters/prod/apps.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: shop}
spec:
  interval: 5m
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild:
    substituteFrom: [{kind: ConfigMap, name: cluster}]
`,
  'apps/web.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {region: "\${REGION}"}
`,
};

describe('npx fairlead check of what a ConfigMap of the cluster shapes', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  let folder: string;

  before(async () => {
    plane = await testControlPlane();
    folder = await mkdtemp(join(tmpdir(), 'fairlead-asked-'));
    for (const [path, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, 'repository', path)), { recursive: true });
      await writeFile(join(folder, 'repository', path), text);
    }
    await commitAll(join(folder, 'repository'));
    await plane.kubectl(['create', 'namespace', 'shop']);
  });
  after(async () => {
    await plane.end();
    await rm(folder, { recursive: true, force: true });
  });

  const scopes = async (): Promise<readonly { scope: unknown; state: unknown }[]> => {
    const argv = ['check', 'prod', '--repo', join(folder, 'repository'), '--root', 'clusters/prod'];
    const more = ['--kubeconfig', plane.kubeconfig, '--deployer', 'flux', '--cache', join(folder, 'cache')];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'cli/main.ts'), ...argv, ...more, '-o', 'json'],
      { env: { ...process.env, KUBECONFIG: '' } },
    ).catch((failed: { stdout: string }) => failed);
    return JSON.parse(stdout).scopes;
  };

  test('asks for it, and judges by what it says', async () => {
    const before = JSON.stringify(await scopes());
    assert.match(before, /ConfigMap\/cluster in shop is neither declared in Git nor in the cluster/);

    await plane.kubectl(['-n', 'shop', 'create', 'configmap', 'cluster', '--from-literal=REGION=north']);
    await plane.kubectl(['-n', 'shop', 'create', 'configmap', 'web', '--from-literal=region=south']);
    const found = JSON.stringify(await scopes());
    assert.doesNotMatch(found, /neither declared|has seen it yet/);
    assert.match(found, /"path":"data\.region"[^}]*"desired":"north"|"desired":"north"[^}]*"live":"south"/);
  });
});
