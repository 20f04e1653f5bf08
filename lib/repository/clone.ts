import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { configOf, makeBare } from './bare.ts';
import { type GitCredential, GitFailed, git, gitBytes, NoAccess } from './git.ts';

/** A commit, as far as reading needs it. */
export interface Commit {
  readonly id: string;
  /** ISO time, as the committer says. */
  readonly committedAt: string;
}

export interface TreeEntry {
  /** Relative to the folder that was asked for. */
  readonly path: string;
  /** As Git writes it: `100644`, `100755`, `120000` (a link), `160000` (a submodule). */
  readonly mode: string;
  readonly id: string;
  /** Bytes; unknown while the file's content is not fetched. */
  readonly size?: number;
}

export interface CloneOptions {
  /** https (http to this machine), ssh, or the path of a repository on this machine. Never with user or password. */
  readonly url: string;
  readonly branch: string;
  readonly credential?: GitCredential | undefined;
  /** Where the clone lies; it outlives a call, and what is odd there is thrown away. */
  readonly folder: string;
}

/** A bare, shallow, blobless clone of one branch, read without ever checking anything out. */
export interface Clone {
  readonly folder: string;
  readonly branch: string;
  readonly credential: GitCredential | undefined;
  /** Fetches the branch; undefined where it does not exist (yet). @throws GitFailed */
  fetchTip(): Promise<Commit | undefined>;
  /** All files below a folder ('' for the whole commit), at any depth; none where there is no such folder. */
  list(commit: string, path: string): Promise<readonly TreeEntry[]>;
  /** Id of a folder's tree or of a file's blob; undefined where there is none. */
  treeId(commit: string, path: string): Promise<string | undefined>;
  /** Ids of a folder and of all folders below it, by their paths in the commit. */
  treeIds(commit: string, path: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Contents by blob id: one fetch for all that are not here yet, sizes checked before any is read.
   * @throws BlobTooLarge
   */
  blobs(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
}

/** Bytes of one file, and of all that one call reads. Nothing that Fairlead writes comes near. */
const BLOB_BYTES = 20 * 1024 * 1024;
const BLOBS_BYTES = 256 * 1024 * 1024;
/** Each fetch and delivery leaves a pack; a clone with more than this is made anew, which is cheaper than tidying. */
const PACKS = 64;
/** The same for their bytes: where functions run there are two GiB for all clones together. */
const CLONE_BYTES = 256 * 1024 * 1024;

export class BlobTooLarge extends Error {
  override readonly name = 'BlobTooLarge';
}

/** Where the fetched tip lies in the clone. */
const TIP = 'refs/remotes/origin/tip';

/**
 * Opens the clone in `folder`, made anew where it is missing, another repository's, or odd. Talks to nobody:
 * `fetchTip` does.
 */
export async function openClone(options: CloneOptions): Promise<Clone> {
  const url = /^(https?|ssh):\/\//.test(options.url) ? options.url : resolve(options.url);
  const { branch, credential } = options;
  const folder = resolve(options.folder);
  if (!(await isSound(folder, url))) await makeBare(folder);
  await writeFile(join(folder, 'config'), configOf(url));
  await writeFile(join(folder, 'fairlead-url'), url);

  const fetch = (argv: readonly string[], more: { config?: readonly string[]; input?: string } = {}) =>
    git(folder, [...(more.config ?? []), 'fetch', '-v', '--no-tags', '--no-write-fetch-head', ...argv], {
      credential,
      promised: true,
      ...(more.input === undefined ? {} : { input: more.input }),
    });

  const fetchBranch = async (): Promise<'fetched' | 'no-branch'> => {
    try {
      await fetch(['--depth=1', '--filter=blob:none', 'origin', `+refs/heads/${branch}:${TIP}`]);
      return 'fetched';
    } catch (error) {
      if (error instanceof GitFailed && /couldn't find remote ref/.test(error.output)) return 'no-branch';
      throw error;
    }
  };

  return {
    folder,
    branch,
    credential,
    async fetchTip() {
      let outcome: Awaited<ReturnType<typeof fetchBranch>>;
      try {
        outcome = await fetchBranch();
      } catch (error) {
        if (!(error instanceof GitFailed) || error instanceof NoAccess || !looksBroken(error.output))
          throw error;
        // What is here does not hold together: begin again, once.
        await makeBare(folder);
        await writeFile(join(folder, 'config'), configOf(url));
        await writeFile(join(folder, 'fairlead-url'), url);
        outcome = await fetchBranch();
      }
      if (outcome === 'no-branch') return undefined;
      const line = await git(folder, [
        'for-each-ref',
        '--format=%(objectname) %(committerdate:iso-strict)',
        TIP,
      ]);
      const [id, date] = line.trim().split(' ');
      if (id === undefined || date === undefined) throw new GitFailed('for-each-ref', 0, line);
      return { id, committedAt: new Date(date).toISOString() };
    },

    async list(commit, path) {
      const entries = await listPaths(folder, commit, path === '' ? [] : [`${path}/`]);
      const prefix = path === '' ? 0 : path.length + 1;
      return entries.map((entry) => ({ ...entry, path: entry.path.slice(prefix) }));
    },

    async treeId(commit, path) {
      const line = await git(folder, [
        '--literal-pathspecs',
        'ls-tree',
        '-z',
        commit,
        '--',
        ...(path === '' ? [] : [path]),
      ]).catch(() => '');
      if (path === '') return (await git(folder, ['rev-parse', `${commit}^{tree}`])).trim();
      return parseTree(line)[0]?.id;
    },

    async treeIds(commit, path) {
      const paths = path === '' ? [] : [path];
      const output = await git(folder, [
        '--literal-pathspecs',
        'ls-tree',
        '-r',
        '-d',
        '-z',
        '--full-tree',
        commit,
        '--',
        ...paths,
      ]);
      return new Map(parseTree(output).map((entry) => [entry.path, entry.id]));
    },

    async blobs(ids) {
      const wanted = [...new Set(ids)];
      if (wanted.length === 0) return new Map();
      const missing = (await sizesOf(folder, wanted)).filter(({ size }) => size === undefined);
      if (missing.length > 0) {
        await fetch(['--filter=blob:none', '--recurse-submodules=no', '--stdin', 'origin'], {
          // Told which commits are here, the server would leave out their files: they are what is asked for.
          config: ['-c', 'fetch.negotiationAlgorithm=noop'],
          input: missing.map(({ id }) => `${id}\n`).join(''),
        });
      }
      let total = 0;
      for (const { id, size } of await sizesOf(folder, wanted)) {
        if (size === undefined) throw new GitFailed('fetch', 0, `the server did not send ${id}`);
        total += size;
        if (size > BLOB_BYTES || total > BLOBS_BYTES)
          throw new BlobTooLarge(`a file in Git has ${size} bytes; the limit is ${BLOB_BYTES} a file`);
      }
      return parseBatch(await gitBytes(folder, ['cat-file', '--batch'], { input: `${wanted.join('\n')}\n` }));
    },
  };
}

/** All files of a commit below the given paths (a folder ends in `/`). Paths are relative to the commit. */
export async function listPaths(
  folder: string,
  commit: string,
  paths: readonly string[],
): Promise<readonly TreeEntry[]> {
  const output = await git(folder, [
    '--literal-pathspecs',
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    commit,
    '--',
    ...paths,
  ]);
  return parseTree(output);
}

/** `<mode> SP <type> SP <id> TAB <path> NUL` (git-ls-tree(1)). */
const parseTree = (output: string): TreeEntry[] =>
  output
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , id = ''] = line.slice(0, tab).split(' ');
      return { path: line.slice(tab + 1), mode, id };
    });

async function sizesOf(folder: string, ids: readonly string[]) {
  const output = await git(folder, ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'], {
    input: `${ids.join('\n')}\n`,
  });
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', type, size] = line.split(' ');
      if (type !== 'missing' && type !== 'blob') throw new GitFailed('cat-file', 0, `${id} is no file`);
      return { id, size: type === 'blob' ? Number(size) : undefined };
    });
}

/** `<id> SP <type> SP <size> LF <contents> LF` for each (git-cat-file(1)). */
function parseBatch(output: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  let offset = 0;
  while (offset < output.length) {
    const end = output.indexOf(0x0a, offset);
    const [id = '', , size = ''] = output.toString('utf8', offset, end).split(' ');
    const length = Number(size);
    found.set(id, output.subarray(end + 1, end + 1 + length));
    offset = end + 1 + length + 1;
  }
  return found;
}

/** The id that git gives a file of this content (SHA-1 repositories). */
export const blobIdOf = (data: Uint8Array): string =>
  createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');

/** Whether the clone may be used again. Cheap: what it misses shows itself at the fetch. */
async function isSound(folder: string, url: string): Promise<boolean> {
  try {
    if ((await readFile(join(folder, 'fairlead-url'), 'utf8')) !== url) return false;
    if (!(await stat(join(folder, 'HEAD'))).isFile()) return false;
    const names = await readdir(join(folder, 'objects', 'pack'));
    // A lock left by a killed git would fail every later call.
    const files = [...(await readdir(folder)), ...(await readdir(join(folder, 'refs'), { recursive: true }))];
    if (files.some((name) => name.endsWith('.lock'))) return false;
    if (names.filter((name) => name.endsWith('.pack')).length > PACKS) return false;
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(folder, 'objects', 'pack', name))).size),
    );
    return sizes.reduce((sum, size) => sum + size, 0) <= CLONE_BYTES;
  } catch {
    return false;
  }
}

const looksBroken = (output: string): boolean =>
  /no space left on device|bad object|missing (blob|tree|commit)|unable to read|not a git repository|corrupt|\.lock'|invalid sha1 pointer|bad shallow line|did not send all necessary objects|shallow file has changed|bad config/i.test(
    output,
  );
