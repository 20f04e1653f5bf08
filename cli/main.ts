import { readFile } from 'node:fs/promises';
import { COMMANDS, runCommand } from './commands.ts';

/** `npx fairlead` in a checkout, where the local installation is, too. */
const here = {
  ...COMMANDS,
  kubectl: {
    summary: 'kubectl on the cluster of the local installation',
    group: 'look' as const,
    load: async () => (await import('./kubectl.ts')).kubectl,
  },
};

const version = async (): Promise<string> =>
  (JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

process.exitCode = await runCommand(process.argv.slice(2), here, version);
