import { type Command, EXIT_UNAVAILABLE, EXIT_USAGE, UsageError } from './command.ts';

/** Read only when it is called: `--help` must not load a cloud's client libraries. */
const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  upload: {
    summary: 'upload charts and values, and wait for how it ends',
    load: async () => (await import('./upload.ts')).upload,
  },
  uploads: {
    summary: 'what was uploaded, and how each ended',
    load: async () => (await import('./uploads.ts')).uploads,
  },
  replay: {
    summary: 'take again what was rejected or has failed, once that is mended',
    load: async () => (await import('./replay.ts')).replay,
  },
  check: {
    summary: 'compare a cluster with its repository, from here',
    load: async () => (await import('./check.ts')).check,
  },
  bootstrap: {
    summary: 'print what the cluster of a target needs once',
    load: async () => (await import('./bootstrap.ts')).bootstrap,
  },
  kubectl: {
    summary: 'kubectl on the cluster of the local installation',
    load: async () => (await import('./kubectl.ts')).kubectl,
  },
};

const help = (): string =>
  [
    'Usage: npx fairlead COMMAND [ARGUMENTS]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`),
    '',
    'npx fairlead COMMAND --help tells more of one.',
  ].join('\n');

async function main([name, ...argv]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(help());
    return name === undefined ? EXIT_USAGE : 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    console.error(`there is no command "${name}"\n\n${help()}`);
    return EXIT_USAGE;
  }
  const command = await entry.load();
  // kubectl has a --help of its own.
  if (name !== 'kubectl' && argv.some((argument) => argument === '--help' || argument === '-h')) {
    console.log(command.usage);
    return 0;
  }
  try {
    return await command.run(argv);
  } catch (error) {
    if (error instanceof UsageError) {
      // The usage is longer than a screen is patient: what went wrong must stay the last thing that is read.
      console.error(`${error.message}\nnpx fairlead ${name} --help tells what there is.`);
      return EXIT_USAGE;
    }
    console.error(error instanceof Error ? error.message : String(error));
    return EXIT_UNAVAILABLE;
  }
}

process.exitCode = await main(process.argv.slice(2));
