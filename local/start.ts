import { access, constants, rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Config, ConfigError } from '../lib/config/config.ts';
import { PortTaken } from '../lib/loopback/listen.ts';
import type { ClusterChoice } from './cluster.ts';
import { readConfiguration } from './configuration.ts';
import { DATA_FOLDER, findConnection } from './connection.ts';
import { killDescendants } from './descendants.ts';
import { deliverExample, writeNextExample } from './example.ts';
import { GitMissing } from './git.ts';
import {
  DEFAULT_PORTS,
  type Installation,
  type InstallationOptions,
  startInstallation,
} from './installation.ts';
import { DataFolderInUse, lockFolder } from './lock.ts';
import { logToFile } from './log.ts';
import { terminal, welcome } from './terminal.ts';

/** Short, so that a change by hand is told while one looks. */
const CHECK_SECONDS = 30;

const USAGE = `npm start -- [OPTIONS]

  --data FOLDER        where everything is kept (default ${DATA_FOLDER})
  --fresh              begin anew: what is in the data folder is removed first
  --config FILE        targets of your own (fairlead.config.ts, or JSON); their repositories and clusters are
                       replaced by those of this machine
  --kubeconfig FILE    a cluster of yours instead of the local control plane; nothing is written to it
  --context NAME       which one of that file
  --deployer stand-in  with --kubeconfig and --context: apply what Git declares to that cluster
  --check-every N      seconds between two checks of a target (default ${CHECK_SECONDS})
  --aws-port N         S3, SQS, SNS, DynamoDB and the rest (default ${DEFAULT_PORTS.aws})
  --page-port N        the page (default ${DEFAULT_PORTS.page})
  --git-port N         Git over HTTP (default ${DEFAULT_PORTS.git})
  --port N             all three: N, N+1 and N+2; 0 for any that are free`;

/** However slow a part is to stop, after this it is stopped. */
const STOP_MS = 1200;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        data: { type: 'string', default: DATA_FOLDER },
        fresh: { type: 'boolean', default: false },
        config: { type: 'string' },
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
        deployer: { type: 'string' },
        'check-every': { type: 'string', default: String(CHECK_SECONDS) },
        port: { type: 'string' },
        'aws-port': { type: 'string' },
        'page-port': { type: 'string' },
        'git-port': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
type Values = ReturnType<typeof parse>;

function portsOf(values: Values): InstallationOptions['ports'] {
  const number = (flag: string, text: string) => {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new UsageError(`${flag} is a port from 0 to 65535, not "${text}"`);
    }
    return port;
  };
  const base = values.port === undefined ? undefined : number('--port', values.port);
  const choose = (flag: 'aws-port' | 'page-port' | 'git-port', step: number, otherwise: number) => {
    const own = values[flag];
    if (own !== undefined) return number(`--${flag}`, own);
    if (base === undefined) return otherwise;
    return base === 0 ? 0 : number('--port', String(base + step));
  };
  return {
    aws: choose('aws-port', 0, DEFAULT_PORTS.aws),
    page: choose('page-port', 1, DEFAULT_PORTS.page),
    git: choose('git-port', 2, DEFAULT_PORTS.git),
  };
}

function checkSecondsOf(values: Values): number {
  const seconds = Number(values['check-every']);
  if (seconds >= 1 && seconds <= 3600) return seconds;
  throw new UsageError(`--check-every is from 1 to 3600 seconds, not "${values['check-every']}"`);
}

const isReadable = (file: string): Promise<boolean> =>
  access(file, constants.R_OK).then(
    () => true,
    () => false,
  );

async function configurationOf({ config }: Values): Promise<Config> {
  if (config !== undefined && !(await isReadable(config))) {
    throw new UsageError(`--config ${config} cannot be read`);
  }
  return await readConfiguration(config);
}

async function clusterOf({ kubeconfig, context, deployer }: Values): Promise<ClusterChoice> {
  if (deployer !== undefined && deployer !== 'stand-in') {
    throw new UsageError('--deployer knows only "stand-in"');
  }
  if (kubeconfig === undefined) {
    if (context !== undefined) throw new UsageError('--context needs --kubeconfig');
    return { kind: 'local' };
  }
  if (!(await isReadable(kubeconfig))) throw new UsageError(`--kubeconfig ${kubeconfig} cannot be read`);
  // Writing to somebody's cluster is asked for twice: what writes, and to which.
  if (deployer === 'stand-in' && context === undefined) {
    throw new UsageError('--deployer stand-in writes to that cluster: name it with --context');
  }
  return {
    kind: 'given',
    kubeconfig,
    ...(context === undefined ? {} : { context }),
    standIn: deployer === 'stand-in' ? 'on' : 'off',
  };
}

async function main(argv: readonly string[]): Promise<number> {
  const began = performance.now();
  const interrupted = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    interrupted.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Whatever it is that a part waits for, this process and all of its own are gone in time.
      setTimeout(leave, STOP_MS).unref();
      interrupted.abort();
    });
  }
  const values = parse(argv);
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const settings = {
    dataFolder: values.data,
    ports: portsOf(values),
    config: await configurationOf(values),
    cluster: await clusterOf(values),
    checkSeconds: checkSecondsOf(values),
  };
  if (values.fresh) await begin(values.data);
  const { print } = await logToFile(values.data).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--data ${values.data} cannot be a folder of ours: ${error.message}`);
  });
  const options: InstallationOptions = { ...settings, onNotice: terminal(print) };

  let installation: Installation;
  try {
    installation = await startInstallation(options, interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) return 0;
    throw error;
  }
  await writeNextExample(values.data);
  print(welcome(installation, values.data, performance.now() - began));
  // A configuration or a cluster of the user's own gets nothing that was not asked for.
  const isOurs = values.config === undefined && settings.cluster.kind === 'local';
  const example = isOurs ? deliverExample(installation, interrupted.signal) : Promise.resolve(undefined);
  example.then(
    (line) => line && print(line),
    (error: unknown) => {
      if (!interrupted.signal.aborted)
        options.onNotice({ kind: 'error', part: 'example', message: String(error) });
    },
  );
  await stopped;
  print('\nstopping');
  await installation.stop();
  return 0;
}

/** Removes what is in the data folder, unless an installation runs on it. */
async function begin(folder: string): Promise<void> {
  const connection = await findConnection(folder);
  // The lock says it too, but its folder is what is to go.
  const unlock = await lockFolder(folder);
  await unlock();
  if (connection !== undefined) return;
  await rm(folder, { recursive: true, force: true });
}

const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** Ends at once, and takes along whatever it started. */
function leave(): never {
  killDescendants();
  process.exit(process.exitCode ?? 0);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    leave();
  },
  (error: unknown) => {
    if (error instanceof UsageError) complain(`${error.message}\n\n${USAGE}`);
    else if (
      error instanceof ConfigError ||
      error instanceof PortTaken ||
      error instanceof GitMissing ||
      error instanceof DataFolderInUse
    ) {
      complain(error.message);
    } else complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
    leave();
  },
);
