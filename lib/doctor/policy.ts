import { audiencesPath } from '../alerts/subscribed.ts';
import { addressesPath, versionParameter } from '../config/addresses.ts';
import type { Config } from '../config/config.ts';
import { configPath } from '../config/parameters.ts';
import { deadLettersPath } from '../dead-letters/queues.ts';
import { bootstrapVersionParameter, DEFAULT_QUALIFIER } from './cdk-bootstrap.ts';
import { secretsOf } from './secrets.ts';

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/**
 * The rights that all looks of the doctor need, and no more: a test holds these against the calls that are made. Without
 * a statement, what it is for is skipped, and says so. A `*` for the account is who calls; for the region, where.
 */
export function doctorPolicy(config: Config): PolicyDocument {
  const { installation, targets } = config;
  const arn = (service: string, resource: string, region = '*') =>
    `arn:aws:${service}:${region}:*:${resource}`;
  const parameters = (path: string) => arn('ssm', `parameter${path}`);
  const clusters = targets.flatMap(({ cluster }) => (cluster?.kind === 'eks' ? [cluster] : []));
  const inClusters = (kind: string, tail: string) =>
    unique(clusters.map(({ name, region }) => arn('eks', `${kind}/${name}${tail}`, region)));
  const secrets = secretsOf(config).map(({ id }) =>
    id.startsWith('arn:') ? id : arn('secretsmanager', `secret:${id}-??????`),
  );
  const existing = config.aws.existing.uploadBucket;
  const bucket = `arn:aws:s3:::${existing ?? `${installation}-state-*`}`;
  const statements: readonly PolicyStatement[] = [
    {
      Sid: 'AccountAndQuotas',
      Effect: 'Allow',
      Action: [
        'sts:GetCallerIdentity',
        'iam:GetAccountSummary',
        'lambda:GetAccountSettings',
        'servicequotas:ListServiceQuotas',
        'cloudwatch:DescribeAlarms',
        'ec2:DescribeVpcEndpoints',
        'ec2:DescribeRouteTables',
        'ec2:DescribeVpcs',
        'ec2:DescribeNetworkInterfaces',
      ],
      // IAM knows no narrower resource for these actions (Service Authorization Reference).
      Resource: ['*'],
    },
    {
      Sid: 'WhatIsDeployed',
      Effect: 'Allow',
      Action: ['cloudformation:ListStackResources'],
      Resource: [arn('cloudformation', `stack/${installation}-*/*`)],
    },
    {
      Sid: 'Parameters',
      Effect: 'Allow',
      Action: ['ssm:GetParameter', 'ssm:GetParametersByPath'],
      Resource: [
        parameters(bootstrapVersionParameter(config.aws.qualifier ?? DEFAULT_QUALIFIER)),
        parameters(versionParameter(installation)),
        parameters(configPath(installation)),
        parameters(addressesPath(installation)),
        parameters(audiencesPath(installation)),
        parameters(deadLettersPath(installation)),
      ],
    },
    {
      Sid: 'Functions',
      Effect: 'Allow',
      Action: ['lambda:GetFunctionConfiguration'],
      Resource: [arn('lambda', `function:${installation}-*`)],
    },
    {
      Sid: 'Roles',
      Effect: 'Allow',
      Action: ['iam:GetRole'],
      Resource: [`arn:aws:iam::*:role${config.aws.rolePath}${installation}-*`],
    },
    {
      Sid: 'Topics',
      Effect: 'Allow',
      Action: ['sns:ListSubscriptionsByTopic'],
      Resource: [
        arn('sns', `${installation}-*`),
        ...Object.values(config.aws.existing.topics).filter((topic) => topic !== undefined),
      ],
    },
    {
      Sid: 'Queues',
      Effect: 'Allow',
      Action: ['sqs:GetQueueAttributes'],
      Resource: [arn('sqs', `${installation}-*`)],
    },
    {
      Sid: 'UploadBucket',
      Effect: 'Allow',
      Action: ['s3:GetBucketVersioning', 's3:GetBucketNotification'],
      Resource: [bucket],
    },
    {
      Sid: 'Verdicts',
      Effect: 'Allow',
      Action: ['dynamodb:Query', 'dynamodb:GetItem'],
      Resource: [arn('dynamodb', `table/${installation}-*`)],
    },
    {
      Sid: 'WhatGitDeclares',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: [
        `arn:aws:s3:::${installation}-state-*/desired/*`,
        `arn:aws:s3:::${installation}-state-*/renders/*`,
      ],
    },
    {
      Sid: 'Clusters',
      Effect: 'Allow',
      Action: [
        'eks:DescribeCluster',
        'eks:ListCapabilities',
        'eks:DescribeCapability',
        'eks:DescribeAccessEntry',
        'eks:ListAssociatedAccessPolicies',
      ],
      Resource: [
        ...inClusters('cluster', ''),
        ...inClusters('capability', '/*'),
        ...inClusters('access-entry', '/*'),
      ],
    },
    {
      Sid: 'SecretsAreThere',
      Effect: 'Allow',
      Action: ['secretsmanager:DescribeSecret'],
      Resource: unique(secrets),
    },
    {
      // Leave it out, and the repositories are not tried.
      Sid: 'OpensRepositories',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: unique(secrets),
    },
  ];
  return { Version: '2012-10-17', Statement: statements.filter(({ Resource }) => Resource.length > 0) };
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();
