import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { checkDrift } from '../functions/check-drift.ts';
import { deliverUploads } from '../functions/deliver-uploads.ts';
import { readDesired } from '../functions/read-desired.ts';
import { receiveUpload } from '../functions/receive-upload.ts';
import { renderRelease } from '../functions/render-release.ts';
import { sendAlerts } from '../functions/send-alerts.ts';
import { sweep } from '../functions/sweep.ts';
import * as clients from '../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { sqsQueue } from '../lib/aws/queues.ts';
import { dynamoTable } from '../lib/aws/table.ts';
import type { Config } from '../lib/config/config.ts';
import { webhooksPath } from '../lib/config/parameters.ts';
import type { ReadRequest } from '../lib/messages/messages.ts';
import { type SweepParts, sweep as sweepOnce } from '../lib/uploads/sweep.ts';
import { BUCKETS, EVENT_BUS, type LocalAws, TABLE } from './aws/aws.ts';
import type { Handler } from './aws/services.ts';
import { CONFIG_PATH } from './config-path.ts';
import { type Pumped, pump } from './pump.ts';

/** Names by which Lambda invokes them. */
export const FUNCTION_NAMES = [
  'receive-upload',
  'deliver-uploads',
  'render-release',
  'read-desired',
  'check-drift',
  'send-alerts',
  'sweep',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

export { CONFIG_PATH };

/** Deployed: a minute. Here a person waits for what is judged once more. */
const SWEEP_SECONDS = 3;
const HOUR_SECONDS = 3600;
const PAST_ALL_WAITING_MS = 10 * 60_000;
/** Where a write to the table was missed (at a start), alerts are told by this at the latest. */
const OUTBOX_SECONDS = 5;

export interface FunctionParts {
  readonly aws: LocalAws;
  readonly config: Config;
  /** Seconds between two checks of a target. */
  readonly checkSeconds: number;
  /** Folder with helm/helm and kubectl/kubectl. */
  readonly tools: string;
  /** Writable; each function gets a folder of its own below it. */
  readonly scratch: string;
  readonly onError: (name: string, error: unknown) => void;
}

export interface LocalFunctions {
  readonly handlers: ReadonlyMap<FunctionName, Handler>;
  /** Reads Git and compares now, as the schedule would. */
  requestCheck(target: string, because: ReadRequest['because']): Promise<void>;
  /** The table has changed: alerts may wait. */
  tableWritten(): void;
  /** Begins to compare with clusters: before there is one, what is to be checked waits in its queue. */
  startChecking(): void;
  stop(): Promise<void>;
}

/** The deployed handlers, driven by the same events over the same queues. */
export async function startFunctions(parts: FunctionParts): Promise<LocalFunctions> {
  const { aws, config, onError } = parts;
  const handlers = new Map<FunctionName, Handler>();
  for (const name of FUNCTION_NAMES) handlers.set(name, await create(name, parts));
  const handlerOf = (name: FunctionName): Handler => handlers.get(name) as Handler;

  const sqs = clients.sqs(aws.environment);
  const ending = new AbortController();
  const { signal } = ending;
  const running: Promise<void>[] = [];
  const start = (queue: Omit<Pumped, 'handler' | 'name'> & { name: FunctionName }) =>
    running.push(pump(sqs, { ...queue, handler: handlerOf(queue.name) }, onError, signal));
  const every = (seconds: number, name: string, work: () => Promise<unknown>) =>
    running.push(repeat(seconds, name, work));

  async function repeat(seconds: number, name: string, work: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        if (!signal.aborted) onError(name, error);
      });
      await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
    }
  }

  const requestCheck = async (target: string, because: ReadRequest['because']) => {
    const request: ReadRequest = { schema: 1, target, because };
    await sqs.send(
      new SendMessageCommand({ QueueUrl: aws.queues.read, MessageBody: JSON.stringify(request) }),
    );
  };

  const outbox = drainOutbox(aws, handlerOf('send-alerts'), onError);

  start({ name: 'receive-upload', queueUrl: aws.queues.receive, batchSize: 10 });
  start({ name: 'deliver-uploads', queueUrl: aws.queues.doorbell, batchSize: 1 });
  start({ name: 'read-desired', queueUrl: aws.queues.read, batchSize: 1 });
  running.push(askAgain(parts).catch((error: unknown) => onError('sweep', error)));
  every(SWEEP_SECONDS, 'sweep', () => handlerOf('sweep')({ schema: 1, sweep: 'minutes' }));
  every(HOUR_SECONDS, 'sweep', () => handlerOf('sweep')({ schema: 1, sweep: 'hours' }));
  every(OUTBOX_SECONDS, 'send-alerts', outbox);

  let checking = false;
  return {
    handlers,
    requestCheck,
    tableWritten: () => {
      outbox().catch((error: unknown) => {
        if (!signal.aborted) onError('send-alerts', error);
      });
    },
    startChecking() {
      if (checking) return;
      checking = true;
      start({ name: 'check-drift', queueUrl: aws.queues.check, batchSize: 1 });
      for (const { name } of config.targets) {
        every(parts.checkSeconds, 'schedule', () => requestCheck(name, 'schedule'));
      }
    },
    async stop() {
      ending.abort();
      await Promise.all(running);
    },
  };
}

/**
 * Queues live in memory here: what was on its way when the last process ended has gone with it, and nothing is on
 * its way now. So it is asked for at once, by a clock that has passed whatever a sweep waits for.
 */
async function askAgain({ aws, config }: FunctionParts): Promise<void> {
  const { environment, queues } = aws;
  const sqs = clients.sqs(environment);
  const parts: SweepParts = {
    config,
    bucket: BUCKETS.upload,
    table: dynamoTable(clients.dynamodb(environment), TABLE),
    uploads: s3Store(clients.s3(environment), BUCKETS.upload),
    received: sqsQueue(sqs, queues.receive),
    doorbell: sqsQueue(sqs, queues.doorbell),
    reads: sqsQueue(sqs, queues.read),
    now: () => new Date(Date.now() + PAST_ALL_WAITING_MS),
  };
  for (const kind of ['hours', 'minutes'] as const) await sweepOnce({ schema: 1, sweep: kind }, parts);
}

/** A function by its file, made with variables of its own: what it is not given it cannot reach. */
async function create(name: FunctionName, parts: FunctionParts): Promise<Handler> {
  const environment = await environmentOf(name, parts);
  switch (name) {
    case 'receive-upload':
      return receiveUpload(environment);
    case 'deliver-uploads':
      return deliverUploads(environment);
    case 'render-release':
      return renderRelease(environment);
    case 'read-desired':
      return readDesired(environment);
    case 'check-drift':
      return checkDrift(environment);
    case 'send-alerts':
      return sendAlerts(environment);
    case 'sweep':
      return sweep(environment);
  }
}

async function environmentOf(
  name: FunctionName,
  { aws, config, tools, scratch }: FunctionParts,
): Promise<Environment> {
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  const all: Record<keyof typeof VARIABLES, string> = {
    installation: config.installation,
    table: TABLE,
    uploadBucket: BUCKETS.upload,
    contentBucket: BUCKETS.content,
    stateBucket: BUCKETS.state,
    // Nothing is backed up here: the repositories are folders beside everything else that would be lost with them.
    backupBucket: '',
    receiveQueue: aws.queues.receive,
    doorbellQueue: aws.queues.doorbell,
    readQueue: aws.queues.read,
    checkQueue: aws.queues.check,
    // One function stands beside every cluster of this machine.
    privateCheckQueues: '{}',
    renderFunction: 'render-release',
    emailTopic: aws.topics.email,
    pagerTopic: aws.topics.pager,
    chatTopic: aws.topics.chat,
    eventBus: EVENT_BUS,
    configPath: CONFIG_PATH,
    configHash: 'local',
    // No cluster here writes one to CloudWatch.
    auditLogs: '{}',
    // As deployed: who has none reads none.
    webhooksPath: config.audiences.some(({ form }) => form === 'webhook')
      ? webhooksPath(config.installation)
      : '',
    tools,
    scratch: folder,
  };
  return {
    ...aws.environment,
    ...Object.fromEntries(GIVEN[name].map((variable) => [VARIABLES[variable], all[variable]])),
  };
}

type Variable = keyof typeof VARIABLES;
const EVERY: readonly Variable[] = ['installation', 'scratch'];
const CONFIGURATION: readonly Variable[] = ['configPath', 'configHash'];

/** Which variables each function has when it is deployed. */
export const GIVEN: Record<FunctionName, readonly Variable[]> = {
  'receive-upload': [
    ...EVERY,
    ...CONFIGURATION,
    'table',
    'uploadBucket',
    'contentBucket',
    'receiveQueue',
    'doorbellQueue',
  ],
  'deliver-uploads': [
    ...EVERY,
    ...CONFIGURATION,
    'table',
    'uploadBucket',
    'contentBucket',
    'stateBucket',
    'doorbellQueue',
    'readQueue',
    'renderFunction',
  ],
  'render-release': [...EVERY, 'contentBucket', 'stateBucket', 'tools'],
  'read-desired': [
    ...EVERY,
    ...CONFIGURATION,
    'table',
    'contentBucket',
    'stateBucket',
    'doorbellQueue',
    'checkQueue',
    'renderFunction',
  ],
  'check-drift': [...EVERY, 'table', 'stateBucket'],
  'send-alerts': [
    ...EVERY,
    'table',
    'stateBucket',
    'emailTopic',
    'pagerTopic',
    'chatTopic',
    'eventBus',
    'webhooksPath',
    'configHash',
  ],
  sweep: [...EVERY, ...CONFIGURATION, 'table', 'uploadBucket', 'receiveQueue', 'doorbellQueue', 'readQueue'],
};

/**
 * What the table's stream does when deployed: items with untold alerts become a stream event. One at a time; a
 * write that comes meanwhile is looked at afterwards.
 */
function drainOutbox(aws: LocalAws, sendAlerts: Handler, onError: FunctionParts['onError']) {
  const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
  let state: 'idle' | 'draining' | 'draining, and again' = 'idle';
  return async (): Promise<void> => {
    if (state !== 'idle') {
      state = 'draining, and again';
      return;
    }
    do {
      state = 'draining';
      try {
        const Records = [];
        for await (const { pk, sk } of table.untold()) {
          Records.push({ eventName: 'MODIFY', dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } });
        }
        if (Records.length > 0) await sendAlerts({ Records });
      } catch (error) {
        onError('send-alerts', error);
      }
    } while ((state as string) === 'draining, and again');
    state = 'idle';
  };
}
