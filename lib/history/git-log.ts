import { fetchHistory, shallowCommits } from '../repository/changes.ts';
import type { Clone } from '../repository/clone.ts';
import { git } from '../repository/git.ts';

/** A commit that changed what was asked for. */
export interface LoggedCommit {
  readonly commit: string;
  /** ISO, as its committer says. */
  readonly at: string;
  /** Free text, as all that a commit says. */
  readonly author: string;
  readonly subject: string;
  /** Written by whoever committed: `ours` says that it is made as Fairlead makes them. */
  readonly by: 'ours' | 'somebody';
  /** What Fairlead's own commits say, by name without `Fairlead-`; several values of one in their order. */
  readonly trailers: ReadonlyMap<string, readonly string[]>;
}

export interface GitLog {
  /** Newest first. */
  readonly commits: readonly LoggedCommit[];
  /** `partial`: older commits were not looked at. */
  readonly reach: 'whole' | 'partial';
}

/** Commits that are looked at, counted back from the tip; of each its trees are fetched, as far as they differ. */
const DEPTHS = [256, 4096] as const;
/** More are not listed. */
const LISTED = 2000;

const FIELDS = ['%H', '%cI', '%an', '%ae', '%cn', '%ce', '%s', '%(trailers:only,unfold)'];
/** NUL between the fields, which nothing in a commit can hold. */
const FORMAT = `--format=${FIELDS.join('%x00')}%x00`;

/**
 * The commits of the branch that changed any of `paths` (folders end in `/`), back to `since` where it is given.
 * Deepens the clone; no file's content is fetched.
 * @throws GitFailed
 */
export async function readGitLog(
  clone: Clone,
  tip: string,
  paths: readonly string[],
  since: Date | undefined,
): Promise<GitLog> {
  let log: GitLog = { commits: [], reach: 'partial' };
  for (const depth of DEPTHS) {
    // Without negotiation: commits that another look fetched without their trees count as known, and must not.
    const known = await fetchHistory(clone, tip, depth, ['-c', 'fetch.negotiationAlgorithm=noop']);
    const boundary = await shallowCommits(clone);
    const commits = (await list(clone, tip, paths)).filter(({ commit }) => !boundary.has(commit));
    const oldest = await oldestOf(clone, tip);
    const isWhole = boundary.size === 0 || (since !== undefined && oldest !== undefined && oldest < since);
    log = { commits, reach: isWhole ? 'whole' : 'partial' };
    if (isWhole || known.size < depth) break;
  }
  return log;
}

async function list(clone: Clone, tip: string, paths: readonly string[]): Promise<readonly LoggedCommit[]> {
  const output = await git(clone.folder, [
    'log',
    // What was merged is one change: that of the merge.
    '--first-parent',
    `--max-count=${LISTED}`,
    '--no-mailmap',
    '--no-renames',
    '--no-show-signature',
    FORMAT,
    tip,
    '--',
    ...paths.map((path) => `:(literal)${path}`),
  ]);
  const fields = output.split('\0');
  const commits: LoggedCommit[] = [];
  for (let at = 0; at + FIELDS.length - 1 < fields.length - 1; at += FIELDS.length) {
    const [commit = '', when = '', author = '', mail, committer, committerMail, subject = '', text = ''] =
      fields.slice(at, at + FIELDS.length).map((field) => field.trim());
    const trailers = trailersIn(text);
    // Somebody who picks a commit of ours to another place is its committer, and not its author.
    const ours = trailers.has('Target') && author === committer && mail === committerMail;
    commits.push({
      ...{ commit, author, subject, trailers },
      at: new Date(when).toISOString(),
      by: ours ? 'ours' : 'somebody',
    });
  }
  return commits;
}

function trailersIn(text: string): LoggedCommit['trailers'] {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^Fairlead-([A-Za-z-]+): (.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    found.set(name, [...(found.get(name) ?? []), value.trim()]);
  }
  return found;
}

async function oldestOf(clone: Clone, tip: string): Promise<Date | undefined> {
  const dates = (await git(clone.folder, ['log', '--format=%cI', tip])).trim().split('\n');
  const last = dates.at(-1);
  return last === undefined || last === '' ? undefined : new Date(last);
}
