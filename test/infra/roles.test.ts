import assert from 'node:assert/strict';
import { test } from 'node:test';
import example from '../../fairlead.config.ts';
import { synthesised } from './example.ts';
import { actionsOf, listOf, resourcesOf, rightsOf, statementsOf } from './rights.ts';

/**
 * The table of trusts (docs/security.md): what each function's role may do, all of it, and what no change may give
 * it. An action that is in neither column fails the test, so that a new right is a decision and seen in review.
 */
interface Trust {
  readonly role: string;
  /** Beside writing its own log. */
  readonly may: readonly string[];
  /** Patterns of actions that it must never have. */
  readonly never: readonly RegExp[];
}

const LOG = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
const CONSUME = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
const AGAIN = ['sqs:ChangeMessageVisibility'];
const RECORD = ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'];
const TAGS = [
  's3:GetObjectTagging',
  's3:GetObjectVersionTagging',
  's3:PutObjectTagging',
  's3:PutObjectVersionTagging',
];

const SECRETS = /^secretsmanager:/;
const CLUSTERS = /^eks:/;
const PARAMETERS = /^ssm:/;
const PEOPLE = /^(sns|events):/;
const CALLS = /^lambda:/;
const PACKAGES = /^s3:GetObjectVersion$/;

const TRUSTS: readonly Trust[] = [
  {
    role: 'receive-upload',
    may: [
      ...CONSUME,
      ...AGAIN,
      ...RECORD,
      ...TAGS,
      's3:GetObject',
      's3:GetObjectVersion',
      's3:ListBucket',
      's3:ListBucketVersions',
      's3:PutObject',
      'kms:GenerateDataKey',
      'sqs:SendMessage',
      'ssm:GetParametersByPath',
    ],
    never: [SECRETS, CLUSTERS, PEOPLE, CALLS],
  },
  {
    role: 'render-release',
    may: [
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    never: [SECRETS, CLUSTERS, PARAMETERS, PEOPLE, CALLS, PACKAGES, /^(sqs|dynamodb):/],
  },
  {
    role: 'deliver-uploads',
    may: [
      ...CONSUME,
      ...AGAIN,
      ...RECORD,
      ...TAGS,
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'lambda:InvokeFunction',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
      'ssm:GetParametersByPath',
    ],
    never: [CLUSTERS, PEOPLE, PACKAGES],
  },
  {
    role: 'read-desired',
    may: [
      ...CONSUME,
      ...RECORD,
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'eks:DescribeCluster',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'lambda:InvokeFunction',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
      'ssm:GetParametersByPath',
    ],
    never: [PEOPLE, PACKAGES, /^s3:.*Tagging$/],
  },
  {
    role: 'check-drift',
    may: [
      ...CONSUME,
      ...RECORD,
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'kms:Decrypt',
      'kms:GenerateDataKey',
    ],
    never: [SECRETS, PARAMETERS, CLUSTERS, PEOPLE, CALLS, PACKAGES, /^sqs:SendMessage$/],
  },
  {
    role: 'send-alerts',
    may: [
      ...RECORD,
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'events:PutEvents',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      's3:PutObject',
      'sns:Publish',
      'sqs:SendMessage',
    ],
    never: [SECRETS, CLUSTERS, CALLS, PARAMETERS, /^s3:(?!PutObject$)/, /^sns:(?!Publish$)/],
  },
  {
    role: 'sweep',
    may: [...RECORD, 's3:ListBucketVersions', 'sqs:SendMessage', 'ssm:GetParametersByPath'],
    never: [SECRETS, CLUSTERS, PEOPLE, CALLS, PACKAGES, /^s3:(Get|Put)/, /^kms:/],
  },
  {
    role: 'smoke-test',
    may: ['lambda:InvokeFunction'],
    never: [SECRETS, CLUSTERS, PEOPLE, PARAMETERS, PACKAGES, /^(s3|kms|sqs|dynamodb):/],
  },
];

const { run } = synthesised();

for (const { role, may, never } of TRUSTS) {
  test(`${role} may do what its one trust needs and nothing else`, () => {
    assert.deepEqual([...actionsOf(run, role)].sort(), [...new Set([...LOG, ...may])].sort());
  });

  test(`${role} never has what belongs to others`, () => {
    const forbidden = [...actionsOf(run, role)].filter((action) =>
      never.some((pattern) => pattern.test(action)),
    );
    assert.deepEqual(forbidden, []);
  });
}

test('who reads audit logs reads those that the targets name, looks for events there, and has no other new right', () => {
  const [target] = example.targets;
  assert.ok(target !== undefined);
  const cluster = (name: string) => ({ kind: 'eks', name, region: 'eu-west-1' }) as const;
  const logged = synthesised({
    targets: [
      { ...target, cluster: cluster('one'), auditLog: true },
      { ...target, name: 'two', cluster: cluster('two'), auditLog: { logGroup: '/audit/two' } },
      { ...target, name: 'three', cluster: cluster('three') },
    ],
  }).run;
  const beside = rightsOf(logged, 'send-alerts').filter(({ Action }) =>
    listOf(Action).some((action) => !actionsOf(run, 'send-alerts').has(action)),
  );
  assert.deepEqual([...new Set(beside.flatMap(({ Action }) => listOf(Action)))], ['logs:FilterLogEvents']);
  assert.deepEqual(
    beside.flatMap(resourcesOf).sort(),
    ['/audit/two', '/aws/eks/one/cluster'].map(
      (group) => `arn:<AWS::Partition>:logs:eu-west-1:<AWS::AccountId>:log-group:${group}:*`,
    ),
  );
});

test('who posts to webhooks reads what they are and the secrets that sign for them, and nothing else that is new', () => {
  const hook = (name: string, secret: string) =>
    ({ name, form: 'webhook', url: `https://${name}.example.com/`, secret }) as const;
  const posting = synthesised({
    audiences: [hook('one', 'hooks/one'), hook('two', 'hooks/two'), hook('three', 'hooks/one')],
  }).run;
  const before = new Set(rightsOf(run, 'send-alerts').map((statement) => JSON.stringify(statement)));
  const beside = rightsOf(posting, 'send-alerts')
    .filter((statement) => !before.has(JSON.stringify(statement)))
    .map((statement) => [listOf(statement.Action), resourcesOf(statement)]);
  assert.deepEqual(beside, [
    [
      ['ssm:GetParametersByPath'],
      ['arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/fairlead-webhooks/fairlead'],
    ],
    [
      ['secretsmanager:GetSecretValue'],
      ['one', 'two'].map(
        (name) =>
          `arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:hooks/${name}-??????`,
      ),
    ],
  ]);
  for (const { role } of TRUSTS)
    if (role !== 'send-alerts') assert.deepEqual(actionsOf(posting, role), actionsOf(run, role));
});

test('no role has a wildcard in an action', () => {
  const wild = Object.values(run.findResources('AWS::IAM::Policy')).flatMap((policy) =>
    statementsOf(policy).flatMap(({ Action }) => listOf(Action).filter((action) => action.includes('*'))),
  );
  assert.deepEqual(wild, []);
});

test('no role has a managed policy, which changes without us', () => {
  for (const role of Object.values(run.findResources('AWS::IAM::Role'))) {
    assert.equal(role.Properties.ManagedPolicyArns, undefined);
  }
});

test('the function that runs hostile templates stands in a network that leads to the two stores only', () => {
  const inNetworks = Object.values(run.findResources('AWS::Lambda::Function')).filter(
    ({ Properties }) => Properties.VpcConfig !== undefined,
  );
  assert.deepEqual(
    inNetworks.map(({ Properties }) => Properties.FunctionName),
    ['fairlead-render-release'],
  );
  assert.deepEqual(run.findResources('AWS::EC2::InternetGateway'), {});
  assert.deepEqual(run.findResources('AWS::EC2::NatGateway'), {});
  assert.deepEqual(run.findResources('AWS::EC2::Route'), {});
  const [endpoint] = Object.values(run.findResources('AWS::EC2::VPCEndpoint'));
  const reachable = statementsOf({
    Properties: { PolicyDocument: endpoint?.Properties.PolicyDocument },
  }).flatMap(resourcesOf);
  assert.equal(reachable.length, 4);
  for (const resource of reachable) assert.match(resource, /(Content|State)Bucket/);
});

const secretsOf = (template: typeof run, role: string) =>
  rightsOf(template, role)
    .filter(({ Action }) => listOf(Action).includes('secretsmanager:GetSecretValue'))
    .flatMap(resourcesOf)
    .map(nameInArn);

test('the function that writes to Git and the one that reads it have different credentials', () => {
  assert.deepEqual(secretsOf(run, 'deliver-uploads'), ['fairlead/cluster/write-??????']);
  assert.deepEqual(secretsOf(run, 'read-desired'), ['fairlead/cluster/read-??????']);
});

test('each form of credential gives each Git function its own secret or repository, and the key that signs goes to the writer alone', () => {
  const hostKeys = [
    'git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
  ];
  const app = { kind: 'github-app', appId: 1, installationId: 2 } as const;
  const codecommit = (name: string) => ({
    name,
    url: `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/${name}`,
    credential: { kind: 'codecommit' } as const,
    readCredential: { kind: 'codecommit' } as const,
  });
  const { run: every } = synthesised({
    repositories: [
      {
        name: 'cluster',
        url: 'https://github.com/example/cluster',
        credential: { ...app, secret: 'app/write' },
        readCredential: { ...app, appId: 3, secret: 'app/read' },
        signing: { kind: 'openpgp', secret: 'sign/openpgp' },
      },
      {
        name: 'other',
        url: 'git@git.example.com:example/other.git',
        credential: { kind: 'ssh', secret: 'ssh/write', hostKeys },
        readCredential: { kind: 'ssh', secret: 'ssh/read', hostKeys },
        signing: { kind: 'ssh', secret: 'sign/ssh' },
      },
      codecommit('one'),
      codecommit('two'),
    ],
  });
  assert.deepEqual(secretsOf(every, 'deliver-uploads'), [
    'app/write-??????',
    'sign/openpgp-??????',
    'sign/ssh-??????',
    'ssh/write-??????',
  ]);
  assert.deepEqual(secretsOf(every, 'read-desired'), ['app/read-??????', 'ssh/read-??????']);
  const repositories = (role: string) =>
    rightsOf(every, role).flatMap((statement) => {
      const actions = listOf(statement.Action).filter((action) => action.startsWith('codecommit:'));
      return actions.length === 0 ? [] : [{ actions, on: resourcesOf(statement) }];
    });
  const on = ['one', 'two'].map(
    (name) => `arn:<AWS::Partition>:codecommit:eu-west-1:<AWS::AccountId>:${name}`,
  );
  assert.deepEqual(repositories('deliver-uploads'), [
    { actions: ['codecommit:GitPull', 'codecommit:GitPush'], on },
  ]);
  assert.deepEqual(repositories('read-desired'), [{ actions: ['codecommit:GitPull'], on }]);
  for (const { role } of TRUSTS)
    if (!['deliver-uploads', 'read-desired'].includes(role)) assert.deepEqual(repositories(role), []);
});

test('each function reads and writes its parts of the state bucket and no others', () => {
  const parts = (role: string, action: string) =>
    rightsOf(run, role)
      .filter(({ Action, Effect }) => Effect === 'Allow' && listOf(Action).includes(action))
      .flatMap(resourcesOf)
      .filter((resource) => resource.includes('StateBucket'))
      .map((resource) => resource.slice(resource.indexOf('/') + 1))
      .sort();
  const table = Object.fromEntries(
    TRUSTS.map(({ role }) => [role, [parts(role, 's3:GetObject'), parts(role, 's3:PutObject')]]),
  );
  assert.deepEqual(table, {
    'receive-upload': [[], []],
    'render-release': [
      ['judgements/*', 'keys/*', 'openapi/*', 'renders/*'],
      ['judgements/*', 'keys/*', 'renders/*'],
    ],
    'deliver-uploads': [['profiles/*', 'renders/*'], []],
    'read-desired': [
      ['config/*', 'desired/*', 'profiles/*', 'renders/*'],
      ['config/*', 'desired/*', 'renders/*'],
    ],
    'check-drift': [
      ['config/*', 'desired/*', 'keys/*', 'openapi/*', 'profiles/*', 'renders/*'],
      ['keys/*', 'openapi/*', 'profiles/*'],
    ],
    'send-alerts': [[], ['reports/*']],
    sweep: [[], []],
    'smoke-test': [[], []],
  });
});

const nameInArn = (arn: string): string => arn.slice(arn.indexOf(':secret:') + ':secret:'.length);
