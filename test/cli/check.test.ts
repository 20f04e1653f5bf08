import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TestControlPlane } from '../control-plane.ts';
import { requirement } from '../requirements.ts';
import { type CheckedCluster, checkedCluster, commitAll } from './checked-cluster.ts';
import { readXml } from './xml.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('npx fairlead check', requirement('control-plane'), () => {
  let cluster: CheckedCluster;
  let plane: TestControlPlane;
  let folder: string;
  let repository: string;

  /** What a test adds to it. */
  let environment: Readonly<Record<string, string>> = {};
  const run = (...argv: string[]) => runCommand('check', ...argv);
  const runCommand = async (...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const env = { ...process.env, KUBECONFIG: '', ...environment };
    const [command = '', ...rest] = argv;
    const all = [command, '--cache', join(folder, 'cache'), ...rest];
    return await promisify(execFile)(process.execPath, [join(ROOT, 'cli/main.ts'), ...all], { env }).then(
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
    const { code, stderr } = await run('stagin', ...asked().slice(1));
    assert.equal(code, 2, stderr);
    assert.match(stderr, /has no folder fairlead\/stagin on branch "main": did you mean staging\?/);
    const other = await run('production', ...asked().slice(1));
    assert.equal(other.code, 2, other.stderr);
    assert.match(
      other.stderr,
      /has no folder fairlead\/production on branch "main": its targets are staging/,
    );
    const elsewhere = await run(...asked(), '--root', 'clusters/staging');
    assert.equal(elsewhere.code, 2, elsewhere.stderr);
    assert.match(elsewhere.stderr, /has no folder clusters\/staging on branch "main": is --root right\?/);
    const empty = join(folder, 'empty');
    await mkdir(join(empty, 'fairlead', 'staging'), { recursive: true });
    await writeFile(join(empty, 'fairlead', 'staging', 'drift.yaml'), '');
    await commitAll(empty);
    const nothing = await run('staging', '--repo', empty, '--kubeconfig', plane.kubeconfig);
    assert.equal(nothing.code, 2, nothing.stderr);
    assert.match(nothing.stdout, /nothing is declared there: is that the right target/);
  });

  test('what is no root or name is said by what was typed', async () => {
    for (const [argv, words] of [
      [['staging', '--root', '../x'], /^--root: a root is a relative path/],
      [['Staging', '--branch', 'a..b'], /^TARGET: a target name is .*\n--branch: a branch name$/m],
    ] as const) {
      const { code, stderr } = await run(...argv, ...asked().slice(1));
      assert.equal(code, 64, stderr);
      assert.match(stderr, words);
    }
  });

  test('several kubeconfigs are one, and of a cache that cannot be written it is said what to do', async () => {
    const none = join(folder, 'no-context');
    await writeFile(none, 'apiVersion: v1\nkind: Config\n');
    environment = { KUBECONFIG: [none, join(folder, 'not-there'), plane.kubeconfig].join(delimiter) };
    const { code, stdout, stderr } = await run('staging', '--repo', repository, '--deployer', 'none');
    environment = {};
    assert.notEqual(code, 2, stderr);
    assert.match(stdout, /shop\/web/);
    const cache = await runCommand('check', ...asked(), '--cache', join(none, 'cache'));
    assert.equal(cache.code, 2, cache.stderr);
    assert.match(cache.stderr, /ENOTDIR.*name another with --cache$/m);
  });

  test('a folder that is no repository is called one, and no token is asked for', async () => {
    const { code, stderr } = await run('staging', '--repo', folder, '--kubeconfig', plane.kubeconfig);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^could not judge: the folder \S+ is no Git repository, or is not there/);
    assert.doesNotMatch(stderr, /TOKEN/);
  });

  for (const [name, argv, words] of [
    [
      'an address that is not read',
      ['staging', '--repo', 'ftp://git.example.com/x'],
      /an https:\/\/ or an ssh:\/\/ address/,
    ],
    ['a password', ['staging', '--repo', 'https://me:hunter2@example.com/x'], /^(?!.*hunter2).*GIT_TOKEN/],
    ['no repository', ['staging'], /missing: --repo/],
    ['a release for a target', ['shop/web', '--repo', '.'], /"shop\/web" is no target: --only shop\/web/],
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

  test('the only target of a repository needs no name; another is asked for where there are two', async () => {
    const [, ...nameless] = asked();
    const only = await run(...nameless);
    assert.equal(only.code, 1, only.stderr);
    assert.match(only.stdout, /^staging: /);
    const two = join(folder, 'two');
    for (const name of ['staging', 'production']) {
      await mkdir(join(two, 'fairlead', name), { recursive: true });
      await writeFile(join(two, 'fairlead', name, 'drift.yaml'), '');
    }
    await commitAll(two);
    const which = await run('--repo', two, '--kubeconfig', plane.kubeconfig);
    assert.equal(which.code, 64);
    assert.match(which.stderr, /^name a target: the repository has production, staging/);
  });

  test('-o json and -o junit print nothing else, also where nothing could be judged', async () => {
    for (const [argv, code] of [
      [asked(), 1],
      [[...asked().slice(0, -4), '--kubeconfig', join(folder, 'nothing')], 2],
    ] as const) {
      const json = await run(...argv, '-o', 'json');
      assert.equal(json.code, code, json.stderr);
      assert.equal(JSON.parse(json.stdout).target, 'staging');
      const junit = await run(...argv, '-o', 'junit');
      assert.equal(junit.code, code);
      const report = readXml(junit.stdout);
      assert.ok(Number(report.attributes[code === 1 ? 'failures' : 'errors']) > 0);
    }
  });

  test('diff shows the lines that differ, and ends as check does', async () => {
    await plane.kubectl(['-n', 'shop', 'set', 'image', 'deployment/web', 'web=web:evil']);
    const { code, stdout, stderr } = await runCommand('diff', 'shop/web', ...asked());
    assert.equal(code, 1, stderr);
    assert.match(stdout, /^# likely with kubectl-set, at the latest \d{4}-/m);
    assert.match(stdout, /^- {11}image: web:1\n\+ {11}image: web:evil$/m);
    assert.doesNotMatch(stdout, /hunter2|hmac-sha256/);
    await plane.kubectl(['-n', 'shop', 'set', 'image', 'deployment/web', 'web=web:1']);
    const other = await runCommand('diff', 'shop/wbe', ...asked());
    assert.equal(other.code, 64);
    assert.match(other.stderr, /did you mean shop\/web\?/);
  });

  test('a program that gives credentials: which one is missing is said, and that a token has expired', async () => {
    const config = JSON.parse(await plane.kubectl(['config', 'view', '--raw', '-o', 'json']));
    const plugin = (command: string, print: string) => ({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command,
        args: [print],
        interactiveMode: 'Never',
      },
    });
    const write = async (name: string, command: string, token: string): Promise<string> => {
      const print = JSON.stringify({ kind: 'ExecCredential', status: { token } });
      const path = join(folder, name);
      config.users[0].user = plugin(command, print);
      await writeFile(path, JSON.stringify(config));
      return path;
    };
    const none = await run(
      ...asked().slice(0, 3),
      '--kubeconfig',
      await write('none', 'no-such-program', 'x'),
    );
    assert.equal(none.code, 2);
    assert.match(none.stderr, /no-such-program is not installed here/);
    const expired = await run(...asked().slice(0, 3), '--kubeconfig', await write('old', 'echo', 'expired'));
    assert.equal(expired.code, 2);
    assert.match(expired.stdout, /does not accept the credentials \(401\): have they expired/);
  });

  test('a repository that wants a log-in asks for a token, and does not show one that is refused', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
    try {
      const argv = ['staging', '--repo', url, '--kubeconfig', plane.kubeconfig];
      const bare = await run(...argv);
      assert.equal(bare.code, 2);
      assert.match(bare.stderr, /does not let us in without credentials: .* FAIRLEAD_GIT_TOKEN/);
      process.env.FAIRLEAD_GIT_TOKEN = 'a-secret-token';
      const refused = await run(...argv);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /^could not judge: .+/);
      assert.doesNotMatch(refused.stderr + refused.stdout, /a-secret-token/);
    } finally {
      delete process.env.FAIRLEAD_GIT_TOKEN;
      server.close();
    }
  });

  for (const [what, signal, code] of [
    ['Ctrl-C', 'SIGINT', 130],
    ['the end of a CI job', 'SIGTERM', 143],
  ] as const) {
    test(`${what} while helm renders leaves no program and no file behind`, async () => {
      const slow = join(folder, `slow-${signal}`);
      const chart = join(slow, 'fairlead/staging/releases/shop/slow/chart');
      await mkdir(join(chart, 'templates'), { recursive: true });
      await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: slow\nversion: 1.0.0\n');
      const endless =
        '{{ range until 3000 }}{{ range until 3000 }}{{ $x := sha256sum "x" }}{{ end }}{{ end }}';
      await writeFile(join(chart, 'templates', 'slow.yaml'), endless);
      await commitAll(slow);
      const cache = join(folder, `cache-${signal}`);
      const argv = ['check', 'staging', '--repo', slow, ...asked().slice(3), '--cache', cache];
      const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...argv], { stdio: 'pipe' });
      const ended = once(child, 'close');
      const own = () => childrenOf(child.pid ?? 0).filter((pid) => commandOf(pid).includes('template'));
      while (own().length === 0) {
        assert.equal(child.exitCode, null, 'helm was never seen');
        await sleep(20);
      }
      const [helm = 0] = own();
      child.kill(signal);
      const [exitCode] = await ended;
      assert.equal(exitCode, code);
      await until(() => commandOf(helm) === '');
      const left = (await readdir(cache, { recursive: true })).filter((name) =>
        /passing\/.|\block$/.test(name),
      );
      assert.deepEqual(left, []);
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

const PATIENCE_MS = 5_000;

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, 'it did not come true in time');
    await sleep(20);
  }
}

const pids = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

/** Arguments of a process, spaced; empty once it has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const childrenOf = (parent: number): number[] =>
  pids().filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false;
    }
  });
