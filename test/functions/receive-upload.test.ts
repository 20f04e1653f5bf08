import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { receiveUpload } from '../../functions/receive-upload.ts';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import type { ObjectCreated, QueueAnswer, ReplayRequested } from '../../lib/messages/messages.ts';
import { readRecord } from '../../lib/uploads/record/record.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';

const PATH = '/fairlead/test';
const configOf = (...targets: string[]) =>
  parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
    targets: targets.map((name) => ({
      name,
      repository: 'cluster',
      deployer: 'flux' as const,
      namespaces: ['shop'],
    })),
  });

describe('receive-upload, as deployed', () => {
  let aws: TestAws;
  let environment: Environment;
  const parameters = new Map<string, string>();
  const configure = (...targets: string[]) => {
    parameters.clear();
    for (const [name, value] of toParameters(configOf(...targets))) parameters.set(`${PATH}/${name}`, value);
    return receiveUpload({ ...environment });
  };
  before(async () => {
    aws = await testAws({ parameters });
    environment = {
      ...aws.environment,
      [VARIABLES.installation]: 'test',
      [VARIABLES.table]: TABLE,
      [VARIABLES.uploadBucket]: BUCKETS.upload,
      [VARIABLES.contentBucket]: BUCKETS.content,
      [VARIABLES.receiveQueue]: aws.queues.receive,
      [VARIABLES.doorbellQueue]: aws.queues.doorbell,
      [VARIABLES.configPath]: PATH,
    };
  });
  after(() => aws.end());

  async function put(key: string, body: string, tags: readonly string[] = []) {
    const s3 = clients.s3(environment);
    const at = { Bucket: BUCKETS.upload, Key: key };
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ ...at, Body: body }));
    const TagSet = tags.map((Key) => ({ Key, Value: 'theirs' }));
    if (tags.length > 0)
      await s3.send(new PutObjectTaggingCommand({ ...at, VersionId, Tagging: { TagSet } }));
    await aws.take(aws.queues.receive);
    return { key, 'version-id': VersionId, sequencer: '1' };
  }
  const tagsOf = async ({ key, 'version-id': VersionId }: Awaited<ReturnType<typeof put>>) => {
    const { GetObjectTaggingCommand } = await import('@aws-sdk/client-s3');
    const { TagSet = [] } = await clients
      .s3(environment)
      .send(new GetObjectTaggingCommand({ Bucket: BUCKETS.upload, Key: key, VersionId }));
    return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]));
  };
  /** Through the queue, as Lambda would be called. */
  async function tell(
    handler: (event: unknown) => Promise<QueueAnswer>,
    type: ObjectCreated['detail-type'] | ReplayRequested['detail-type'],
    object: Awaited<ReturnType<typeof put>>,
  ) {
    const sqs = clients.sqs(environment);
    const QueueUrl = aws.queues.receive;
    const message = {
      'detail-type': type,
      time: new Date().toISOString(),
      detail: { bucket: { name: BUCKETS.upload }, object },
    };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const Records = Messages.map(({ MessageId, Body, ReceiptHandle }) => ({
      messageId: MessageId,
      body: Body,
      receiptHandle: ReceiptHandle,
      attributes: { ApproximateReceiveCount: '1' },
    }));
    assert.equal(Records.length, 1);
    return handler({ Records });
  }
  const stateOf = async ({ key, 'version-id': version }: Awaited<ReturnType<typeof put>>) =>
    (await readRecord(aws.table, key, version))?.state;

  test('takes a rejected upload again as a person asks, once its target exists', async () => {
    const object = await put('production/shop/web/values.yaml', 'a: 1\n');
    assert.deepEqual(await tell(configure('staging'), 'Object Created', object), { batchItemFailures: [] });
    assert.equal(await stateOf(object), 'rejected');
    assert.equal((await tagsOf(object))['fairlead-reason'], 'key-unknown-target');
    const again = configure('staging', 'production');
    assert.deepEqual(await tell(again, 'Replay Requested', object), { batchItemFailures: [] });
    assert.equal(await stateOf(object), 'checked');
    assert.deepEqual(Object.keys(await tagsOf(object)), ['fairlead-record']);
    const bells = (await aws.take(aws.queues.doorbell)).map((body) => JSON.parse(body).repository);
    assert.deepEqual(bells, ['cluster']);
    // Told as new once more, days later: nothing.
    assert.deepEqual(await tell(again, 'Object Created', object), { batchItemFailures: [] });
    assert.deepEqual(await aws.take(aws.queues.doorbell), []);
  });

  test('takes one that no event told of, in its place among those of its key', async () => {
    const key = 'staging/shop/silent/values.yaml';
    const objects = [await put(key, 'a: 1\n'), await put(key, 'a: 2\n')];
    const handler = configure('staging');
    for (const object of objects.toReversed())
      assert.deepEqual(await tell(handler, 'Replay Requested', object), { batchItemFailures: [] });
    const [older, newer] = await Promise.all(
      objects.map((object) => readRecord(aws.table, key, object['version-id'])),
    );
    assert.ok(older?.state === 'checked' && newer?.state === 'checked');
    assert.ok(
      older.eventTime < newer.eventTime ||
        (older.eventTime === newer.eventTime && older.sequencer < newer.sequencer),
    );
  });

  test('an upload with as many tags as an object may have ends like any other', async () => {
    const names = Array.from({ length: 9 }, (_, at) => `tag-${at}`);
    const nine = await put('nowhere/shop/web/values.yaml', 'a: 1\n', names);
    assert.deepEqual(await tell(configure('staging'), 'Object Created', nine), { batchItemFailures: [] });
    assert.equal(await stateOf(nine), 'rejected');
    const tags = await tagsOf(nine);
    assert.deepEqual(Object.keys(tags).sort(), ['fairlead-outcome', ...names]);
    const ten = await put('nowhere/shop/web/values.yaml', 'a: 1\n', [...names, 'tag-9']);
    assert.deepEqual(await tell(configure('staging'), 'Object Created', ten), { batchItemFailures: [] });
    assert.equal(await stateOf(ten), 'rejected');
    assert.equal((await tagsOf(ten))['tag-9'], 'theirs');
    assert.equal((await Array.fromAsync(aws.table.query('received'))).length, 0);
  });

  test('does not let go of what it could not work off, and drops what is no message', async () => {
    const object = await put('staging/shop/web/values.yaml', 'a: 1\n');
    const handler = receiveUpload({ ...environment, [VARIABLES.contentBucket]: 'no-such-bucket' });
    const answer = await tell(handler, 'Object Created', object);
    assert.equal(answer.batchItemFailures.length, 1);
    assert.equal(await stateOf(object), 'received');
    const garbage = { Records: [{ messageId: 'm', body: '{"detail-type":"Object Deleted"}' }] };
    assert.deepEqual(await handler(garbage), { batchItemFailures: [] });
    assert.ok((await s3Store(clients.s3(environment), BUCKETS.upload).get(object.key))?.body.length);
  });
});
