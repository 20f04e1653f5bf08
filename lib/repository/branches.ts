import type { Clone } from './clone.ts';
import { GitFailed, git } from './git.ts';

/** Where a branch of the clone's repository is now, asked of the server; undefined where there is none. @throws GitFailed */
export async function headOf(clone: Clone, branch: string): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const output = await git(clone.folder, ['ls-remote', '--refs', 'origin', ref], {
    credential: clone.credential,
  });
  for (const line of output.split('\n')) {
    const [id = '', name] = line.trim().split('\t');
    // A pattern matches names that end in it as well.
    if (name !== ref) continue;
    if (!/^[0-9a-f]{40,64}$/.test(id)) throw new GitFailed('ls-remote', 0, output);
    return id;
  }
  return undefined;
}
