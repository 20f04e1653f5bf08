import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';

export interface Notification {
  /** ASCII, one line, at most 100 characters. */
  readonly subject: string;
  /** With the attributes at most 262,144 bytes. */
  readonly body: string;
  /** Message attributes: what audiences filter by. A list matches a filter that names any of it. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

type Attributes = Notification['attributes'];

/** As the message has them: name, type and value of each count towards the 262,144 bytes (Amazon SNS, quotas). */
export const messageAttributes = (attributes: Attributes) =>
  Object.entries(attributes).map(
    ([name, value]) =>
      [
        name,
        typeof value === 'string'
          ? { DataType: 'String', StringValue: value }
          : { DataType: 'String.Array', StringValue: JSON.stringify(value) },
      ] as const,
  );

export const attributeBytes = (attributes: Attributes): number =>
  messageAttributes(attributes)
    .flatMap(([name, { DataType, StringValue }]) => [name, DataType, StringValue])
    .reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);

export interface Topic {
  publish(notification: Notification): Promise<void>;
}

export function snsTopic(client: SNSClient, arn: string): Topic {
  return {
    async publish({ subject, body, attributes }) {
      await client.send(
        new PublishCommand({
          TopicArn: arn,
          Subject: subject,
          Message: body,
          MessageAttributes: Object.fromEntries(messageAttributes(attributes)),
        }),
      );
    },
  };
}
