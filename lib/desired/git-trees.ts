import type { ObjectStore } from '../aws/objects.ts';
import { putTree } from '../content/store.ts';
import type { Digest, FileEntry, FileTree } from '../content/tree.ts';
import { digest } from '../messages/messages.ts';
import type { CommitReader, TreeEntry } from './commit-reader.ts';

/** Limits of what is read from Git as one tree, as for uploads (docs/uploading.md). */
const TREE_FILES = 5000;
const TREE_BYTES = 50 * 1024 * 1024;

export type FolderReading =
  | { readonly kind: 'read'; readonly files: FileTree }
  /** In words for people. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** All files of a folder of a commit, paths below it. @param wanted which of them, by path and Git's mode */
export async function readFolder(
  clone: CommitReader,
  commit: string,
  folder: string,
  wanted: (path: string, mode: string) => boolean = () => true,
): Promise<FolderReading> {
  const entries = (await clone.list(commit, folder)).filter(({ path, mode }) => wanted(path, mode));
  if (entries.length > TREE_FILES) {
    return {
      kind: 'unreadable',
      reason: `${folder} has ${entries.length} files; at most ${TREE_FILES} are read`,
    };
  }
  const odd = entries.find(({ mode }) => modeOf(mode) === undefined);
  if (odd !== undefined) {
    return {
      kind: 'unreadable',
      reason: `${folder}/${odd.path} is a link or a submodule, which is not followed`,
    };
  }
  const blobs = await clone.blobs([...new Set(entries.map(({ id }) => id))]);
  const files = new Map(entries.map((entry) => [entry.path, fileOf(entry, blobs)]));
  const bytes = [...files.values()].reduce((sum, { data }) => sum + data.length, 0);
  return bytes > TREE_BYTES
    ? { kind: 'unreadable', reason: `${folder} has ${bytes} bytes; at most ${TREE_BYTES} are read` }
    : { kind: 'read', files };
}

function fileOf({ id, mode, path }: TreeEntry, blobs: ReadonlyMap<string, Buffer>): FileEntry {
  const data = blobs.get(id);
  if (data === undefined) throw new Error(`the clone gave no blob for ${path}`);
  return { mode: modeOf(mode) ?? 0o644, data };
}

const modeOf = (mode: string): FileEntry['mode'] | undefined => {
  if (mode === '100755') return 0o755;
  return mode === '100644' || mode === '100664' ? 0o644 : undefined;
};

export type StoredFolder =
  | { readonly kind: 'stored'; readonly tree: Digest; readonly about: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A tree is named by Git's id for it, so what was read once is never read again. */
export const TREES_OF_GIT = 'trees-of-git/';
const keyOf = (treeId: string): string => `${TREES_OF_GIT}${treeId}`;

/**
 * A chart's folder in the content store. An unchanged folder, which has the id it had, is not read from Git again.
 * @returns the tree, and its Chart.yaml as text
 */
export async function storeChart(
  clone: CommitReader,
  content: ObjectStore,
  commit: string,
  folder: string,
): Promise<StoredFolder> {
  const treeId = await clone.treeId(commit, folder);
  if (treeId === undefined) return { kind: 'absent' };
  const known = await content.get(keyOf(treeId));
  if (known !== undefined) {
    const [line = '', ...about] = known.body.toString('utf8').split('\n');
    return { kind: 'stored', tree: digest.parse(line), about: about.join('\n') };
  }
  const reading = await readFolder(clone, commit, folder);
  if (reading.kind === 'unreadable') return reading;
  const about = reading.files.get('Chart.yaml')?.data.toString('utf8');
  if (about === undefined) return { kind: 'unreadable', reason: `${folder} has no Chart.yaml` };
  const tree = await putTree(content, reading.files);
  await content.putOnce(keyOf(treeId), `${tree}\n${about}`);
  return { kind: 'stored', tree, about };
}
