import { CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { audiencesPath, toAudienceParameters } from '../../../lib/alerts/subscribed.ts';
import * as own from '../../../lib/aws/account/clients.ts';
import * as clients from '../../../lib/aws/clients.ts';
import type { Environment } from '../../../lib/aws/environment.ts';
import { addressesPath, versionParameter } from '../../../lib/config/addresses.ts';
import type { Config } from '../../../lib/config/config.ts';
import { deadLettersPath, writeDeadLetterQueue } from '../../../lib/dead-letters/queues.ts';

export const CHECK_ROLE = 'fairlead-check-drift-eu-central-1';

/** What the stacks leave behind, as far as the doctor asks for it. The URL of its dead-letter queue. */
export async function deploy(environment: Environment, config: Config, pushToken: string): Promise<string> {
  const secrets = clients.secrets(environment);
  await secrets.send(new CreateSecretCommand({ Name: 'fairlead/write', SecretString: pushToken }));
  await secrets.send(new CreateSecretCommand({ Name: 'fairlead/read', SecretString: 'reads-only' }));
  const s3 = clients.s3(environment);
  for (const Bucket of ['uploads', 'state'])
    await s3.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
      }),
    );
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: 'uploads', VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'uploads',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );
  await clients.dynamodb(environment).send(
    new CreateTableCommand({
      TableName: 'fairlead-state-table',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  await own
    .iam(environment)
    .send(new CreateRoleCommand({ RoleName: CHECK_ROLE, AssumeRolePolicyDocument: '{}' }));
  const template = JSON.stringify({ Resources: { Marker: { Type: 'AWS::SNS::Topic' } } });
  for (const name of ['state', 'targets', 'run', 'checks'])
    await own
      .cloudformation(environment)
      .send(new CreateStackCommand({ StackName: `fairlead-${name}`, TemplateBody: template }));
  const sns = clients.sns(environment);
  const sqs = clients.sqs(environment);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'fairlead-run-DeadLetters' }));
  const parameters = new Map<string, string>([
    [`${audiencesPath('fairlead')}/unheard`, 'arn:aws:sqs:eu-central-1:123456789012:fairlead-unheard'],
    ['/cdk-bootstrap/hnb659fds/version', '28'],
    [versionParameter('fairlead'), '0.1.0'],
    [`${addressesPath('fairlead')}/upload-bucket`, 'uploads'],
    [`${deadLettersPath('fairlead')}/receive`, writeDeadLetterQueue({ kind: 'receive', url: QueueUrl })],
  ]);
  for (const [name, value] of toAudienceParameters(config.audiences))
    parameters.set(`${audiencesPath('fairlead')}/${name}`, value);
  for (const form of ['email', 'pager', 'chat', 'operators']) {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: `fairlead-${form}` }));
    parameters.set(`${audiencesPath('fairlead')}/topics/${form}`, TopicArn);
    if (form === 'email' || form === 'operators')
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'platform@example.com' }));
  }
  const ssm = clients.ssm(environment);
  for (const [Name, Value] of parameters)
    await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String' }));
  return QueueUrl;
}
