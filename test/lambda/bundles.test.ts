import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import type { QueueAnswer } from '../../lib/messages/messages.ts';
import { BUCKETS, TABLE } from '../../local/aws/aws.ts';
import { takeAll } from '../fixtures/local-aws.ts';
import { chartPackage } from '../lib/uploads/pipeline.ts';
import { requirement } from '../requirements.ts';
import { poll, queueEventOf, streamEventOf } from './events.ts';
import { lambdaWorld } from './world.ts';

/**
 * Each bundle as Lambda runs it: started by its protocol, on a file system that can be written only at /tmp, as a user
 * that is not root, with the variables that it is deployed with and no others.
 */
describe('the bundles run as Lambda starts them', requirement('mount-namespace'), () => {
  let world: Awaited<ReturnType<typeof lambdaWorld>>;
  before(async () => {
    world = await lambdaWorld();
  });
  after(() => world?.end());

  const work = (queue: 'receive' | 'doorbell' | 'read' | 'check', name: Parameters<typeof world.answer>[0]) =>
    poll(clients.sqs(world.aws.environment), world.aws.queues[queue], (event) =>
      world.answer<QueueAnswer>(name, event),
    );

  test('an upload is received, delivered and read again, and what is to be checked is asked for', async () => {
    // render-release is there for whoever calls it.
    assert.match((await world.found('render-release')).helm ?? '', /^v4\./);
    const key = 'staging/shop/web/web-1.0.0.tgz';
    await clients.s3(world.aws.environment).send(
      new PutObjectCommand({
        Bucket: BUCKETS.upload,
        Key: key,
        Body: await chartPackage('web', '1.0.0'),
      }),
    );
    assert.equal(await work('receive', 'receive-upload'), 1);
    assert.equal(await work('doorbell', 'deliver-uploads'), 1);
    const files = world.git.git('ls-tree', '-r', '--name-only', 'main').split('\n');
    const chart = files.find((file) => file.endsWith('/Chart.yaml')) ?? '';
    assert.match(world.git.show(chart), /version: 1\.0\.0/);
    assert.equal(await work('read', 'read-desired'), 1);
    const [asked = '{}', ...others] = await takeAll(world.aws, world.aws.queues.check);
    assert.deepEqual(others, []);
    assert.equal(JSON.parse(asked).commit, world.git.tip());
  });

  test('the Git functions find git and ssh, and ssh finds a name for who runs it', async () => {
    for (const name of ['deliver-uploads', 'read-desired'] as const) {
      const { git, ssh, configuration } = await world.found(name);
      assert.match(git ?? '', /^git version \d/);
      assert.match(ssh ?? '', /^OpenSSH_/);
      assert.equal(configuration, 'targets: 1, repositories: 1');
    }
  });

  test('what was rejected is told when the stream says so, and once', async () => {
    const key = 'staging/shop/bad/bad-1.0.0.tgz';
    const s3 = clients.s3(world.aws.environment);
    await s3.send(new PutObjectCommand({ Bucket: BUCKETS.upload, Key: key, Body: 'no package' }));
    assert.equal(await work('receive', 'receive-upload'), 1);
    while ((await work('doorbell', 'deliver-uploads')) > 0);
    const items = await Array.fromAsync(world.aws.table.untold());
    assert.ok(items.length > 0);
    await takeAll(world.aws, world.aws.queues.inbox);
    const event = streamEventOf(TABLE, items);
    assert.equal(await world.answer('send-alerts', event), null);
    const told = await takeAll(world.aws, world.aws.queues.inbox);
    assert.ok(told.length > 0 && told.every((message) => message.includes(key)));
    assert.equal(await world.answer('send-alerts', event), null);
    assert.deepEqual(await takeAll(world.aws, world.aws.queues.inbox), []);
  });

  test('what the scheduler sends is a round of the sweep', async () => {
    for (const sweep of ['minutes', 'hours'])
      assert.ok(await world.answer<object>('sweep', { schema: 1, sweep }));
  });

  test('each says what it reaches, when the smoke test asks', async () => {
    const reached = { configuration: 'targets: 1, repositories: 1', record: 'can be read' };
    assert.deepEqual(await world.found('receive-upload'), reached);
    assert.deepEqual(await world.found('sweep'), reached);
    assert.deepEqual(await world.found('send-alerts'), { record: 'can be read', webhooks: 'webhooks: 0' });
    assert.deepEqual(await world.found('check-drift'), { state: 'can be read', record: 'can be read' });
  });

  test('a message that fails is shown again, alone; one that is none is let go', async () => {
    const lost = await world.start('receive-upload', { [VARIABLES.table]: 'gone' });
    const s3 = clients.s3(world.aws.environment);
    const put = { Bucket: BUCKETS.upload, Key: 'staging/shop/late/late-1.0.0.tgz', Body: 'late' };
    await s3.send(new PutObjectCommand(put));
    const failing = async (event: unknown) => {
      const invoked = await lost.invoke(event);
      assert.equal(invoked.kind, 'response', lost.log());
      const answer = (invoked as { answer: QueueAnswer }).answer;
      assert.equal(answer.batchItemFailures.length, 1);
      return answer;
    };
    const sqs = clients.sqs(world.aws.environment);
    assert.equal(await poll(sqs, world.aws.queues.receive, failing), 1);
    // Ten seconds, not the two minutes for which the queue hides a message.
    assert.equal(await work('receive', 'receive-upload'), 0);
    await sleep(10_000);
    assert.equal(await work('receive', 'receive-upload'), 1);

    const Body = JSON.stringify({ schema: 99 });
    const event = queueEventOf(world.aws.queues.check, [{ MessageId: 'a', ReceiptHandle: 'a', Body }]);
    assert.deepEqual(await world.answer('check-drift', event), { batchItemFailures: [] });
  });

  test('what is no event of a function is an error of that call, and the process lives on', async () => {
    const lambda = await world.lambda('render-release');
    const refused = await lambda.invoke({ purpose: 'none' });
    assert.equal(refused.kind, 'error');
    assert.equal((await world.found('render-release')).state, 'can be read');
  });
});
