import { readFile } from 'node:fs/promises';
import type { Command } from '../command.ts';
import { COMMANDS, runCommand } from '../commands.ts';

/** `npx fairlead` as the published package: without what belongs to the local installation, which a checkout has. */
const inCheckoutOnly: Command = {
  name: 'kubectl',
  summary: '',
  usage:
    'npx fairlead kubectl is of the local installation: clone the repository of Fairlead, run "npm ci && npm start" there, and call it in that folder.',
  run: () => Promise.reject(new Error(inCheckoutOnly.usage)),
};

const here = {
  ...COMMANDS,
  kubectl: {
    summary: 'of the local installation, in a checkout alone',
    group: 'look' as const,
    load: async () => inCheckoutOnly,
  },
};

const version = async (): Promise<string> =>
  (JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

process.exitCode = await runCommand(process.argv.slice(2), here, version);
