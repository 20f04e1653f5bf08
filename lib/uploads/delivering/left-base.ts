import type { Proposal } from '../../proposals/proposals.ts';
import { headOf } from '../../repository/branches.ts';
import type { Place } from './propose.ts';

/**
 * The configuration has given a target another branch while its pull request into the one before is open. It is followed
 * where its host or people have pointed it to the new one; else it is closed and proposed anew: what reviewers see of it
 * is compared with the branch that it was into, and hosts that cannot point it elsewhere are among those that we know.
 * What ends there meanwhile says nothing of the branch that counts now, so that nobody has declined it.
 */
export const hasLeftItsBase = ({ target, item }: Pick<Place, 'target' | 'item'>): boolean =>
  item?.into !== undefined && item.into.branch !== target.branch;

/** Where people point one to by themselves is theirs to say, as long as its target is where it was. */
export const isIntoWhatWasLeft = (at: Place, { base }: Proposal): boolean =>
  hasLeftItsBase(at) && base !== at.target.branch;

export const leftInWords = ({ target }: Pick<Place, 'target'>): string =>
  `Target ${target.name} is delivered to branch ${target.branch} now: what this held is proposed there.`;

/**
 * Nobody has declined one that Fairlead closed, or that its host closed with the branch that it was into, after a rename
 * that was pushed. @throws GitFailed
 */
export async function isClosedByNobody(at: Pick<Place, 'call' | 'target' | 'item'>): Promise<boolean> {
  const { call, item } = at;
  if (item?.closing !== undefined) return true;
  if (item?.into === undefined || !hasLeftItsBase(at)) return false;
  return (await headOf(call.clone, item.into.branch)) === undefined;
}
