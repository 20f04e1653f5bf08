import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { configOf, makeBare } from './bare.ts';
import { type GitCredential, git } from './git.ts';

/** A repository in one file, as `git bundle` writes it: every branch and tag with all of its history. */
export interface Bundle {
  readonly bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** Full names (`refs/heads/main`) → ids; never empty. */
  readonly refs: ReadonlyMap<string, string>;
  /** The branch that a clone begins with, where the repository names one that there is. */
  readonly head?: string;
}

export interface BundleOptions {
  readonly url: string;
  readonly credential?: GitCredential | undefined;
  /** Writable and this call's own: emptied before and after. Needs three times the repository's size. */
  readonly scratch: string;
  /** Where the bundle goes. */
  readonly file: string;
  /** Of the repository's packs. Default: `REPOSITORY_BYTES`. */
  readonly maxBytes?: number;
}

/** So that the copy, the bundle and the copy made from the bundle have room in four GiB. Bytes. */
export const REPOSITORY_BYTES = 1024 * 1024 * 1024;

/** Nothing was written. */
export class NotBundled extends Error {
  override readonly name = 'NotBundled';
}

/**
 * Writes the bundle, and makes a repository out of it again to see that every branch and tag is in it with all that
 * leads there: a file that nobody ever restored from is a hope.
 * @throws NotBundled if the repository is empty, too large, or what was made from the bundle differs
 * @throws GitFailed, NoAccess
 */
export async function bundleRepository(options: BundleOptions): Promise<Bundle> {
  const { scratch, file } = options;
  const [copy, again] = [join(scratch, 'copy.git'), join(scratch, 'again.git')];
  try {
    const { refs, head } = await copyAll(options, copy);
    await git(copy, ['bundle', 'create', '--progress', file, '--all']);
    // Room for the repository that is made from it.
    await rm(copy, { recursive: true, force: true });
    await restoreBundle(file, again);
    const restored = await refsOf(again);
    const different = [...refs].find(([name, id]) => restored.get(name) !== id);
    if (different !== undefined || restored.size !== refs.size)
      throw new NotBundled(`what was made from the bundle differs at ${different?.[0] ?? 'its branches'}`);
    const { size: bytes } = await stat(file);
    return { bytes, sha256: await digestOfFile(file), refs, ...(head === undefined ? {} : { head }) };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Every branch and tag with all history: hosts keep more (pull requests, notes), which is not theirs to restore. */
const ALL = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

async function copyAll({ url, credential, maxBytes = REPOSITORY_BYTES }: BundleOptions, folder: string) {
  await makeBare(folder);
  await writeFile(join(folder, 'config'), configOf(url));
  // It speaks while it works: git that is silent for long is taken for hung.
  await git(folder, ['fetch', '--progress', '--no-tags', '--no-write-fetch-head', 'origin', ...ALL], {
    credential,
  });
  const bytes = await packBytes(folder);
  if (bytes > maxBytes)
    throw new NotBundled(
      `the repository has ${bytes} bytes; ${maxBytes} are backed up at most. Back it up at its host, and name it in backup.except`,
    );
  const refs = await refsOf(folder);
  if (refs.size === 0) throw new NotBundled('the repository is empty: it has no branch and no tag');
  const head = await headOf(folder, credential);
  if (head === undefined || !refs.has(head)) return { refs };
  await git(folder, ['symbolic-ref', 'HEAD', head]);
  return { refs, head };
}

/** A bare repository in `folder` with all that the bundle holds. git checks that nothing is missing. @throws GitFailed */
export async function restoreBundle(file: string, folder: string): Promise<void> {
  await makeBare(folder);
  await writeFile(join(folder, 'config'), configOf(file));
  await git(folder, ['bundle', 'verify', file]);
  await git(folder, ['fetch', '--progress', '--no-tags', '--no-write-fetch-head', 'origin', ...ALL]);
}

/** git-for-each-ref(1); a tag that is annotated is its own object. */
async function refsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const output = await git(folder, ['for-each-ref', '--format=%(refname) %(objectname)']);
  return new Map(
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, string] => [
        line.slice(0, line.lastIndexOf(' ')),
        line.slice(line.lastIndexOf(' ') + 1),
      ]),
  );
}

/** `ref: refs/heads/main TAB HEAD` (git-ls-remote(1), `--symref`). */
async function headOf(folder: string, credential: BundleOptions['credential']): Promise<string | undefined> {
  const output = await git(folder, ['ls-remote', '--symref', 'origin', 'HEAD'], { credential });
  return /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(output)?.[1];
}

async function packBytes(folder: string): Promise<number> {
  const packs = join(folder, 'objects', 'pack');
  const sizes = await Promise.all(
    (await readdir(packs)).map(async (name) => (await stat(join(packs, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
