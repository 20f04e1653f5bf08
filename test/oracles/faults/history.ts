import type { Branch, Evidence, GitFile, HistoryCommit } from './evidence.ts';
import { type ContentFile, type Places, sameContent } from './reading.ts';

/** A branch's history with the whole tree at each commit. */
export interface ReadBranch extends Branch {
  /** Position of a commit in the history; undefined: not in it. */
  positionOf(commit: string): number | undefined;
  /** All files after the commit at a position; -1: before the first. */
  at(position: number): ReadonlyMap<string, GitFile>;
}

export function readHistory(branch: Branch): ReadBranch {
  const positions = new Map(branch.commits.map(({ id }, at) => [id, at]));
  const trees: ReadonlyMap<string, GitFile>[] = [];
  let tree = new Map<string, GitFile>();
  for (const { changes } of branch.commits) {
    tree = new Map(tree);
    for (const { path, after } of changes) {
      if (after === undefined) tree.delete(path);
      else tree.set(path, after);
    }
    trees.push(tree);
  }
  return {
    ...branch,
    positionOf: (commit) => positions.get(commit),
    at: (position) => trees[position] ?? new Map(),
  };
}

/** Whether the slot holds exactly this content in a tree. */
export function holds(
  { blobs }: Evidence,
  tree: ReadonlyMap<string, GitFile>,
  { own }: Places,
  content: ReadonlyMap<string, ContentFile>,
): boolean {
  const standing = new Map<string, ContentFile>();
  for (const [path, { mode, blob }] of tree) {
    if (!isIn(own, path)) continue;
    const data = blobs.get(blob);
    if (data === undefined || (mode !== '100644' && mode !== '100755')) return false;
    standing.set(own.endsWith('/') ? path.slice(own.length) : '', { mode, data });
  }
  return sameContent(standing, content);
}

/** Whether two trees hold the same in a place, byte by byte. */
export const sameAt = (
  a: ReadonlyMap<string, GitFile>,
  b: ReadonlyMap<string, GitFile>,
  place: string,
): boolean => printOf(a, place) === printOf(b, place);

/** The same for the same files, none included. */
export const printOf = (tree: ReadonlyMap<string, GitFile>, place: string): string =>
  [...tree]
    .flatMap(([path, { mode, blob }]) => (isIn(place, path) ? [`${mode} ${blob} ${path}`] : []))
    .toSorted()
    .join('\n');

export const isIn = (place: string, path: string): boolean =>
  place.endsWith('/') ? path.startsWith(place) : path === place;

export const trailersOf = ({ message }: HistoryCommit, name: string): string[] =>
  message
    .split('\n')
    .filter((line) => line.startsWith(`${name}: `))
    .map((line) => line.slice(name.length + 2));
