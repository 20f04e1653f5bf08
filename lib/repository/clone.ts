/** A commit, as far as reading needs it. */
export interface Commit {
  readonly id: string;
  /** ISO time, as the committer says. */
  readonly committedAt: string;
}

export interface TreeEntry {
  /** Relative to the folder that was asked for. */
  readonly path: string;
  /** As Git writes it: `100644`, `100755`, `120000` (a link), `160000` (a submodule). */
  readonly mode: string;
  readonly id: string;
  /** Bytes; unknown while the file's content is not fetched. */
  readonly size?: number;
}

export interface GitCredential {
  readonly username: string;
  readonly token: string;
}

export interface CloneOptions {
  /** https (http to this machine), or the path of a repository on this machine. Never with user or password. */
  readonly url: string;
  readonly branch: string;
  readonly credential?: GitCredential;
  /** Where the clone lies; it outlives a call, and what is odd there is thrown away. */
  readonly folder: string;
}

/** A bare, shallow, blobless clone of one branch, read without ever checking anything out. */
export interface Clone {
  /** Fetches the branch; undefined where it does not exist (yet). */
  fetchTip(): Promise<Commit | undefined>;
  /** All files below a folder ('' for the whole commit), at any depth; none where there is no such folder. */
  list(commit: string, path: string): Promise<readonly TreeEntry[]>;
  /** Id of a folder's tree or of a file's blob; undefined where there is none. */
  treeId(commit: string, path: string): Promise<string | undefined>;
  /**
   * Contents by blob id: one fetch for all that are not here yet, sizes checked before any is read.
   * @throws BlobTooLarge beyond 20 MiB a file or 64 MiB together
   */
  blobs(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
}

export async function openClone(_options: CloneOptions): Promise<Clone> {
  throw new Error('not built yet');
}
