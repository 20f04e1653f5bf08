import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const FILES_A_RELEASE = 10;
const RELEASES_A_NAMESPACE = 200;
const POLL_MS = 4;
const LOST_MS = 300_000;

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`GIT_${role}_NAME`, 'A script'],
      [`GIT_${role}_EMAIL`, 'script@example.com'],
    ]),
  ),
};

const git = async (folder: string, argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  (
    await promisify(execFile)('git', [...argv], {
      cwd: folder,
      env: { ...ENVIRONMENT, ...more },
      maxBuffer: 64 * 1024 * 1024,
    })
  ).stdout.trim();

/** Fills a bare repository with releases as Fairlead lays them out below `root`: one commit of so many files. */
export async function fill(bare: string, root: string, files: number): Promise<void> {
  const importing = spawn('git', ['fast-import', '--quiet'], {
    cwd: bare,
    env: ENVIRONMENT,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const write = async (text: string) => {
    if (!importing.stdin.write(text)) await once(importing.stdin, 'drain');
  };
  await write(
    'commit refs/heads/main\ncommitter A script <script@example.com> 1700000000 +0000\ndata 5\nFill\nfrom refs/heads/main^0\n',
  );
  for (let at = 0; at < files / FILES_A_RELEASE; at++) {
    const namespace = `team-${String(Math.floor(at / RELEASES_A_NAMESPACE)).padStart(2, '0')}`;
    const release = `app-${at % RELEASES_A_NAMESPACE}`;
    const paths = [
      `releases/${namespace}/${release}/values.yaml`,
      `apply/${namespace}/${release}/values.yaml`,
      `apply/${namespace}/${release}/release.yaml`,
      `releases/${namespace}/${release}/chart/Chart.yaml`,
      `releases/${namespace}/${release}/chart/values.yaml`,
      ...Array.from(
        { length: FILES_A_RELEASE - 5 },
        (_, index) => `releases/${namespace}/${release}/chart/templates/part-${index}.yaml`,
      ),
    ];
    for (const path of paths) {
      const text = `# ${path}\n${'key: value of some length\n'.repeat(12)}`;
      await write(`M 644 inline ${root}/${path}\ndata ${text.length}\n${text}\n`);
    }
  }
  importing.stdin.end('done\n');
  const [code] = await once(importing, 'close');
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}

const tipOf = (bare: string): Promise<string> =>
  readFile(join(bare, 'refs', 'heads', 'main'), 'utf8').then((text) => text.trim());

export interface Origin {
  tip(): Promise<string>;
  /** Milliseconds (of `performance.now()`) at which the branch was seen to be elsewhere. */
  moved(from: string): Promise<{ readonly at: number; readonly tip: string }>;
  count(): Promise<number>;
}

/** The branch as it lies on the host, read from its file: nobody is asked. */
export function origin(bare: string, signal: AbortSignal): Origin {
  return {
    tip: () => tipOf(bare),
    async moved(from) {
      for (const until = performance.now() + LOST_MS; performance.now() < until; ) {
        const tip = await tipOf(bare).catch(() => from);
        if (tip !== from && tip !== '') return { at: performance.now(), tip };
        await sleep(POLL_MS, undefined, { signal });
      }
      throw new Error(`nothing came to origin for ${LOST_MS / 1000} seconds: an upload was lost or rejected`);
    },
    count: async () => Number(await git(bare, ['rev-list', '--count', 'refs/heads/main'])),
  };
}

/**
 * What a script does for each upload, without looking at what is in it: clone, copy, commit, push. Milliseconds each.
 * @param token for pushing; travels in the environment
 */
export async function cloneCopyCommitPush(
  url: string,
  token: string,
  charts: readonly (readonly [string, string])[],
): Promise<number[]> {
  const taken: number[] = [];
  const header = `Authorization: Basic ${Buffer.from(`script:${token}`).toString('base64')}`;
  const withToken = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: header,
  };
  for (const [unpacked, path] of charts) {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-clone-'));
    const began = performance.now();
    await git(folder, ['clone', '--quiet', '--', url, 'clone'], withToken);
    const clone = join(folder, 'clone');
    await mkdir(join(clone, path), { recursive: true });
    await cp(unpacked, join(clone, path), { recursive: true });
    await git(clone, ['add', '--all', '--', path]);
    await git(clone, ['commit', '--quiet', '--message', `Deliver ${path}`]);
    await git(clone, ['push', '--quiet', 'origin', 'HEAD:main'], withToken);
    taken.push(performance.now() - began);
    await rm(folder, { recursive: true, force: true });
  }
  return taken;
}

/** Unpacks a chart for the script. */
export async function unpack(bytes: Buffer, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'chart.tgz'), bytes);
  await promisify(execFile)('tar', ['-xzf', 'chart.tgz', '--strip-components=1'], { cwd: folder });
  await rm(join(folder, 'chart.tgz'));
  return folder;
}
