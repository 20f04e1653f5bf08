import type { Target } from '../../../config/config.ts';
import { chartFolder, type ReleaseName, valuesFile } from '../../../repository/layout.ts';
import type { OwnTrailers, PathChange } from '../../../repository/path-history.ts';

/**
 * What a release's chart and values were, commit by commit: pure over what Git says. A delivery of a chart with its
 * values is two commits of one push, values first; what stands between them was never meant to run, and is no state.
 */

/** Ids in Git; absent where there is none. */
export interface ReleaseFiles {
  /** Of the tree of its `chart/`. */
  readonly chart?: string;
  /** Of the blob of its Chart.yaml. */
  readonly chartFile?: string;
  /** Of the blob of its values.yaml. */
  readonly values?: string;
}

/** A commit that changed the release, and the release as it was after it. */
export interface PastState {
  readonly commit: string;
  readonly parents: readonly string[];
  /** ISO. */
  readonly committedAt: string;
  readonly author: string;
  readonly trailers: OwnTrailers;
  readonly files: ReleaseFiles;
}

export interface ReleasePaths {
  /** What the history is asked for: folders end in `/`. */
  readonly places: readonly string[];
  readonly named: Readonly<Record<keyof ReleaseFiles, string>>;
}

export function pathsOfRelease(target: Target, name: ReleaseName): ReleasePaths {
  const chart = chartFolder(target, name);
  const values = valuesFile(target, name);
  return { places: [`${chart}/`, values], named: { chart, chartFile: `${chart}/Chart.yaml`, values } };
}

/** @param changes newest first; @param now as it is at the tip */
export function pastStates(
  { named }: ReleasePaths,
  changes: readonly PathChange[],
  now: ReleaseFiles,
): readonly PastState[] {
  const states: PastState[] = [];
  let files = now;
  for (const { paths, ...change } of changes) {
    const before = states.at(-1);
    if (before === undefined || !isFirstHalf(change, before)) states.push({ ...change, files });
    files = filesBefore(named, paths, files);
  }
  return states;
}

const PARTS = ['chart', 'chartFile', 'values'] as const;

function filesBefore(
  named: ReleasePaths['named'],
  paths: PathChange['paths'],
  after: ReleaseFiles,
): ReleaseFiles {
  const ids = PARTS.flatMap((part) => {
    const changed = paths.get(named[part]);
    const id = changed === undefined ? after[part] : changed.before;
    return id === undefined ? [] : [[part, id] as const];
  });
  return Object.fromEntries(ids);
}

/** Of two commits of one push, the first: its other half is right upon it, by the same hand in the same second. */
const isFirstHalf = (
  { commit, committedAt, trailers }: Pick<PastState, 'commit' | 'committedAt' | 'trailers'>,
  next: PastState,
): boolean =>
  next.parents[0] === commit &&
  next.committedAt === committedAt &&
  isUpload(trailers) &&
  isUpload(next.trailers);

const isUpload = ({ upload, command }: OwnTrailers): boolean => upload !== '' && command === '';

export const isSameState = (a: ReleaseFiles, b: ReleaseFiles): boolean =>
  a.chart === b.chart && a.values === b.values;

export type Chosen =
  | { readonly kind: 'state'; readonly state: PastState }
  /** A rollback stands: whoever types it twice must not go back twice. */
  | { readonly kind: 'rolled back already'; readonly state: PastState; readonly by: string }
  | { readonly kind: 'none' };

/**
 * The delivery before the one that stands: the newest state by Fairlead's hand that has a chart and is not what is there.
 * @param trailersOf what Fairlead says of what a commit brought, also through a pull request; undefined: nothing
 * @param isOurs whether that is of this target
 */
export async function deliveryBefore(
  states: readonly PastState[],
  now: ReleaseFiles,
  trailersOf: (state: PastState) => Promise<OwnTrailers | undefined>,
  isOurs: (trailers: OwnTrailers) => boolean,
): Promise<Chosen> {
  const [standing] = states;
  const own = standing === undefined ? undefined : await trailersOf(standing);
  if (standing !== undefined && own?.command === 'rollback')
    return { kind: 'rolled back already', state: standing, by: own.by || standing.author };
  for (const state of states) {
    if (state.files.chart === undefined || isSameState(state.files, now)) continue;
    const trailers = await trailersOf(state);
    if (trailers !== undefined && isOurs(trailers)) return { kind: 'state', state };
  }
  return { kind: 'none' };
}

export type OfVersion =
  | { readonly kind: 'state'; readonly state: PastState }
  /** The version had several contents: the newest state of each, newest first. */
  | { readonly kind: 'ambiguous'; readonly states: readonly PastState[] }
  | { readonly kind: 'none' };

/** The newest state with a chart version, where that version always was the same chart. */
export function stateOfVersion(
  states: readonly PastState[],
  version: string,
  versionOf: (state: PastState) => string | undefined,
): OfVersion {
  const contents = new Map<string, PastState>();
  for (const state of states) {
    const { chart } = state.files;
    if (chart !== undefined && !contents.has(chart) && versionOf(state) === version)
      contents.set(chart, state);
  }
  const found = [...contents.values()];
  const [state] = found;
  if (state === undefined) return { kind: 'none' };
  return found.length === 1 ? { kind: 'state', state } : { kind: 'ambiguous', states: found };
}

/** `--to` as a commit: a prefix of its id. */
export const isCommitPrefix = (text: string): boolean => /^[0-9a-f]{7,64}$/.test(text);
