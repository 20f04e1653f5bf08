import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenToken } from '../../../lib/repository/credentials.ts';
import { startGit } from '../../../local/git.ts';

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`GIT_${role}_NAME`, 'Ann Other'],
      [`GIT_${role}_EMAIL`, 'ann@example.com'],
    ]),
  ),
};

/** git as a person at a terminal has it, in a folder. */
export const gitIn = (folder: string, ...argv: string[]): string =>
  execFileSync('git', argv, { cwd: folder, env: ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' }).trim();

/** A temporary folder, and a real Git server over HTTP with one repository, `cluster`, whose branch is `main`. */
export async function gitServer() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  const server = await startGit({
    folder: join(folder, 'server'),
    port: 0,
    repositories: [{ name: 'cluster', branch: 'main' }],
    onPush: () => {},
  });
  const bare = join(folder, 'server', 'cluster.git');
  return {
    folder,
    url: server.urlOf('cluster'),
    bare,
    credential: { token: server.pushToken, ...givenToken('x-access-token', server.pushToken) },
    git: (...argv: string[]) => gitIn(bare, ...argv),
    tip: (branch = 'main') => gitIn(bare, 'rev-parse', `refs/heads/${branch}`),
    show: (path: string, branch = 'main') => gitIn(bare, 'show', `refs/heads/${branch}:${path}`),
    log: (branch = 'main') => gitIn(bare, 'log', '--format=%s', `refs/heads/${branch}`).split('\n'),
    /** A shell script that decides over pushes. */
    hook(script: string, name = 'pre-receive') {
      const file = join(bare, 'hooks', name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
    },
    /** A commit by somebody else, straight into the repository. */
    commit(
      files: Readonly<Record<string, string | undefined>>,
      message = 'By hand',
      branch = 'main',
      author = 'Ann Other',
    ) {
      const index = join(folder, `index-${Math.random()}`);
      const run = (argv: string[], input?: string) =>
        execFileSync('git', argv, {
          cwd: bare,
          env: {
            ...ENVIRONMENT,
            GIT_AUTHOR_NAME: author,
            GIT_COMMITTER_NAME: author,
            GIT_INDEX_FILE: index,
          },
          encoding: 'utf8',
          ...(input === undefined ? {} : { input }),
        }).trim();
      const parent = run(['rev-parse', `refs/heads/${branch}`]);
      run(['read-tree', parent]);
      for (const [path, text] of Object.entries(files)) {
        if (text === undefined) run(['update-index', '--index-info'], `0 ${'0'.repeat(40)}\t${path}\n`);
        else {
          const id = run(['hash-object', '-w', '--stdin'], text);
          run(['update-index', '--add', '--cacheinfo', `100644,${id},${path}`]);
        }
      }
      const commit = run(['commit-tree', run(['write-tree']), '-p', parent, '-m', message]);
      run(['update-ref', `refs/heads/${branch}`, commit, parent]);
      return commit;
    },
    /** A link (120000) or submodule (160000) put there by somebody else. */
    special(path: string, mode: '120000' | '160000') {
      const target = gitIn(bare, 'rev-parse', 'refs/heads/main');
      const run = (input: string, ...argv: string[]) =>
        execFileSync('git', argv, {
          cwd: bare,
          env: { ...ENVIRONMENT, GIT_INDEX_FILE: join(folder, 'index-special') },
          encoding: 'utf8',
          input,
        }).trim();
      run('', 'read-tree', target);
      const id = mode === '160000' ? target : run('../../elsewhere', 'hash-object', '-w', '--stdin');
      run('', 'update-index', '--add', '--cacheinfo', `${mode},${id},${path}`);
      const commit = run('', 'commit-tree', run('', 'write-tree'), '-p', target, '-m', 'Special');
      run('', 'update-ref', 'refs/heads/main', commit, target);
    },
    /** Many commits by somebody else, each changing `foreign.txt`. */
    commits(count: number) {
      const parent = gitIn(bare, 'rev-parse', 'refs/heads/main');
      const one = (at: number) => {
        const from = at === 0 ? `from ${parent}\n` : '';
        const who = `Ann Other <ann@example.com> ${Math.floor(Date.now() / 1000)} +0000`;
        return `commit refs/heads/main\ncommitter ${who}\ndata 7\nForeign\n${from}M 644 inline foreign.txt\ndata ${String(at).length}\n${at}\n`;
      };
      const input = Array.from({ length: count }, (_, at) => one(at)).join('');
      execFileSync('git', ['fast-import', '--quiet'], { cwd: bare, env: ENVIRONMENT, input });
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
export type TestGit = Awaited<ReturnType<typeof gitServer>>;
