import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EKSClient } from '@aws-sdk/client-eks';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import type { Environment } from './environment.ts';

/**
 * Clients by need, one function each: a bundle holds those that its function makes, and a function makes only those
 * that its one trust allows.
 */

/** Connection settings: AWS's own variables, so that an endpoint is given the way the AWS CLI is given one. */
export function connection(environment: Environment, service: string) {
  const endpoint = environment[`AWS_ENDPOINT_URL_${service}`] ?? environment.AWS_ENDPOINT_URL;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  return {
    // Without one, the SDK looks into the profile, as the AWS CLI does; an endpoint of one's own is in none.
    ...(region ? { region } : endpoint ? { region: 'us-east-1' } : {}),
    ...(endpoint ? { endpoint } : {}),
    ...(accessKeyId && secretAccessKey
      ? {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(environment.AWS_SESSION_TOKEN ? { sessionToken: environment.AWS_SESSION_TOKEN } : {}),
          },
        }
      : {}),
  };
}

/** Told of every client that is made, and for which environment: how a test hears what a function sends. */
export type ClientWatch = (client: Pick<S3Client, 'middlewareStack'>, environment: Environment) => void;

const watches = new Set<ClientWatch>();

/** @returns what ends it */
export function watchClients(watch: ClientWatch): () => void {
  watches.add(watch);
  return () => watches.delete(watch);
}

export function watched<Client extends object>(environment: Environment, client: Client): Client {
  for (const watch of watches) watch(client as unknown as S3Client, environment);
  return client;
}

export const s3 = (environment: Environment): S3Client =>
  watched(
    environment,
    new S3Client({
      ...connection(environment, 'S3'),
      // Path style only where an endpoint is given: a loopback address has no buckets as host names.
      forcePathStyle: Boolean(environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL),
    }),
  );

export const dynamodb = (environment: Environment): DynamoDBClient =>
  watched(environment, new DynamoDBClient(connection(environment, 'DYNAMODB')));

export const sqs = (environment: Environment): SQSClient =>
  watched(environment, new SQSClient(connection(environment, 'SQS')));

export const sns = (environment: Environment): SNSClient =>
  watched(environment, new SNSClient(connection(environment, 'SNS')));

export const ssm = (environment: Environment): SSMClient =>
  watched(environment, new SSMClient(connection(environment, 'SSM')));

export const secrets = (environment: Environment): SecretsManagerClient =>
  watched(environment, new SecretsManagerClient(connection(environment, 'SECRETS_MANAGER')));

export const lambda = (environment: Environment): LambdaClient =>
  watched(environment, new LambdaClient(connection(environment, 'LAMBDA')));

/** Clusters may be in other regions than the installation. */
export const eks = (environment: Environment, region: string): EKSClient =>
  watched(environment, new EKSClient({ ...connection(environment, 'EKS'), region }));

export const sts = (environment: Environment): STSClient =>
  watched(environment, new STSClient(connection(environment, 'STS')));

/** Audit logs are where their clusters are. */
export const logs = (environment: Environment, region: string): CloudWatchLogsClient =>
  watched(environment, new CloudWatchLogsClient({ ...connection(environment, 'CLOUDWATCH_LOGS'), region }));

export const events = (environment: Environment): EventBridgeClient =>
  watched(environment, new EventBridgeClient(connection(environment, 'EVENTBRIDGE')));

/** Who this process is at AWS, for what is signed without a client: from the default provider chain, kept fresh. */
export function awsIdentity(environment: Environment) {
  let chain: SecretsManagerClient['config']['credentials'] | undefined;
  return async () => {
    chain ??= secrets(environment).config.credentials;
    const { accessKeyId, secretAccessKey, sessionToken } = await chain();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}
