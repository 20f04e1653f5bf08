import { type Command, EXIT_UNAVAILABLE, EXIT_USAGE, helpOf, UsageError } from './command.ts';
import { nearest } from './nearest.ts';

/** Commands by name, each read only when it is called: `--help` must not load a cloud's client libraries. */
export type Commands = Readonly<Record<string, CommandEntry>>;

export interface CommandEntry {
  readonly summary: string;
  readonly group: Group;
  readonly load: () => Promise<Command>;
}

/** What somebody wants to do, in the order of the list. */
export const GROUPS = {
  ci: 'From a CI job, or a desk',
  look: 'Look',
  'day-two': 'Day two: take back, keep, move on',
  alerts: 'Alerts and who gets them',
  'set-up': 'Set up, and mend',
} as const;
export type Group = keyof typeof GROUPS;

/** What runs anywhere: in a checkout, and as the published package. */
export const COMMANDS: Commands = {
  status: {
    summary: 'how targets and releases stand: verdicts, incidents, what waits, freezes',
    group: 'look',
    load: async () => (await import('./status.ts')).status,
  },
  history: {
    summary: 'the audit trail: who delivered what, and what became of it',
    group: 'look',
    load: async () => (await import('./history.ts')).history,
  },
  check: {
    summary: 'compare a cluster with its repository, from here',
    group: 'look',
    load: async () => (await import('./check.ts')).check,
  },
  diff: {
    summary: 'show what of a release differs, line by line',
    group: 'look',
    load: async () => (await import('./diff.ts')).diff,
  },
  baseline: {
    summary: 'accept what differs now, as rules in drift.yaml',
    group: 'set-up',
    load: async () => (await import('./baseline.ts')).baseline,
  },
  upload: {
    summary: 'upload charts and values, and wait for how it ends',
    group: 'ci',
    load: async () => (await import('./upload.ts')).upload,
  },
  uploads: {
    summary: 'what was uploaded, and how each ended',
    group: 'look',
    load: async () => (await import('./uploads.ts')).uploads,
  },
  replay: {
    summary: 'take again what was rejected or has failed, once that is mended',
    group: 'day-two',
    load: async () => (await import('./replay.ts')).replay,
  },
  rollback: {
    summary: 'take a release back to what it was, and freeze it',
    group: 'day-two',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  promote: {
    summary: 'deliver to one target the chart that another one runs',
    group: 'day-two',
    load: async () => (await import('./promote.ts')).promote,
  },
  remove: {
    summary: 'take a release, a manifest or all of a target out of Git',
    group: 'day-two',
    load: async () => (await import('./remove.ts')).remove,
  },
  freeze: {
    summary: 'let uploads of a release or target wait until unfreeze',
    group: 'day-two',
    load: async () => (await import('./freeze.ts')).freeze,
  },
  unfreeze: {
    summary: 'lift a freeze: the newest that waited is delivered',
    group: 'day-two',
    load: async () => (await import('./unfreeze.ts')).unfreeze,
  },
  incidents: {
    summary: 'what is open, and the alerts of one incident',
    group: 'look',
    load: async () => (await import('./incidents.ts')).incidents,
  },
  snooze: {
    summary: 'keep people from alerts about a scope for a while',
    group: 'alerts',
    load: async () => (await import('./snooze.ts')).snooze,
  },
  drill: {
    summary: 'send an alert that is none to people, and see that it arrives',
    group: 'alerts',
    load: async () => (await import('./drill.ts')).drill,
  },
  subscribe: {
    summary: 'who is subscribed, and confirm it so that no mail scanner ends it',
    group: 'alerts',
    load: async () => (await import('./subscribe.ts')).subscribe,
  },
  redrive: {
    summary: 'what lies in the dead-letter queues, and back to work with it',
    group: 'set-up',
    load: async () => (await import('./redrive.ts')).redrive,
  },
  ui: {
    summary: 'the page over an installation, on this machine',
    group: 'look',
    load: async () => (await import('./ui.ts')).ui,
  },
  bootstrap: {
    summary: 'print what the cluster of a target needs once',
    group: 'set-up',
    load: async () => (await import('./bootstrap.ts')).bootstrap,
  },
  doctor: {
    summary: 'what is wrong with an installation, and how to mend it',
    group: 'set-up',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  completion: {
    summary: 'print what completes these commands in bash, zsh or fish',
    group: 'set-up',
    load: async () => (await import('./completion.ts')).completion,
  },
};

const NAME_WIDTH = 11;

const help = (commands: Commands): string =>
  [
    'Usage: npx fairlead COMMAND [ARGUMENTS]',
    ...Object.entries(GROUPS).flatMap(([group, title]) => {
      const own = Object.entries(commands).filter(([, entry]) => entry.group === group);
      if (own.length === 0) return [];
      return ['', `${title}:`, ...own.map(([name, { summary }]) => `  ${name.padEnd(NAME_WIDTH)}${summary}`)];
    }),
    '',
    'npx fairlead help COMMAND tells more of one, with examples.',
  ].join('\n');

/** A reader that has seen enough (`| head`) is no error. */
function endWithReader(): void {
  if (process.stdout.listeners('error').includes(onBrokenPipe)) return;
  process.stdout.on('error', onBrokenPipe);
}

function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Runs what was typed and gives the exit code. */
export async function runCommand(
  [name, ...argv]: readonly string[],
  commands: Commands,
  version: () => Promise<string>,
): Promise<number> {
  endWithReader();
  const [first, ...others] = argv;
  // `help COMMAND` is `COMMAND --help`.
  if (name === 'help' && first !== undefined && !first.startsWith('-'))
    return await runCommand([first, '--help', ...others], commands, version);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(help(commands));
    return name === undefined ? EXIT_USAGE : 0;
  }
  if (name === '--version' || name === '-V') {
    console.log(await version());
    return 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const meant = nearest(name, Object.keys(commands));
    const hint = meant === undefined ? '' : `: did you mean "${meant}"?`;
    console.error(`there is no command "${name}"${hint}\nnpx fairlead help lists what there is.`);
    return EXIT_USAGE;
  }
  const command = await entry.load();
  // kubectl has a --help of its own.
  if (name !== 'kubectl' && argv.some((argument) => argument === '--help' || argument === '-h')) {
    console.log(helpOf(command));
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
