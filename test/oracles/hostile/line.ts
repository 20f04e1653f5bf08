import { type ChildProcess, execFile, execFileSync, fork } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GetObjectTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import * as clients from '../../../lib/aws/clients.ts';
import { VARIABLES } from '../../../lib/aws/environment.ts';
import { dynamoTable } from '../../../lib/aws/table.ts';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { toParameters } from '../../../lib/config/parameters.ts';
import { close, listen } from '../../../lib/loopback/listen.ts';
import { recordKey, type UploadRecord } from '../../../lib/uploads/record/record.ts';
import { BUCKETS, EVENT_BUS, startAws, TABLE } from '../../../local/aws/aws.ts';
import type { Handler } from '../../../local/aws/services.ts';
import { tools } from '../../../local/tools.ts';
import { gitServer } from '../../lib/repository/server.ts';
import { type Put, TARGET } from './case.ts';
import type { FromLine, ToLine } from './line-process.ts';

const POLL_MILLISECONDS = 10;
const CONFIG_PATH = '/fairlead/hostile';
/** Looks like nothing that a check knows, so that only its value can give it away. */
export const CANARY_SECRET = 'canary-7d1f0c55e2a94b';

const NAMESPACED = { repository: 'cluster', namespaces: ['shop'], judgeAgainSeconds: 0 };
/** One target by the default policy for each deployer, and one that names what charts of everyday need. */
export const TARGETS: ConfigInput['targets'] = [
  { ...NAMESPACED, name: TARGET, deployer: 'flux' },
  { ...NAMESPACED, name: 'argo', deployer: 'argocd' },
  { ...NAMESPACED, name: 'watched', deployer: 'flux', driftOnly: true },
  {
    ...NAMESPACED,
    name: 'open',
    deployer: 'flux',
    allowPlainSecrets: true,
    allowKinds: ['CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding', 'IngressClass'],
  },
];

export interface Ended {
  readonly record: UploadRecord;
  readonly tags: Readonly<Record<string, string>>;
}

/** An installation in which the functions run in one child process, and everything else in this one. */
export async function startLine() {
  const git = await gitServer();
  const folders = { scratch: join(git.folder, 'scratch'), temporary: join(git.folder, 'tmp') };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  const canary = await startCanary(git.folder);
  const config = parseConfig({
    installation: 'hostile',
    repositories: [{ name: 'cluster', url: git.url, credential: { kind: 'token', secret: 'write' } }],
    targets: TARGETS,
  });
  const told: string[] = [];
  const failures: string[] = [];
  const functions = new Map<string, Handler>();
  const aws = await startAws({
    folder: join(git.folder, 'aws'),
    port: 0,
    contents: {
      functions,
      parameters: new Map(
        [...toParameters(config)].map(([name, value]) => [`${CONFIG_PATH}/${name}`, value]),
      ),
      secrets: new Map([['write', git.credential.token]]),
      onEvent: (event) => told.push(JSON.stringify(event.detail)),
    },
    onTableWrite: () => {},
  });
  const environment = {
    ...(aws.environment as Record<string, string>),
    // What a function asks for and is not named here it gets by a name that leads nowhere.
    ...Object.fromEntries(Object.values(VARIABLES).map((name) => [name, 'none'])),
    [VARIABLES.installation]: config.installation,
    [VARIABLES.table]: TABLE,
    [VARIABLES.uploadBucket]: BUCKETS.upload,
    [VARIABLES.contentBucket]: BUCKETS.content,
    [VARIABLES.stateBucket]: BUCKETS.state,
    [VARIABLES.receiveQueue]: aws.queues.receive,
    [VARIABLES.doorbellQueue]: aws.queues.doorbell,
    [VARIABLES.readQueue]: aws.queues.read,
    [VARIABLES.checkQueue]: aws.queues.check,
    [VARIABLES.renderFunction]: 'render-release',
    [VARIABLES.emailTopic]: aws.topics.email,
    [VARIABLES.pagerTopic]: aws.topics.pager,
    [VARIABLES.chatTopic]: aws.topics.chat,
    [VARIABLES.eventBus]: EVENT_BUS,
    [VARIABLES.auditLogs]: '{}',
    [VARIABLES.configPath]: CONFIG_PATH,
    [VARIABLES.tools]: (await tools()).folder,
    [VARIABLES.scratch]: folders.scratch,
  };
  const s3 = clients.s3(environment);
  const sqs = clients.sqs(environment);
  const table = dynamoTable(clients.dynamodb(environment), TABLE);

  const running = await startProcess(environment, folders.temporary, failures);
  functions.set('render-release', (event) =>
    running.call({ kind: 'invoke', function: 'render-release', event }),
  );

  async function ended(key: string, versionId: string, patience: number): Promise<Ended | undefined> {
    const version = { Bucket: BUCKETS.upload, Key: key, VersionId: versionId };
    const deadline = performance.now() + patience;
    while (performance.now() < deadline) {
      const record = (await table.get(recordKey(key, versionId))) as UploadRecord | undefined;
      const isDone = record !== undefined && record.state !== 'received' && record.state !== 'checked';
      if (isDone && (await isListedNowhere())) {
        const answer = await s3.send(new GetObjectTaggingCommand(version)).catch(() => undefined);
        return {
          record,
          tags: Object.fromEntries((answer?.TagSet ?? []).map(({ Key, Value }) => [Key, Value ?? ''])),
        };
      }
      await sleep(POLL_MILLISECONDS);
    }
    return undefined;
  }

  /** Entries are removed last: nothing is done after that. */
  async function isListedNowhere(): Promise<boolean> {
    for (const list of ['received', 'waiting#cluster#main'])
      for await (const _entry of table.query(list)) return false;
    return true;
  }

  return {
    git,
    aws,
    environment,
    folders,
    canary,
    table,
    failures,
    get pid() {
      return running.pid;
    },
    /** All that the process has written since the last time. */
    takeOutput: () => running.takeOutput(),
    rest: () => running.call({ kind: 'rest' }),
    render: (event: unknown) => running.call({ kind: 'invoke', function: 'render-release', event }),
    async put({ key, body, metadata = {} }: Put, patience: number): Promise<Ended | undefined> {
      const { VersionId } = await s3.send(
        new PutObjectCommand({ Bucket: BUCKETS.upload, Key: key, Body: body, Metadata: { ...metadata } }),
      );
      return ended(key, VersionId ?? '', patience);
    },
    /** As EventBridge would tell it, of an object that the embedded S3 cannot hold. */
    async tell(key: string, patience: number): Promise<Ended | undefined> {
      const versionId = `event-${Math.random().toString(36).slice(2)}`;
      const event = {
        'detail-type': 'Object Created',
        time: new Date().toISOString(),
        detail: {
          bucket: { name: BUCKETS.upload },
          object: { key, 'version-id': versionId, sequencer: '1' },
        },
      };
      await sqs.send(
        new SendMessageCommand({ QueueUrl: aws.queues.receive, MessageBody: JSON.stringify(event) }),
      );
      return ended(key, versionId, patience);
    },
    /** Sends the alerts that wait, and gives all that people and programs were sent. */
    async takeAlerts(): Promise<readonly string[]> {
      const keys = await Array.fromAsync(table.untold());
      const Records = keys.map(({ pk, sk }) => ({ dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } }));
      if (Records.length > 0)
        await running.call({ kind: 'invoke', function: 'send-alerts', event: { Records } });
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: aws.queues.inbox, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return told.splice(0);
        for (const { Body, ReceiptHandle } of Messages) {
          told.push(Body ?? '');
          await sqs.send(new DeleteMessageCommand({ QueueUrl: aws.queues.inbox, ReceiptHandle }));
        }
      }
    },
    /** What lies in the folders that the process may write to, but for the clones that it keeps. */
    async leftBehind(): Promise<string[]> {
      const found: string[] = [];
      for (const folder of Object.values(folders)) {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true });
        for (const entry of entries) {
          const path = join(entry.parentPath, entry.name).slice(git.folder.length + 1);
          if (!entry.isDirectory() && !IS_CLONE.test(path)) found.push(path);
          else if (entry.isDirectory() && /(^|\/)render-[^/]*$/.test(path) && !/render-release$/.test(path))
            found.push(`${path}/`);
        }
      }
      return found;
    },
    refs: () => git.git('for-each-ref', '--format=%(refname) %(objectname)'),
    /** Over the wire, from the server in this very process. */
    async clone(folder: string): Promise<void> {
      await promisify(execFile)('git', ['clone', '--quiet', '--depth=1', git.url, folder], {
        env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' },
      });
    },
    async stop() {
      await running.stop();
      await canary.stop();
      await aws.stop();
      await git.stop();
    },
  };
}
export type Line = Awaited<ReturnType<typeof startLine>>;

/** deliver-uploads keeps its clone of the repository while it is warm. */
const IS_CLONE = /^scratch\/deliver-uploads\//;

type Order = ToLine extends infer Each ? (Each extends { id: number } ? Omit<Each, 'id'> : never) : never;

async function startProcess(environment: Record<string, string>, temporary: string, failures: string[]) {
  const file = join(import.meta.dirname, 'line-process.ts');
  const child: ChildProcess = fork(file, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env.PATH, TMPDIR: temporary, HOME: '/nonexistent', NODE_NO_WARNINGS: '1' },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => output.push(part.toString('utf8')));
  const open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let count = 0;
  const started = Promise.withResolvers<void>();
  child.on('message', (message: FromLine) => {
    switch (message.kind) {
      case 'started':
        return started.resolve();
      case 'failed':
        return void failures.push(`${message.function} threw: ${message.message}`);
      case 'answered':
        open.get(message.id)?.resolve(message.result);
        return void open.delete(message.id);
      case 'threw':
        open.get(message.id)?.reject(new Error(message.message));
        return void open.delete(message.id);
    }
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      for (const { reject } of open.values()) reject(new Error('the process has ended'));
      open.clear();
      if (code !== 0 && signal !== 'SIGKILL') failures.push(`the process has ended (${code ?? signal})`);
      started.reject(new Error(`the process did not start: ${output.join('')}`));
      resolve();
    });
  });
  const send = (order: ToLine) => child.send(order);
  send({ kind: 'start', environment });
  await started.promise;
  return {
    pid: child.pid ?? 0,
    takeOutput: () => output.splice(0).join(''),
    call: (order: Order) =>
      new Promise<unknown>((resolve, reject) => {
        const id = ++count;
        open.set(id, { resolve, reject });
        send({ ...order, id } as ToLine);
      }),
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What nobody is to fetch or read. */
async function startCanary(folder: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(`{"type":"object","description":"${CANARY_SECRET}"}`);
  });
  const port = await listen(server, 0, 'the canary', '');
  const file = join(folder, 'canary.json');
  await writeFile(file, `{"description":"${CANARY_SECRET}","type":"string"}`);
  return { asked, url: `http://127.0.0.1:${port}/schema.json`, file, stop: () => close(server) };
}

/** The real helm, as a person runs it in a folder. */
export function helmIn(folder: string, helm: string, ...argv: string[]): string {
  return execFileSync(helm, argv, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
    env: { HOME: folder, PATH: '' },
  });
}
