import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { synthesised } from './example.ts';
import { actionsOf, listOf, resourcesOf, rightsOf, statementsOf } from './rights.ts';

const STACKS = ['state', 'targets', 'run', 'checks'] as const;
const production = synthesised({ production: true, backup: { tableVault: true } });
const elsewhere = synthesised({ production: false });

interface Made {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties are of any shape
  readonly Properties?: any;
}
const resourcesIn = (all: typeof production): readonly Made[] =>
  STACKS.flatMap((stack) => Object.values<Made>(all[stack].toJSON().Resources ?? {}));
const bucketOf = (all: typeof production, id: string) =>
  Object.entries(all.state.findResources('AWS::S3::Bucket')).find(([name]) => name.startsWith(id))?.[1] ??
  assert.fail(`no bucket ${id}`);

describe('in production', () => {
  test('nothing that holds data goes with its stack, and the table is deleted by nobody in passing', () => {
    for (const { Type, DeletionPolicy } of resourcesIn(production))
      if (/^AWS::(S3::Bucket|DynamoDB::Table|KMS::Key|Backup::BackupVault)$/.test(Type))
        assert.equal(DeletionPolicy, 'RetainExceptOnCreate', Type);
    production.state.hasResourceProperties('AWS::DynamoDB::Table', {
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
    });
  });

  test('no function empties a bucket', () => {
    assert.deepEqual(production.state.findResources('AWS::Lambda::Function'), {});
    assert.deepEqual(production.state.findResources('Custom::S3AutoDeleteObjects'), {});
  });

  test('bundles are locked for as long as they are kept, written once, and go afterwards', () => {
    const { Properties } = bucketOf(production, 'Backups');
    assert.deepEqual(Properties.ObjectLockConfiguration, {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 35 } },
    });
    assert.deepEqual(Properties.VersioningConfiguration, { Status: 'Enabled' });
    assert.ok(
      Properties.LifecycleConfiguration.Rules.every(
        ({ ExpirationInDays = 36 }: { ExpirationInDays?: number }) => ExpirationInDays > 35,
      ),
      'none goes before its lock does',
    );
    const policies = Object.values(production.state.findResources('AWS::S3::BucketPolicy')).flatMap(
      statementsOf,
    );
    const once = policies.filter((statement) => JSON.stringify(statement).includes('s3:if-none-match'));
    assert.deepEqual(
      once.map(({ Effect, Action }) => [Effect, Action]),
      [['Deny', 's3:PutObject']],
    );
  });

  test('who backs up reads Git with what cannot write, puts new objects there, and can do nothing else to them', () => {
    assert.deepEqual([...actionsOf(production.run, 'back-up-repositories')].sort(), [
      'kms:GenerateDataKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:PutObject',
      'secretsmanager:GetSecretValue',
      'ssm:GetParametersByPath',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
    const rights = rightsOf(production.run, 'back-up-repositories');
    const on = (action: string) =>
      rights.filter(({ Action }) => listOf(Action).includes(action)).flatMap(resourcesOf);
    assert.match(on('s3:PutObject').join(), /BackupsBucket[^,]*\/\*$/);
    assert.match(on('secretsmanager:GetSecretValue').join(), /:secret:fairlead\/cluster\/read-\?{6}$/);
  });

  test('nobody who runs may delete an object, or lift a lock', () => {
    const forbidden = resourcesIn(production)
      .filter(({ Type }) => Type === 'AWS::IAM::Policy')
      .flatMap((policy) => statementsOf(policy))
      .flatMap(({ Action }) => listOf(Action))
      .filter((action) => /^s3:(Delete|Bypass|PutObjectRetention|PutBucket)|^backup:/.test(action));
    assert.deepEqual(forbidden, []);
  });

  test('it is done every day, and two days without one are an alarm, also where nothing says so', () => {
    production.run.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(30 2 * * ? *)',
      Target: Match.objectLike({ Input: JSON.stringify({ schema: 1, backUp: 'repositories' }) }),
    });
    production.run.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'BackupsComplete',
      Period: 86_400,
      Statistic: 'Sum',
      EvaluationPeriods: 2,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  test('the vault has a copy of the table each day, which nobody deletes before its time', () => {
    production.state.hasResourceProperties('AWS::Backup::BackupVault', {
      LockConfiguration: { MinRetentionDays: 35 },
      EncryptionKeyArn: Match.anyValue(),
    });
    production.state.hasResourceProperties('AWS::Backup::BackupPlan', {
      BackupPlan: Match.objectLike({
        BackupPlanRule: [Match.objectLike({ Lifecycle: { DeleteAfterDays: 35 } })],
      }),
    });
    production.state.hasResourceProperties('AWS::Backup::BackupSelection', {
      BackupSelection: Match.objectLike({ Resources: [Match.anyValue()] }),
    });
  });

  test('AWS Backup takes what is in the plan: the role may look things up by then, which it is refused without', () => {
    // "IAM Role … is not authorized to call tag:GetResources" is how CreateBackupSelection refuses one that may not.
    const [selection] = Object.values(production.state.findResources('AWS::Backup::BackupSelection'));
    const rights = Object.entries(production.state.findResources('AWS::IAM::Policy')).filter(([id]) =>
      id.startsWith('TableVaultRole'),
    );
    assert.deepEqual(
      rights
        .flatMap(([, policy]) => statementsOf(policy))
        .filter(({ Action }) => listOf(Action).includes('tag:GetResources'))
        .flatMap(({ Resource }) => listOf(Resource)),
      ['*'],
    );
    for (const [id] of rights) assert.ok(listOf(selection?.DependsOn ?? []).includes(id), id);
  });

  test('without backups there is neither bucket, function nor alarm', () => {
    const none = synthesised({ production: true, backup: false });
    assert.equal(Object.keys(none.state.findResources('AWS::S3::Bucket')).length, 4);
    assert.doesNotMatch(JSON.stringify(none.run.toJSON()), /back-up-repositories|BackupsComplete/);
  });
});

describe('elsewhere', () => {
  test('everything goes with its stack: nothing is retained, every bucket is emptied, the key as soon as KMS lets it', () => {
    const kept = resourcesIn(elsewhere).filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'));
    assert.deepEqual(kept, []);
    const buckets = Object.keys(elsewhere.state.findResources('AWS::S3::Bucket')).length;
    elsewhere.state.resourceCountIs('Custom::S3AutoDeleteObjects', buckets);
    elsewhere.state.hasResourceProperties('AWS::KMS::Key', { PendingWindowInDays: 7 });
    elsewhere.state.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    const ungrouped = resourcesIn(elsewhere).filter(
      ({ Type, DeletionPolicy }) => Type === 'AWS::Logs::LogGroup' && DeletionPolicy !== 'Delete',
    );
    assert.deepEqual(ungrouped, []);
  });

  test('what empties the buckets may do so to them alone', () => {
    const admitted = Object.values(elsewhere.state.findResources('AWS::S3::BucketPolicy'))
      .flatMap(statementsOf)
      .filter(({ Action }) => listOf(Action).some((action) => action.startsWith('s3:Delete')));
    assert.equal(admitted.length, Object.keys(elsewhere.state.findResources('AWS::S3::Bucket')).length);
    for (const { Action } of admitted)
      assert.deepEqual(listOf(Action).sort(), [
        's3:DeleteObject*',
        's3:GetBucket*',
        's3:List*',
        's3:PutBucketPolicy',
      ]);
  });

  test('there are no backups unless they are asked for, and then nothing locks them', () => {
    assert.doesNotMatch(JSON.stringify(elsewhere.run.toJSON()), /back-up-repositories/);
    const asked = synthesised({ production: false, backup: true });
    const { Properties } = bucketOf(asked, 'Backups');
    assert.equal(Properties.ObjectLockConfiguration, undefined);
    assert.match(JSON.stringify(asked.run.toJSON()), /back-up-repositories/);
  });
});

describe('a VPC, certificates and mirrors of the organisation', () => {
  const vpc = {
    id: 'vpc-0123456789abcdef0',
    subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    securityGroups: ['sg-0123456789abcdef0'],
  };
  const layer = 'arn:aws:lambda:eu-central-1:111122223333:layer:helm-and-kubectl:7';
  const { run } = synthesised({
    backup: true,
    gitNetwork: { vpc, caBundle: { secret: 'corporate/ca' }, proxy: 'http://proxy.example.com:3128' },
    mirrors: { helmLayer: layer },
  });
  const functions = Object.values(run.findResources('AWS::Lambda::Function')).map(
    ({ Properties }) => Properties,
  );
  const GIT = ['fairlead-back-up-repositories', 'fairlead-deliver-uploads', 'fairlead-read-desired'];

  test('exactly the functions that speak to Git stand in the VPC', () => {
    const inVpc = functions.filter(({ VpcConfig }) => VpcConfig?.SubnetIds?.[0] === vpc.subnets[0]);
    assert.deepEqual(inVpc.map(({ FunctionName }) => FunctionName).sort(), GIT);
    for (const { VpcConfig } of inVpc) {
      assert.deepEqual(VpcConfig.SubnetIds, vpc.subnets);
      assert.deepEqual(VpcConfig.SecurityGroupIds, vpc.securityGroups);
    }
  });

  test('each of them reads the certificates, and none has them in its variables', () => {
    for (const name of GIT) {
      const secrets = rightsOf(run, name.replace('fairlead-', ''))
        .filter(({ Action }) => listOf(Action).includes('secretsmanager:GetSecretValue'))
        .flatMap(resourcesOf);
      assert.ok(
        secrets.some((arn) => arn.endsWith(':secret:corporate/ca-??????')),
        name,
      );
    }
    const known = new Set<string>([...Object.values(VARIABLES), 'HOME']);
    for (const { Environment } of functions)
      for (const variable of Object.keys(Environment?.Variables ?? {}))
        assert.ok(known.has(variable), variable);
  });

  test('helm and kubectl come from the layer that is named', () => {
    run.resourceCountIs('AWS::Lambda::LayerVersion', 0);
    const render = functions.find(({ FunctionName }) => FunctionName === 'fairlead-render-release');
    assert.deepEqual(render?.Layers, [layer]);
  });
});
