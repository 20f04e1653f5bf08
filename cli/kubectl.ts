import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { DATA_FOLDER, findConnection } from '../local/connection.ts';
import { tools } from '../local/tools.ts';
import type { Command } from './command.ts';

/** kubectl, as it comes with Fairlead, on the cluster of the local installation that runs here. */
export const kubectl: Command = {
  name: 'kubectl',
  summary: 'kubectl on the cluster of the local installation',
  usage: 'npx fairlead kubectl ARGUMENTS…\n\nAll arguments are kubectl\'s own, for example "get pods -A".',
  async run(argv) {
    const connection = await findConnection(process.env.FAIRLEAD_DATA ?? DATA_FOLDER);
    if (connection === undefined) {
      throw new Error(
        `no local installation runs on ${process.env.FAIRLEAD_DATA ?? DATA_FOLDER} here: start one with "npm start" (FAIRLEAD_DATA names another data folder)`,
      );
    }
    // kubectl would look for one elsewhere, and ask whatever answers there.
    await access(connection.kubeconfig).catch(() => {
      throw new Error(
        `the local installation has no cluster yet: the page (${pageOf(connection)}) and the terminal of "npm start" say how far it is`,
      );
    });
    const context = connection.context === undefined ? [] : ['--context', connection.context];
    const child = spawn((await tools()).kubectl, [...context, ...argv], {
      stdio: 'inherit',
      env: { ...process.env, KUBECONFIG: connection.kubeconfig },
    });
    // The terminal tells both; kubectl decides what an interrupt means.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    try {
      return await new Promise<number>((resolve, reject) => {
        child
          .once('error', reject)
          .once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 130));
      });
    } finally {
      process.off('SIGINT', ignore);
    }
  },
};

/** Without its token, which lets in whoever reads it. */
const pageOf = ({ page }: { readonly page: string }): string => new URL('/', page).href;
