import type { FileTree } from '../../content/tree.ts';
import type { CommitReader, TreeEntry } from '../commit-reader.ts';
import { SOURCE_IGNORE, type SourceIgnoreFile, sourceIgnore } from './source-ignore.ts';

/** Files that are read of one commit to build one folder, and their bytes. */
const FILES = 5000;
const BYTES = 50 * 1024 * 1024;

/** The files of a commit: known by path at once, read when they are wanted. */
export interface CommitFiles {
  has(path: string): boolean;
  /** Of files below the folder ('' for all), from the repository's root. */
  below(folder: string): readonly string[];
  /** @throws UnreadableFiles */
  read(paths: readonly string[]): Promise<FileTree>;
  /** The same commit through a source that leaves more of it out. */
  through(view: SourceView): CommitFiles;
}

/** What a GitRepository says of which files it gives to the other controllers (api/v1/gitrepository_types.go). */
export interface SourceView {
  /** `spec.ignore`: patterns as in `.sourceignore`, which go before those of the files. */
  readonly ignore?: string;
  /** `spec.sparseCheckout`: what files begin with (go-git, plumbing/format/index, SkipUnless). */
  readonly sparseCheckout?: readonly string[];
}

/** Who reads the commit: source-controller leaves files out, Argo CD's repo-server none. */
export type CommitView = 'as-source-controller' | 'everything';

/** In words for people. */
export class UnreadableFiles extends Error {
  override readonly name = 'UnreadableFiles';
}

export async function commitFiles(
  clone: CommitReader,
  commit: string,
  view: CommitView,
): Promise<CommitFiles> {
  const all = await clone.list(commit, '');
  const ignores = view === 'everything' ? undefined : await ignoresIn(all, clone);
  return viewOf(all, ignores, {}, clone);
}

function viewOf(
  all: readonly TreeEntry[],
  ignores: readonly SourceIgnoreFile[] | undefined,
  { ignore, sparseCheckout }: SourceView,
  clone: CommitReader,
): CommitFiles {
  const own = ignore === undefined ? [] : [{ folder: '', text: ignore }];
  const isIgnored = ignores === undefined ? () => false : sourceIgnore([...ignores, ...own]);
  const isOut = (path: string) => sparseCheckout?.every((start) => !path.startsWith(start)) ?? false;
  const entries = new Map<string, TreeEntry>();
  for (const entry of all) {
    if (!isOut(entry.path) && !isIgnored(entry.path)) entries.set(entry.path, entry);
  }
  const paths = [...entries.keys()].sort();
  const views = new Map<string, CommitFiles>();
  const files: CommitFiles = {
    has: (path) => entries.has(path),
    below: (folder) => (folder === '' ? paths : paths.filter((path) => path.startsWith(`${folder}/`))),
    async read(wanted) {
      if (wanted.length > FILES)
        throw new UnreadableFiles(`it takes ${wanted.length} files to build; at most ${FILES} are read`);
      const found = wanted.flatMap((path) => entries.get(path) ?? []);
      const odd = found.find(({ mode }) => modeOf(mode) === undefined);
      if (odd !== undefined)
        throw new UnreadableFiles(`${odd.path} is a link or a submodule, which is not followed`);
      const blobs = await clone.blobs([...new Set(found.map(({ id }) => id))]);
      let bytes = 0;
      const tree = new Map(
        found.map(({ path, id, mode }) => {
          const data = blobs.get(id);
          if (data === undefined) throw new Error(`the clone gave no blob for ${path}`);
          bytes += data.length;
          return [path, { mode: modeOf(mode) ?? 0o644, data }] as const;
        }),
      );
      if (bytes > BYTES)
        throw new UnreadableFiles(`it takes ${bytes} bytes to build; at most ${BYTES} are read`);
      return tree;
    },
    through(view) {
      if (view.ignore === undefined && view.sparseCheckout === undefined) return files;
      const key = JSON.stringify([view.ignore, view.sparseCheckout]);
      const found = views.get(key) ?? viewOf(all, ignores, view, clone);
      views.set(key, found);
      return found;
    },
  };
  return files;
}

async function ignoresIn(
  entries: readonly TreeEntry[],
  clone: CommitReader,
): Promise<readonly SourceIgnoreFile[]> {
  const rules = entries.filter(
    ({ path, mode }) => modeOf(mode) !== undefined && /(^|\/)\.sourceignore$/.test(path),
  );
  const blobs = await clone.blobs(rules.map(({ id }) => id));
  return rules.map(({ path, id }) => ({
    folder: path.slice(0, Math.max(0, path.length - SOURCE_IGNORE.length - 1)),
    text: blobs.get(id)?.toString('utf8') ?? '',
  }));
}

const modeOf = (mode: string): 0o644 | 0o755 | undefined => {
  if (mode === '100755') return 0o755;
  return mode === '100644' || mode === '100664' ? 0o644 : undefined;
};
