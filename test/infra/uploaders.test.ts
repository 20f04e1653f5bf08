import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import cdk from '../../cdk.json' with { type: 'json' };
import { Uploads } from '../../infra/state/upload.ts';
import { Uploaders } from '../../infra/targets/uploaders.ts';
import { ConfigError, type ConfigInput, parseConfig } from '../../lib/config/config.ts';

type TargetInput = ConfigInput['targets'][number];
type UploadersInput = TargetInput['uploaders'];

const named = (name: string, uploaders?: UploadersInput, more: Partial<TargetInput> = {}): TargetInput => ({
  name,
  repository: 'cluster',
  deployer: 'flux',
  namespaces: ['shop'],
  ...(uploaders === undefined ? {} : { uploaders }),
  ...more,
});
const role = (name: string, account = '444455556666') => `arn:aws:iam::${account}:role/${name}`;
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f';
const MAIN = { repository: 'example/web', ref: 'refs/heads/main' };

/** Names of the roles of uploaders; that of the function which empties the bucket has none. */
const rolesIn = (template: Template): readonly string[] =>
  Object.values(template.findResources('AWS::IAM::Role')).flatMap(({ Properties }) =>
    Properties?.RoleName === undefined ? [] : [JSON.stringify(Properties.RoleName)],
  );

interface Given {
  readonly existing?: string;
  readonly key?: string;
  readonly oidcProvider?: string;
}

function provisioned(targets: TargetInput[], { existing, key, oidcProvider }: Given = {}): Template {
  const config = parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
    targets,
  });
  const stack = new Stack(new App({ context: cdk.context }), 'Stack');
  const uploads = new Uploads(stack, 'Uploads', {
    production: false,
    accessLog: new Bucket(stack, 'AccessLog') as IBucket,
    existing,
  });
  new Uploaders(stack, 'Uploaders', {
    installation: config.installation,
    targets: config.targets,
    uploads,
    tableArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/record',
    key,
    oidcProvider,
  });
  return Template.fromStack(stack);
}

const policyOf = (template: Template, target: string) =>
  Object.values(template.findResources('AWS::IAM::ManagedPolicy'))
    .map(({ Properties }) => Properties)
    .find(({ ManagedPolicyName }) => JSON.stringify(ManagedPolicyName).includes(`-upload-${target}-`));

function problemsOf(targets: TargetInput[], given: Given = {}): readonly string[] {
  try {
    provisioned(targets, given);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
}

describe('the policy of a target that uploaders get', () => {
  const template = provisioned([named('staging'), named('live', {}, { driftOnly: false })]);

  test('lets them upload below its name and nowhere else, in one piece or in parts', () => {
    const [upload] = policyOf(template, 'staging').PolicyDocument.Statement;
    assert.deepEqual(upload.Action, [
      's3:AbortMultipartUpload',
      's3:GetObjectTagging',
      's3:GetObjectVersionTagging',
      's3:ListMultipartUploadParts',
      's3:PutObject',
    ]);
    assert.match(JSON.stringify(upload.Resource), /"\/staging\/\*"/);
  });

  test('never lets them write a tag, which would be an outcome, read contents, or delete', () => {
    assert.doesNotMatch(
      JSON.stringify(template.findResources('AWS::IAM::ManagedPolicy')),
      /Put[A-Za-z]*Tagging|s3:GetObject"|s3:GetObjectVersion"|Delete|s3:\*/,
    );
  });

  test('lets them read how it ends, of this target alone', () => {
    const outcome = policyOf(template, 'staging').PolicyDocument.Statement.find(
      ({ Sid }: { Sid: string }) => Sid === 'Outcome',
    );
    assert.equal(outcome.Action, 'dynamodb:GetItem');
    assert.deepEqual(outcome.Condition, {
      'ForAllValues:StringLike': {
        'dynamodb:LeadingKeys': ['upload#staging/*', 'target#staging', 'incident#staging'],
      },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
  });

  test('is there for every target that takes uploads, and for no other', () => {
    const policies = provisioned([named('staging'), named('seen', undefined, { driftOnly: true })]);
    policies.resourceCountIs('AWS::IAM::ManagedPolicy', 1);
    assert.deepEqual(rolesIn(policies), []);
    policies.resourceCountIs('AWS::IAM::OIDCProvider', 0);
  });

  test('names the key where the bucket has one, by way of S3 alone: parts are put together by decrypting them', () => {
    const statements = policyOf(provisioned([named('staging')], { key: KEY }), 'staging').PolicyDocument
      .Statement;
    const key = statements.find(({ Sid }: { Sid: string }) => Sid === 'Key');
    assert.deepEqual(key.Action, ['kms:Decrypt', 'kms:GenerateDataKey']);
    assert.deepEqual(Object.keys(key.Condition.StringEquals), ['kms:ViaService']);
    assert.ok(!statements.some(({ Resource }: { Resource: unknown }) => Resource === '*'));
  });
});

describe('the role that jobs of GitHub Actions assume', () => {
  const github = [MAIN, { repository: 'example/api', environment: 'staging' }, MAIN];

  test('is for these jobs and this audience, compared letter by letter', () => {
    const template = provisioned([named('staging', { github })]);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRoleWithWebIdentity',
            Effect: 'Allow',
            Principal: { Federated: { Ref: Match.stringLikeRegexp('Provider') } },
            Condition: {
              StringEquals: {
                'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
                'token.actions.githubusercontent.com:sub': [
                  'repo:example/api:environment:staging',
                  'repo:example/web:ref:refs/heads/main',
                ],
              },
            },
          },
        ],
      },
      ManagedPolicyArns: [{ Ref: Match.stringLikeRegexp('Policystaging') }],
    });
    template.hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
  });

  test('trusts the provider that the account has, and makes none beside it', () => {
    const oidcProvider = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';
    const template = provisioned([named('staging', { github })], { oidcProvider });
    template.resourceCountIs('AWS::IAM::OIDCProvider', 0);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [Match.objectLike({ Principal: { Federated: oidcProvider } })],
      },
    });
  });

  test('has a name that IAM takes however long the target is called, another for each, and an output that says it', () => {
    const long = (end: string) => `${'t'.repeat(50)}${end}`;
    const template = provisioned(['one', 'two'].map((end) => named(long(end), { github: [MAIN] })));
    const names = rolesIn(template);
    assert.equal(new Set(names).size, 2);
    for (const name of names) {
      const [, before = ''] = /"(fairlead-upload-[^"]*)-"/.exec(name) ?? [];
      assert.ok(before.length > 0 && before.length + '-ap-southeast-1'.length <= 64, name);
    }
    assert.equal(
      Object.keys(template.findOutputs('*', { Description: Match.stringLikeRegexp('role-to-assume') }))
        .length,
      2,
    );
  });

  test('is refused at once where its trust policy would be longer than IAM takes', () => {
    const many = Array.from({ length: 20 }, (_, n) => ({
      repository: `example/a-repository-with-a-name-that-goes-on-for-a-while-${n}`,
      environment: 'an-environment-with-a-name-that-goes-on-for-a-while',
    }));
    assert.match(
      problemsOf([named('staging', { github: many })]).join('\n'),
      /"staging": the trust policy .* of 2048/,
    );
  });
});

describe('principals that are named by ARN', () => {
  const statements = (template: Template) =>
    Object.values(template.findResources('AWS::S3::BucketPolicy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Action, Principal }) => Action.includes('s3:PutObject') && Principal.AWS !== undefined);

  test('stand in the policy of the bucket, each for its target; who has several targets has one statement', () => {
    const template = provisioned([
      named('staging', { arns: [role('ci'), role('other')] }),
      named('live', { arns: [role('other'), role('ci')] }),
      named('shop', { arns: [role('shop', '111122223333')] }),
    ]);
    const allowed = statements(template).filter(({ Effect }) => Effect === 'Allow');
    assert.deepEqual(
      allowed.map(({ Principal, Resource }) => [
        Principal.AWS,
        [...JSON.stringify(Resource).matchAll(/"\/([a-z]+)\/\*"/g)].map(([, target]) => target).sort(),
      ]),
      [
        [
          [role('ci'), role('other')],
          ['live', 'staging'],
        ],
        [role('shop', '111122223333'), ['shop']],
      ],
    );
  });

  test('of many targets fit, where it is the same few who deliver to them', () => {
    const targets = Array.from({ length: 150 }, (_, n) => named(`target-${n}`, { arns: [role('ci')] }));
    assert.deepEqual(problemsOf(targets), []);
  });

  test('are refused before the deployment where the policy would be larger than S3 takes', () => {
    const targets = Array.from({ length: 150 }, (_, n) =>
      named(`target-${n}`, { arns: [role(`deliver-${n}`)] }),
    );
    const problems = problemsOf(targets);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /a bucket policy of \d{5} bytes, of 20480/);
  });

  test('cannot be written into the policy of a bucket that exists: what to do instead is said for each', () => {
    const problems = problemsOf(
      [named('one', { arns: [role('ci')] }), named('two', { arns: [role('ci')] })],
      {
        existing: 'charts',
      },
    );
    assert.equal(problems.length, 2);
    for (const problem of problems)
      assert.match(problem, /attach the policy fairlead-upload-(one|two)-REGION/);
  });
});

test('a bucket that exists is used and not touched', () => {
  const template = provisioned([named('staging', { github: [MAIN] })], { existing: 'charts' });
  assert.equal(Object.keys(template.findResources('AWS::S3::Bucket')).length, 1, 'that of the access log');
  assert.match(JSON.stringify(policyOf(template, 'staging')), /:s3:::charts\/staging\/\*/);
});

test('150 targets, each with its policy and its role, are well below what a stack and an account take', () => {
  const targets = Array.from({ length: 150 }, (_, n) => named(`target-${n}`, { github: [MAIN] }));
  const template = provisioned(targets).toJSON();
  assert.ok(Object.keys(template.Resources).length <= 320);
  assert.ok(Object.keys(template.Outputs).length <= 160, 'a stack has at most 200');
  for (const resource of Object.values(
    template.Resources as Record<string, { Type: string; Properties: object }>,
  ))
    if (resource.Type === 'AWS::IAM::ManagedPolicy')
      assert.ok(
        JSON.stringify(resource.Properties).length < 6144,
        'a managed policy has at most 6,144 characters',
      );
});
