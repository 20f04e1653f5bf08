import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import * as clients from '../../lib/aws/clients.ts';
import { type DeadLetterKind, deadLettersPath, writeDeadLetterQueue } from '../../lib/dead-letters/queues.ts';
import { takeAll } from '../fixtures/local-aws.ts';
import { fairlead } from './command-line.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const EVENT = {
  'detail-type': 'Object Created',
  source: 'aws.s3',
  time: '2026-11-21T12:00:00Z',
  detail: {
    bucket: { name: 'charts' },
    object: { key: 'staging/shop/web/values.yaml', 'version-id': 'v1', sequencer: '0A' },
  },
};
const BELL = { schema: 1, repository: 'cluster', branch: 'main' };

describe('npx fairlead redrive', () => {
  let installation: StandIn;
  const letters = new Map<DeadLetterKind, string>();
  before(async () => {
    installation = await standIn();
    const { aws, parameters } = installation;
    const sources: Partial<Record<DeadLetterKind, string>> = {
      receive: aws.queues.receive,
      doorbell: aws.queues.doorbell,
    };
    for (const kind of ['receive', 'doorbell', 'undelivered', 'unheard'] as const) {
      const url = await queue(kind);
      letters.set(kind, url);
      const source = sources[kind];
      parameters.set(
        `${deadLettersPath('test')}/${kind}`,
        writeDeadLetterQueue({ kind, url, ...(source === undefined ? {} : { source }) }),
      );
    }
  });
  after(() => installation.stop());

  async function queue(kind: DeadLetterKind): Promise<string> {
    const { aws } = installation;
    const name = kind === 'doorbell' ? 'dead-doorbell.fifo' : `dead-${kind}`;
    await clients.sqs(aws.environment).send(
      new CreateQueueCommand({
        QueueName: name,
        ...(kind === 'doorbell' ? { Attributes: { FifoQueue: 'true' } } : {}),
      }),
    );
    return `${aws.url}/000000000000/${name}`;
  }
  async function lay(kind: DeadLetterKind, message: unknown, why?: string): Promise<void> {
    await clients.sqs(installation.aws.environment).send(
      new SendMessageCommand({
        QueueUrl: letters.get(kind),
        MessageBody: typeof message === 'string' ? message : JSON.stringify(message),
        ...(kind === 'doorbell'
          ? { MessageGroupId: 'cluster#main', MessageDeduplicationId: String(Math.random()) }
          : {}),
        ...(why === undefined
          ? {}
          : { MessageAttributes: { ERROR_MESSAGE: { DataType: 'String', StringValue: why } } }),
      }),
    );
  }
  const redrive = (...argv: string[]) =>
    fairlead(['redrive', '--installation', 'test', ...argv], {
      ...installation.environment,
      FAIRLEAD_DATA: '/nowhere',
    });
  const taken = (url: string | undefined) => takeAll(installation.aws, url ?? '');

  test('empty queues are said to be empty', async () => {
    const { code, stdout, stderr } = await redrive();
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stdout.trim().split('\n').sort(),
      ['receive', 'doorbell', 'undelivered', 'unheard'].map((name) => `${name}: empty`).sort(),
    );
  });

  test('shows what lies there and what is right for it, changes nothing, and says how it is done', async () => {
    await lay('receive', EVENT);
    await lay('doorbell', BELL);
    await lay('undelivered', EVENT, 'no permission\u202enoissimrep');
    await lay('undelivered', { schema: 1, target: 'staging', because: 'schedule' });
    await lay('unheard', 'not even JSON \u202e');
    for (let time = 0; time < 2; time++) {
      const { code, stdout } = await redrive();
      assert.equal(code, 1);
      assert.match(
        stdout,
        /receive: about 1, events of uploads\n.*oldest is of 20\d\d-.*\n {2}s3:\/\/charts\/staging\/shop\/web\/values\.yaml\?versionId=v1: to be sent back\n/,
      );
      assert.match(stdout, /bell of cluster, branch main: to be sent back/);
      assert.match(
        stdout,
        /values\.yaml\?versionId=v1: to be sent back \(no permission\\u\{202e\}noissimrep\)/,
      );
      assert.match(stdout, /schedule of staging: to be deleted: its next run asks again/);
      assert.match(stdout, /an unknown message: stays until --forget/);
      assert.match(stdout, /to do so: npx fairlead redrive --yes --installation test/);
      assert.ok(!stdout.includes('\u202e'));
    }
    assert.deepEqual(await taken(installation.aws.queues.receive), []);
  });

  test('of one queue, with --yes: back to where it came from, in its group', async () => {
    const { code, stdout } = await redrive('doorbell', '--yes');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /1 done, 0 left/);
    assert.deepEqual(
      (await taken(installation.aws.queues.doorbell)).map((body) => JSON.parse(body)),
      [BELL],
    );
    assert.doesNotMatch(stdout, /receive/);
  });

  test('all, with --yes: uploads to their queue, schedules gone, what nobody can hand over stays', async () => {
    const { code, stdout } = await redrive('--yes');
    assert.equal(code, 1);
    const bodies = (await taken(installation.aws.queues.receive)).map((body) => JSON.parse(body));
    assert.deepEqual(bodies, [EVENT, EVENT]);
    assert.match(stdout, /unheard: about 1.*[\s\S]*0 done, 1 left/);
    const again = await redrive('--yes');
    assert.match(again.stdout, /receive: empty/);
    assert.match(again.stdout, /undelivered: empty/);
    assert.deepEqual(await taken(installation.aws.queues.receive), [], 'nothing goes twice');
  });

  test('with --forget what nobody can hand over goes as well', async () => {
    const { code, stdout } = await redrive('--yes', '--forget');
    assert.equal(code, 0);
    assert.match(stdout, /forgotten: it is no message of Fairlead/);
    assert.deepEqual(await taken(letters.get('unheard')), []);
  });

  test('what was typed wrong is answered with what there is', async () => {
    for (const [argv, says] of [
      [['dorbell'], /did you mean doorbell\?/],
      [['everything'], /there are: /],
      [['a', 'b'], /one queue at a time/],
      [['--forget'], /look first/],
      [['--yess'], /did you mean --yes\?/],
    ] as const) {
      const { code, stderr } = await redrive(...argv);
      assert.equal(code, 64, argv.join(' '));
      assert.match(stderr, says);
    }
  });
});
