import { Aspects, Stack } from 'aws-cdk-lib';
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { type Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CfnTopic } from 'aws-cdk-lib/aws-sns';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { AwsSettings } from '../lib/config/aws.ts';
import type { Right } from './run/function.ts';

/** ARN of the organisation's own key, where the configuration names one. */
export type CustomerKey = string | undefined;

/** Whether Fairlead has keys of its own: instead of the customer's, or beside it for what was encrypted before. */
export const hasOwnKey = ({ key, ownKey }: Pick<AwsSettings, 'key' | 'ownKey'>): boolean =>
  key === undefined || ownKey === 'kept';

/** Encrypts every bucket, queue, topic, table and log group below `scope` with it. */
export function encryptWith(
  scope: IConstruct,
  key: CustomerKey,
  except: { readonly accessLog: Bucket },
): void {
  if (key === undefined) return;
  Aspects.of(scope).add({
    visit(node) {
      // S3 delivers access logs to no bucket under a key (S3 guide, "Enabling Amazon S3 server access logging").
      if (node === except.accessLog.node.defaultChild) return;
      if (node instanceof CfnBucket)
        node.bucketEncryption = {
          serverSideEncryptionConfiguration: [
            {
              bucketKeyEnabled: true,
              serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key },
            },
          ],
        };
      if (node instanceof CfnQueue) {
        node.sqsManagedSseEnabled = undefined;
        node.kmsMasterKeyId = key;
      }
      if (node instanceof CfnTopic) node.kmsMasterKeyId = key;
      if (node instanceof CfnTable)
        node.sseSpecification = { sseEnabled: true, sseType: 'KMS', kmsMasterKeyId: key };
      if (node instanceof CfnLogGroup) node.kmsKeyId = key;
    },
  });
}

const READ = ['kms:Decrypt', 'kms:DescribeKey'];
const SEND = ['kms:Decrypt', 'kms:GenerateDataKey'];
/** DynamoDB guide, "Using a customer managed key": what it asks of who reads, and of who writes. */
const WRITE = [
  ...READ,
  ...['kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
  ...['kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'],
];

/** What an action on an encrypted thing needs of its key. */
const OF_KEY: Readonly<Record<string, readonly string[]>> = {
  's3:GetObject': ['kms:Decrypt'],
  's3:GetObjectVersion': ['kms:Decrypt'],
  // Of an upload in parts, what is there is read when it is put together.
  's3:PutObject': SEND,
  'sqs:SendMessage': SEND,
  'sqs:ReceiveMessage': ['kms:Decrypt'],
  'sns:Publish': SEND,
  'dynamodb:GetItem': READ,
  'dynamodb:Query': READ,
  'dynamodb:GetRecords': READ,
  'dynamodb:PutItem': WRITE,
  'dynamodb:DeleteItem': WRITE,
};

/** The rights to the customer's key that come with a right: through that service alone, never by a call of one's own. */
export function keyRights(
  scope: IConstruct,
  key: CustomerKey,
  { actions }: Pick<Right, 'actions'>,
): readonly Right[] {
  if (key === undefined) return [];
  const needed = new Map<string, Set<string>>();
  for (const action of actions) {
    const service = action.slice(0, action.indexOf(':'));
    const rights = OF_KEY[action] ?? [];
    if (rights.length > 0) needed.set(service, new Set([...(needed.get(service) ?? []), ...rights]));
  }
  return [...needed].map(([service, rights]) => ({
    actions: [...rights].sort(),
    resources: [key],
    conditions: throughService(scope, service),
  }));
}

export const throughService = (scope: IConstruct, service: string) => ({
  StringEquals: { 'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com` },
});
