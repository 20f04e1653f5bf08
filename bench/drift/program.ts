import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../cli/package/bundle.ts';
import type { Asked } from './only.ts';

/** The same program as its sources, which Node has to strip of their types each time. */
export const SOURCES = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

/** Works with the program that is measured: what is published, unless another was named. */
export async function withProgram<Result>(
  { cli }: Asked,
  work: (program: string) => Promise<Result>,
): Promise<Result> {
  if (cli !== undefined) return await work(cli);
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-bundle-'));
  try {
    await bundle(folder);
    return await work(join(folder, 'main.mjs'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
