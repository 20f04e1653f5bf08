import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from './clone.ts';
import { GitFailed, git } from './git.ts';

/** Commits that are looked at, counted back from the tip. Of each its trees are fetched: some kilobytes. */
const DEPTH = 64;

/**
 * The commit that brought onto the branch what `tip` has at `paths` (folders end in `/`): a merge, a squash, or the last
 * of those that were put upon it. Undefined where that is longer ago, or the server does not show its history.
 */
export async function broughtBy(
  clone: Clone,
  tip: string,
  paths: readonly string[],
): Promise<string | undefined> {
  try {
    await git(
      clone.folder,
      [
        ...['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', '-v', '--no-tags', '--no-write-fetch-head'],
        ...[`--depth=${DEPTH}`, '--filter=blob:none', 'origin', `refs/heads/${clone.branch}`],
      ],
      { credential: clone.credential, promised: true },
    );
    const shown = ['log', '--max-count=1', '--first-parent', '-m', '--no-renames', '--no-show-signature'];
    const output = await git(clone.folder, [
      ...shown,
      '--format=%H',
      // Names and nothing else: contents are not here.
      '--name-only',
      tip,
      '--',
      ...paths.map((path) => `:(literal)${path}`),
    ]);
    const commit = output.split('\n')[0]?.trim();
    if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
    const shallow = await readFile(join(clone.folder, 'shallow'), 'utf8').catch(() => '');
    // What is cut off above it counts as begun by it: nobody knows.
    return shallow.split('\n').includes(commit) ? undefined : commit;
  } catch (error) {
    if (error instanceof GitFailed) return undefined;
    throw error;
  }
}
