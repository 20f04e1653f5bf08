/** A file of a commit, as lib/repository/clone.ts gives it. */
export interface TreeEntry {
  readonly path: string;
  /** As Git writes it: `100644`, `100755`, `120000` (a link), `160000` (a submodule). */
  readonly mode: string;
  readonly id: string;
  readonly size?: number;
}

/** What reading needs of a clone; lib/repository/clone.ts has it. */
export interface CommitReader {
  fetchTip(): Promise<{ readonly id: string; readonly committedAt: string } | undefined>;
  /** Recursive, files only, paths below `path`; none where there is no such folder. */
  list(commit: string, path: string): Promise<readonly TreeEntry[]>;
  blobs(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** Git's id of the folder; undefined where there is none. */
  treeId(commit: string, path: string): Promise<string | undefined>;
  /** Ids of `path` and of all folders below it, by their paths in the commit. */
  treeIds?(commit: string, path: string): Promise<ReadonlyMap<string, string>>;
}
