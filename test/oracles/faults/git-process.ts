import { type ChildProcess, fork } from 'node:child_process';
import { startGit } from '../../../local/git.ts';

/**
 * The Git server in a process of its own: it starts a dozen processes a push, and starting one takes longer the more
 * memory the process has that starts it.
 */
export interface GitProcess {
  serve(folder: string, repositories: readonly string[]): Promise<Serving>;
  stop(): void;
}

export interface Serving {
  readonly port: number;
  readonly pushToken: string;
  urlOf(repository: string): string;
  stop(): Promise<void>;
}

type Ask =
  | { readonly do: 'serve'; readonly folder: string; readonly repositories: readonly string[] }
  | { readonly do: 'stop' };
type Answer =
  | { readonly port: number; readonly pushToken: string }
  | { readonly stopped: true }
  | { readonly error: string };

export function startGitProcess(): GitProcess {
  const child = fork(import.meta.filename, ['serve'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    async serve(folder, repositories) {
      const answer = await ask(child, { do: 'serve', folder, repositories });
      if (!('port' in answer))
        throw new Error('error' in answer ? answer.error : 'the Git server has stopped');
      const { port, pushToken } = answer;
      return {
        port,
        pushToken,
        urlOf: (repository) => `http://127.0.0.1:${port}/${repository}.git`,
        async stop() {
          await ask(child, { do: 'stop' });
        },
      };
    },
    stop: () => child.disconnect(),
  };
}

const ask = (child: ChildProcess, what: Ask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the Git server has ended'));
    child.once('exit', ended);
    child.once('message', (answer: Answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
    child.send(what);
  });

function serve(): void {
  let server: Awaited<ReturnType<typeof startGit>> | undefined;
  const take = async (what: Ask): Promise<Answer> => {
    if (what.do === 'stop') {
      await server?.stop();
      return { stopped: true };
    }
    const repositories = what.repositories.map((name) => ({ name, branch: 'main' }));
    server = await startGit({ folder: what.folder, port: 0, repositories, onPush: () => {} });
    return { port: server.port, pushToken: server.pushToken };
  };
  process.on('message', (what: Ask) => {
    take(what).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === import.meta.filename && process.argv[2] === 'serve') serve();
