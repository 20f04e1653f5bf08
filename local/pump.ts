import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueueAnswer } from '../lib/messages/messages.ts';
import type { Handler } from './aws/services.ts';

/** Long polling, as Lambda's own poller does it. */
const WAIT_SECONDS = 10;
/** What failed comes again after 1, 2, 4 … seconds, at most this many. */
const RETRY_SECONDS = 60;

export interface Pumped {
  /** For messages about it: `receive-upload`. */
  readonly name: string;
  readonly queueUrl: string;
  readonly batchSize: number;
  readonly handler: Handler;
}

/**
 * Lambda's event source for a queue: receives, calls the handler, deletes what it took and shows again what it
 * did not. Ends when the signal says so, after the batch at hand.
 * @param onError told of a handler that threw: its whole batch comes again
 */
export async function pump(
  sqs: SQSClient,
  { name, queueUrl, batchSize, handler }: Pumped,
  onError: (name: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const messages = await receive();
    if (messages.length === 0) continue;
    const failed = await handle(messages);
    for (const message of messages) {
      const receipt = { QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle };
      const done = failed.has(message.MessageId ?? '')
        ? sqs.send(new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: backoff(message) }))
        : sqs.send(new DeleteMessageCommand(receipt));
      // At the end the endpoint may be gone: what was handled comes once more after a restart, and that is harmless.
      await done.catch(() => {});
    }
  }

  async function receive(): Promise<readonly Message[]> {
    try {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: batchSize,
          WaitTimeSeconds: WAIT_SECONDS,
          MessageSystemAttributeNames: ['All'],
        }),
        { abortSignal: signal },
      );
      return Messages;
    } catch (error) {
      if (signal.aborted) return [];
      onError(name, error);
      await sleep(1000, undefined, { signal }).catch(() => {});
      return [];
    }
  }

  async function handle(messages: readonly Message[]): Promise<ReadonlySet<string>> {
    try {
      const answer = (await handler(toEvent(messages, queueUrl))) as QueueAnswer | undefined;
      return new Set((answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
    } catch (error) {
      if (!signal.aborted) onError(name, error);
      return new Set(messages.map(({ MessageId }) => MessageId ?? ''));
    }
  }
}

const backoff = ({ Attributes }: Message): number =>
  Math.min(2 ** (Number(Attributes?.ApproximateReceiveCount ?? 1) - 1), RETRY_SECONDS);

/** Source: Lambda developer guide, "Using Lambda with Amazon SQS". */
const toEvent = (messages: readonly Message[], queueUrl: string) => ({
  Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes, MD5OfBody }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes ?? {},
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}`,
    awsRegion: 'us-east-1',
  })),
});
