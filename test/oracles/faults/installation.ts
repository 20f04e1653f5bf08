import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { renderRelease } from '../../../functions/render-release.ts';
import * as clients from '../../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../../lib/aws/environment.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { toParameters } from '../../../lib/config/parameters.ts';
import { BUCKETS, type LocalAws, startAws, TABLE } from '../../../local/aws/aws.ts';
import type { Handler } from '../../../local/aws/services.ts';
import type { GitProcess, Serving } from './git-process.ts';
import {
  type Asked,
  awsService,
  type Fault,
  gitService,
  PUSH,
  PUSH_BEGINS,
  repositoryOf,
  startProxy,
} from './proxy.ts';
import { configOf, INSTALLATION, REPOSITORIES, SECRET } from './world.ts';

/** One run's AWS and Git servers, each behind a proxy that faults come from. */
export interface Installation {
  readonly aws: LocalAws;
  readonly git: Serving;
  /** What every function is given: all of it behind the proxies. */
  readonly environment: Environment;
  bareOf(repository: string): string;
  stop(): Promise<void>;
}

export interface InstallationParts {
  readonly folder: string;
  readonly tools: string;
  readonly git: GitProcess;
  readonly rendered: Map<string, unknown>;
  readonly decide: (asked: Asked) => Fault | undefined;
  readonly kill: (asked: Asked) => void;
  readonly pushes: Pushes;
}

/** The moments of a push; each is told the repository. */
export interface Pushes {
  /** Before it asks where the branch is: others who are faster now are seen by its lease alone. */
  begins(repository: string): Promise<void>;
  /** It knows where the branch is, and has not moved it. */
  arrives(repository: string): Promise<void>;
  /** It is on its way still, and who pushed is to be told that the connection broke. */
  isLate(repository: string): Promise<void>;
  /** Nobody waits for it any more; `arrive` lets the server have it. */
  lateArrives(repository: string, arrive: () => Promise<void>): Promise<void>;
  /** The server has taken it, and who pushed does not get to know. */
  unnoticed(repository: string): Promise<void>;
}

const CONFIG_PATH = '/fairlead/faults';

export async function startInstallation(parts: InstallationParts): Promise<Installation> {
  const { folder, decide, kill } = parts;
  const functions = new Map<string, Handler>();
  const parameters = new Map<string, string>();
  const secrets = new Map<string, string>();
  const aws = await startAws({
    folder: join(folder, 'aws'),
    port: 0,
    contents: { functions, parameters, secrets, onEvent: () => {} },
    onTableWrite: () => {},
  });
  const git = await parts.git.serve(join(folder, 'git'), REPOSITORIES);
  const bareOf = (repository: string) => join(folder, 'git', `${repository}.git`);
  for (const name of REPOSITORIES) {
    // Its own log of where each branch has been; what arrives stays loose (bare.ts); it takes whatever is forced upon
    // it: nobody is protected but by who pushes.
    await appendFile(
      join(bareOf(name), 'config'),
      `[core]\nlogAllRefUpdates = always\n[receive]\nunpackLimit = 1000000\n`,
    );
    await rm(join(bareOf(name), 'hooks', 'update'));
    await mkdir(join(bareOf(name), 'logs', 'refs', 'heads'), { recursive: true });
    await writeFile(join(bareOf(name), 'logs', 'refs', 'heads', 'main'), '');
  }

  const awsProxy = await startProxy({ port: aws.port, serviceOf: awsService, decide, kill });
  const gitProxy = await startProxy({
    port: git.port,
    serviceOf: gitService,
    decide,
    kill,
    async before({ what, path }) {
      if (what === PUSH_BEGINS) await parts.pushes.begins(repositoryOf(path));
      if (what === PUSH) await parts.pushes.arrives(repositoryOf(path));
    },
    late: ({ what, path }) => (what === PUSH ? parts.pushes.isLate(repositoryOf(path)) : Promise.resolve()),
    lateArrives: ({ what, path }, arrive) =>
      what === PUSH ? parts.pushes.lateArrives(repositoryOf(path), arrive) : arrive(),
    unnoticed: ({ what, path }) =>
      what === PUSH ? parts.pushes.unnoticed(repositoryOf(path)) : Promise.resolve(),
  });
  const config = parseConfig(configOf((name) => `http://127.0.0.1:${gitProxy.port}/${name}.git`));
  for (const [name, value] of toParameters(config)) parameters.set(`${CONFIG_PATH}/${name}`, value);
  secrets.set(SECRET, git.pushToken);
  functions.set('render-release', await renderer(aws, parts));
  const variables = {
    installation: INSTALLATION,
    table: TABLE,
    uploadBucket: BUCKETS.upload,
    contentBucket: BUCKETS.content,
    stateBucket: BUCKETS.state,
    receiveQueue: aws.queues.receive,
    doorbellQueue: aws.queues.doorbell,
    readQueue: aws.queues.read,
    renderFunction: 'render-release',
    configPath: CONFIG_PATH,
    configHash: 'faults',
  } as const;
  return {
    aws,
    git,
    bareOf,
    environment: {
      ...aws.environment,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${awsProxy.port}`,
      ...Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [VARIABLES[name as keyof typeof variables], value]),
      ),
    },
    async stop() {
      await awsProxy.stop();
      await gitProxy.stop();
      await git.stop();
      await aws.stop();
    },
  };
}

/** The real one, with helm; what it said to the same question in an earlier run it says again. */
async function renderer(
  { environment }: LocalAws,
  { folder, tools, rendered }: InstallationParts,
): Promise<Handler> {
  const scratch = join(folder, 'scratch', 'render-release');
  await mkdir(scratch, { recursive: true });
  const handler = renderRelease({
    ...environment,
    [VARIABLES.installation]: INSTALLATION,
    [VARIABLES.contentBucket]: BUCKETS.content,
    [VARIABLES.stateBucket]: BUCKETS.state,
    [VARIABLES.tools]: tools,
    [VARIABLES.scratch]: scratch,
  });
  return async (event) => {
    const question = JSON.stringify(event);
    const known = rendered.get(question);
    if (known !== undefined) return known;
    const answer = await handler(event);
    rendered.set(question, answer);
    return answer;
  };
}

/** Sort keys of a partition of the table. */
export async function listPartition(aws: LocalAws, pk: string): Promise<string[]> {
  return (await itemsOf(aws, pk)).map(({ sk }) => `${pk}: ${sk?.S}`);
}

/** What is frozen of a target, as the record has it. */
export async function listFreezes(aws: LocalAws, target: string): Promise<string[]> {
  const pk = `freeze#${target}`;
  const items = await itemsOf(aws, pk);
  return items.flatMap(({ sk, state }) => (state?.S === 'frozen' ? [`${pk}: ${sk?.S}`] : []));
}

async function itemsOf({ environment }: LocalAws, pk: string) {
  const { Items = [] } = await clients.dynamodb(environment).send(
    new QueryCommand({
      TableName: TABLE,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  );
  return Items;
}
