import { once } from 'node:events';
import { PortTaken } from '../lib/loopback/listen.ts';
import { startPageServer } from '../page/server.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import { type Form, USUAL_EXITS } from './form.ts';
import { storesOf } from './incidents-reading.ts';
import { findInstallation, INSTALLATION_OPTIONS } from './installation.ts';
import { openSource } from './ui-source.ts';

const DEFAULT_PORT = 4583;
const READ_SECONDS = 10;

const FORM = {
  typed: ['ui [OPTIONS]'],
  purpose: [
    'The page of an installation, on this machine, read with your own AWS credentials: open incidents and their alerts, what differs with Git and the cluster beside each other, targets and deliveries. It can only be looked at.',
  ],
  arguments: [],
  options: {
    target: {
      type: 'string',
      value: 'NAME',
      multiple: true,
      means: 'only this target; may be given more than once (default: all that there are)',
      completes: 'target',
    },
    port: {
      type: 'string',
      value: 'N',
      default: String(DEFAULT_PORT),
      means: `where it listens, on 127.0.0.1 alone (default ${DEFAULT_PORT}; 0: any free one)`,
    },
    ...INSTALLATION_OPTIONS,
  },
  notes: [
    `The address that it prints holds a token of this start: opening it lets that browser in, and no other. While somebody looks, the table is read every ${READ_SECONDS} seconds. What your credentials have to be allowed, least of all: docs/incidents.md. Ctrl-C ends it.`,
  ],
  exits: { 0: 'after Ctrl-C', ...USUAL_EXITS, 64: `${USUAL_EXITS[64]}, or the port is taken` },
  examples: [
    'npx fairlead ui --installation fairlead',
    'npx fairlead ui --target production --port 0 --installation fairlead',
  ],
} as const satisfies Form;

export const ui: Command = {
  name: 'ui',
  summary: 'the page over an installation, on this machine',
  form: FORM,
  async run(argv) {
    const { values } = readArguments({
      args: [...argv],
      options: FORM.options,
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new UsageError(`--port is a number from 0 to 65535, not "${values.port}"`);
    const found = await findInstallation(values);
    const source = await openSource(found, storesOf(found), {
      targets: values.target,
      everyMs: READ_SECONDS * 1000,
      onChange: () => server?.changed(),
    });
    const onError = (error: unknown) => console.error(error instanceof Error ? error.message : String(error));
    let server: Awaited<ReturnType<typeof startPageServer>> | undefined;
    try {
      server = await startPageServer({
        port,
        source,
        startedBy: 'npx fairlead ui',
        otherwise: 'npx fairlead ui --port',
        onWatched: (watched) => (watched === 'by somebody' ? source.follow() : source.rest()),
        onError,
      });
    } catch (error) {
      if (error instanceof PortTaken) throw new UsageError(error.message);
      throw error;
    }
    console.log(
      `The page of installation ${source.state().installation}, for this user alone:\n  ${server.url}\nCtrl-C ends it.`,
    );
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    source.rest();
    await server.stop();
    return 0;
  },
};
