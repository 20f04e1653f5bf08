import { join } from 'node:path';
import { MEMORY_LIMIT, runLimited, STDOUT_BYTES, WALL_SECONDS } from '../charts/render/limited-child.ts';
import { inScratchFolder, materialise } from '../charts/render/scratch.ts';
import type { FileTree } from '../content/tree.ts';
import { under } from './generated.ts';
import { buildableTree } from './tree.ts';

/** Where kubectl is, which has kustomize in it, and a folder to work in. */
export interface KustomizeParts {
  readonly kubectl: string;
  /** Writable; what is put there is removed. */
  readonly scratch: string;
}

export type KustomizeOutput =
  /** A document an object, as kustomize writes it: its strings are quoted wherever YAML could take them for more. */
  | { readonly kind: 'built'; readonly output: string }
  /** In words for people. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * `kustomize build` of a folder of the tree, with the resource limits of hostile input and the options of Flux: files
 * from anywhere in the tree, no plugins, no charts. What names a file outside, or an address, is refused before.
 */
export async function runKustomize(
  tree: FileTree,
  folder: string,
  { kubectl, scratch }: KustomizeParts,
): Promise<KustomizeOutput> {
  const buildable = buildableTree(tree);
  if (buildable.kind === 'refused') return { kind: 'failed', reason: buildable.reason };
  return inScratchFolder(scratch, async (place) => {
    await materialise(join(place, TREE), buildable.tree);
    const outcome = await runLimited({
      program: kubectl,
      arguments: ['kustomize', '--load-restrictor=LoadRestrictionsNone', '--', under(`./${TREE}`, folder)],
      folder: place,
    });
    switch (outcome.kind) {
      case 'succeeded':
        return { kind: 'built', output: outcome.stdout };
      case 'failed':
        return failed(wordsOf(outcome.stderr, place));
      case 'too-slow':
        return failed(`it takes longer than ${WALL_SECONDS} seconds`);
      case 'too-much-memory':
        return failed(`it takes more than ${MEMORY_LIMIT} of memory`);
      case 'too-large':
        return failed(`it builds more than ${STDOUT_BYTES / 1024 / 1024} MiB`);
    }
  });
}

const TREE = 'tree';

const failed = (reason: string): KustomizeOutput => ({ kind: 'failed', reason });

/** Its last line, without the folders that only this run knows. */
function wordsOf(stderr: string, place: string): string {
  const [line = ''] = stderr
    .split('\n')
    .filter((each) => each !== '' && !each.startsWith('#'))
    .slice(-1);
  return line
    .replaceAll(`${place}/${TREE}/`, '')
    .replaceAll(`${place}/${TREE}`, '.')
    .replace(/^error: /, '');
}
