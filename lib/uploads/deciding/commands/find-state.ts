import { type Reason, reason } from '../../../charts/reasons.ts';
import type { Target } from '../../../config/config.ts';
import { type Clone, listPaths } from '../../../repository/clone.ts';
import { fetchTrees, findByPrefix } from '../../../repository/history.ts';
import { type ReleaseName, releaseFolder } from '../../../repository/layout.ts';
import { historyOfPaths, mergedTrailers, type OwnTrailers } from '../../../repository/path-history.ts';
import {
  deliveryBefore,
  isCommitPrefix,
  type PastState,
  pastStates,
  pathsOfRelease,
  type ReleaseFiles,
  type ReleasePaths,
  stateOfVersion,
} from './past-states.ts';
import { chartIn, nameOfRelease } from './release.ts';

/** Where to go back to. */
export type FoundState =
  | { readonly kind: 'found'; readonly commit: string; readonly committedAt?: string }
  | { readonly kind: 'refused'; readonly reason: Reason };

export interface StateSought {
  readonly clone: Clone;
  readonly tip: string;
  readonly target: Target;
  readonly release: ReleaseName;
}

const refused = (why: Reason): FoundState => ({ kind: 'refused', reason: why });
const found = ({ commit, committedAt }: PastState): FoundState => ({ kind: 'found', commit, committedAt });

/**
 * The commit that a rollback goes back to, whose trees are in the clone then.
 * @param to a chart version or a commit; undefined: the delivery before the one that stands
 * @throws GitFailed
 */
export async function findState(sought: StateSought, to: string | undefined): Promise<FoundState> {
  if (to === undefined) return stateBefore(sought);
  if (isCommitPrefix(to)) {
    const { clone, tip, target, release } = sought;
    const match = await findByPrefix(clone, tip, to);
    if (match.kind === 'found') {
      await fetchTrees(clone, tip, match.commit, `${releaseFolder(target, release)}/`);
      return match;
    }
    const problem = match.kind === 'ambiguous' ? 'more than one commit' : 'none';
    // Digits alone are a version, too.
    if (match.kind === 'ambiguous' || !/^\d+$/.test(to))
      return refused(reason('rollback-unknown-commit', { commit: to, problem, branch: target.branch }));
  }
  return stateAt(sought, to);
}

async function stateBefore(sought: StateSought): Promise<FoundState> {
  const { clone, target, release } = sought;
  const paths = pathsOfRelease(target, release);
  let reach = '';
  for await (const { states, now, isWhole, looked } of deeper(sought, paths)) {
    const chosen = await deliveryBefore(
      states,
      now,
      (state) => trailersOf(clone, state, paths),
      (trailers) => trailers.target === target.name,
    );
    switch (chosen.kind) {
      case 'state':
        return found(chosen.state);
      case 'rolled back already': {
        const { commit, committedAt } = chosen.state;
        const words = {
          release: nameOfRelease(release),
          by: chosen.by,
          at: committedAt,
          commit: commit.slice(0, 12),
        };
        return refused(reason('rollback-stands', words));
      }
      case 'none':
        reach = isWhole ? '' : ` (among the last ${looked} commits that changed it)`;
    }
  }
  return refused(reason('rollback-nothing', { release: nameOfRelease(release), reach }));
}

const trailersOf = async (
  clone: Clone,
  state: PastState,
  { places }: ReleasePaths,
): Promise<OwnTrailers | undefined> =>
  state.trailers.upload === '' ? mergedTrailers(clone, state, places) : state.trailers;

/** More contents than these are not named. */
const NAMED = 5;

async function stateAt(sought: StateSought, version: string): Promise<FoundState> {
  const { clone, target, release } = sought;
  const name = nameOfRelease(release);
  let reach = '';
  for await (const { states, isWhole, looked } of deeper(sought, pathsOfRelease(target, release))) {
    const ids = states.flatMap(({ files }) => (files.chartFile === undefined ? [] : [files.chartFile]));
    const texts = await clone.blobs([...new Set(ids)]);
    const versionOf = ({ files }: PastState) =>
      chartIn(texts.get(files.chartFile ?? '')?.toString('utf8') ?? '')?.version;
    const chosen = stateOfVersion(states, version, versionOf);
    switch (chosen.kind) {
      case 'state':
        return found(chosen.state);
      case 'ambiguous': {
        const commits = chosen.states
          .slice(0, NAMED)
          .map(({ commit, committedAt }) => `${commit.slice(0, 12)} (${committedAt.slice(0, 10)})`)
          .join(', ');
        return refused(reason('rollback-ambiguous', { version, release: name, commits }));
      }
      case 'none':
        reach = isWhole ? '' : ` (among the last ${looked} commits that changed it)`;
    }
  }
  return refused(
    reason('rollback-unknown-version', { branch: target.branch, release: name, version, reach }),
  );
}

/** The states of the release, each time of more commits. */
async function* deeper({ clone, tip }: StateSought, paths: ReleasePaths) {
  const now = await filesAt(clone, tip, paths);
  const named = Object.values(paths.named);
  for await (const { changes, reach } of historyOfPaths(clone, tip, paths.places, named))
    yield {
      states: pastStates(paths, changes, now),
      now,
      isWhole: reach === 'whole',
      looked: changes.length,
    };
}

/** As a commit has them, whose trees are here. */
async function filesAt(clone: Clone, commit: string, { named }: ReleasePaths): Promise<ReleaseFiles> {
  const chart = await clone.treeId(commit, named.chart);
  const files = await listPaths(clone.folder, commit, [named.chartFile, named.values]);
  const idOf = (path: string) => files.find((file) => file.path === path)?.id;
  const [chartFile, values] = [idOf(named.chartFile), idOf(named.values)];
  return {
    ...(chart === undefined ? {} : { chart }),
    ...(chartFile === undefined ? {} : { chartFile }),
    ...(values === undefined ? {} : { values }),
  };
}
