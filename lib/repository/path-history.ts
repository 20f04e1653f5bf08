import { fetchHistory, shallowCommits } from './changes.ts';
import type { Clone } from './clone.ts';
import { GitFailed, git } from './git.ts';

/** A commit of the branch (by first parents) that changed some of the paths that were asked for. */
export interface PathChange {
  readonly commit: string;
  readonly parents: readonly string[];
  /** ISO, as the committer says. */
  readonly committedAt: string;
  /** Free text. */
  readonly author: string;
  readonly trailers: OwnTrailers;
  /** What it changed of the named paths: the ids before and after; absent where there was or is nothing. */
  readonly paths: ReadonlyMap<string, { readonly before?: string; readonly after?: string }>;
}

/** What Fairlead's own commits say of themselves; empty in those of others. Whoever may push may write them, too. */
export interface OwnTrailers {
  readonly upload: string;
  readonly target: string;
  readonly command: string;
  /** Who gave the command. */
  readonly by: string;
}

export interface PathHistory {
  /** Newest first. */
  readonly changes: readonly PathChange[];
  /** `partial`: there are older commits, which nobody has looked at. */
  readonly reach: 'whole' | 'partial';
}

/** Commits that are looked at, counted back from the tip. Of each its trees are fetched, as far as they differ. */
const DEPTHS = [64, 1024, 16_384] as const;
/** More changes of one place than this are not listed. */
const CHANGES_LISTED = 2000;

/**
 * The history of some folders (ending in `/`) and files of the branch, each time deeper, for as long as somebody asks on.
 * Deepens the clone; no file's content is fetched.
 * @param named folders (without `/`) and files whose ids are told
 * @throws GitFailed where the server does not show its history
 */
export async function* historyOfPaths(
  clone: Clone,
  tip: string,
  places: readonly string[],
  named: readonly string[],
): AsyncGenerator<PathHistory> {
  for (const depth of DEPTHS) {
    const known = await fetchHistory(clone, tip, depth);
    const reach = (await shallowCommits(clone)).size === 0 ? 'whole' : 'partial';
    const changes = await listPathChanges(clone, tip, places, named).catch(async (error: unknown) => {
      if (!(error instanceof GitFailed)) throw error;
      // Commits that were fetched without their trees (history.ts): the server takes them for known, and must not.
      await fetchHistory(clone, tip, depth, ['-c', 'fetch.negotiationAlgorithm=noop']);
      return listPathChanges(clone, tip, places, named);
    });
    yield { changes, reach };
    if (reach === 'whole' || known.size < depth) return;
  }
}

const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x2C)`;
/** In the order of `ownOf`. */
const OWN = ['Upload', 'Target', 'Command', 'By'] as const;
const ownOf = ([upload = '', target = '', command = '', by = '']: readonly string[]): OwnTrailers => ({
  upload,
  target,
  command,
  by,
});

/** NUL between the fields, which no name of an author can hold; what differs follows the last one. */
const FIELDS = ['%H', '%P', '%cI', '%an', ...OWN.map((key) => trailer(`Fairlead-${key}`))];
const FORMAT = `--format=%x00${FIELDS.join('%x00')}%x00`;

async function listPathChanges(
  clone: Clone,
  tip: string,
  places: readonly string[],
  named: readonly string[],
): Promise<readonly PathChange[]> {
  const boundary = await shallowCommits(clone);
  const output = await git(clone.folder, [
    'log',
    '--first-parent',
    '--diff-merges=first-parent',
    `--max-count=${CHANGES_LISTED}`,
    '--raw',
    '-t',
    '--no-abbrev',
    '--no-renames',
    '--no-mailmap',
    '--no-show-signature',
    FORMAT,
    tip,
    '--',
    ...places.map((path) => `:(literal)${path}`),
  ]);
  const [, ...fields] = output.split('\0');
  const changes: PathChange[] = [];
  for (let at = 0; at + FIELDS.length < fields.length; at += FIELDS.length + 1) {
    const [commit = '', parents = '', committedAt = '', author = '', ...rest] = fields
      .slice(at, at + FIELDS.length + 1)
      .map((field) => field.trim());
    // What is cut off above it counts as begun by it: nobody knows.
    if (boundary.has(commit)) continue;
    changes.push({
      commit,
      parents: parents.split(' ').filter((parent) => parent !== ''),
      committedAt: new Date(committedAt).toISOString(),
      author,
      trailers: ownOf(rest),
      paths: changedIn(rest.at(-1) ?? '', named),
    });
  }
  return changes;
}

/** `:<mode> SP <mode> SP <id> SP <id> SP <status> TAB <path>` (git-diff(1), raw output format). */
function changedIn(raw: string, named: readonly string[]): PathChange['paths'] {
  const found = new Map<string, { readonly before?: string; readonly after?: string }>();
  for (const line of raw.split('\n')) {
    const [, before = '', after = '', path = ''] =
      /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) [A-Z]\d*\t(.*)$/.exec(line) ?? [];
    if (!named.includes(path)) continue;
    const known = found.get(path);
    // A file in the place of a folder is two lines: one goes, the other comes.
    found.set(path, {
      ...known,
      ...(isNothing(before) ? {} : { before }),
      ...(isNothing(after) ? {} : { after }),
    });
  }
  return found;
}

const isNothing = (id: string): boolean => /^0*$/.test(id);

/**
 * What Fairlead's newest commit says that a merge brought to these places; undefined where none did.
 * @throws GitFailed
 */
export async function mergedTrailers(
  clone: Clone,
  { commit, parents }: Pick<PathChange, 'commit' | 'parents'>,
  places: readonly string[],
): Promise<OwnTrailers | undefined> {
  const [first] = parents;
  if (first === undefined || parents.length < 2) return undefined;
  const output = await git(clone.folder, [
    'log',
    `--max-count=${CHANGES_LISTED}`,
    '--no-show-signature',
    `--format=${FIELDS.slice(-OWN.length).join('%x00')}%x00`,
    commit,
    `^${first}`,
    '--',
    ...places.map((path) => `:(literal)${path}`),
  ]);
  const fields = output.split('\0').map((field) => field.trim());
  for (let at = 0; at + OWN.length <= fields.length; at += OWN.length) {
    const own = ownOf(fields.slice(at, at + OWN.length));
    if (own.upload !== '') return own;
  }
  return undefined;
}
