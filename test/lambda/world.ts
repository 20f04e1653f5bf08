import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import type { GitFunctionName, ZipFunctionName } from '../../infra/packages.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { SMOKE_REQUEST, smokeAnswer } from '../../lib/messages/smoke.ts';
import { BUCKETS, EVENT_BUS, TABLE } from '../../local/aws/aws.ts';
import type { Handler } from '../../local/aws/services.ts';
import { GIVEN } from '../../local/functions.ts';
import { tools } from '../../local/tools.ts';
import { testAws } from '../fixtures/local-aws.ts';
import { gitServer } from '../lib/repository/server.ts';
import { type Lambda, startLambda } from './lambda.ts';

export type Bundled = ZipFunctionName | GitFunctionName;

/** Which variables each has when it is deployed; two of them run nowhere else. */
const DEPLOYED: Readonly<Record<Bundled, readonly (keyof typeof VARIABLES)[]>> = {
  ...GIVEN,
  'smoke-test': ['installation', 'scratch'],
  'back-up-repositories': ['installation', 'scratch', 'configPath', 'configHash', 'backupBucket'],
};

const INSTALLATION = 'fairlead';
const CONFIG_PATH = '/fairlead/fairlead';
const SECRET = 'git-write';

/** Every function as a bundle in an execution environment of its own, beside the embedded AWS and a Git server. */
export async function lambdaWorld(change: Partial<ConfigInput['targets'][number]> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-bundles-'));
  const git = await gitServer();
  const config = parseConfig({
    installation: INSTALLATION,
    repositories: [{ name: 'cluster', url: git.url, credential: { kind: 'token', secret: SECRET } }],
    targets: [
      {
        name: 'staging',
        repository: 'cluster',
        deployer: 'flux',
        namespaces: ['shop'],
        judgeAgainSeconds: 0,
        ...change,
      },
    ],
  });
  const functions = new Map<string, Handler>();
  const aws = await testAws({
    functions,
    parameters: new Map([...toParameters(config)].map(([name, value]) => [`${CONFIG_PATH}/${name}`, value])),
    secrets: new Map([[SECRET, git.credential.token]]),
  });
  const all: Partial<Record<keyof typeof VARIABLES, string>> = {
    installation: INSTALLATION,
    table: TABLE,
    uploadBucket: BUCKETS.upload,
    contentBucket: BUCKETS.content,
    stateBucket: BUCKETS.state,
    receiveQueue: aws.queues.receive,
    doorbellQueue: aws.queues.doorbell,
    readQueue: aws.queues.read,
    checkQueue: aws.queues.check,
    renderFunction: `${INSTALLATION}-render-release`,
    emailTopic: aws.topics.email,
    pagerTopic: aws.topics.pager,
    chatTopic: aws.topics.chat,
    eventBus: EVENT_BUS,
    // Of the embedded buckets, one that keeps what is written once.
    backupBucket: BUCKETS.content,
    configPath: CONFIG_PATH,
    configHash: '0123456789abcdef',
    tools: '/opt',
    scratch: '/tmp',
  };
  const { folder: layers } = await tools();
  const started: Lambda[] = [];
  const warm = new Map<Bundled, Lambda>();

  /** An execution environment of a function: its own variables (those that it is deployed with), and no others. */
  async function start(name: Bundled, changed: Environment = {}, ownLayers = layers): Promise<Lambda> {
    if (!existsSync(join(folder, name))) bundle(name, join(folder, name));
    const one = await startLambda({
      name,
      bundle: join(folder, name),
      layers: ownLayers,
      environment: {
        ...aws.environment,
        HOME: '/tmp',
        ...Object.fromEntries(DEPLOYED[name].map((variable) => [VARIABLES[variable], all[variable] ?? ''])),
        ...changed,
      },
    });
    started.push(one);
    return one;
  }

  async function lambda(name: Bundled): Promise<Lambda> {
    const kept = warm.get(name);
    if (kept !== undefined) return kept;
    const one = await start(name);
    warm.set(name, one);
    // As Lambda's own API gives it to whoever invokes it.
    functions.set(`${INSTALLATION}-${name}`, async (event) => {
      const invoked = await one.invoke(event);
      if (invoked.kind === 'response') return invoked.answer;
      throw Object.assign(new Error(invoked.errorMessage), { name: invoked.errorType });
    });
    return one;
  }

  return {
    aws,
    git,
    config,
    start,
    lambda,
    /** What a function answers. It must. */
    async answer<Answer>(name: Bundled, event: unknown): Promise<Answer> {
      const one = await lambda(name);
      const invoked = await one.invoke(event);
      assert.equal(invoked.kind, 'response', `${JSON.stringify(invoked)}\n${one.log()}`);
      return (invoked as { answer: Answer }).answer;
    },
    async found(name: Bundled): Promise<Readonly<Record<string, string>>> {
      const one = await lambda(name);
      const invoked = await one.invoke(SMOKE_REQUEST);
      assert.equal(invoked.kind, 'response', `${JSON.stringify(invoked)}\n${one.log()}`);
      return smokeAnswer.parse((invoked as { answer: unknown }).answer).found;
    },
    async end(): Promise<void> {
      await Promise.all(started.map((one) => one.stop()));
      await aws.end();
      await git.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
