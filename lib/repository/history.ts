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
