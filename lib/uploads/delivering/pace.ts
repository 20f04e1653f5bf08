/**
 * How many commits the next push carries, and how often it was overtaken: what a call learns from the server's
 * answers. One upload that the server will not have is found among many by halves: of those that were refused together
 * the first half is pushed; where that is taken, the culprit is in the rest. Found, it ends, and pushes grow again.
 */
export interface Pace {
  /** Commits that the next push carries at most; one group at least. */
  readonly limit: number;
  /** A group (a chart and its values) goes together, unless just that was refused. */
  readonly unit: 'group' | 'upload';
  /** Among the next so many, the longest waiting first, is one that was refused. */
  readonly suspects?: number;
  /** Times in a row that somebody else was faster. */
  readonly races: number;
}

/** One push carries at most this many commits. */
const COMMITS_PER_PUSH = 200;
/** From one commit to full pushes in three steps, if nothing more is refused: culprits seldom come in crowds. */
const GROWTH = 8;

export const FULL_PACE: Pace = { limit: COMMITS_PER_PUSH, unit: 'group', races: 0 };

export function afterTaken({ limit, suspects = 0 }: Pace, commits: number): Pace {
  const left = suspects - commits;
  return left > 0
    ? { limit: half(left), unit: 'group', suspects: left, races: 0 }
    : { limit: Math.min(limit * GROWTH, COMMITS_PER_PUSH), unit: 'group', races: 0 };
}

/** More than one: the culprit is among them. */
export const afterRefused = ({ limit, races }: Pace, commits: number): Pace => ({
  limit: half(commits),
  unit: limit === 1 ? 'upload' : 'group',
  suspects: commits,
  races,
});

/** It was pushed alone and refused: it is no suspect any more. */
export const afterCulprit = ({ races }: Pace): Pace => ({
  limit: 1,
  unit: 'group',
  races,
});

export const afterRace = (pace: Pace): Pace => ({ ...pace, races: pace.races + 1 });

const half = (commits: number): number => Math.max(1, Math.floor(commits / 2));
