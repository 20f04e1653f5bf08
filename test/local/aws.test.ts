import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import * as clients from '../../lib/aws/clients.ts';
import { lambdaFunction } from '../../lib/aws/functions.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { ssmParameters } from '../../lib/aws/parameters.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { dynamoTable } from '../../lib/aws/table.ts';
import { snsTopic } from '../../lib/aws/topics.ts';
import { PortTaken } from '../../lib/loopback/listen.ts';
import { objectCreated } from '../../lib/messages/messages.ts';
import { BUCKETS, type LocalAws, startAws, TABLE } from '../../local/aws/aws.ts';
import type { PutEvent } from '../../local/aws/services.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-aws-'));
const events: PutEvent[] = [];
let writes = 0;
const start = (port = 0) =>
  startAws({
    folder,
    port,
    contents: {
      functions: new Map([
        ['double', async (event: unknown) => ({ twice: 2 * (event as { number: number }).number })],
        ['fails', async () => Promise.reject(new TypeError('no such chart'))],
      ]),
      parameters: new Map([
        ['/fairlead/local/installation', '{}'],
        ['/fairlead/local/targets/staging', '{"name":"staging"}'],
        ['/fairlead/localhost/other', 'not below'],
      ]),
      secrets: new Map([['fairlead/git-write', 'a token']]),
      onEvent: (event) => events.push(event),
    },
    onTableWrite: () => {
      writes += 1;
    },
  });
let aws: LocalAws;

before(async () => {
  aws = await start();
});
after(async () => {
  await aws.stop();
  await rm(folder, { recursive: true, force: true });
});

async function receive(queueUrl: string): Promise<string> {
  const sqs = clients.sqs(aws.environment);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5 }));
  const [message] = Messages ?? [];
  assert.ok(message);
  await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
  return message.Body ?? '';
}

describe('the local AWS', () => {
  test('tells of an upload as EventBridge does, with the raw key', async () => {
    const Key = 'staging/shop/web/web 1+2.tgz';
    const { VersionId } = await clients
      .s3(aws.environment)
      .send(new PutObjectCommand({ Bucket: BUCKETS.upload, Key, Body: 'x' }));
    const event = objectCreated.parse(JSON.parse(await receive(aws.queues.receive)));
    assert.equal(event.detail.object.key, Key);
    assert.equal(event.detail.object['version-id'], VersionId);
    assert.match(event.detail.object.sequencer, /^[0-9A-F]{18}$/);
  });

  test('tells nothing of the other buckets', async () => {
    await s3Store(clients.s3(aws.environment), BUCKETS.content).put('trees/a', 'x');
    await s3Store(clients.s3(aws.environment), BUCKETS.upload).put('after', 'x');
    const event = objectCreated.parse(JSON.parse(await receive(aws.queues.receive)));
    assert.equal(event.detail.object.key, 'after');
  });

  test('orders the versions of a key by sequencer', async () => {
    const store = s3Store(clients.s3(aws.environment), BUCKETS.upload);
    const sequencers = [];
    for (let round = 0; round < 3; round++) {
      await store.put('staging/shop/web/values.yaml', `${round}`);
      const event = objectCreated.parse(JSON.parse(await receive(aws.queues.receive)));
      sequencers.push(event.detail.object.sequencer);
    }
    assert.deepEqual(sequencers, [...new Set(sequencers)].sort());
  });

  test('has the parameters below a path, the secret by its name, and says of a wrong one that it is not there', async () => {
    const parameters = await ssmParameters(clients.ssm(aws.environment)).below('/fairlead/local');
    assert.deepEqual([...parameters.keys()].sort(), ['installation', 'targets/staging']);
    const secrets = secretsManager(clients.secrets(aws.environment));
    assert.equal(await secrets.read('fairlead/git-write'), 'a token');
    await assert.rejects(secrets.read('other'), { name: 'ResourceNotFoundException' });
  });

  test('invokes a function, and answers its failure as one of the function', async () => {
    const lambda = clients.lambda(aws.environment);
    assert.deepEqual(await lambdaFunction(lambda, 'double').invoke({ number: 21 }), { twice: 42 });
    await assert.rejects(lambdaFunction(lambda, 'fails').invoke({}), /TypeError.*no such chart/);
    await assert.rejects(lambdaFunction(lambda, 'missing').invoke({}), { name: 'ResourceNotFoundException' });
  });

  test('takes events for the bus', async () => {
    await clients.events(aws.environment).send(
      new PutEventsCommand({
        Entries: [{ Source: 'fairlead', DetailType: 'fairlead.dev/v1 drift', Detail: '{"a":1}' }],
      }),
    );
    assert.deepEqual(events, [{ detailType: 'fairlead.dev/v1 drift', source: 'fairlead', detail: { a: 1 } }]);
  });

  test('carries a notification to the inbox with its attributes', async () => {
    await snsTopic(clients.sns(aws.environment), aws.topics.pager).publish({
      subject: 'ALARM',
      body: '{}',
      attributes: { target: 'staging', severity: ['info', 'warning'] },
    });
    const message = JSON.parse(await receive(aws.queues.inbox));
    assert.equal(message.TopicArn, aws.topics.pager);
    assert.equal(message.MessageAttributes.target.Value, 'staging');
  });

  test('gives a FIFO queue its order', async () => {
    const sqs = clients.sqs(aws.environment);
    for (const text of ['one', 'two']) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: aws.queues.doorbell,
          MessageBody: text,
          MessageGroupId: 'cluster#main',
          MessageDeduplicationId: text,
        }),
      );
    }
    assert.equal(await receive(aws.queues.doorbell), 'one');
    assert.equal(await receive(aws.queues.doorbell), 'two');
  });

  test('tells of each write to the table, and finds what is untold', async () => {
    const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
    const before = writes;
    const item = { pk: 'a', sk: 'b', schema: 1, version: 1, untold: 'untold', untoldAt: '2026-01-01' };
    assert.equal(await table.put(item, 'absent'), 'written');
    assert.equal(await table.put(item, 'absent'), 'conflict');
    assert.equal(writes, before + 2);
    const untold = await Array.fromAsync(table.untold());
    assert.deepEqual(
      untold.map(({ pk }) => pk),
      ['a'],
    );
  });

  test('answers what it has not with its name, and never with success', async () => {
    const answer = await signed('/charts/key?acl', aws.keys.accessKeyId);
    assert.equal(answer.status, 501);
    assert.match(answer.text, /acl/);
  });

  test('says of a taken port whose it is and how to choose another', async () => {
    const other = await mkdtemp(join(tmpdir(), 'fairlead-aws-'));
    const begun = startAws({
      folder: other,
      port: aws.port,
      contents: { functions: new Map(), parameters: new Map(), secrets: new Map(), onEvent: () => {} },
      onTableWrite: () => {},
    });
    await assert.rejects(begun, (error: Error) => {
      assert.ok(error instanceof PortTaken);
      assert.match(error.message, new RegExp(`port ${aws.port} .* is taken.*--aws-port`));
      return true;
    });
    await rm(other, { recursive: true });
  });
});

describe('who may not use it', () => {
  test('nobody without the key of this installation, for any service', async () => {
    assert.equal((await signed('/charts')).status, 403);
    assert.equal((await signed('/charts', 'LOCAL0123456789ABCDE')).status, 403);
    for (const target of [
      'DynamoDB_20120810.ListTables',
      'AmazonSQS.ListQueues',
      'AmazonSSM.GetParametersByPath',
    ]) {
      assert.equal((await signed('/', undefined, { 'x-amz-target': target })).status, 403, target);
    }
  });

  for (const path of ['/charts?X-Amz-Credential=%', '/charts?X-Amz-Credential=%2F', '//', 'http://', '*']) {
    test(`nobody who asks for ${path}, which stops nothing`, async () => {
      assert.equal((await signed(path)).status, 403);
      await signed(path, aws.keys.accessKeyId);
      assert.equal((await signed('/charts', aws.keys.accessKeyId)).status, 200);
    });
  }

  const FOREIGN: Readonly<Record<string, Record<string, string>>> = {
    'a page that rebound its name to this machine': { host: 'evil.example' },
    'another site': { origin: 'http://evil.example' },
    'a form of another site': { 'sec-fetch-site': 'cross-site' },
    'another port of this machine': { origin: 'http://127.0.0.1:1' },
    'a sandboxed frame': { origin: 'null' },
  };
  for (const [who, headers] of Object.entries(FOREIGN)) {
    test(`${who}, even with the key`, async () => {
      for (const target of [undefined, 'DynamoDB_20120810.ListTables', 'AmazonSQS.ListQueues']) {
        const answer = await signed('/', aws.keys.accessKeyId, {
          ...headers,
          ...(target === undefined ? {} : { 'x-amz-target': target }),
        });
        assert.equal(answer.status, 403);
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
      }
    });
  }

  test('no preflight is answered with leave', async () => {
    const answer = await signed('/', undefined, { origin: 'http://evil.example' }, 'OPTIONS');
    assert.equal(answer.status, 403);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });
});

test('objects with their versions and tags, items, and the access key survive a restart', async () => {
  const store = () => s3Store(clients.s3(aws.environment), BUCKETS.upload);
  await store().put('kept', 'one');
  await store().put('kept', 'two');
  const versions = await Array.fromAsync(store().versions('kept'));
  await store().mergeTags('kept', versions[1]?.versionId ?? '', { outcome: 'delivered' });
  const { keys } = aws;
  await aws.stop();
  aws = await start();
  assert.deepEqual(aws.keys, keys);
  assert.equal((await stat(join(folder, 'keys.json'))).mode & 0o777, 0o600);
  assert.deepEqual(await Array.fromAsync(store().versions('kept')), versions);
  assert.equal((await store().get('kept'))?.body.toString(), 'two');
  const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
  assert.equal((await table.get({ pk: 'a', sk: 'b' }))?.version, 1);
});

/** By node:http, which sends whatever Host it is given. */
function signed(path: string, accessKeyId?: string, headers: Record<string, string> = {}, method?: string) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: aws.port,
          path,
          method: method ?? ('x-amz-target' in headers ? 'POST' : 'GET'),
          headers: {
            ...(accessKeyId && {
              authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`,
            }),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          answer.on('data', (part) => {
            text += part;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        },
      );
      sent.once('error', reject);
      sent.end();
    },
  );
}
