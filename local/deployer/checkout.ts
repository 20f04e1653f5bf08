import { execFile } from 'node:child_process';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const GIT_SECONDS = 60;
const OUTPUT_BYTES = 16 * 1024 * 1024;

export interface CheckoutSource {
  readonly url: string;
  readonly branch: string;
  readonly credential?: { readonly username: string; readonly token: string };
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** A work tree of the branch's tip, as Flux's source-controller and Argo CD's repo server have one. */
export interface Checkout {
  readonly folder: string;
  readonly commit: string;
}

/** Clones or fetches and checks the tip out; undefined while the branch has no commit. @throws if git fails */
export async function checkOut(source: CheckoutSource): Promise<Checkout | undefined> {
  const { url, branch, folder } = source;
  const exists = await stat(join(folder, '.git')).then(
    () => true,
    () => false,
  );
  if (!exists) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await git(source, dirname(folder), 'init', '--quiet', '--template=', '--', folder);
  }
  const ref = `refs/heads/${branch}`;
  const listed = await git(source, folder, 'ls-remote', '--', url, ref);
  if (listed.trim() === '') return undefined;
  await git(source, folder, 'fetch', '--quiet', '--depth=1', '--no-tags', '--', url, ref);
  await git(source, folder, 'reset', '--quiet', '--hard', 'FETCH_HEAD');
  await git(source, folder, 'clean', '-ffdxq');
  return { folder, commit: (await git(source, folder, 'rev-parse', 'HEAD')).trim() };
}

async function git(
  { credential, signal }: CheckoutSource,
  cwd: string,
  ...argv: readonly string[]
): Promise<string> {
  // Links are written as plain files: what helm reads then never lies outside the tree.
  const settings: [string, string][] = [
    ['core.symlinks', 'false'],
    ['core.hooksPath', '/dev/null'],
    ['gc.auto', '0'],
    ['advice.detachedHead', 'false'],
  ];
  if (credential !== undefined) {
    const basic = Buffer.from(`${credential.username}:${credential.token}`).toString('base64');
    settings.push(['http.extraHeader', `Authorization: Basic ${basic}`]);
  }
  // Settings travel in the environment: the credential in no argv, URL or file.
  const environment = {
    PATH: process.env.PATH,
    HOME: cwd,
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
  const { stdout } = await run('git', argv, {
    cwd,
    env: environment,
    signal,
    timeout: GIT_SECONDS * 1000,
    maxBuffer: OUTPUT_BYTES,
  });
  return stdout;
}
