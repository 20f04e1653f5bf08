import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileTree } from '../../content/tree.ts';

/** Does something in a folder of its own, which is gone afterwards however it ended. */
export async function inScratchFolder<Result>(
  scratch: string,
  action: (folder: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'render-'));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a tree below a folder. Its paths were checked when it was taken in; that they stay inside is checked again. */
export async function materialise(folder: string, tree: FileTree): Promise<void> {
  const folders = new Set<string>();
  for (const [path, { mode, data }] of tree) {
    if (path.startsWith('/') || path.split('/').some((segment) => segment === '..' || segment === ''))
      throw new Error(`a tree holds the path ${JSON.stringify(path)}`);
    const file = join(folder, path);
    const parent = dirname(file);
    if (!folders.has(parent)) {
      await mkdir(parent, { recursive: true });
      folders.add(parent);
    }
    await writeFile(file, data, { mode, flag: 'wx' });
  }
}
