import { readNewest } from '../../desired/sequence.ts';
import type { Call } from './call.ts';

/**
 * A branch that is not there begins with the first delivery, if it never was: one that was renamed or taken away begun
 * anew would hold that delivery alone, and a deployer that reads it would take everything else out of its cluster.
 */

/** Whether Git was read for one of its targets before. */
export async function wasThere({ parts, targets }: Pick<Call, 'parts' | 'targets'>): Promise<boolean> {
  for (const { name } of targets) if ((await readNewest(parts.table, name)).newest !== undefined) return true;
  return false;
}

export const goneInWords = ({ line: { branch } }: Pick<Call, 'line'>): string =>
  `branch "${branch}" is not there any more: put it back, or put its new name into the configuration of its targets; to begin it anew, make it with a commit`;

/** What a pull request is to be merged into has to be there. */
export const nothingToMergeInto = (branch: string): string =>
  `branch "${branch}" is not there, and a pull request needs it: make it with a commit, or name another one in the configuration of the target`;
