import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { readConfiguration } from '../../local/configuration.ts';
import { packExample } from '../../local/example/pack.ts';
import { type Installation, startInstallation } from '../../local/installation.ts';
import { synthesised } from '../infra/example.ts';
import { type Deed, isAllowed, rightsOf } from '../infra/rights.ts';
import { requirement } from '../requirements.ts';

/**
 * What runs here is what would be allowed in AWS: every call that each function makes while a chart is delivered,
 * applied, checked and changed by hand is held against the role that the template gives that function.
 */
const PATIENCE_MS = 120_000;
const POLL_MS = 300;

interface Call {
  readonly by: string;
  readonly deed: Deed;
}

const BUCKETS: Readonly<Record<string, string>> = {
  charts: 'UploadsBucket',
  content: 'ContentBucket',
  state: 'StateBucket',
};

test('each function does nothing that its role does not allow', requirement('control-plane'), async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-rights-'));
  const calls: Call[] = [];
  const restore = record((call) => calls.push(call));
  const interrupted = new AbortController();
  let installation: Installation | undefined;
  try {
    installation = await startInstallation(
      {
        dataFolder: folder,
        ports: { aws: 0, page: 0, git: 0 },
        config: await readConfiguration(undefined),
        cluster: { kind: 'local' },
        checkSeconds: 2,
        onNotice: () => {},
      },
      interrupted.signal,
    );
    await upload(installation, 'staging/shop/hello/', await packExample('0.1.0'));
    await upload(
      installation,
      'staging/shop/broken/',
      await packExample('0.1.0', new Map([['templates/b.yaml', '{{ fail "no" }}']])),
    );
    const told = (by: string, action: string) =>
      calls.some((call) => call.by === by && call.deed.action === action);
    await until('each function did its work', () =>
      [
        ['receive-upload', 'sqs:SendMessage'],
        ['render-release', 's3:PutObject'],
        ['deliver-uploads', 's3:PutObjectVersionTagging'],
        ['read-desired', 'sqs:SendMessage'],
        ['check-drift', 'dynamodb:PutItem'],
        ['send-alerts', 'sns:Publish'],
        ['sweep', 'ssm:GetParametersByPath'],
      ].every(([by = '', action = '']) => told(by, action)),
    );
  } finally {
    interrupted.abort();
    await installation?.stop();
    restore();
    await rm(folder, { recursive: true, force: true });
  }

  const { run } = synthesised();
  const refused = new Set(
    calls
      .filter(({ by, deed }) => !isAllowed(rightsOf(run, by), deed))
      .map(
        ({ by, deed: { action, thing, key } }) =>
          `${by}: ${action} on ${thing}${key === undefined ? '' : `/${key}`}`,
      ),
  );
  assert.deepEqual([...refused], []);
});

test('that a right is missing would be seen', () => {
  const { run } = synthesised();
  const may = (by: string, deed: Deed) => isAllowed(rightsOf(run, by), deed);
  assert.ok(may('check-drift', { action: 's3:GetObject', thing: 'StateBucket', key: 'desired/a.json' }));
  assert.ok(!may('check-drift', { action: 's3:PutObject', thing: 'StateBucket', key: 'desired/a.json' }));
  assert.ok(!may('check-drift', { action: 's3:GetObject', thing: 'ContentBucket', key: 'trees/a' }));
  assert.ok(!may('sweep', { action: 's3:GetObject', thing: 'UploadsBucket', key: 'staging/a' }));
  assert.ok(!may('sweep', { action: 'dynamodb:PutItem', thing: 'RecordTable', key: 'index/untold' }));
});

async function upload(
  { aws }: Installation,
  prefix: string,
  { fileName, bytes }: { fileName: string; bytes: Buffer },
): Promise<void> {
  await clients
    .s3(aws.environment)
    .send(
      new PutObjectCommand({ Bucket: aws.buckets.upload.name, Key: `${prefix}${fileName}`, Body: bytes }),
    );
}

async function until(what: string, seen: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!seen()) {
    assert.ok(Date.now() < deadline, `${what}: not seen in time`);
    await sleep(POLL_MS);
  }
}

/** Which function an environment is: each is given a folder of its own, or something that no other has. */
function functionOf(environment: Environment): string | undefined {
  const scratch = environment[VARIABLES.scratch];
  if (scratch !== undefined) return basename(scratch);
  if (environment[VARIABLES.emailTopic] !== undefined) return 'send-alerts';
  return environment[VARIABLES.receiveQueue] === undefined ? undefined : 'sweep';
}

/** Listens to what the functions' clients send. Gives back what undoes it. */
function record(listen: (call: Call) => void): () => void {
  return clients.watchClients((client, environment) => {
    const by = functionOf(environment);
    if (by === undefined) return;
    client.middlewareStack.add(
      (next, context) => (args) => {
        for (const deed of deedsOf(context.commandName ?? '', args.input as Input)) listen({ by, deed });
        return next(args);
      },
      { step: 'initialize', name: 'rights' },
    );
  });
}

interface Input {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly VersionId?: string;
  readonly IndexName?: string;
  readonly QueueUrl?: string;
  readonly TopicArn?: string;
}

/** What IAM is asked for a command (service authorization reference of each service). */
function deedsOf(command: string, input: Input): Deed[] {
  const object = (action: string): Deed[] => [
    {
      action: `s3:${action}`,
      thing: BUCKETS[input.Bucket ?? ''] ?? `bucket ${input.Bucket}`,
      key: input.Key ?? '',
    },
  ];
  const item = (action: string): Deed[] => [
    {
      action: `dynamodb:${action}`,
      thing: 'RecordTable',
      ...(input.IndexName === undefined ? {} : { key: `index/${input.IndexName}` }),
    },
  ];
  const version = input.VersionId === undefined ? '' : 'Version';
  switch (command) {
    case 'GetObjectCommand':
      return object(`GetObject${version}`);
    case 'PutObjectCommand':
      return object('PutObject');
    case 'GetObjectTaggingCommand':
      return object(`GetObject${version}Tagging`);
    case 'PutObjectTaggingCommand':
      return object(`PutObject${version}Tagging`);
    case 'ListObjectVersionsCommand':
      return [{ action: 's3:ListBucketVersions', thing: BUCKETS[input.Bucket ?? ''] ?? '' }];
    case 'GetCommand':
    case 'GetItemCommand':
      return item('GetItem');
    case 'PutCommand':
    case 'PutItemCommand':
      return item('PutItem');
    case 'DeleteCommand':
    case 'DeleteItemCommand':
      return item('DeleteItem');
    case 'QueryCommand':
      return item('Query');
    case 'SendMessageCommand':
      return [{ action: 'sqs:SendMessage', thing: queueOf(input.QueueUrl ?? '') }];
    case 'PublishCommand':
      return [{ action: 'sns:Publish', thing: topicOf(input.TopicArn ?? '') }];
    case 'InvokeCommand':
      return [{ action: 'lambda:InvokeFunction', thing: 'renderreleaseFunction' }];
    case 'PutEventsCommand':
      return [{ action: 'events:PutEvents', thing: 'AlertsEventsBus' }];
    case 'GetParametersByPathCommand':
      return [{ action: 'ssm:GetParametersByPath', thing: ':parameter', key: 'fairlead/fairlead/config' }];
    case 'GetSecretValueCommand':
      return [{ action: 'secretsmanager:GetSecretValue', thing: ':secret:', key: 'cluster/write-aB3dE6' }];
    case 'DescribeClusterCommand':
      return [{ action: 'eks:DescribeCluster', thing: ':cluster', key: 'staging' }];
    default:
      return [{ action: command, thing: 'unknown to this test' }];
  }
}

function queueOf(url: string): string {
  const queues = {
    receive: 'ArrivalsReceiveQueue',
    doorbell: 'DoorbellQueue',
    read: 'ReadsQueue',
    check: 'ChecksQueue',
  };
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  return Object.entries(queues).find(([part]) => name.includes(part))?.[1] ?? `queue ${name}`;
}

function topicOf(arn: string): string {
  const topics = { email: 'AlertsEmail', pager: 'AlertsPager', chat: 'AlertsChat' };
  return Object.entries(topics).find(([part]) => arn.endsWith(part))?.[1] ?? `topic ${arn}`;
}
