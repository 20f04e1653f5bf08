import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { formatJson } from '../objects/json.ts';

export interface SendOptions {
  /** FIFO queues: what is handled in order, one at a time. */
  readonly group?: string;
  /** FIFO queues: an id of its own per message (by content, SQS would swallow all bells of five minutes). */
  readonly deduplication?: string;
  readonly delaySeconds?: number;
}

export interface Queue<Message> {
  send(message: Message, options?: SendOptions): Promise<void>;
}

export function sqsQueue<Message>(client: SQSClient, url: string): Queue<Message> {
  return {
    async send(message, options = {}) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: formatJson(message),
          ...(options.group === undefined ? {} : { MessageGroupId: options.group }),
          ...(options.deduplication === undefined ? {} : { MessageDeduplicationId: options.deduplication }),
          ...(options.delaySeconds === undefined ? {} : { DelaySeconds: options.delaySeconds }),
        }),
      );
    },
  };
}

/** Shows a received message again after so many seconds, not only after the queue's own long time-out. */
export type ShowAgain = (receiptHandle: string, seconds: number) => Promise<void>;

export function showAgain(client: SQSClient, url: string): ShowAgain {
  return async (receiptHandle, seconds) => {
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  };
}
