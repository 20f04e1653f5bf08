import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Rita Reviewer',
  GIT_AUTHOR_EMAIL: 'rita@example.com',
  GIT_COMMITTER_NAME: 'Rita Reviewer',
  GIT_COMMITTER_EMAIL: 'rita@example.com',
};

const git = (folder: string, ...argv: string[]): string =>
  execFileSync('git', argv, { cwd: folder, env: ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' }).trim();

const succeeds = (folder: string, ...argv: string[]): boolean => {
  try {
    git(folder, ...argv);
    return true;
  } catch {
    return false;
  }
};

/** How a person merges on the page of a host. */
export type MergeWay = 'merge' | 'squash' | 'rebase' | 'fast-forward';

/** What a host knows of the bare repository below its API. @param bare its folder */
export function hostedRepository(bare: string) {
  const commitOf = (branch: string): string | undefined => {
    try {
      return git(bare, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`);
    } catch {
      return undefined;
    }
  };
  return {
    tip: commitOf,
    /** A commit's whole id by its beginning. */
    whole(short: string): string | undefined {
      if (!/^[0-9a-f]{7,40}$/.test(short)) return undefined;
      return succeeds(bare, 'rev-parse', '--verify', '--quiet', `${short}^{commit}`)
        ? git(bare, 'rev-parse', '--verify', `${short}^{commit}`)
        : undefined;
    },
    contains: (base: string, commit: string): boolean =>
      succeeds(bare, 'merge-base', '--is-ancestor', commit, `refs/heads/${base}`),
    mergeBase: (one: string, other: string): string => git(bare, 'merge-base', one, other),
    delete: (branch: string): string => git(bare, 'update-ref', '-d', `refs/heads/${branch}`),
    /**
     * As the hosts do it, by git itself in a clone of its own; hooks of the repository decide over the push.
     * @returns the commit that the base has then. @throws where git finds a conflict, or the base moved
     */
    merge(branch: string, base: string, way: MergeWay, message: string): string {
      const folder = mkdtempSync(join(tmpdir(), 'fairlead-test-merge-'));
      const work = join(folder, 'work');
      try {
        git(folder, 'clone', '--quiet', '--branch', base, bare, work);
        const head = `origin/${branch}`;
        switch (way) {
          case 'merge':
            git(work, 'merge', '--quiet', '--no-ff', '-m', message, head);
            break;
          case 'squash':
            git(work, 'merge', '--quiet', '--squash', head);
            git(work, 'commit', '--quiet', '-m', message);
            break;
          case 'rebase':
            git(work, 'checkout', '--quiet', '-b', 'rebased', head);
            // GitHub writes new commits even where a fast-forward would do ("About merge methods").
            git(work, 'rebase', '--quiet', '--force-rebase', base);
            git(work, 'checkout', '--quiet', base);
            git(work, 'merge', '--quiet', '--ff-only', 'rebased');
            break;
          case 'fast-forward':
            git(work, 'merge', '--quiet', '--ff-only', head);
            break;
        }
        git(work, 'push', '--quiet', 'origin', base);
        return git(work, 'rev-parse', 'HEAD');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
export type HostedRepository = ReturnType<typeof hostedRepository>;
