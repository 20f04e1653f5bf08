import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DescribeTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import * as clients from '../../lib/aws/clients.ts';
import type { Environment } from '../../lib/aws/environment.ts';
import { UNTOLD_INDEX } from '../../lib/aws/table.ts';
import { close, listen } from '../../lib/loopback/listen.ts';
import { openDynamodb } from './dynamodb.ts';
import { awsEndpoint } from './endpoint.ts';
import { type AccessKeys, keptAccessKeys } from './keys.ts';
import { type Bucket, openBucket } from './s3/bucket.ts';
import { type CreatedObject, s3Front } from './s3/s3.ts';
import type { ServiceContents } from './services.ts';

export const REGION = 'us-east-1';
/** What fauxqs puts into its ARNs. */
const ACCOUNT = '000000000000';

export const BUCKETS = { upload: 'charts', content: 'content', state: 'state' } as const;
export const TABLE = 'fairlead';
export const EVENT_BUS = 'fairlead';
const TABLE_POLL_MS = 10;
/** Seconds that a message stays hidden while a function works on it. */
const VISIBILITY_SECONDS = 120;

export interface LocalAws {
  readonly url: string;
  readonly port: number;
  readonly keys: AccessKeys;
  /** Endpoint, region and keys, as the AWS CLI and the SDKs read them. */
  readonly environment: Environment;
  readonly queues: Readonly<Record<'receive' | 'doorbell' | 'read' | 'check' | 'inbox', string>>;
  readonly topics: Readonly<Record<'email' | 'pager' | 'chat', string>>;
  readonly buckets: Readonly<Record<keyof typeof BUCKETS, Bucket>>;
  stop(): Promise<void>;
}

/**
 * S3, DynamoDB, SQS, SNS, STS and the few calls of Lambda, SSM, Secrets Manager and EventBridge that Fairlead makes,
 * on one loopback port and on AWS's own protocols. Objects, items and keys survive a restart; queues are made anew,
 * since the record is the queue and `sweep` rings again.
 * @param options.port 0 for any free one
 * @throws PortTaken
 */
export async function startAws(options: {
  readonly folder: string;
  readonly port: number;
  readonly contents: ServiceContents;
  readonly onTableWrite: () => void;
}): Promise<LocalAws> {
  const keys = await keptAccessKeys(options.folder);
  const open = async (name: keyof typeof BUCKETS, versioned: boolean) =>
    await openBucket(join(options.folder, 's3', BUCKETS[name]), BUCKETS[name], versioned);
  const buckets = {
    upload: await open('upload', true),
    content: await open('content', false),
    state: await open('state', false),
  };
  const dynamodb = await openDynamodb(join(options.folder, 'dynamodb'));
  const messaging = buildApp({ logger: false, defaultRegion: REGION });
  await messaging.ready();

  let announce: (created: CreatedObject) => Promise<void> = async () => {};
  const s3 = s3Front(new Map(Object.values(buckets).map((bucket) => [bucket.name, bucket])), (created) =>
    announce(created),
  );
  let port = options.port;
  const server = awsEndpoint(
    {
      ...options.contents,
      keys,
      account: ACCOUNT,
      s3,
      dynamodb: dynamodb.serve,
      messaging: (request, response) => messaging.routing(request, response),
      onTableWrite: options.onTableWrite,
    },
    () => port,
  );
  const stop = async () => {
    await Promise.all([dynamodb.close(), messaging.close()]);
    await close(server);
  };
  try {
    port = await listen(server, options.port, 'the AWS endpoint', 'npm start -- --aws-port');
    const url = `http://127.0.0.1:${port}`;
    const environment: Environment = {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
    const queues = await createQueues(environment);
    const topics = await createTopics(environment);
    await createTable(environment);
    const sqs = clients.sqs(environment);
    announce = async (created) => {
      // Only the bucket of uploads tells EventBridge.
      if (created.bucket !== BUCKETS.upload) return;
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: queues.receive,
          MessageBody: JSON.stringify(objectCreatedEvent(created)),
        }),
      );
    };
    return { url, port, keys, environment, queues, topics, buckets, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createQueues(environment: Environment): Promise<LocalAws['queues']> {
  const sqs = clients.sqs(environment);
  const create = async (name: string, attributes: Record<string, string> = {}): Promise<string> => {
    await sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: { VisibilityTimeout: String(VISIBILITY_SECONDS), ...attributes },
      }),
    );
    // The one it answers with names a host of fauxqs' own, which no resolver need know.
    return `${environment.AWS_ENDPOINT_URL}/${ACCOUNT}/${name}`;
  };
  return {
    receive: await create('fairlead-receive'),
    doorbell: await create('fairlead-doorbell.fifo', { FifoQueue: 'true' }),
    read: await create('fairlead-read'),
    check: await create('fairlead-check'),
    inbox: await create('fairlead-inbox'),
  };
}

/** One topic a form, all of them into the inbox that the page shows. */
async function createTopics(environment: Environment): Promise<LocalAws['topics']> {
  const sns = clients.sns(environment);
  const create = async (form: string): Promise<string> => {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: `fairlead-${form}` }));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:fairlead-inbox`,
      }),
    );
    return TopicArn;
  };
  return { email: await create('email'), pager: await create('pager'), chat: await create('chat') };
}

async function createTable(environment: Environment): Promise<void> {
  const create = new CreateTableCommand({
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'untold', 'untoldAt'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: UNTOLD_INDEX,
        KeySchema: [
          { AttributeName: 'untold', KeyType: 'HASH' },
          { AttributeName: 'untoldAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  const dynamodb = clients.dynamodb(environment);
  await dynamodb.send(create).catch((error: unknown) => {
    // It is there from an earlier start.
    if (!(error instanceof ResourceInUseException)) throw error;
  });
  // Made in the background, as in AWS; a start that was cut off may have left it in the making.
  for (;;) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: TABLE }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await sleep(TABLE_POLL_MS);
  }
}

/** Source: Amazon S3 user guide, "EventBridge event message structure". */
function objectCreatedEvent({ bucket, version, reason, requestId }: CreatedObject) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: ACCOUNT,
    // EventBridge's times are whole seconds.
    time: new Date(version.at).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: REGION,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: {
        key: version.key,
        size: version.size,
        etag: version.etag,
        'version-id': version.versionId,
        sequencer: version.sequencer,
      },
      'request-id': requestId,
      requester: ACCOUNT,
      'source-ip-address': '127.0.0.1',
      reason,
    },
  };
}
