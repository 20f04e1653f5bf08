import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as clients from '../../lib/aws/clients.ts';
import { type LocalAws, startAws } from '../../local/aws/aws.ts';
import type { Handler } from '../../local/aws/services.ts';
import { pump } from '../../local/pump.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-pump-'));
let aws: LocalAws;
before(async () => {
  aws = await startAws({
    folder,
    port: 0,
    contents: { functions: new Map(), parameters: new Map(), secrets: new Map(), onEvent: () => {} },
    onTableWrite: () => {},
  });
});
after(async () => {
  await aws.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Record {
  readonly messageId: string;
  readonly body: string;
  readonly eventSource: string;
}
const recordsOf = (event: unknown) => (event as { Records: Record[] }).Records;

/** Sends, pumps through a handler until it says that it has seen enough, and gives what failed. */
async function pumped(
  queueUrl: string,
  bodies: readonly string[],
  handle: (records: readonly Record[], enough: () => void) => ReturnType<Handler>,
): Promise<string[]> {
  const sqs = clients.sqs(aws.environment);
  for (const MessageBody of bodies)
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
  const ending = new AbortController();
  const errors: string[] = [];
  const handler: Handler = (event) => handle(recordsOf(event), () => ending.abort());
  await pump(
    sqs,
    { name: 'tested', queueUrl, batchSize: 10, handler },
    (name, error) => errors.push(`${name}: ${error}`),
    ending.signal,
  );
  return errors;
}

describe('a queue drives its function', () => {
  test('with the event that Lambda would make', async () => {
    await pumped(aws.queues.receive, ['hello'], async ([record], enough) => {
      assert.equal(record?.body, 'hello');
      assert.equal(record.eventSource, 'aws:sqs');
      assert.ok(record.messageId);
      enough();
      return { batchItemFailures: [] };
    });
  });

  test('and gives it again only what it has not taken', async () => {
    const seen: string[] = [];
    await pumped(aws.queues.read, ['good', 'bad'], async (records, enough) => {
      seen.push(...records.map(({ body }) => body));
      if (seen.filter((body) => body === 'bad').length === 2) enough();
      const failed = seen.filter((body) => body === 'bad').length === 1;
      return {
        batchItemFailures: records
          .filter(({ body }) => body === 'bad' && failed)
          .map(({ messageId }) => ({ itemIdentifier: messageId })),
      };
    });
    assert.deepEqual(seen.toSorted(), ['bad', 'bad', 'good']);
  });

  test('and gives it everything again when it throws, and says so', async () => {
    let calls = 0;
    const errors = await pumped(aws.queues.check, ['once more'], async (_records, enough) => {
      calls += 1;
      if (calls === 1) throw new Error('no memory');
      enough();
      return undefined;
    });
    assert.equal(calls, 2);
    assert.deepEqual(errors, ['tested: Error: no memory']);
  });

  test('and ends at once when it is told to, though it waits for messages', async () => {
    const ending = new AbortController();
    const queueUrl = aws.queues.receive;
    const waiting = pump(
      clients.sqs(aws.environment),
      { name: 'idle', queueUrl, batchSize: 1, handler: async () => undefined },
      () => assert.fail('it failed'),
      ending.signal,
    );
    ending.abort();
    await waiting;
  });
});
