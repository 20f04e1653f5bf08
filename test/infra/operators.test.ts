import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import cdk from '../../cdk.json' with { type: 'json' };
import { Uploads } from '../../infra/state/upload.ts';
import { Operators } from '../../infra/targets/operators.ts';
import { ConfigError, type ConfigInput, parseConfig } from '../../lib/config/config.ts';

type TargetInput = ConfigInput['targets'][number];

const named = (name: string, operators?: TargetInput['operators']): TargetInput => ({
  name,
  repository: 'cluster',
  deployer: 'flux',
  namespaces: ['shop'],
  ...(operators === undefined ? {} : { operators }),
});
const role = (name: string, account = '444455556666') => `arn:aws:iam::${account}:role/${name}`;
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f';

function provisioned(
  targets: TargetInput[],
  { existing, key }: { readonly existing?: string; readonly key?: string } = {},
): Template {
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
  new Operators(stack, 'Operators', {
    installation: config.installation,
    targets: config.targets,
    uploads,
    tableArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/record',
    key,
  });
  return Template.fromStack(stack);
}

const policies = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::ManagedPolicy')).map(({ Properties }) => ({
    name: JSON.stringify(Properties.ManagedPolicyName).replace(/^.*?\["|","-?\{.*$/g, ''),
    statements: Properties.PolicyDocument.Statement,
    text: JSON.stringify(Properties),
  }));

describe('the policies of those who give commands', () => {
  const template = provisioned([named('staging', {}), named('live')]);

  test('are one for all targets, and one for each that has operators', () => {
    assert.deepEqual(
      policies(template).map(({ text }) => /fairlead-operate-(?:[a-z]+-)?/.exec(text)?.[0]),
      ['fairlead-operate-', 'fairlead-operate-staging-'],
    );
  });

  test('let them put a command of their targets, and nothing else anywhere', () => {
    const [all, staging] = policies(template);
    for (const [policy, below] of [
      [all, /"\/\.commands\/\*"/],
      [staging, /"\/\.commands\/staging\/\*"/],
    ] as const) {
      const [command] = policy?.statements ?? [];
      assert.deepEqual(command.Action, ['s3:GetObjectTagging', 's3:GetObjectVersionTagging', 's3:PutObject']);
      assert.match(JSON.stringify(command.Resource), below);
      // A command holds a proof, which nobody reads back.
      assert.doesNotMatch(
        policy?.text ?? '',
        /s3:GetObject"|s3:GetObjectVersion"|Put\w*Tagging|Delete|s3:\*/,
      );
    }
  });

  test('let them read how it ends, and what is frozen, of their targets alone', () => {
    const [all, staging] = policies(template);
    const keysOf = (policy: typeof all) =>
      policy?.statements.find(({ Sid }: { Sid: string }) => Sid === 'Outcome').Condition[
        'ForAllValues:StringLike'
      ]['dynamodb:LeadingKeys'];
    assert.deepEqual(keysOf(all), ['upload#.commands/*', 'target#*', 'incident#*', 'freeze#*']);
    assert.deepEqual(keysOf(staging), [
      'upload#.commands/staging/*',
      ...['target#staging', 'incident#staging', 'freeze#staging'],
    ]);
  });

  test("encrypt under the organisation's key, by way of S3 alone, and decrypt nothing of the bucket", () => {
    for (const { statements } of policies(provisioned([named('staging', {})], { key: KEY }))) {
      const key = statements.find(({ Sid }: { Sid: string }) => Sid === 'Key');
      assert.equal(key.Action, 'kms:GenerateDataKey');
      assert.deepEqual(Object.keys(key.Condition.StringEquals), ['kms:ViaService']);
    }
  });
});

describe('operators that are named by ARN', () => {
  test('stand in the policy of the bucket, each for the commands of its target', () => {
    const template = provisioned([named('staging', { arns: [role('on-call')] }), named('live', {})]);
    const [statement, ...more] = Object.values(template.findResources('AWS::S3::BucketPolicy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(
        ({ Action, Principal }) => Action.includes('s3:PutObject') && Principal.AWS === role('on-call'),
      );
    assert.equal(more.length, 0);
    assert.match(JSON.stringify(statement.Resource), /"\/\.commands\/staging\/\*"/);
  });

  test('cannot be written into the policy of a bucket that exists: what to do instead is said', () => {
    assert.throws(
      () => provisioned([named('one', { arns: [role('on-call')] })], { existing: 'charts' }),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /attach the policy fairlead-operate-one-REGION/);
        return true;
      },
    );
  });

  test('of a target that takes nothing are a contradiction', () => {
    assert.throws(
      () => provisioned([{ ...named('seen', {}), driftOnly: true }]),
      /targets\[0\]\.operators.*commands to a target with driftOnly are rejected/s,
    );
  });
});

test('a command is kept for 90 days, and its versions for 90 more; uploads stay', () => {
  const [rules] = Object.values(provisioned([named('staging')]).findResources('AWS::S3::Bucket'))
    .map(({ Properties }) => Properties?.LifecycleConfiguration?.Rules)
    .filter((each) => each !== undefined);
  assert.deepEqual(
    rules.filter((rule: { ExpirationInDays?: number }) => rule.ExpirationInDays !== undefined),
    [{ ExpirationInDays: 90, Prefix: '.commands/', Status: 'Enabled' }],
  );
});
