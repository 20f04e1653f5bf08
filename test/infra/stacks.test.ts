import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { ConfigError } from '../../lib/config/config.ts';
import { synthesised } from './example.ts';

const { state, targets, run, checks } = synthesised();

describe('what is kept', () => {
  test('the upload bucket is versioned, private, TLS only, and tells EventBridge without a function to set that up', () => {
    state.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const { state: production } = synthesised({ production: true });
    assert.deepEqual(production.findResources('AWS::Lambda::Function'), {});
    state.resourceCountIs('AWS::S3::BucketPolicy', 4);
  });

  test('each bucket has an access log of its own, so that one can be read without the others', () => {
    const prefixes = Object.values(state.findResources('AWS::S3::Bucket')).flatMap(
      ({ Properties }) => Properties.LoggingConfiguration?.LogFilePrefix ?? [],
    );
    assert.deepEqual(prefixes.sort(), ['content/', 'state/', 'uploads/']);
  });

  test('the table has its keys, a stream, and the index of items with untold alerts', () => {
    state.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        Match.objectLike({
          IndexName: 'untold',
          KeySchema: [
            { AttributeName: 'untold', KeyType: 'HASH' },
            { AttributeName: 'untoldAt', KeyType: 'RANGE' },
          ],
        }),
      ],
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  test('in production nothing that holds data goes with its stack', () => {
    const { state: production } = synthesised({ production: true });
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key']) {
      for (const resource of Object.values(production.findResources(type))) {
        assert.equal(resource.DeletionPolicy, 'RetainExceptOnCreate', type);
      }
    }
  });
});

describe('what runs', () => {
  test('an upload goes by one rule to one queue, and what cannot be handed over is kept', () => {
    run.resourceCountIs('AWS::Events::Rule', 1);
    run.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created'] },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
  });

  test('the doorbell is a queue by groups, whose ids of messages are not made of their contents', () => {
    run.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      ContentBasedDeduplication: Match.absent(),
    });
  });

  test('every queue with a worker has dead letters and hides a message six time-outs long; by groups, hardly longer than one', () => {
    const queues = Object.values(run.findResources('AWS::SQS::Queue')).filter(
      ({ Properties }) => Properties?.RedrivePolicy !== undefined,
    );
    const hidden = (fifo: true | undefined) =>
      queues
        .filter(({ Properties }) => Properties.FifoQueue === fifo)
        .map(({ Properties }) => Properties.VisibilityTimeout)
        .sort();
    assert.deepEqual(hidden(undefined), [1800, 1800, 720]);
    assert.deepEqual(hidden(true), [660]);
  });

  test('a delivery outlives all that its last round may wait for, and is over before its pushes count as lost', () => {
    const deliver = Object.values(run.findResources('AWS::Lambda::Function')).find(
      ({ Properties }) => Properties.FunctionName === 'fairlead-deliver-uploads',
    )?.Properties;
    // A call's two minutes, a push interval, a silent fetch, decisions, a judgement, a silent push.
    assert.ok(deliver.Timeout >= 120 + 60 + 60 + 30 + 180 + 60);
    assert.ok(deliver.Timeout < 15 * 60);
    assert.ok(deliver.EphemeralStorage.Size >= 2048);
  });

  test('a hostile chart that reaches every limit is answered in time, and whoever waits for the answer outlives it', () => {
    const seconds = (name: string): number =>
      Object.values(run.findResources('AWS::Lambda::Function')).find(
        ({ Properties }) => Properties.FunctionName === `fairlead-${name}`,
      )?.Properties.Timeout;
    assert.ok(seconds('render-release') >= 120);
    assert.ok(seconds('deliver-uploads') > seconds('render-release'));
    assert.ok(seconds('read-desired') > seconds('render-release'));
  });

  test('every queue is encrypted, dead letters too', () => {
    for (const { Properties } of Object.values(run.findResources('AWS::SQS::Queue'))) {
      assert.equal(Properties.SqsManagedSseEnabled, true);
    }
  });

  test('targets are read at their own pace, and the sweep goes round each minute and each hour', () => {
    const schedules = [run, checks]
      .flatMap((stack) => Object.values(stack.findResources('AWS::Scheduler::Schedule')))
      .map(({ Properties }) => [Properties.ScheduleExpression, JSON.parse(Properties.Target.Input)]);
    assert.deepEqual(
      schedules.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      [
        ['rate(1 hour)', { schema: 1, sweep: 'hours' }],
        ['rate(1 minute)', { schema: 1, sweep: 'minutes' }],
        ['rate(15 minutes)', { schema: 1, target: 'staging', because: 'schedule' }],
      ],
    );
  });

  test('topics are encrypted with a key that admits the one service which publishes to them', () => {
    const topics = Object.values(run.findResources('AWS::SNS::Topic'));
    assert.equal(topics.length, 4);
    for (const { Properties } of topics) assert.ok(Properties.KmsMasterKeyId);
    run.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          }),
        ]),
      },
    });
  });

  test('audiences get what they asked for', () => {
    run.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'https',
      Endpoint: 'https://pager.example.com/integration/cloudwatch',
      FilterPolicy: { severity: ['critical'] },
    });
    run.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', FilterPolicy: Match.absent() });
  });

  test('a team hears of its own namespaces, classes and severities, and of what is in more than can be listed', () => {
    const { run: team } = synthesised({
      audiences: [
        {
          name: 'shop',
          form: 'chat',
          address: 'https://chat.example.com/shop',
          targets: ['staging'],
          namespaces: ['shop'],
          classes: ['drift', 'stalled'],
          severities: ['warning', 'critical'],
        },
      ],
    });
    team.hasResourceProperties('AWS::SNS::Subscription', {
      FilterPolicy: {
        target: ['staging'],
        namespace: ['shop', '*'],
        class: ['drift', 'stalled'],
        severity: ['warning', 'critical'],
      },
    });
  });

  test('reports are kept for a year and a month, commands for a quarter, and nothing else ends by its age', () => {
    const expiring = Object.values(state.findResources('AWS::S3::Bucket')).flatMap(({ Properties }) =>
      (Properties.LifecycleConfiguration?.Rules ?? []).filter(
        (rule: { Prefix?: string }) => rule.Prefix !== undefined,
      ),
    );
    assert.deepEqual(expiring, [
      { Prefix: '.commands/', ExpirationInDays: 90, Status: 'Enabled' },
      { Prefix: 'reports/', ExpirationInDays: 400, Status: 'Enabled' },
    ]);
  });

  test('the configuration travels in parameters, and the functions that read it know where and which', () => {
    targets.hasResourceProperties('AWS::SSM::Parameter', {
      Name: '/fairlead/fairlead/config/targets/staging',
    });
    run.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'fairlead-receive-upload',
      Environment: {
        Variables: {
          [VARIABLES.configPath]: '/fairlead/fairlead/config',
          [VARIABLES.configHash]: Match.anyValue(),
        },
      },
    });
  });

  test('an installation is found by its name: buckets, table and queue, and nothing that is secret', () => {
    const found = Object.values(run.findResources('AWS::SSM::Parameter'))
      .map(({ Properties }) => Properties)
      .filter(({ Name }) => Name.startsWith('/fairlead/fairlead/addresses/'));
    const names = found.map(({ Name }) => Name.split('/').at(-1)).sort();
    assert.deepEqual(names, ['read-queue', 'receive-queue', 'state-bucket', 'table', 'upload-bucket']);
    for (const { Value } of found) assert.ok(Value['Fn::ImportValue'] ?? Value.Ref, JSON.stringify(Value));
  });

  test('another configuration is another hash, so that no warm function works by an old one', () => {
    const hashIn = (template: typeof run) =>
      Object.values(template.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.Environment.Variables[VARIABLES.configHash],
      );
    const { run: other } = synthesised({
      severity: [{ kinds: ['ConfigMap'], severity: 'info', reason: 'a test' }],
    });
    assert.notDeepEqual(hashIn(other), hashIn(run));
  });

  test('functions know their things by names that lib/aws/environment.ts reads', () => {
    const known: readonly string[] = [...Object.values(VARIABLES), 'HOME'];
    for (const { Properties } of Object.values(run.findResources('AWS::Lambda::Function'))) {
      for (const name of Object.keys(Properties.Environment.Variables)) assert.ok(known.includes(name), name);
    }
  });

  test('the cluster admits the checking role to a group of our own, and to no policy of AWS', () => {
    checks.hasResourceProperties('AWS::EKS::AccessEntry', {
      ClusterName: 'staging',
      Type: 'STANDARD',
      KubernetesGroups: ['fairlead:check'],
      AccessPolicies: Match.absent(),
    });
  });
});

describe('a configuration that cannot be provisioned', () => {
  const refused = (changes: Parameters<typeof synthesised>[0], ...patterns: RegExp[]) => {
    assert.throws(
      () => synthesised(changes),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        for (const pattern of patterns) assert.match(error.message, pattern);
        return true;
      },
    );
  };

  test('a kubeconfig is for one machine', () => {
    refused(
      {
        targets: [
          {
            name: 'laptop',
            repository: 'cluster',
            deployer: 'none',
            namespaces: ['shop'],
            cluster: { kind: 'kubeconfig', path: '~/.kube/config' },
          },
        ],
        audiences: [],
      },
      /target "laptop".*EKS/,
    );
  });

  test('a name that AWS takes for no stack or for its own bus', () => {
    refused({ installation: '1bank' }, /installation: .*begins with a letter/);
    refused({ installation: 'default' }, /installation: .*choose another name/);
  });

  test('webhooks that are not public are named, all of them', () => {
    refused(
      {
        audiences: [
          { name: 'near', form: 'webhook', url: 'https://10.0.0.7/', secret: 'near' },
          { name: 'here', form: 'webhook', url: 'http://localhost:80/', secret: 'here', network: 'private' },
        ],
      },
      /2 errors/,
      /"near".*public address/,
      /"here".*public address/,
    );
  });
});

test('the same configuration gives the same templates', () => {
  const again = synthesised();
  assert.deepEqual(again.run.toJSON(), run.toJSON());
  assert.deepEqual(again.state.toJSON(), state.toJSON());
});
