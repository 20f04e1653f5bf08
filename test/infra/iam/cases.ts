import type { Context } from './conditions.ts';
import { ACCOUNT, REGION } from './deployed.ts';
import type { Installation } from './installation.ts';

/** What is asked for: an action, on a thing, and what is known of the call. */
export type Asked = readonly [action: string, resource: string, context?: Context];

export interface Cases {
  /** It could not do its work without. */
  readonly may: readonly Asked[];
  /** What docs/security.md promises that it has not. */
  readonly mayNot: readonly Asked[];
}

const through = (service: string): Context => ({ 'kms:ViaService': `${service}.${REGION}.amazonaws.com` });
const regional = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const SECRET = (name: string) => regional('secretsmanager', `secret:${name}-AbCdEf`);
const read = (secret: string): Asked => ['secretsmanager:GetSecretValue', SECRET(secret)];
const REPOSITORY = regional('codecommit', 'second');
const CLUSTER = regional('eks', 'cluster/staging');

/** A new object, and no other in its place. */
const ONCE: Context = { 's3:if-none-match': '*', 's3:ObjectCreationOperation': 'true' };

/** The things of the installation `bank` (test/infra/configurations.ts, everything), and who does what to them. */
export function casesOf(bank: Installation): Readonly<Record<string, Cases>> {
  const bucket = (name: RegExp) => bank.thing('AWS::S3::Bucket', name);
  const queue = (name: RegExp) => bank.thing('AWS::SQS::Queue', name);
  const uploads = bucket(/^UploadsBucket/);
  const content = bucket(/^ContentBucket/);
  const state = bucket(/^StateBucket/);
  const backups = bucket(/^Backups/);
  const table = bank.thing('AWS::DynamoDB::Table', /^Record/);
  const key = bank.thing('AWS::KMS::Key', /^Key/);
  const alertsKey = bank.thing('AWS::KMS::Key', /^AlertsKey/);
  const email = bank.thing('AWS::SNS::Topic', /^AlertsEmail/);
  const bus = bank.thing('AWS::Events::EventBus', /Bus/);
  const queues = {
    receive: queue(/^ArrivalsReceiveQueue/),
    doorbell: queue(/^DoorbellQueue/),
    reads: queue(/^ReadsQueue/),
    checks: queue(/^ChecksQueue/),
  };
  const lambda = (name: string) => regional('lambda', `function:bank-${name}`);
  const parameters = regional('ssm', 'parameter/fairlead/bank/config');

  const upload = `${uploads}/staging/shop/web/web-1.0.0.tgz`;
  const keep: Asked[] = ['GetItem', 'Query', 'PutItem', 'DeleteItem'].map((one) => [
    `dynamodb:${one}`,
    table,
  ]);
  const tag: Asked[] = ['Get', 'Put'].map((one) => [`s3:${one}ObjectVersionTagging`, upload]);
  const take = (from: string): Asked[] =>
    ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((one) => [`sqs:${one}`, from]);
  const open: Asked = ['s3:GetObjectVersion', upload];
  const command = `${uploads}/.commands/staging/01jd8zq6t7x3m2k4n5p6r7s8t9.json`;
  const openCommand: Asked = ['s3:GetObjectVersion', command];
  const GIT = [
    read('bank/cluster/write'),
    read('bank/cluster/sign'),
    read('bank/cluster/read'),
    read('bank/charts'),
    read('bank/pull-requests'),
  ];
  const codecommit = (action: string): Asked => [`codecommit:${action}`, REPOSITORY];
  const CLUSTERS: Asked[] = [
    ['eks:DescribeCluster', CLUSTER],
    ['sts:AssumeRole', 'arn:aws:iam::444455556666:role/fairlead-check'],
  ];
  const config: Asked = ['ssm:GetParametersByPath', parameters];
  const PEOPLE: Asked[] = [
    ['sns:Publish', email],
    ['events:PutEvents', bus],
  ];
  const call = (name: string): Asked => ['lambda:InvokeFunction', lambda(name)];
  const object = (action: string, where: string): Asked => [`s3:${action}`, where];
  const decrypt: Asked = ['kms:Decrypt', key, through('s3')];
  const encrypt: Asked = ['kms:GenerateDataKey', key, through('s3')];

  const bundle = `${backups}/cluster/2026-11-22.bundle`;

  return {
    'receive-upload': {
      may: [
        open,
        openCommand,
        ...tag,
        ...keep,
        ...take(queues.receive),
        config,
        encrypt,
        object('PutObject', `${content}/trees/ab`),
        ['sqs:SendMessage', queues.doorbell],
        ['sqs:ChangeMessageVisibility', queues.receive],
      ],
      mayNot: [
        ...GIT,
        read('bank/tickets'),
        ...CLUSTERS,
        ...PEOPLE,
        codecommit('GitPull'),
        call('render-release'),
        decrypt,
        ['kms:Decrypt', key],
        object('PutObject', upload),
        object('PutObject', command),
        object('GetObject', `${content}/trees/ab`),
        object('GetObject', `${state}/keys/sealing`),
        ['sqs:SendMessage', queues.reads],
        ['sqs:ReceiveMessage', queues.doorbell],
      ],
    },
    'render-release': {
      may: [
        object('GetObject', `${content}/trees/ab`),
        object('PutObject', `${state}/renders/ab.json`),
        object('GetObject', `${state}/openapi/ab.json`),
        decrypt,
        encrypt,
      ],
      mayNot: [
        ...GIT,
        ...CLUSTERS,
        ...PEOPLE,
        ...keep,
        ...tag,
        open,
        config,
        codecommit('GitPull'),
        call('sweep'),
        object('PutObject', `${content}/trees/ab`),
        object('PutObject', `${state}/desired/ab.json`),
        object('PutObject', `${state}/openapi/ab.json`),
        object('GetObject', `${state}/profiles/staging.json`),
        ['sqs:SendMessage', queues.doorbell],
        // Lambda makes its network interfaces with its role; what runs in it may not.
        ['ec2:CreateNetworkInterface', '*', { 'lambda:SourceFunctionArn': lambda('render-release') }],
      ],
    },
    'deliver-uploads': {
      may: [
        ...keep,
        ...tag,
        ...take(queues.doorbell),
        config,
        call('render-release'),
        decrypt,
        encrypt,
        read('bank/cluster/write'),
        read('bank/cluster/sign'),
        codecommit('GitPull'),
        codecommit('GitPush'),
        read('bank/pull-requests'),
        codecommit('CreatePullRequest'),
        codecommit('GetPullRequest'),
        codecommit('UpdatePullRequestStatus'),
        object('GetObject', `${content}/trees/ab`),
        object('GetObject', `${state}/profiles/staging.json`),
        object('GetObject', `${state}/renders/ab.json`),
        ['sqs:SendMessage', queues.reads],
        ['sqs:SendMessage', queues.doorbell],
      ],
      mayNot: [
        open,
        openCommand,
        codecommit('MergePullRequestBySquash'),
        codecommit('UpdatePullRequestApprovalState'),
        codecommit('DeleteBranch'),
        object('GetObject', upload),
        object('PutObject', upload),
        ...CLUSTERS,
        ...PEOPLE,
        read('bank/cluster/read'),
        read('bank/charts'),
        read('bank/tickets'),
        read('bank/cluster/write-other'),
        call('read-desired'),
        object('PutObject', `${state}/profiles/staging.json`),
        object('PutObject', `${state}/renders/ab.json`),
        object('GetObject', `${state}/keys/sealing`),
        ['codecommit:GitPush', regional('codecommit', 'other')],
        ['sqs:SendMessage', queues.checks],
      ],
    },
    'read-desired': {
      may: [
        ...keep,
        ...take(queues.reads),
        config,
        call('render-release'),
        decrypt,
        encrypt,
        read('bank/cluster/read'),
        read('bank/charts'),
        codecommit('GitPull'),
        ['eks:DescribeCluster', CLUSTER],
        object('PutObject', `${state}/desired/ab.json`),
        object('PutObject', `${content}/outside/ab.json`),
        ['sqs:SendMessage', queues.checks],
      ],
      mayNot: [
        read('bank/cluster/write'),
        read('bank/cluster/sign'),
        read('bank/tickets'),
        codecommit('GitPush'),
        open,
        ...tag,
        ...PEOPLE,
        ['eks:DescribeCluster', regional('eks', 'cluster/other')],
        ['eks:AccessKubernetesApi', CLUSTER],
        object('PutObject', `${state}/profiles/staging.json`),
        object('PutObject', `${state}/reports/ab.json`),
        object('GetObject', `${state}/keys/sealing`),
        object('PutObject', `${state}/keys/sealing`),
      ],
    },
    'check-drift': {
      may: [
        ...keep,
        ...take(queues.checks),
        decrypt,
        encrypt,
        object('GetObject', `${state}/desired/ab.json`),
        object('GetObject', `${state}/config/checks/staging.json`),
        object('PutObject', `${state}/profiles/staging.json`),
        ['sts:AssumeRole', 'arn:aws:iam::444455556666:role/fairlead-check'],
      ],
      mayNot: [
        ...GIT,
        read('bank/tickets'),
        open,
        ...tag,
        config,
        ...PEOPLE,
        codecommit('GitPull'),
        call('render-release'),
        ['eks:DescribeCluster', CLUSTER],
        ['eks:AccessKubernetesApi', CLUSTER],
        object('GetObject', `${content}/trees/ab`),
        object('PutObject', `${state}/desired/ab.json`),
        object('PutObject', `${state}/config/checks/staging.json`),
        ['sqs:SendMessage', queues.checks],
        ['sts:AssumeRole', 'arn:aws:iam::444455556666:role/admin'],
      ],
    },
    'send-alerts': {
      may: [
        ...keep,
        ...PEOPLE,
        read('bank/tickets'),
        encrypt,
        object('PutObject', `${state}/reports/staging/ab/1.json`),
        ['kms:GenerateDataKey', alertsKey, through('sns')],
        ['logs:FilterLogEvents', regional('logs', 'log-group:/aws/eks/staging/cluster:*')],
        ['ssm:GetParametersByPath', regional('ssm', 'parameter/fairlead-webhooks/bank')],
      ],
      mayNot: [
        ...GIT,
        ...CLUSTERS,
        open,
        ...tag,
        config,
        codecommit('GitPull'),
        call('render-release'),
        decrypt,
        ['kms:GenerateDataKey', alertsKey],
        ['sns:Subscribe', email],
        object('GetObject', `${state}/reports/staging/ab/1.json`),
        object('PutObject', `${state}/desired/ab.json`),
        ['logs:FilterLogEvents', regional('logs', 'log-group:/aws/eks/other/cluster:*')],
      ],
    },
    sweep: {
      may: [
        ...keep,
        config,
        ['s3:ListBucketVersions', uploads],
        ['dynamodb:Query', `${table}/index/untold`],
        ['sqs:SendMessage', queues.receive],
        ['sqs:SendMessage', queues.doorbell],
        ['sqs:SendMessage', queues.reads],
      ],
      mayNot: [
        ...GIT,
        ...CLUSTERS,
        ...PEOPLE,
        open,
        ...tag,
        decrypt,
        encrypt,
        call('render-release'),
        codecommit('GitPull'),
        object('GetObject', upload),
        object('GetObject', `${content}/trees/ab`),
        object('PutObject', `${state}/desired/ab.json`),
        ['sqs:SendMessage', queues.checks],
        ['sqs:ReceiveMessage', queues.reads],
      ],
    },
    'smoke-test': {
      may: [call('receive-upload'), call('render-release'), call('sweep')],
      mayNot: [
        ...GIT,
        ...CLUSTERS,
        ...PEOPLE,
        ...keep,
        ...tag,
        open,
        config,
        decrypt,
        encrypt,
        object('GetObject', `${content}/trees/ab`),
        ['lambda:UpdateFunctionCode', lambda('sweep')],
      ],
    },
    'back-up-repositories': {
      may: [read('bank/cluster/read'), codecommit('GitPull'), ['s3:PutObject', bundle, ONCE]],
      mayNot: [
        ['s3:PutObject', bundle, { 's3:ObjectCreationOperation': 'true' }],
        ['s3:GetObject', bundle],
        read('bank/cluster/write'),
        read('bank/cluster/sign'),
        read('bank/tickets'),
        codecommit('GitPush'),
        ...CLUSTERS,
        ...PEOPLE,
        ...tag,
        open,
        ['dynamodb:DeleteItem', table],
        ['s3:DeleteObject', bundle],
        ['s3:DeleteObjectVersion', bundle],
        ['s3:BypassGovernanceRetention', bundle],
        ['s3:PutObjectRetention', bundle],
      ],
    },
  };
}
