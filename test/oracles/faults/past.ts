import type { Evidence, HistoryCommit } from './evidence.ts';
import { isIn, printOf, type ReadBranch, trailersOf } from './history.ts';
import { type ReadVerb, releasePlaces } from './reading-commands.ts';

/** What the checker knows beside the branch in hand. */
export interface PastWorld {
  readonly evidence: Evidence;
  readonly branches: readonly ReadBranch[];
  /** Commits of somebody else. */
  readonly foreign: ReadonlySet<string>;
}

export interface RollbackSought extends PastWorld {
  readonly branch: ReadBranch;
  readonly target: string;
  readonly verb: Extract<ReadVerb, { kind: 'rollback' }>;
}

/** A release as a commit has it: one string for the same bytes, '' for nothing. */
interface State {
  readonly chart: string;
  readonly values: string;
}

export type GoingBack =
  /** `or nothing`: each of them may be such a half. */
  | { readonly kind: 'states'; readonly states: readonly State[]; readonly surely: 'one' | 'or nothing' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'stands already' };

/**
 * What a rollback brings that is decided at a position of the branch (docs/operations.md, "Take a release back"). More
 * than one where a commit may be the first half of a delivery of two, which is told by the push: the same hand right
 * after each other.
 */
export function statesToGoBackTo(sought: RollbackSought, position: number): GoingBack {
  const { branch, foreign, target, verb, evidence } = sought;
  const places = releasePlaces(target, verb.release);
  const stateAt = (at: number): State => {
    const tree = branch.at(at);
    return { chart: printOf(tree, places.chart), values: printOf(tree, places.values) };
  };
  const changesIt = ({ changes }: HistoryCommit) =>
    changes.some(({ path }) => isIn(places.chart, path) || path === places.values);
  const isUpload = (commit: HistoryCommit | undefined) =>
    commit !== undefined &&
    !foreign.has(commit.id) &&
    trailersOf(commit, 'Fairlead-Upload').length > 0 &&
    trailersOf(commit, 'Fairlead-Command').length === 0;
  const isOurs = (commit: HistoryCommit) =>
    !foreign.has(commit.id) && trailersOf(commit, 'Fairlead-Upload').length > 0;
  const mayBeHalf = (at: number) => {
    const next = at < position ? branch.commits[at + 1] : undefined;
    return isUpload(branch.commits[at]) && isUpload(next) && next !== undefined && changesIt(next);
  };
  const newest = branch.commits
    .slice(0, position + 1)
    .map((commit, at) => ({ commit, at }))
    .filter(({ commit }) => changesIt(commit))
    .toReversed();

  if (verb.to === undefined) {
    const now = stateAt(position);
    const [standing] = newest;
    if (
      standing !== undefined &&
      isOurs(standing.commit) &&
      trailersOf(standing.commit, 'Fairlead-Command').includes('rollback')
    )
      return { kind: 'stands already' };
    return upToWhole(({ commit }, state) => isOurs(commit) && !isSame(state, now));
  }
  const { to } = verb;
  if (/^[0-9a-f]{7,40}$/.test(to)) {
    const at = branch.commits.findIndex(({ id }) => id.startsWith(to));
    const state = at < 0 || at > position ? undefined : stateAt(at);
    return state === undefined || state.chart === ''
      ? { kind: 'nothing' }
      : { kind: 'states', states: [state], surely: 'one' };
  }
  return upToWhole(({ at }) => versionAt(at) === to);

  function upToWhole(
    fits: (change: { readonly commit: HistoryCommit; readonly at: number }, state: State) => boolean,
  ): GoingBack {
    const states: State[] = [];
    for (const change of newest) {
      const state = stateAt(change.at);
      if (state.chart === '' || !fits(change, state)) continue;
      states.push(state);
      if (!mayBeHalf(change.at)) return { kind: 'states', states, surely: 'one' };
    }
    return states.length === 0 ? { kind: 'nothing' } : { kind: 'states', states, surely: 'or nothing' };
  }

  function versionAt(at: number): string | undefined {
    const file = branch.at(at).get(`${places.chart}Chart.yaml`);
    const text = evidence.blobs.get(file?.blob ?? '')?.toString('utf8') ?? '';
    return /^version: (.*)$/m.exec(text)?.[1];
  }
}

const isSame = (a: State, b: State): boolean => a.chart === b.chart && a.values === b.values;
