import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { EXAMPLE, type Resource, resourcesIn, templates } from './templates.ts';

/** What an organisation asks of everything in its accounts (`aws` of the configuration). */

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d';
const plain = resourcesIn(templates());
const [staging] = EXAMPLE.targets;
assert.ok(staging);

const ofType = (all: typeof plain, type: string): readonly Resource[] =>
  all.flatMap(([, , resource]) => (resource.Type === type ? [resource] : []));

describe('a key of the organisation', () => {
  const all = resourcesIn(templates({ aws: { key: KEY } }));

  test('is on every queue, topic, table and log group', () => {
    const on: Readonly<Record<string, (properties: Resource['Properties']) => unknown>> = {
      'AWS::SQS::Queue': ({ KmsMasterKeyId }) => KmsMasterKeyId,
      'AWS::SNS::Topic': ({ KmsMasterKeyId }) => KmsMasterKeyId,
      'AWS::Logs::LogGroup': ({ KmsKeyId }) => KmsKeyId,
      'AWS::DynamoDB::Table': ({ SSESpecification }) =>
        z.object({ KMSMasterKeyId: z.string() }).parse(SSESpecification).KMSMasterKeyId,
    };
    for (const [type, keyOf] of Object.entries(on)) {
      const found = ofType(all, type);
      assert.equal(found.length, ofType(plain, type).length, type);
      assert.ok(found.length > 0, type);
      for (const { Properties } of found) assert.equal(keyOf(Properties), KEY, type);
    }
  });

  test('is on every bucket but that of the access logs, which S3 would not fill', () => {
    const algorithms = ofType(all, 'AWS::S3::Bucket').map(({ Properties }) => {
      const text = JSON.stringify(Properties.BucketEncryption);
      return { isUnderKey: text.includes(KEY), isLogged: Properties.LoggingConfiguration !== undefined };
    });
    assert.ok(algorithms.length >= 4);
    for (const { isUnderKey, isLogged } of algorithms) assert.equal(isUnderKey, isLogged);
  });

  test('is the only one: none is made', () => {
    assert.ok(ofType(plain, 'AWS::KMS::Key').length > 0);
    assert.deepEqual(ofType(all, 'AWS::KMS::Key'), []);
  });

  test('comes with each right to what is under it, through that service alone', () => {
    for (const policy of ofType(all, 'AWS::IAM::Policy')) {
      const statements = statementsOf(policy);
      const needs = new Set(
        statements.flatMap(({ Effect, Action }) =>
          Effect === 'Allow' ? Action.flatMap((action) => SERVICE_OF[action] ?? []) : [],
        ),
      );
      const keyed = statements.filter(({ Resource }) => JSON.stringify(Resource).includes(KEY));
      const through = keyed.map(({ Condition }) => JSON.stringify(Condition));
      for (const service of needs)
        assert.ok(
          through.some((text) => text.includes(`"${service}.`)),
          JSON.stringify([service, statements]),
        );
      for (const text of through) assert.match(text, /^\{"StringEquals":\{"kms:ViaService":/);
    }
  });

  test('has in docs/customer-key.md a policy that admits exactly the services which use it by themselves', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'customer-key.md'), 'utf8');
    const [, text = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    const services = statement
      .array()
      .parse(JSON.parse(text).Statement)
      .flatMap(({ Principal }) =>
        typeof Principal === 'object' && Principal.Service ? [Principal.Service] : [],
      );
    const used = [
      ...(ofType(all, 'AWS::Events::Rule').length > 0 ? ['events.amazonaws.com'] : []),
      ...(ofType(all, 'AWS::CloudWatch::Alarm').length > 0 ? ['cloudwatch.amazonaws.com'] : []),
      ...(ofType(all, 'AWS::SNS::Subscription').length > 0 ? ['sns.amazonaws.com'] : []),
      ...(ofType(all, 'AWS::Logs::LogGroup').length > 0 ? ['logs.REGION.amazonaws.com'] : []),
    ];
    assert.deepEqual(services.sort(), used.sort());
  });

  test('later, beside our own: what was encrypted before can still be read, and is encrypted with no longer', () => {
    const kept = resourcesIn(templates({ aws: { key: KEY, ownKey: 'kept' } }));
    assert.equal(ofType(kept, 'AWS::KMS::Key').length, ofType(plain, 'AWS::KMS::Key').length);
    for (const { Properties } of ofType(kept, 'AWS::SNS::Topic'))
      assert.equal(Properties.KmsMasterKeyId, KEY);
    const own = ofType(kept, 'AWS::IAM::Policy')
      .flatMap(statementsOf)
      .filter(
        ({ Action, Resource }) =>
          Action.includes('kms:Decrypt') && JSON.stringify(Resource).includes('ImportValue'),
      );
    assert.ok(own.length > 0);
  });
});

test('a copy of the table under the key takes the key, through DynamoDB alone', () => {
  const vault = resourcesIn(templates({ aws: { key: KEY }, backup: { tableVault: true } }));
  const [role] = ofType(vault, 'AWS::IAM::Policy')
    .map(statementsOf)
    .filter((statements) => statements.some(({ Action }) => Action.includes('dynamodb:StartAwsBackupJob')));
  const keyed = (role ?? []).filter(({ Resource }) => Resource === KEY);
  assert.deepEqual(
    keyed.map(({ Action, Condition }) => [Action, JSON.stringify(Condition)?.includes('"dynamodb.')]),
    [
      [['kms:DescribeKey'], undefined],
      [['kms:Decrypt', 'kms:GenerateDataKey'], true],
    ],
  );
});

describe('a network of the organisation for hostile templates', () => {
  const subnets = ['subnet-0a1b2c3d4e5f67890', 'subnet-0a1b2c3d4e5f67891'];
  const vpc = { id: 'vpc-0a1b2c3d4e5f67890', subnets };
  const within = (securityGroup?: string) =>
    resourcesIn(
      templates({ aws: { existing: { vpc: { ...vpc, ...(securityGroup && { securityGroup }) } } } }),
    );
  const placed = (all: typeof plain) =>
    ofType(all, 'AWS::Lambda::Function').find(
      ({ Properties }) => Properties.FunctionName === 'fairlead-render-release',
    )?.Properties.VpcConfig;

  test('is where they are rendered; of its own a group is made there, and nothing else', () => {
    const all = within();
    const own = 'IsolationGroup';
    assert.deepEqual(z.looseObject({ SubnetIds: z.unknown() }).parse(placed(all)).SubnetIds, subnets);
    const [group, ...others] = all.filter(([, , { Type }]) => Type.startsWith('AWS::EC2::'));
    assert.deepEqual(others, []);
    assert.equal(group?.[2].Type, 'AWS::EC2::SecurityGroup');
    assert.equal(group?.[2].Properties.VpcId, vpc.id);
    assert.ok(JSON.stringify(placed(all)).includes(own), JSON.stringify(placed(all)));
  });

  test('may bring its group, too', () => {
    const all = within('sg-0a1b2c3d4e5f67890');
    assert.deepEqual(placed(all), { SecurityGroupIds: ['sg-0a1b2c3d4e5f67890'], SubnetIds: subnets });
    assert.deepEqual(
      all.filter(([, , { Type }]) => Type.startsWith('AWS::EC2::')),
      [],
    );
  });
});

describe('what is asked of roles', () => {
  const BOUNDARY = 'arn:aws:iam::111122223333:policy/platform/boundary';
  const all = resourcesIn(
    templates({
      aws: { permissionsBoundary: BOUNDARY, rolePath: '/platform/' },
      targets: [{ ...staging, uploaders: { github: [{ repository: 'acme/shop', ref: 'refs/heads/main' }] } }],
    }),
  );

  test('every role is bounded and in its path', () => {
    const roles = ofType(all, 'AWS::IAM::Role');
    assert.ok(roles.length > 8);
    for (const { Properties } of roles) {
      assert.equal(Properties.PermissionsBoundary, BOUNDARY);
      assert.equal(Properties.Path, '/platform/');
    }
  });

  test('a cluster admits the role by its path', () => {
    const [entry] = ofType(all, 'AWS::EKS::AccessEntry');
    assert.match(JSON.stringify(entry?.Properties.PrincipalArn), /:role\/platform\/fairlead-check-drift-/);
  });

  test('a boundary can be given by its name', () => {
    const named = resourcesIn(templates({ aws: { permissionsBoundary: 'platform-boundary' } }));
    for (const { Properties } of ofType(named, 'AWS::IAM::Role'))
      assert.match(
        JSON.stringify(Properties.PermissionsBoundary),
        /AWS::AccountId.*:policy\/platform-boundary"/,
      );
  });
});

test('the bootstrap stack is that of the qualifier', () => {
  const { Parameters } = templates({ aws: { qualifier: 'platform' } }).run;
  assert.match(JSON.stringify(Parameters), /\/cdk-bootstrap\/platform\/version/);
});

const actions = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statement = z.object({
  Effect: z.string(),
  Action: actions,
  Resource: z.unknown(),
  Condition: z.unknown().optional(),
  Principal: z.union([z.string(), z.looseObject({ Service: z.string().optional() })]).optional(),
});
type Statement = z.output<typeof statement>;

function statementsOf({ Properties }: Resource): readonly Statement[] {
  return z.object({ Statement: z.array(statement) }).parse(Properties.PolicyDocument).Statement;
}

const SERVICE_OF: Readonly<Record<string, string>> = {
  's3:GetObject': 's3',
  's3:GetObjectVersion': 's3',
  's3:PutObject': 's3',
  'sqs:SendMessage': 'sqs',
  'sqs:ReceiveMessage': 'sqs',
  'sns:Publish': 'sns',
  'dynamodb:GetItem': 'dynamodb',
  'dynamodb:PutItem': 'dynamodb',
};
