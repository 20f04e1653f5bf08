import type { FileTree } from '../../content/tree.ts';
import { kustomizationOf, scanned, under } from '../../kustomize/generated.ts';
import { readKustomizationFile } from '../../kustomize/kustomization-file.ts';
import { treePath } from '../tree-path.ts';
import { type CommitFiles, UnreadableFiles } from './commit-files.ts';

/** Kustomizations that build one another; more is a circle or nobody's intention. */
const ROOTS = 500;

/**
 * The files that kustomize opens to build a folder, and no others, so that a commit that touches none of them changes
 * nothing: the folder's manifests or what its kustomization names, and what those name in turn.
 * @param components folders that the `Kustomization` object adds
 * @throws UnreadableFiles where a kustomization may not be built here, or there is too much
 */
export async function filesToBuild(
  files: CommitFiles,
  folder: string,
  components: readonly string[],
): Promise<FileTree> {
  const wanted = new Set<string>();
  const seen = new Set<string>();
  let roots = [folder, ...components.flatMap((path) => treePath(path, folder) ?? [])];
  while (roots.length > 0) {
    const next: string[] = [];
    const named: string[] = [];
    for (const root of roots) {
      if (seen.has(root)) continue;
      seen.add(root);
      const own = kustomizationOf(files, root);
      if (own !== undefined) named.push(own);
      // Without one Flux makes one, but only of the folder that it is pointed at.
      else if (root === folder) {
        for (const path of scanned(files.below(root), root)) {
          const found = under(root, path);
          if (files.has(found)) wanted.add(found);
          else next.push(found);
        }
      }
    }
    if (seen.size > ROOTS) throw new UnreadableFiles(`more than ${ROOTS} kustomizations build one another`);
    for (const [path, { data }] of await files.read(named)) {
      wanted.add(path);
      const file = readKustomizationFile(data.toString('utf8'));
      if (file.kind === 'refused') throw new UnreadableFiles(`${path}: ${file.reason}`);
      const at = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      for (const reference of file.references) {
        const found = treePath(reference.path, at);
        if (found === undefined)
          throw new UnreadableFiles(
            `${path}: it names "${reference.path}", which is outside of the repository`,
          );
        if (reference.kind !== 'folder' && files.has(found)) wanted.add(found);
        else if (reference.kind !== 'file') next.push(found);
      }
    }
    roots = next;
  }
  return await files.read([...wanted].sort());
}
