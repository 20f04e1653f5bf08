import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from './clone.ts';
import { GitFailed, git } from './git.ts';

/** A commit that changed something, by somebody else than us. */
export interface Change {
  readonly commit: string;
  /** As the commit says; free text. */
  readonly author: string;
}

export interface Changes {
  /** Newest first. */
  readonly changes: readonly Change[];
  /** `partial`: the search ended before it came to `since`, so that there may be others. */
  readonly reach: 'whole' | 'partial';
}

/**
 * Commits that are looked at, counted back from the tip; the second only where the first does not reach back far
 * enough. Of each its trees are fetched, as far as they differ: some kilobytes.
 */
const DEPTHS = [64, 1024] as const;
/** More than these are not listed. */
const CHANGES_LISTED = 100;
/** What Fairlead's own commits say, and nobody else's. */
const OWN_TRAILER = 'Fairlead-Target';

/**
 * Who changed any of `paths` (folders end in `/`) after the commit `since` and up to `tip`, Fairlead's own commits left
 * out. Without `since`: as far back as the first depth goes. Deepens the clone, as far as it must and within limits.
 * @throws GitFailed where the server cannot or will not show its history
 */
export async function changesOf(
  clone: Clone,
  tip: string,
  paths: readonly string[],
  since: string | undefined,
): Promise<Changes> {
  const depths = since === undefined ? DEPTHS.slice(0, 1) : DEPTHS;
  let known = new Set<string>();
  for (const depth of depths) {
    known = await fetchHistory(clone, tip, depth);
    if ((since !== undefined && known.has(since)) || known.size < depth) break;
  }
  const from = since !== undefined && known.has(since) ? since : undefined;
  const changes = await listChanges(clone, tip, paths, from).catch(async (error: unknown) => {
    if (!(error instanceof GitFailed)) throw error;
    // Commits that were fetched without their trees (history.ts): the server takes them for known, and must not.
    await fetchHistory(clone, tip, depths.at(-1) ?? 0, ['-c', 'fetch.negotiationAlgorithm=noop']);
    return listChanges(clone, tip, paths, from);
  });
  const reach = from !== undefined || (await shallowCommits(clone)).size === 0 ? 'whole' : 'partial';
  return { changes, reach };
}

/** The ids of the last `depth` commits, which are then here with their trees. */
export async function fetchHistory(
  clone: Clone,
  tip: string,
  depth: number,
  config: readonly string[] = [],
): Promise<Set<string>> {
  const argv = ['fetch', '-v', '--no-tags', '--no-write-fetch-head', `--depth=${depth}`];
  await git(
    clone.folder,
    [...config, ...argv, '--filter=blob:none', 'origin', `refs/heads/${clone.branch}`],
    { credential: clone.credential, promised: true },
  );
  return new Set((await git(clone.folder, ['rev-list', tip])).trim().split('\n'));
}

/** NUL between the fields, which no name of an author can hold. */
const FORMAT = `--format=%H%x00%an%x00%ae%x00%cn%x00%ce%x00%(trailers:key=${OWN_TRAILER},valueonly,separator=%x2C)%x00`;

async function listChanges(
  clone: Clone,
  tip: string,
  paths: readonly string[],
  since: string | undefined,
): Promise<readonly Change[]> {
  const boundary = await shallowCommits(clone);
  const output = await git(clone.folder, [
    'log',
    `--max-count=${CHANGES_LISTED}`,
    '--no-mailmap',
    '--no-renames',
    '--no-show-signature',
    FORMAT,
    tip,
    ...(since === undefined ? [] : [`^${since}`]),
    '--',
    ...paths.map((path) => `:(literal)${path}`),
  ]);
  const fields = output.split('\0');
  const changes: Change[] = [];
  for (let at = 0; at + 5 < fields.length; at += 6) {
    const [commit = '', name = '', mail, committer, committerMail, target] = fields
      .slice(at, at + 6)
      .map((field) => field.trim());
    // What is cut off above it counts as begun by it: nobody knows.
    if (boundary.has(commit)) continue;
    // Somebody who picks a commit of ours to another place is its committer, and not its author.
    const ours = target !== '' && name === committer && mail === committerMail;
    if (!ours) changes.push({ commit, author: name });
  }
  return changes;
}

/** Commits whose parents are not here. */
export async function shallowCommits(clone: Clone): Promise<ReadonlySet<string>> {
  const text = await readFile(join(clone.folder, 'shallow'), 'utf8').catch(() => '');
  return new Set(text.split('\n').filter((line) => line !== ''));
}
