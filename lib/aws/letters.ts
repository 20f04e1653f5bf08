import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Letter } from '../dead-letters/letters.ts';

/** A message that was taken into the hand: nobody else sees it for a while. */
export interface HeldLetter extends Letter {
  readonly id: string;
  readonly receipt: string;
  /** ISO: when it was first sent. */
  readonly sentAt: string;
  /** Of a queue by groups. */
  readonly group?: string;
}

export interface Letters {
  /** About how many there are, those included that somebody holds. */
  count(): Promise<number>;
  /** Some that nobody holds; none where there are none any more. */
  take(seconds: number): Promise<readonly HeldLetter[]>;
  /** Lets others see it again. */
  putBack(letter: HeldLetter): Promise<void>;
  /** Sends it to a queue, then takes it away here: cut off in between it comes twice, and is never lost. */
  hand(letter: HeldLetter, to: string): Promise<void>;
  remove(letter: HeldLetter): Promise<void>;
}

const AT_ONCE = 10;

export function sqsLetters(client: SQSClient, QueueUrl: string): Letters {
  const remove = async ({ receipt }: HeldLetter): Promise<void> => {
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }));
  };
  return {
    async count() {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      const { ApproximateNumberOfMessages: seen = '0', ApproximateNumberOfMessagesNotVisible: held = '0' } =
        Attributes;
      return Number(seen) + Number(held);
    },
    async take(seconds) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: AT_ONCE,
          VisibilityTimeout: seconds,
          // A short look asks some of SQS's machines alone, and may find none where there are some.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map(
        ({ MessageId = '', ReceiptHandle = '', Body = '', Attributes, MessageAttributes }) => ({
          id: MessageId,
          receipt: ReceiptHandle,
          body: Body,
          sentAt: new Date(Number(Attributes?.SentTimestamp ?? 0)).toISOString(),
          attributes: Object.fromEntries(
            Object.entries(MessageAttributes ?? {}).map(([name, { StringValue = '' }]) => [
              name,
              StringValue,
            ]),
          ),
          ...(Attributes?.MessageGroupId === undefined ? {} : { group: Attributes.MessageGroupId }),
        }),
      );
    },
    async putBack({ receipt }) {
      await client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receipt, VisibilityTimeout: 0 }),
      );
    },
    async hand(letter, to) {
      const { body, group } = letter;
      await client.send(
        new SendMessageCommand({
          QueueUrl: to,
          MessageBody: body,
          ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
        }),
      );
      await remove(letter);
    },
    remove,
  };
}
