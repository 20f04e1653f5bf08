import { type Change, changesOf } from '../../repository/changes.ts';
import type { Clone } from '../../repository/clone.ts';
import { GitFailed } from '../../repository/git.ts';
import { neutralName } from '../record/claims.ts';

/** Files that a commit replaces and that are not as Fairlead delivered them last. */
export interface ReplacedFiles {
  /** Folders end in `/`. */
  readonly paths: readonly string[];
  /** Fairlead's last delivery of them; absent where there was none. */
  readonly since?: string | undefined;
}

/** Whose they are, as far as that could be found out. */
export interface Replaced {
  readonly since?: string | undefined;
  /** Newest first. Empty: somebody, nobody knows who. */
  readonly changes: readonly Change[];
}

/** In a message: more help nobody. */
const NAMED = 5;
const NAME_LENGTH = 60;
const COMMIT_LENGTH = 12;

/**
 * Looks up who changed them. Undefined: nobody did but Fairlead itself. A server that does not show its history costs
 * names, and no delivery.
 */
export async function whoChanged(
  clone: Clone,
  tip: string,
  { paths, since }: ReplacedFiles,
): Promise<Replaced | undefined> {
  try {
    const { changes, reach } = await changesOf(clone, tip, paths, since);
    return changes.length === 0 && reach === 'whole' ? undefined : { since, changes };
  } catch (error) {
    if (error instanceof GitFailed) return { since, changes: [] };
    throw error;
  }
}

/** What a commit's body says of it, in one line. */
export function replacedSentence({ since, changes }: Replaced): string {
  const after = since === undefined ? '' : ` after ${since}`;
  if (changes.length === 0) return `Replaces what somebody changed in Git${after}.`;
  const named = changes
    .slice(0, NAMED)
    .map(({ commit, author }) => `${nameOf(author)} (${commit.slice(0, COMMIT_LENGTH)})`);
  const more = changes.length > NAMED ? ` and ${changes.length - NAMED} more` : '';
  return `Replaces what was changed in Git${after} by ${named.join(', ')}${more}.`;
}

export function replacedTrailers({ changes }: Replaced): readonly string[] {
  const more = changes.length - NAMED;
  return [
    ...changes.slice(0, NAMED).map(({ commit, author }) => `Fairlead-Replaces: ${commit} ${nameOf(author)}`),
    ...(more > 0 ? [`Fairlead-Replaces: and ${more} more`] : []),
  ];
}

/** Free text: it must not act on its own, nor look like ours. */
const nameOf = (author: string): string => neutralName(author, NAME_LENGTH) || 'somebody';
