import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../lib/content/make-folder.ts';
import { cacheFolder } from '../local/tools.ts';
import type { FoundInstallation } from './installation.ts';

/** Names of targets as they were last seen, a file an installation: what a shell completes without asking a cloud. */
export const TARGETS_FOLDER = 'targets';

/** What a file may be called, and a shell may read unquoted. */
const PLAIN = /^[a-z0-9][a-z0-9-]*$/;

/** Keeps them for completion. Where nothing can be written, nothing is completed. */
export async function rememberTargets(
  { name }: Pick<FoundInstallation, 'name'>,
  targets: readonly { readonly target: string }[],
): Promise<void> {
  if (name === undefined || !PLAIN.test(name)) return;
  const lines = targets.map(({ target }) => target).filter((target) => PLAIN.test(target));
  try {
    const folder = join(cacheFolder(), TARGETS_FOLDER);
    await makeFolder(folder);
    const aside = join(folder, `.${name}.${process.pid}`);
    await writeFile(aside, lines.map((line) => `${line}\n`).join(''));
    await rename(aside, join(folder, name));
  } catch {
    // A cache that cannot be kept is no reason to fail.
  }
}
