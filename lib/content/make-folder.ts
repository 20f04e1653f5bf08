import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those that it lies in, where they are not there yet, also while others make the same. Step by
 * step: node's own `recursive` never ends where a folder is there and takes none in, as `/proc` (seen with Node 24.21).
 * @param mode of those that are made
 * @throws what node:fs throws, with the path
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  if ((await made(folder, mode)) === 'made') return;
  const above = dirname(folder);
  // It may have come meanwhile.
  if (!(await isFolder(above))) await makeFolder(above, mode);
  if ((await made(folder, mode)) === 'made') return;
  // The folder above is there: it is that one which takes none in.
  await mkdir(folder, { mode });
}

async function made(folder: string, mode: number): Promise<'made' | 'nowhere'> {
  try {
    await mkdir(folder, { mode });
    return 'made';
  } catch (error) {
    if (await isFolder(folder)) return 'made';
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nowhere';
    throw error;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
