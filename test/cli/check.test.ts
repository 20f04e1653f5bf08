import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { TestControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';
import { type CheckedCluster, checkedCluster } from './checked-cluster.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('npx fairlead check', requirement('control-plane'), () => {
  let cluster: CheckedCluster;
  let plane: TestControlPlane;
  let folder: string;
  let repository: string;

  const run = async (...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const env = { ...process.env, KUBECONFIG: '' };
    const all = [...argv, '--cache', join(folder, 'cache')];
    return await promisify(execFile)(process.execPath, [join(ROOT, 'cli/main.ts'), 'check', ...all], {
      env,
    }).then(
      (done) => ({ code: 0, ...done }),
      (failed: { code: number; stdout: string; stderr: string }) => failed,
    );
  };

  before(async () => {
    cluster = await checkedCluster();
    ({ plane, folder, repository } = cluster);
  });
  after(() => cluster.end());

  const asked = () => [
    'staging',
    '--repo',
    repository,
    '--kubeconfig',
    plane.kubeconfig,
    '--deployer',
    'none',
  ];

  test('says in sync and ends with 0, after a helm install of what Git declares', async () => {
    const { code, stdout, stderr } = await run(...asked());
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /shop\/web .*in sync/);
  });

  test('names a change by hand, with both values and who likely did it, and ends with 1', async () => {
    await plane.kubectl(['-n', 'shop', 'scale', 'deployment/web', '--replicas=7']);
    const { code, stdout } = await run(...asked());
    assert.equal(code, 1, stdout);
    assert.match(stdout, /Deployment\/web {2}spec\.replicas {2}changed/);
    assert.match(stdout, /Git: +3\n +cluster: 7/);
    assert.match(stdout, /kubectl/);
    const json = JSON.parse((await run(...asked(), '-o', 'json')).stdout);
    assert.equal(json.scopes[0].state.findings[0].live, 7);
    await plane.kubectl(['-n', 'shop', 'scale', 'deployment/web', '--replicas=3']);
  });

  test('never shows the value of a Secret', async () => {
    const patch = JSON.stringify({ stringData: { password: 'changed-by-hand' } });
    await plane.kubectl(['-n', 'shop', 'patch', 'secret', 'web', '-p', patch]);
    const text = await run(...asked());
    const json = await run(...asked(), '-o', 'json');
    assert.equal(text.code, 1, text.stdout);
    for (const output of [text.stdout, json.stdout]) {
      assert.doesNotMatch(output, /hunter2|changed-by-hand|aHVudGVyMg|Y2hhbmdlZC1ieS1oYW5k|hmac-sha256/);
    }
  });

  test('what may not be read is not judged: it ends with 2 and the rule to add', async () => {
    const kubeconfig = await plane.addUser('nobody');
    const { code, stdout } = await run(
      'staging',
      '--repo',
      repository,
      '--kubeconfig',
      kubeconfig,
      '--deployer',
      'none',
    );
    assert.equal(code, 2, stdout);
    assert.match(stdout, /apiGroups: \["apps"\]\n +resources: \["deployments"\]/);
    assert.match(stdout, /resources: \["secrets"\]/);
  });

  test('a cluster that is down ends with 2, and is called unreachable', async () => {
    const config = JSON.parse(await plane.kubectl(['config', 'view', '--raw', '-o', 'json']));
    config.clusters[0].cluster.server = 'https://127.0.0.1:1';
    const path = join(folder, 'down');
    await writeFile(path, JSON.stringify(config));
    const { code, stdout } = await run('staging', '--repo', repository, '--kubeconfig', path);
    assert.equal(code, 2, stdout);
    assert.match(stdout, /connection refused/);
  });

  test('a target that declares nothing, as one that is mistyped, ends with 2 and never with 0', async () => {
    const { code, stdout } = await run('stagin', ...asked().slice(1));
    assert.equal(code, 2, stdout);
    assert.match(stdout, /nothing is declared there: is that the right target/);
  });

  for (const [name, argv, words] of [
    [
      'an address that is not read',
      ['staging', '--repo', 'ftp://git.example.com/x'],
      /an https:\/\/ or an ssh:\/\/ address/,
    ],
    ['a password', ['staging', '--repo', 'https://me:hunter2@example.com/x'], /^(?!.*hunter2).*GIT_TOKEN/],
    ['no repository', ['staging'], /missing: --repo/],
    [
      'an unknown deployer',
      ['staging', '--repo', '.', '--deployer', 'helmfile'],
      /flux, argocd, none, not "helmfile"/,
    ],
  ] as const) {
    test(`${name} is answered with what is wanted`, async () => {
      const { code, stderr } = await run(...argv);
      assert.equal(code, 64);
      assert.match(stderr, words);
    });
  }

  test('a kubeconfig and a repository that are not there end with 2', async () => {
    const noConfig = await run('staging', '--repo', repository, '--kubeconfig', join(folder, 'nothing'));
    assert.equal(noConfig.code, 2);
    assert.match(noConfig.stderr, /cannot be read as a kubeconfig/);
    const noRepository = await run(
      'staging',
      '--repo',
      join(folder, 'nothing'),
      '--kubeconfig',
      plane.kubeconfig,
    );
    assert.equal(noRepository.code, 2, noRepository.stdout);
  });
});
