import { createHash } from 'node:crypto';
import type { ObjectStore } from '../../aws/objects.ts';
import { putTree } from '../../content/store.ts';
import type { Digest, FileEntry } from '../../content/tree.ts';
import { blobIdOf, type Clone, listPaths } from '../../repository/clone.ts';
import { fetchTrees } from '../../repository/history.ts';

/** A file as a commit has it. */
export interface StandingFile {
  readonly mode: string;
  readonly id: string;
}

/** What the tip holds below the folders of the slots in hand: full path → file. */
export type Standing = ReadonlyMap<string, StandingFile>;

/** Files below `places` (folders end in `/`) at `tip`; nothing where the branch has not begun. */
export async function readStanding(
  clone: Clone,
  tip: string | undefined,
  places: readonly string[],
): Promise<Standing> {
  if (tip === undefined || places.length === 0) return new Map();
  const entries = await listPaths(clone.folder, tip, places);
  return new Map(entries.map(({ path, mode, id }) => [path, { mode, id }]));
}

/**
 * The same at a commit in the history of `tip`, whose trees may not be here: what cannot be read now is not taken for
 * something else. @throws GitFailed
 */
export async function readStandingOf(
  clone: Clone,
  tip: string,
  commit: string,
  places: readonly string[],
): Promise<Standing> {
  if (commit !== tip) for (const place of places) await fetchTrees(clone, tip, commit, place);
  return readStanding(clone, commit, places);
}

export const below = (standing: Standing, folder: string): Standing =>
  new Map([...standing].filter(([path]) => path.startsWith(`${folder}/`)));

export const standingFile = ({ mode, data }: FileEntry): StandingFile => ({
  mode: `100${mode.toString(8)}`,
  id: blobIdOf(data),
});

/** One string for these files: the same as long as nobody touches them. */
export function fingerprintOf(files: Standing): string {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].sort()) {
    const { mode, id } = files.get(path) as StandingFile;
    hash.update(`${mode} ${id} ${Buffer.byteLength(path)}:${path}\n`);
  }
  return hash.digest('hex');
}

/** The files of a folder in Git as a tree in the content store, so that rendering finds them by digest. */
export async function storeStanding(
  clone: Clone,
  content: ObjectStore,
  standing: Standing,
  folder: string,
): Promise<Digest> {
  // Links and submodules are not followed by deployers either.
  const files = [...below(standing, folder)].filter(([, { mode }]) => mode === '100644' || mode === '100755');
  const blobs = await clone.blobs(files.map(([, { id }]) => id));
  return putTree(
    content,
    new Map(
      files.map(([path, { mode, id }]): [string, FileEntry] => [
        path.slice(folder.length + 1),
        { mode: mode === '100755' ? 0o755 : 0o644, data: blobs.get(id) ?? Buffer.alloc(0) },
      ]),
    ),
  );
}
