import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConfigInput } from '../../../lib/config/config.ts';
import { CONFIGURATIONS } from '../configurations.ts';
import { templatesOf } from '../example.ts';
import { casesOf } from './cases.ts';
import { ACCOUNT, REGION, type TemplateText } from './deployed.ts';
import { listed, statementsIn } from './document.ts';
import { decide } from './evaluate.ts';
import { Installation, type RoleHere } from './installation.ts';
import { NEVER } from './never.ts';

/** Roles of an installation as AWS would decide about them: what each may, and what it may not (docs/security.md). */
const deployed = (configuration: ConfigInput): Installation =>
  new Installation(templatesOf(configuration) as Record<string, TemplateText>);

const bank = deployed(CONFIGURATIONS.everything);
const own = deployed(CONFIGURATIONS.customers);
const functions = (installation: Installation): readonly RoleHere[] =>
  installation.deployed
    .of('AWS::Lambda::Function')
    .flatMap(({ properties: { FunctionName }, stack }) =>
      FunctionName === undefined ? [] : [String(installation.deployed.written(FunctionName, stack))],
    )
    .map((name) => installation.roleOf(name.slice(name.indexOf('-') + 1)));

const cases = casesOf(bank);

test('every function has cases of both kinds', () => {
  const names = functions(bank).map(({ name }) => name.slice('bank-'.length, -`-${REGION}`.length));
  // The check function of a VPC has what check-drift has, and is looked at as such below.
  assert.deepEqual(names.filter((name) => !/^check-(?!drift$)/.test(name)).sort(), Object.keys(cases).sort());
});

for (const [name, { may, mayNot }] of Object.entries(cases)) {
  describe(name, () => {
    for (const [action, resource, context] of may)
      test(`may ${action} on ${resource}`, () => {
        assert.equal(bank.decide(bank.roleOf(name), action, resource, context), 'allowed');
      });
    for (const [action, resource, context] of mayNot)
      test(`may not ${action} on ${resource}${context === undefined ? '' : ` with ${JSON.stringify(context)}`}`, () => {
        assert.notEqual(bank.decide(bank.roleOf(name), action, resource, context), 'allowed');
      });
  });
}

test('nobody may take away, decide who may what, or be another: on anything that there is', () => {
  const things = [
    '*',
    ...bank.deployed.all().map((resource) => bank.deployed.arnOf(resource)),
    ...bank.deployed
      .of('AWS::S3::Bucket')
      .flatMap((bucket) => [
        `${bank.deployed.arnOf(bucket)}/staging/a`,
        `${bank.deployed.arnOf(bucket)}/trees/a`,
      ]),
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:bank/cluster/write-AbCdEf`,
    `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/staging`,
    `arn:aws:codecommit:${REGION}:${ACCOUNT}:second`,
    `arn:aws:iam::${ACCOUNT}:role/admin`,
  ];
  const found = bank.roles.flatMap((role) =>
    isOurs(role)
      ? NEVER.flatMap((action) =>
          things
            .filter((thing) => bank.decide(role, action, thing) === 'allowed')
            .map((thing) => `${role.name}: ${action} on ${thing}`),
        )
      : [],
  );
  assert.deepEqual(found, []);
});

/** Not those of CDK's and CodeBuild's own functions, which run while it deploys: reviewed.ts says why they are as they are. */
const isOurs = ({ name }: RoleHere): boolean =>
  /^bank-[a-z]/.test(name) && !/^bank-(run|state|targets|checks)-/.test(name);

test('each function is run by Lambda and by nobody else, and each role of ours by one service or by named jobs', () => {
  for (const role of functions(bank)) {
    const trusted = (name: string) =>
      decide(
        {
          asker: { kind: 'service', name },
          action: 'sts:AssumeRole',
          resource: role.arn,
          context: { 'aws:SourceAccount': ACCOUNT },
        },
        { identity: [], resource: { document: role.trust, account: ACCOUNT } },
      );
    assert.equal(trusted('lambda.amazonaws.com'), 'allowed', role.name);
    assert.equal(trusted('ec2.amazonaws.com'), 'not allowed', role.name);
    assert.equal(statementsIn(role.trust).length, 1, role.name);
  }
});

test('what one installation may do, no function of another may, in the same account and region', () => {
  const grants = functions(bank).flatMap(({ policies }) =>
    policies
      .flatMap(statementsIn)
      .flatMap(({ Effect, Action, Resource, Condition }) =>
        Effect === 'Allow'
          ? listed(Action).flatMap((action) =>
              listed(Resource).flatMap((resource) =>
                resource === '*'
                  ? []
                  : [{ action, resource: concrete(resource), context: contextFor(Condition) }],
              ),
            )
          : [],
      ),
  );
  assert.ok(grants.length > 100, `${grants.length}`);
  const others = functions(deployed(elsewhere));
  const reached = others.flatMap((role) =>
    grants
      .filter(({ action, resource, context }) => bank.decide(role, action, resource, context) === 'allowed')
      .map(({ action, resource }) => `${role.name}: ${action} on ${resource}`),
  );
  assert.deepEqual([...new Set(reached)], []);
});

/** Another team's installation beside it: its own repository, secrets, cluster and names. */
const elsewhere: ConfigInput = {
  ...CONFIGURATIONS.example,
  installation: 'team',
  repositories: [
    {
      name: 'cluster',
      url: 'https://git.example.com/team/cluster.git',
      credential: { kind: 'token', secret: 'team/cluster/write' },
      readCredential: { kind: 'token', secret: 'team/cluster/read' },
    },
  ],
  targets: CONFIGURATIONS.example.targets.map((target) => ({
    ...target,
    cluster: { kind: 'eks' as const, name: 'team', region: REGION },
  })),
};

const concrete = (pattern: string): string => pattern.replaceAll('??????', 'AbCdEf').replaceAll('*', 'x');

function contextFor(conditions: unknown) {
  const all = Object.values((conditions ?? {}) as Record<string, Record<string, string | string[]>>);
  return Object.fromEntries(all.flatMap((keys) => Object.entries(keys)));
}

describe('uploaders', () => {
  const uploads = bank.thing('AWS::S3::Bucket', /^UploadsBucket/);
  const web = `${uploads}/staging/shop/web/web-1.0.0.tgz`;
  const policy = bank.deployed
    .of('AWS::IAM::ManagedPolicy')
    .find((one) => bank.deployed.nameOf(one) === `bank-upload-staging-${REGION}`);
  assert.ok(policy !== undefined);
  const attached = {
    name: 'ci',
    arn: `arn:aws:iam::${ACCOUNT}:role/ci`,
    trust: { Statement: [] },
    policies: [bank.deployed.written(policy.properties.PolicyDocument, policy.stack)],
  } as RoleHere;
  const table = bank.thing('AWS::DynamoDB::Table', /^Record/);
  const keys = (...of: string[]) => ({ 'dynamodb:LeadingKeys': of });
  const CASES: readonly (readonly [decision: boolean, action: string, resource: string, context?: object])[] =
    [
      [true, 's3:PutObject', web],
      [true, 's3:AbortMultipartUpload', web],
      [true, 's3:GetObjectVersionTagging', web],
      [true, 'dynamodb:GetItem', table, keys('upload#staging/shop/web/web-1.0.0.tgz')],
      [true, 'dynamodb:GetItem', table, keys('target#staging')],
      [true, 'ssm:GetParametersByPath', `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/fairlead/bank/addresses`],
      [false, 's3:PutObject', `${uploads}/private/pay/api/api-1.0.0.tgz`],
      [false, 's3:PutObject', `${uploads}/staging-two/shop/web/web-1.0.0.tgz`],
      [false, 's3:PutObjectTagging', web],
      [false, 's3:PutObjectVersionTagging', web],
      [false, 's3:GetObject', web],
      [false, 's3:DeleteObject', web],
      [false, 's3:ListBucket', uploads],
      [false, 'dynamodb:GetItem', table, keys('upload#.commands/staging/a.json')],
      [false, 'dynamodb:GetItem', table, keys('freeze#staging')],
      [false, 'dynamodb:GetItem', table],
      [false, 'dynamodb:GetItem', table, keys('upload#private/pay/api/api-1.0.0.tgz')],
      [false, 'dynamodb:GetItem', table, keys('upload#staging/a', 'target#private')],
      [false, 'dynamodb:PutItem', table, keys('target#staging')],
      [false, 'ssm:GetParametersByPath', `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/fairlead/bank`],
    ];
  for (const [allowed, action, resource, context] of CASES)
    test(`with the policy of staging ${allowed ? 'may' : 'may not'} ${action} on ${resource} ${context === undefined ? '' : JSON.stringify(context)}`, () => {
      const decision = bank.decide(attached, action, resource, { ...context });
      assert.equal(decision === 'allowed', allowed, decision);
    });

  test('who is named by ARN uploads to its target from here; from another account it needs its own right, too; over TLS', () => {
    const nobody = { ...attached, policies: [] };
    const here = { ...nobody, arn: `arn:aws:iam::${ACCOUNT}:role/deliver` };
    const there = { ...nobody, arn: 'arn:aws:iam::444455556666:role/deliver' };
    const withRight = {
      ...there,
      policies: [{ Statement: { Effect: 'Allow' as const, Action: 's3:*', Resource: '*' } }],
    };
    const stranger = { ...withRight, arn: 'arn:aws:iam::444455556666:role/other' };
    const may = (role: RoleHere, key: string, context = {}) =>
      bank.decide(role, 's3:PutObject', key, context);
    assert.deepEqual(
      [may(here, web), may(there, web), may(withRight, web), may(stranger, web), may(nobody, web)],
      ['allowed', 'not allowed', 'allowed', 'not allowed', 'not allowed'],
    );
    assert.equal(may(here, `${uploads}/private/pay/api/values.yaml`), 'not allowed');
    assert.equal(may(withRight, `${uploads}/private/pay/api/values.yaml`), 'not allowed');
    assert.equal(may(here, web, { 'aws:SecureTransport': 'false' }), 'denied');
  });

  test('a job of GitHub gets the role of its target by the exact repository, branch or environment, and audience', () => {
    const issuer = 'token.actions.githubusercontent.com';
    const role = bank.roles.find(({ name }) => name === `bank-upload-staging-${REGION}`);
    assert.ok(role !== undefined);
    const provider = bank.deployed.arnOf(bank.deployed.of('AWS::IAM::OIDCProvider')[0] ?? assert.fail());
    const assumes = (sub: string, aud = 'sts.amazonaws.com', from = provider) =>
      decide(
        {
          asker: { kind: 'federated', provider: from },
          action: 'sts:AssumeRoleWithWebIdentity',
          resource: role.arn,
          context: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: aud },
        },
        { identity: [], resource: { document: role.trust, account: ACCOUNT } },
      ) === 'allowed';
    assert.ok(assumes('repo:example/web:ref:refs/heads/main'));
    assert.ok(assumes('repo:octocat@123456/api@456789:environment:staging'));
    for (const sub of [
      'repo:example/web:ref:refs/heads/main2',
      'repo:example/web:ref:refs/heads/Main',
      'repo:example/web:pull_request',
      'repo:example/web:environment:staging',
      'repo:example/web2:ref:refs/heads/main',
      'repo:octocat/api:environment:staging',
      'repo:example/pay:environment:private',
      '*',
    ])
      assert.ok(!assumes(sub), sub);
    assert.ok(!assumes('repo:example/web:ref:refs/heads/main', 'https://github.com/example'));
    assert.ok(!assumes('repo:example/web:ref:refs/heads/main', 'sts.amazonaws.com', `${provider}x`));
  });
});

/** Every way that S3 has to put, change, take away or read an object (Service Authorization Reference, S3). */
const OBJECT_ACTIONS = [
  ...['PutObject', 'PutObjectTagging', 'PutObjectVersionTagging', 'PutObjectAcl', 'PutObjectRetention'],
  ...['AbortMultipartUpload', 'ListMultipartUploadParts', 'ReplicateObject', 'RestoreObject'],
  ...['DeleteObject', 'DeleteObjectVersion', 'DeleteObjectTagging', 'DeleteObjectVersionTagging'],
  ...['GetObject', 'GetObjectVersion', 'GetObjectTagging', 'GetObjectVersionTagging', 'GetObjectAttributes'],
].map((one) => `s3:${one}`);

describe('operators', () => {
  const uploads = bank.thing('AWS::S3::Bucket', /^UploadsBucket/);
  const table = bank.thing('AWS::DynamoDB::Table', /^Record/);
  const command = `${uploads}/.commands/staging/01jd8zq6t7x3m2k4n5p6r7s8t9.json`;
  const ofPrivate = `${uploads}/.commands/private/01jd8zq6t7x3m2k4n5p6r7s8t9.json`;
  const web = `${uploads}/staging/shop/web/web-1.0.0.tgz`;
  const withPolicy = (name: string): RoleHere => {
    const policy = bank.deployed
      .of('AWS::IAM::ManagedPolicy')
      .find((one) => bank.deployed.nameOf(one) === `bank-${name}-${REGION}`);
    assert.ok(policy !== undefined, name);
    return {
      name: 'person',
      arn: `arn:aws:iam::${ACCOUNT}:role/person`,
      trust: { Statement: [] },
      policies: [bank.deployed.written(policy.properties.PolicyDocument, policy.stack)],
    } as RoleHere;
  };
  const allowed = (role: RoleHere, resource: string, context = {}): readonly string[] =>
    OBJECT_ACTIONS.filter((action) => bank.decide(role, action, resource, context) === 'allowed');
  const COMMAND = ['s3:PutObject', 's3:GetObjectTagging', 's3:GetObjectVersionTagging'];

  test('put commands of their target and know how they end; they touch no upload, read no command back and delete none', () => {
    const staging = withPolicy('operate-staging');
    assert.deepEqual(allowed(staging, command), COMMAND);
    for (const other of [
      ...[ofPrivate, web, `${uploads}/staging/.commands/a.json`, `${uploads}/.commands/staging`],
      ...[`${uploads}/.commands/staging-two/a.json`, `${uploads}/.commands/a.json`],
    ])
      assert.deepEqual(allowed(staging, other), [], other);
    const everywhere = withPolicy('operate');
    for (const each of [command, ofPrivate]) assert.deepEqual(allowed(everywhere, each), COMMAND);
    assert.deepEqual(allowed(everywhere, web), []);
  });

  test('no policy of uploaders reaches a command: whole, in parts, by version, by tag or to delete it', () => {
    const named = { ...withPolicy('upload-staging'), policies: [] };
    for (const uploader of [
      ...['staging', 'private', 'elsewhere'].map((target) => withPolicy(`upload-${target}`)),
      // By the bucket's own policy; the other account adds all rights that it can.
      { ...named, arn: `arn:aws:iam::${ACCOUNT}:role/deliver` },
      {
        ...named,
        arn: 'arn:aws:iam::444455556666:role/deliver',
        policies: [{ Statement: { Effect: 'Allow' as const, Action: 's3:*', Resource: '*' } }],
      },
      ...bank.roles.filter(({ name }) => name.startsWith('bank-upload-')),
    ])
      for (const each of [command, ofPrivate, `${uploads}/.commands/`, `${uploads}/.commands/x`])
        assert.deepEqual(allowed(uploader, each), [], `${uploader.arn} on ${each}`);
  });

  test('who is named by ARN commands its target from here; from another account it needs its own right, too; over TLS', () => {
    const nobody = { ...withPolicy('operate'), policies: [] };
    const here = { ...nobody, arn: `arn:aws:iam::${ACCOUNT}:role/on-call` };
    const there = { ...nobody, arn: 'arn:aws:iam::444455556666:role/on-call' };
    const withRight = {
      ...there,
      policies: [{ Statement: { Effect: 'Allow' as const, Action: 's3:*', Resource: '*' } }],
    };
    assert.deepEqual(allowed(here, command), COMMAND);
    assert.deepEqual(allowed(there, command), []);
    assert.deepEqual(allowed(withRight, command), COMMAND);
    assert.deepEqual(allowed(withRight, ofPrivate), []);
    assert.deepEqual(allowed(here, web), []);
    assert.deepEqual(allowed(here, command, { 'aws:SecureTransport': 'false' }), []);
  });

  test('read the record of their commands and what is frozen, and write no item', () => {
    const staging = withPolicy('operate-staging');
    const may = (action: string, ...keys: string[]) =>
      bank.decide(staging, `dynamodb:${action}`, table, { 'dynamodb:LeadingKeys': keys }) === 'allowed';
    assert.ok(may('GetItem', 'upload#.commands/staging/a.json'));
    assert.ok(may('GetItem', 'freeze#staging') && may('GetItem', 'target#staging'));
    assert.ok(!may('GetItem', 'upload#.commands/private/a.json') && !may('GetItem', 'freeze#private'));
    assert.ok(!may('GetItem', 'upload#staging/shop/web/values.yaml') && !may('GetItem'));
    for (const action of ['PutItem', 'DeleteItem', 'UpdateItem', 'Scan'])
      assert.ok(!may(action, 'freeze#staging'), action);
  });
});

describe('services of AWS', () => {
  const queue = bank.thing('AWS::SQS::Queue', /^ArrivalsReceiveQueue/);
  const rule = bank.deployed.of('AWS::Events::Rule').find(({ id }) => id.startsWith('ArrivalsRule'));
  assert.ok(rule !== undefined);
  test('EventBridge sends uploads to their queue by our one rule, and another rule does not', () => {
    const sends = (arn: string) =>
      bank.decideFor('events.amazonaws.com', 'sqs:SendMessage', queue, { 'aws:SourceArn': arn });
    assert.equal(sends(bank.deployed.arnOf(rule)), 'allowed');
    assert.equal(sends('arn:aws:events:eu-central-1:111122223333:rule/other'), 'not allowed');
    assert.equal(bank.decideFor('sns.amazonaws.com', 'sqs:SendMessage', queue), 'not allowed');
  });

  test('CloudWatch publishes to the operators for alarms of this account, and to no other topic', () => {
    const operators = bank.thing('AWS::SNS::Topic', /^AlertsOperators/);
    const publishes = (topic: string, account = ACCOUNT, source = 'alarm:bank-NotChecking') =>
      bank.decideFor('cloudwatch.amazonaws.com', 'sns:Publish', topic, {
        'aws:SourceAccount': account,
        'aws:SourceArn': `arn:aws:cloudwatch:${REGION}:${account}:${source}`,
      });
    assert.equal(publishes(operators), 'allowed');
    assert.notEqual(publishes(operators, '444455556666'), 'allowed');
    assert.notEqual(publishes(operators, ACCOUNT, 'insight-rule/any'), 'allowed');
    assert.notEqual(publishes(bank.thing('AWS::SNS::Topic', /^AlertsEmail/)), 'allowed');
  });
});

describe("an organisation's own key and boundary", () => {
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f';
  test("the key is used through the services that hold something under it, and by no call of a function's own", () => {
    for (const role of functions(own)) {
      assert.notEqual(own.decide(role, 'kms:Decrypt', key), 'allowed', role.name);
      assert.notEqual(
        own.decide(role, 'kms:Decrypt', key, { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` }),
        'allowed',
        role.name,
      );
    }
    const receive = own.roleOf('receive-upload');
    assert.equal(
      own.decide(receive, 'kms:Decrypt', key, { 'kms:ViaService': `s3.${REGION}.amazonaws.com` }),
      'allowed',
    );
    assert.ok(receive.arn.includes(':role/platform/'));
  });

  test('what the boundary does not hold a function has not, whatever its role says', () => {
    const read = own.roleOf('read-desired');
    const secret = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:bank/cluster/read-AbCdEf`;
    const bounded = (Action: string) =>
      own.decide(
        read,
        'secretsmanager:GetSecretValue',
        secret,
        {},
        { boundary: { Statement: { Effect: 'Allow', Action, Resource: '*' } } },
      );
    assert.deepEqual([bounded('*'), bounded('s3:*')], ['allowed', 'not allowed']);
  });
});
