import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from './clone.ts';
import { git } from './git.ts';

/** A commit that may have been pushed, and what it was built upon. */
export interface Sought {
  readonly commit: string;
  /** Once this is found the search ends: what was built upon it lies after it. Undefined: it began the branch. */
  readonly base: string | undefined;
}

/** How far each step goes back. Most searches end at the first. */
const DEEPEN = [64, 1024, 100_000] as const;
/** Where it is enough to know of what is not long ago. */
export const NEAR = DEEPEN.slice(0, 2);

/**
 * Which of the commits are in the history of `tip`. Deepens the clone as far as it must: commits only, no trees.
 * @throws GitFailed
 */
export async function findInHistory(
  clone: Clone,
  tip: string,
  sought: readonly Sought[],
  steps: readonly number[] = DEEPEN,
): Promise<ReadonlySet<string>> {
  const open = sought.filter(({ commit, base }) => commit === tip || base !== tip);
  if (open.length === 0) return new Set();
  for (const step of [0, ...steps]) {
    if (step > 0) await deepen(clone, step);
    const known = new Set((await git(clone.folder, ['rev-list', tip])).trim().split('\n'));
    const undecided = open.some(
      ({ commit, base }) => !known.has(commit) && (base === undefined || !known.has(base)),
    );
    if (!undecided || !(await isShallow(clone)) || step === steps.at(-1))
      return new Set(open.map(({ commit }) => commit).filter((commit) => known.has(commit)));
  }
  return new Set();
}

export type PrefixFound =
  | { readonly kind: 'found'; readonly commit: string }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'unknown' };

/**
 * The commit in the history of `tip` whose id begins so. Deepens the clone as far as it must: commits only, no trees.
 * @param prefix hex, at least 7 digits
 * @throws GitFailed
 */
export async function findByPrefix(clone: Clone, tip: string, prefix: string): Promise<PrefixFound> {
  for (const step of [0, ...DEEPEN]) {
    if (step > 0) await deepen(clone, step);
    const known = (await git(clone.folder, ['rev-list', tip])).trim().split('\n');
    const found = known.filter((commit) => commit.startsWith(prefix));
    const [commit] = found;
    if (commit !== undefined) return found.length === 1 ? { kind: 'found', commit } : { kind: 'ambiguous' };
    if (!(await isShallow(clone))) break;
  }
  return { kind: 'unknown' };
}

/**
 * Brings the trees of a commit in the history of `tip` into the clone, as far as a folder needs them, and no file's
 * content.
 * @throws GitFailed
 */
export async function fetchTrees(clone: Clone, tip: string, commit: string, folder: string): Promise<void> {
  const isHere = await git(clone.folder, ['ls-tree', '-r', '--name-only', commit, '--', folder]).then(
    () => true,
    () => false,
  );
  if (isHere) return;
  const between = Number((await git(clone.folder, ['rev-list', '--count', `${commit}..${tip}`])).trim());
  // Told which commits are here, the server would leave out their trees: they are what is asked for.
  const argv = ['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', '-v', '--no-tags', '--no-write-fetch-head'];
  await git(
    clone.folder,
    [...argv, `--depth=${between + 1}`, '--filter=blob:none', 'origin', `refs/heads/${clone.branch}`],
    { credential: clone.credential, promised: true },
  );
}

async function deepen(clone: Clone, commits: number): Promise<void> {
  const argv = [
    'fetch',
    '-v',
    '--no-tags',
    '--no-write-fetch-head',
    `--deepen=${commits}`,
    '--filter=tree:0',
  ];
  await git(clone.folder, [...argv, 'origin', `refs/heads/${clone.branch}`], {
    credential: clone.credential,
    promised: true,
  });
}

const isShallow = (clone: Clone): Promise<boolean> =>
  access(join(clone.folder, 'shallow')).then(
    () => true,
    () => false,
  );
