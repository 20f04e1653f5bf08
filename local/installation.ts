import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { audiencesPath, toAudienceParameters } from '../lib/alerts/subscribed.ts';
import { VARIABLES } from '../lib/aws/environment.ts';
import type { Config } from '../lib/config/config.ts';
import { toParameters, toWebhookParameters, webhooksPath } from '../lib/config/parameters.ts';
import { type LocalAws, startAws, TABLE } from './aws/aws.ts';
import type { Handler, PutEvent } from './aws/services.ts';
import { bringUpCluster, type ClusterChoice, type ClusterState, placeOf } from './cluster.ts';
import { CONFIG_PATH } from './config-path.ts';
import { onThisMachine, WRITE_SECRET } from './configuration.ts';
import { type Connection, removeConnection, writeConnection } from './connection.ts';
import { type DeployerEvent, type RunningDeployer, startDeployer } from './deployer/deployer.ts';
import { type LocalFunctions, startFunctions } from './functions.ts';
import { type GitServer, requireGit, startGit } from './git.ts';
import { lockFolder } from './lock.ts';
import { type Page, startPage } from './page/page.ts';
import { type Tools, tools } from './tools.ts';
import { webhookKeys } from './webhooks.ts';

export interface Ports {
  readonly aws: number;
  readonly page: number;
  readonly git: number;
}

/** Documented in the README; 0 is any free one. */
export const DEFAULT_PORTS: Ports = { aws: 4566, page: 4580, git: 4581 };

export interface InstallationOptions {
  readonly dataFolder: string;
  readonly ports: Ports;
  readonly config: Config;
  readonly cluster: ClusterChoice;
  /** Seconds between two checks of a target. */
  readonly checkSeconds: number;
  readonly onNotice: (notice: Notice) => void;
}

/** What happens, for terminal and page. */
export type Notice =
  | { readonly kind: 'cluster'; readonly state: ClusterState }
  | { readonly kind: 'deployer'; readonly event: DeployerEvent }
  | { readonly kind: 'error'; readonly part: string; readonly message: string };

export interface Installation {
  readonly aws: LocalAws;
  readonly git: GitServer;
  readonly page: Page;
  readonly config: Config;
  readonly tools: Tools;
  readonly connection: Connection;
  /** Settles when the cluster serves, or cannot. */
  readonly cluster: Promise<ClusterState>;
  stop(): Promise<void>;
}

/**
 * Starts everything that uploads and commits need, and the cluster in the background.
 * @throws GitMissing, PortTaken, DataFolderInUse; what was started by then is stopped
 */
export async function startInstallation(
  options: InstallationOptions,
  signal: AbortSignal,
): Promise<Installation> {
  await requireGit();
  const dataFolder = resolve(options.dataFolder);
  const started: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    // Last started, first stopped; what fails to stop must not keep the rest.
    for (const end of started.splice(0).reverse()) await end().catch(() => {});
  };
  const begun = <Part extends { stop(): Promise<unknown> }>(part: Part): Part => {
    started.push(() => part.stop());
    signal.throwIfAborted();
    return part;
  };
  try {
    started.push(await lockFolder(dataFolder));
    return await startParts({ ...options, dataFolder }, begun, started, stop, signal);
  } catch (error) {
    await stop();
    throw error;
  }
}

const below = (path: string, parameters: ReadonlyMap<string, string>): [string, string][] =>
  [...parameters].map(([name, value]) => [`${path}/${name}`, value]);

async function startParts(
  { dataFolder, ports, config: given, cluster, checkSeconds, onNotice }: InstallationOptions,
  begun: <Part extends { stop(): Promise<unknown> }>(part: Part) => Part,
  started: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
  signal: AbortSignal,
): Promise<Installation> {
  const place = await placeOf(cluster, dataFolder);
  let announce = onNotice;
  const onError = (part: string, error: unknown) => {
    announce({ kind: 'error', part, message: error instanceof Error ? error.message : String(error) });
  };

  let deployer: RunningDeployer | undefined;
  let functions: LocalFunctions | undefined;
  let config: Config = given;
  const requestCheck = (target: string, because: 'request' | 'due') => {
    functions?.requestCheck(target, because).catch((error: unknown) => onError('read-desired', error));
  };
  const targetsOf = (repository: string) =>
    config.targets.filter((target) => target.repository === repository);

  const git = begun(
    await startGit({
      folder: join(dataFolder, 'git'),
      port: ports.git,
      repositories: given.targets.map(({ repository, branch }) => ({ name: repository, branch })),
      onPush(repository) {
        deployer?.applyNow().catch((error: unknown) => onError('deployer', error));
        for (const { name } of targetsOf(repository)) requestCheck(name, 'request');
      },
    }),
  );
  config = onThisMachine(given, git.urlOf, place, checkSeconds);

  const invocable = new Map<string, Handler>();
  let onEvent: (event: PutEvent) => void = () => {};
  let onTableWrite = () => {};
  const aws = begun(
    await startAws({
      folder: join(dataFolder, 'aws'),
      port: ports.aws,
      contents: {
        functions: invocable,
        parameters: new Map([
          ...below(CONFIG_PATH, toParameters(config)),
          ...below(webhooksPath(config.installation), toWebhookParameters(config)),
          ...below(audiencesPath(config.installation), toAudienceParameters(config.audiences)),
        ]),
        secrets: new Map([[WRITE_SECRET, git.pushToken], ...(await webhookKeys(dataFolder, config))]),
        onEvent: (event) => onEvent(event),
      },
      onTableWrite: () => onTableWrite(),
    }),
  );
  const page = begun(await startPage({ port: ports.page, dataFolder, aws, git, config, onError }));
  onEvent = page.eventPut;
  announce = (notice) => {
    page.noticed(notice);
    onNotice(notice);
  };

  const unpacked = await tools();
  const scratch = join(dataFolder, 'scratch');
  await mkdir(scratch, { recursive: true });
  functions = begun(
    await startFunctions({ aws, config, checkSeconds, tools: unpacked.folder, scratch, onError }),
  );
  for (const [name, handler] of functions.handlers) invocable.set(name, handler);
  onTableWrite = () => {
    functions?.tableWritten();
    page.tableWritten();
  };

  const connection: Connection = {
    schema: 1,
    pid: process.pid,
    page: page.url,
    environment: {
      ...(aws.environment as Record<string, string>),
      [VARIABLES.table]: TABLE,
      [VARIABLES.uploadBucket]: aws.buckets.upload.name,
      [VARIABLES.receiveQueue]: aws.queues.receive,
      [VARIABLES.readQueue]: aws.queues.read,
      [VARIABLES.stateBucket]: aws.buckets.state.name,
    },
    repositories: Object.fromEntries(config.repositories.map(({ name, url }) => [name, url])),
    gitToken: git.pushToken,
    ...place,
  };
  await writeConnection(dataFolder, connection);
  started.push(() => removeConnection(dataFolder));

  const runDeployer = async () => {
    deployer = await startDeployer({
      targets: config.targets,
      repositories: new Map(
        config.repositories.map(({ name, url }) => [
          name,
          { url, credential: { username: 'deployer', token: git.pushToken } },
        ]),
      ),
      ...place,
      tools: unpacked,
      folder: join(dataFolder, 'deployer'),
      onEvent(event) {
        announce({ kind: 'deployer', event });
        if (event.kind === 'applied') requestCheck(event.target, 'due');
      },
      signal,
    });
    started.push(() => deployer?.stop() ?? Promise.resolve());
    await deployer.applyNow();
  };

  const ending = new AbortController();
  signal.addEventListener('abort', () => ending.abort(), { once: true });
  const up = bringUpCluster({
    choice: cluster,
    place,
    dataFolder,
    announce: (state) => announce({ kind: 'cluster', state }),
    async onServing(standIn) {
      if (standIn === 'on') await runDeployer().catch((error: unknown) => onError('deployer', error));
      functions?.startChecking();
    },
    keep: (end) => started.push(end),
    signal: ending.signal,
  });

  return {
    aws,
    git,
    page,
    config,
    tools: unpacked,
    connection,
    cluster: up,
    async stop() {
      ending.abort();
      // First: nobody is to find what is about to end.
      await removeConnection(dataFolder);
      await up;
      await stop();
    },
  };
}
