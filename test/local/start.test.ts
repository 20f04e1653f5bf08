import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startGit } from '../../local/git.ts';
import { processesOn, ROOT, start } from './running.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-start-'));
after(async () => await rm(folder, { recursive: true, force: true }));

/** No control plane, so that these say the same on every machine. */
const environment = {
  ...process.env,
  XDG_CACHE_HOME: join(folder, 'cache'),
  KUBEBUILDER_ASSETS: '',
};
const kubeconfig = join(folder, 'kubeconfig');
await writeFile(kubeconfig, 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n');
await mkdir(join(folder, 'cache', 'fairlead'), { recursive: true });
const cached = join(
  process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '', '.cache'),
  'fairlead',
  'tools',
);
await symlink(cached, join(folder, 'cache', 'fairlead', 'tools')).catch(() => {});

const begin = (data: string, ...more: string[]) =>
  start(['--data', join(folder, data), '--port', '0', '--kubeconfig', kubeconfig, ...more], environment);

describe('npm start', () => {
  test('prints where everything is, keeps its files from others, and leaves nothing when it is stopped', async () => {
    const data = join(folder, 'whole');
    const running = begin('whole');
    await running.says(/git clone http:\/\/127\.0\.0\.1:\d+\/cluster\.git\n/);
    for (const file of ['connection.json', 'env', 'git-credentials']) {
      assert.equal((await stat(join(data, file))).mode & 0o777, 0o600, file);
    }
    running.child.kill('SIGINT');
    assert.equal(await running.ended(), 0);
    assert.deepEqual(await processesOn(data), []);
    await assert.rejects(stat(join(data, 'connection.json')));
    await assert.rejects(stat(join(data, 'lock')));
  });

  test('refuses a data folder on which one runs already, and leaves that one alone', async () => {
    const first = begin('twice');
    await first.says(/Try:/);
    const before = await readFile(join(folder, 'twice', 'connection.json'), 'utf8');
    for (const more of [[], ['--fresh']]) {
      const second = begin('twice', ...more);
      assert.equal(await second.ended(), 1);
      assert.match(second.output(), /already runs on .*twice \(process \d+\): stop it with Ctrl-C/);
    }
    assert.equal(await readFile(join(folder, 'twice', 'connection.json'), 'utf8'), before);
    first.child.kill('SIGTERM');
    assert.equal(await first.ended(), 0);
  });

  test('takes over the folder of one that was killed', async () => {
    const first = begin('killed');
    await first.says(/Try:/);
    first.child.kill('SIGKILL');
    await first.ended();
    const second = begin('killed');
    await second.says(/Try:/);
    second.child.kill('SIGINT');
    assert.equal(await second.ended(), 0);
  });

  test('names the port that is taken, and how to choose another', async () => {
    const other = await startGit({
      folder: join(folder, 'other'),
      port: 0,
      repositories: [],
      onPush: () => {},
    });
    for (const flag of ['--aws-port', '--page-port', '--git-port']) {
      const running = begin('taken', flag, String(other.port));
      assert.equal(await running.ended(), 1);
      assert.match(running.output(), new RegExp(`port ${other.port} .* is taken.*npm start -- ${flag} PORT`));
      // And nothing else: what was started by then ends without a word.
      assert.equal(running.output().trim().split('\n').length, 1, running.output());
    }
    await other.stop();
    assert.deepEqual(await processesOn(join(folder, 'taken')), []);
  });

  test('can be stopped at any moment of its start', async () => {
    for (const milliseconds of [250, 400, 600, 900]) {
      const running = begin('early');
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      running.child.kill('SIGINT');
      // Before it listens to signals it ends by them.
      const code = await running.ended();
      assert.ok(code === 0 || code === null, running.output());
      assert.deepEqual(await processesOn(join(folder, 'early')), []);
    }
  });

  test('says what is missing where there is no git', async () => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const running = start(['--data', join(folder, 'gitless'), '--port', '0'], { ...environment, PATH: bin });
    assert.equal(await running.ended(), 1);
    assert.match(running.output(), /git is not on this machine.*apt-get install git/);
  });

  test('names all the errors of a configuration at once', async () => {
    const file = join(folder, 'config.json');
    await writeFile(
      file,
      JSON.stringify({
        repositories: [{ name: 'Cluster', url: 'ftp://example.com/x' }],
        targets: [{ name: 'staging', repository: 'other', deployer: 'helm', namespaces: [] }],
      }),
    );
    const running = begin('config', '--config', file);
    assert.equal(await running.ended(), 1);
    for (const part of [
      'repositories[0].name',
      'repositories[0].url',
      'targets[0].deployer',
      'targets[0].namespaces',
    ]) {
      assert.ok(running.output().includes(part), `${part} in ${running.output()}`);
    }
    assert.doesNotMatch(running.output(), / {4}at /);
  });

  for (const [what, argv, pattern] of [
    ['an unknown option', ['--prot', '1'], /--prot.*npm start -- \[OPTIONS\]/s],
    ['a port that is none', ['--aws-port', 'x'], /--aws-port is a port from 0 to 65535, not "x"/],
    [
      'a configuration that is not there',
      ['--config', '/nowhere.ts'],
      /--config \/nowhere.ts cannot be read/,
    ],
    [
      'a data folder that is a file',
      ['--data', import.meta.filename],
      /--data .* cannot be a folder of ours/,
    ],
    ['a kubeconfig that is not there', ['--kubeconfig', '/nowhere'], /--kubeconfig \/nowhere cannot be read/],
    [
      'writing to a cluster that is not named',
      ['--kubeconfig', kubeconfig, '--deployer', 'stand-in'],
      /writes to that cluster: name it with --context/,
    ],
  ] as const) {
    test(`answers ${what} with what is allowed`, async () => {
      const running = start(['--data', join(folder, 'usage'), ...argv], environment);
      assert.equal(await running.ended(), 1);
      assert.match(running.output(), pattern);
    });
  }

  test('listens on the loopback address alone', async () => {
    const running = begin('bound');
    await running.says(/Try:/);
    const listening = await listeningAddresses(running.child.pid ?? 0);
    assert.ok(listening.length >= 3);
    assert.deepEqual([...new Set(listening)], ['0100007F']);
    running.child.kill('SIGINT');
    await running.ended();
  });
});

/** Local addresses, in /proc's hex, of the TCP sockets that a process listens on. */
async function listeningAddresses(pid: number): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ls', ['-l', `/proc/${pid}/fd`]);
  const inodes = new Set([...stdout.matchAll(/socket:\[(\d+)\]/g)].map((match) => match[1]));
  const found: string[] = [];
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (await readFile(`/proc/net/${table}`, 'utf8')).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A' && inodes.has(fields[9] ?? '')) found.push(fields[1]?.split(':')[0] ?? '');
    }
  }
  return found;
}

test('an old Node is answered with the one that npm ci brings, or with what to do', async (context) => {
  const old = '/usr/bin/node';
  const version = await promisify(execFile)(old, ['--version']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (!/^v(18|20|22)\./.test(version)) return context.skip('no older Node on this machine');
  const { stdout } = await promisify(execFile)(old, [join(ROOT, 'cli', 'fairlead.mjs'), '--help']);
  assert.match(stdout, /Usage: npx fairlead/);

  const copy = join(folder, 'copy', 'cli');
  await mkdir(copy, { recursive: true });
  await writeFile(join(copy, 'run.mjs'), await readFile(join(ROOT, 'cli', 'run.mjs')));
  await assert.rejects(
    promisify(execFile)(old, [join(copy, 'run.mjs'), 'local/start.ts']),
    (error: Error & { stderr?: string }) => /needs Node 24, and this is v.*npm ci/s.test(error.stderr ?? ''),
  );
});
