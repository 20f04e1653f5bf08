import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { renderRelease } from '../../../functions/render-release.ts';
import { clients, type Environment, VARIABLES } from '../../../lib/aws/environment.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { toParameters } from '../../../lib/config/parameters.ts';
import { BUCKETS, type LocalAws, startAws, TABLE } from '../../../local/aws/aws.ts';
import type { Handler } from '../../../local/aws/services.ts';
import { type GitServer, startGit } from '../../../local/git.ts';
import { runGit } from './foreign.ts';
import { type Asked, awsService, type Fault, gitService, PUSH, PUSH_BEGINS, startProxy } from './proxy.ts';
import { configOf, REPOSITORIES, SECRET } from './world.ts';

/** One run's AWS and Git servers, each behind a proxy that faults come from. */
export interface Installation {
  readonly aws: LocalAws;
  readonly git: GitServer;
  /** What every function is given: all of it behind the proxies. */
  readonly environment: Environment;
  bareOf(repository: string): string;
  stop(): Promise<void>;
}

export interface InstallationParts {
  readonly folder: string;
  readonly tools: string;
  readonly rendered: Map<string, unknown>;
  readonly decide: (asked: Asked) => Fault | undefined;
  readonly kill: (asked: Asked) => void;
  /** Told before a push goes on to the server. */
  readonly beforePush: (repository: string) => Promise<void>;
  /** Told after the server has taken one, where who pushed does not get to know. */
  readonly afterPush: (repository: string) => Promise<void>;
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
  const git = await startGit({
    folder: join(folder, 'git'),
    port: 0,
    repositories: REPOSITORIES.map((name) => ({ name, branch: 'main' })),
    onPush: () => {},
  });
  const bareOf = (repository: string) => join(folder, 'git', `${repository}.git`);
  for (const name of REPOSITORIES) {
    // The server's own log of where each branch has been.
    await runGit(bareOf(name), ['config', 'core.logAllRefUpdates', 'always']);
    // It takes whatever is forced upon it: nobody is protected but by who pushes.
    await runGit(bareOf(name), ['config', 'receive.denyNonFastForwards', 'false']);
  }

  const awsProxy = await startProxy({ port: aws.port, serviceOf: awsService, decide, kill });
  const gitProxy = await startProxy({
    port: git.port,
    serviceOf: gitService,
    decide,
    kill,
    // Before it asks where the branch is (the lease is for this), and before it moves it.
    before: (asked) => ifPush(asked, parts.beforePush, [PUSH, PUSH_BEGINS]),
    unnoticed: (asked) => ifPush(asked, parts.afterPush, [PUSH]),
  });
  const config = parseConfig(configOf((name) => `http://127.0.0.1:${gitProxy.port}/${name}.git`));
  for (const [name, value] of toParameters(config)) parameters.set(`${CONFIG_PATH}/${name}`, value);
  secrets.set(SECRET, git.pushToken);
  functions.set('render-release', await renderer(aws, parts));
  const variables = {
    installation: 'faults',
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

const ifPush = async (
  { what, path }: Asked,
  then: (repository: string) => Promise<void>,
  moments: readonly string[],
): Promise<void> => {
  if (moments.includes(what)) await then(path.split('/')[1]?.replace('.git', '') ?? '');
};

/** The real one, with helm; what it said to the same question in an earlier run it says again. */
async function renderer(
  { environment }: LocalAws,
  { folder, tools, rendered }: InstallationParts,
): Promise<Handler> {
  const scratch = join(folder, 'scratch', 'render-release');
  await mkdir(scratch, { recursive: true });
  const handler = renderRelease({
    ...environment,
    [VARIABLES.installation]: 'faults',
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
export async function listPartition({ environment }: LocalAws, pk: string): Promise<string[]> {
  const { Items = [] } = await clients.dynamodb(environment).send(
    new QueryCommand({
      TableName: TABLE,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  );
  return Items.map(({ sk }) => `${pk}: ${sk?.S}`);
}
