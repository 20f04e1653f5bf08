import { createHash, randomUUID } from 'node:crypto';
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { ItemKey } from '../../lib/aws/table.ts';

/** Events as AWS's services hand them to functions. */

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';

/** Lambda guide, "Using Lambda with Amazon SQS", Example event. */
export function queueEventOf(queueUrl: string, messages: readonly Message[]) {
  return {
    Records: messages.map(({ MessageId, ReceiptHandle, Body = '', Attributes }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=3dc99d00c11fae6d;Sampled=1',
        ...Attributes,
      },
      messageAttributes: {},
      md5OfBody: createHash('md5').update(Body).digest('hex'),
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:${queueUrl.split('/').at(-1)}`,
      awsRegion: REGION,
    })),
  };
}

/** What an event source mapping does with one batch: receives, hands over, deletes what did not fail. */
export async function poll(
  sqs: SQSClient,
  queueUrl: string,
  invoke: (event: unknown) => Promise<{ readonly batchItemFailures: readonly { itemIdentifier: string }[] }>,
): Promise<number> {
  const { Messages: messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 1,
      MessageSystemAttributeNames: ['All'],
      WaitTimeSeconds: 2,
    }),
  );
  if (messages.length === 0) return 0;
  const { batchItemFailures } = await invoke(queueEventOf(queueUrl, messages));
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const { MessageId = '', ReceiptHandle } of messages)
    if (!failed.has(MessageId))
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  return messages.length;
}

/** DynamoDB guide, "DynamoDB Streams and Lambda triggers", with NEW_IMAGE. */
export function streamEventOf(table: string, items: readonly ItemKey[]) {
  return {
    Records: items.map((item, index) => ({
      eventID: createHash('md5').update(`${item.pk}${item.sk}`).digest('hex'),
      eventName: 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: REGION,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
        Keys: { pk: { S: item.pk }, sk: { S: item.sk } },
        // The filter of the stream lets nothing else through (infra/run/untold-stream.ts).
        NewImage: { pk: { S: item.pk }, sk: { S: item.sk }, untold: { S: 'untold' } },
        SequenceNumber: String(4421584500000000017450439091n + BigInt(index)),
        SizeBytes: JSON.stringify(item).length,
        StreamViewType: 'NEW_IMAGE',
      },
      eventSourceARN: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${table}/stream/2026-11-22T00:00:00.000`,
    })),
  };
}

/** CloudFormation guide, "Custom resource request types". */
export const resourceEvent = (RequestType: 'Create' | 'Update' | 'Delete', Functions: readonly string[]) => ({
  RequestType,
  ServiceToken: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:fairlead-smoke-test`,
  ResponseURL: `https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/${randomUUID()}?X-Amz-Signature=x`,
  StackId: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/fairlead-run/${randomUUID()}`,
  RequestId: randomUUID(),
  LogicalResourceId: 'SmokeTestResult0123456789AB',
  ResourceType: 'Custom::FairleadSmokeTest',
  ResourceProperties: { ServiceToken: 'x', ServiceTimeout: '300', Functions },
});
