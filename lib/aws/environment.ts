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
import { nameCall } from './log.ts';

/** A function's environment: `process.env` in Lambda, a record of its own for each function locally. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The names of the variables, shared by what provisions the functions and by what reads them. */
export const VARIABLES = {
  installation: 'FAIRLEAD_INSTALLATION',
  table: 'FAIRLEAD_TABLE',
  uploadBucket: 'FAIRLEAD_UPLOAD_BUCKET',
  contentBucket: 'FAIRLEAD_CONTENT_BUCKET',
  stateBucket: 'FAIRLEAD_STATE_BUCKET',
  receiveQueue: 'FAIRLEAD_RECEIVE_QUEUE_URL',
  doorbellQueue: 'FAIRLEAD_DOORBELL_QUEUE_URL',
  readQueue: 'FAIRLEAD_READ_QUEUE_URL',
  checkQueue: 'FAIRLEAD_CHECK_QUEUE_URL',
  renderFunction: 'FAIRLEAD_RENDER_FUNCTION',
  emailTopic: 'FAIRLEAD_EMAIL_TOPIC_ARN',
  pagerTopic: 'FAIRLEAD_PAGER_TOPIC_ARN',
  chatTopic: 'FAIRLEAD_CHAT_TOPIC_ARN',
  eventBus: 'FAIRLEAD_EVENT_BUS',
  configPath: 'FAIRLEAD_CONFIG_PATH',
  /** Changes with the configuration's content, so that a warm function never works by an old one. */
  configHash: 'FAIRLEAD_CONFIG_HASH',
  /** Where the audit logs of targets lie (JSON, lib/config/audit-log.ts); absent where none is read. */
  auditLogs: 'FAIRLEAD_AUDIT_LOGS',
  /** Folder that holds `helm` and `kubectl` (the layer's /opt in Lambda). */
  tools: 'FAIRLEAD_TOOLS',
  /** Writable scratch: /tmp in Lambda. */
  scratch: 'FAIRLEAD_SCRATCH',
} as const;

export class MissingVariables extends Error {
  override readonly name = 'MissingVariables';
}

/**
 * The named variables' values.
 * @throws MissingVariables naming every absent one
 */
export function requireVariables<Name extends keyof typeof VARIABLES>(
  environment: Environment,
  ...names: readonly Name[]
): Record<Name, string> {
  const missing = names.filter((name) => !environment[VARIABLES[name]]).map((name) => VARIABLES[name]);
  if (missing.length > 0)
    throw new MissingVariables(`environment variables are not set: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, environment[VARIABLES[name]]])) as Record<
    Name,
    string
  >;
}

/** Connection settings: AWS's own variables, so that an endpoint is given the way the AWS CLI is given one. */
function connection(environment: Environment, service: string) {
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

/** Clients by need: a function makes only those that its one trust allows. */
export const clients = {
  s3: (environment: Environment) =>
    new S3Client({
      ...connection(environment, 'S3'),
      // Path style only where an endpoint is given: a loopback address has no buckets as host names.
      forcePathStyle: Boolean(environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL),
    }),
  dynamodb: (environment: Environment) => new DynamoDBClient(connection(environment, 'DYNAMODB')),
  sqs: (environment: Environment) => new SQSClient(connection(environment, 'SQS')),
  sns: (environment: Environment) => new SNSClient(connection(environment, 'SNS')),
  ssm: (environment: Environment) => new SSMClient(connection(environment, 'SSM')),
  secrets: (environment: Environment) => new SecretsManagerClient(connection(environment, 'SECRETS_MANAGER')),
  lambda: (environment: Environment) => new LambdaClient(connection(environment, 'LAMBDA')),
  /** Clusters may be in other regions than the installation. */
  eks: (environment: Environment, region: string) =>
    new EKSClient({ ...connection(environment, 'EKS'), region }),
  /** Audit logs are where their clusters are. */
  logs: (environment: Environment, region: string) =>
    new CloudWatchLogsClient({ ...connection(environment, 'CLOUDWATCH_LOGS'), region }),
  events: (environment: Environment) => new EventBridgeClient(connection(environment, 'EVENTBRIDGE')),
};

/** Who this process is at AWS, for what is signed without a client: from the default provider chain, kept fresh. */
export function awsIdentity(environment: Environment) {
  let chain: SecretsManagerClient['config']['credentials'] | undefined;
  return async () => {
    chain ??= clients.secrets(environment).config.credentials;
    const { accessKeyId, secretAccessKey, sessionToken } = await chain();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}

/** A Lambda's `handler`: made from `process.env` at the first call and kept while the function is warm. */
export function onFirstCall<Event, Answer>(
  create: (environment: Environment) => (event: Event) => Promise<Answer>,
): (event: Event, context?: { readonly awsRequestId: string }) => Promise<Answer> {
  let made: ((event: Event) => Promise<Answer>) | undefined;
  return (event, context) => {
    nameCall(context?.awsRequestId);
    made ??= create(process.env);
    return made(event);
  };
}
