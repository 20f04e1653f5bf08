import type { FileTree } from '../content/tree.ts';
import { treePath } from '../desired/tree-path.ts';
import { formatJson } from '../objects/json.ts';
import { KUSTOMIZATION_NAMES, type KustomizationFile, readKustomizationFile } from './kustomization-file.ts';

/** A tree in which every kustomization file may be built, or why it may not: in words for people. */
export type BuildableTree =
  | { readonly kind: 'buildable'; readonly tree: FileTree }
  | { readonly kind: 'refused'; readonly reason: string };

export const isKustomization = (path: string): boolean =>
  (KUSTOMIZATION_NAMES as readonly string[]).includes(path.slice(path.lastIndexOf('/') + 1));

/**
 * The tree with each of its kustomization files written anew from what was understood of it. Every file that one
 * names must lie in the tree: kustomize runs without its own restriction, as in Flux, so this is what holds it there.
 */
export function buildableTree(tree: FileTree): BuildableTree {
  const folders = foldersOf(tree);
  const made = new Map(tree);
  for (const [path, { data, mode }] of tree) {
    if (!isKustomization(path)) continue;
    const file = readKustomizationFile(data.toString('utf8'));
    const problem = file.kind === 'refused' ? file.reason : outsideOf(path, file, tree, folders);
    if (problem !== undefined) return { kind: 'refused', reason: `${path}: ${problem}` };
    if (file.kind === 'read') made.set(path, { mode, data: Buffer.from(formatJson(file.value)) });
  }
  return { kind: 'buildable', tree: made };
}

function outsideOf(
  path: string,
  { references }: Extract<KustomizationFile, { kind: 'read' }>,
  tree: FileTree,
  folders: ReadonlySet<string>,
): string | undefined {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  for (const { kind, path: named } of references) {
    const found = treePath(named, folder);
    if (found === undefined) return `it names ${JSON.stringify(named)}, which is outside of the repository`;
    const isThere =
      (kind !== 'folder' && tree.has(found)) || (kind !== 'file' && (folders.has(found) || found === ''));
    if (!isThere) return `it names ${JSON.stringify(named)}, which is not in the repository`;
  }
  return undefined;
}

function foldersOf(tree: FileTree): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of tree.keys()) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}
