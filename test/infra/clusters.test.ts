import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import example from '../../fairlead.config.ts';
import type { ConfigInput } from '../../lib/config/config.ts';
import { synthesised } from './example.ts';
import { actionsOf, listOf, resourcesOf, rightsOf } from './rights.ts';

const REGION = 'eu-central-1';
const ROLE = 'arn:aws:iam::111122223333:role/fairlead-check';
const vpc = (digit: string) => ({
  id: `vpc-${digit.repeat(17)}`,
  subnets: [`subnet-${digit.repeat(8)}`],
  clusterSecurityGroup: `sg-${digit.repeat(8)}`,
});
const target = (name: string, cluster: object): ConfigInput['targets'][number] => ({
  name,
  repository: 'cluster',
  deployer: 'flux',
  namespaces: ['shop'],
  cluster: { kind: 'eks', name, region: REGION, ...cluster },
});

const { run, checks } = synthesised({
  targets: [
    target('open', {}),
    target('view', { access: 'view-policy' }),
    { ...target('view-too', { name: 'view', access: 'view-policy' }), namespaces: ['web'] },
    target('admin', { access: 'admin-view-policy' }),
    target('abroad', { region: 'us-east-1' }),
    target('other', { role: ROLE }),
    target('private', {
      vpc: { ...vpc('a'), endpoints: { make: ['s3', 'dynamodb'], routeTables: ['rtb-0a1b2c3d'] } },
    }),
    target('private-too', {
      vpc: {
        ...vpc('a'),
        clusterSecurityGroup: 'sg-11111111',
        endpoints: { make: ['s3', 'dynamodb'], routeTables: ['rtb-0a1b2c3d'] },
      },
    }),
    target('hidden', { vpc: { ...vpc('b'), securityGroup: 'sg-22222222' } }),
  ],
});
const [A, B] = ['check-aaaaaaaaa', 'check-bbbbbbbbb'] as const;
const roleOf = (name: string) => ({
  'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`:role/fairlead-${name}-$`)])],
});

describe('who checks a cluster', () => {
  test('is let in by an access entry where the stack is, in the group of ours', () => {
    const entries = Object.values(checks.findResources('AWS::EKS::AccessEntry')).map(
      ({ Properties, Condition }) => [
        Properties.ClusterName,
        Properties.Type,
        Properties.KubernetesGroups,
        typeof Condition,
      ],
    );
    assert.deepEqual(
      entries.sort(),
      ['abroad', 'admin', 'hidden', 'open', 'private', 'private-too', 'view'].map((name) => [
        name,
        'STANDARD',
        ['fairlead:check'],
        'string',
      ]),
    );
    const conditions = Object.values(checks.findConditions('*'));
    assert.deepEqual(
      conditions.filter((condition) => JSON.stringify(condition).includes('AWS::Region')).length,
      2,
      'one a region',
    );
  });

  test('has a view policy by configuration, in the namespaces of the cluster’s targets alone', () => {
    const policiesOf = (name: string) =>
      Object.values(checks.findResources('AWS::EKS::AccessEntry')).find(
        ({ Properties }) => Properties.ClusterName === name,
      )?.Properties.AccessPolicies;
    const [view] = policiesOf('view');
    assert.match(JSON.stringify(view.PolicyArn), /:eks::aws:cluster-access-policy\/AmazonEKSViewPolicy/);
    assert.deepEqual(view.AccessScope, {
      Type: 'namespace',
      Namespaces: ['fairlead-view', 'fairlead-view-too', 'shop', 'web'],
    });
    assert.match(JSON.stringify(policiesOf('admin')), /AmazonEKSAdminViewPolicy/);
    assert.equal(policiesOf('open'), undefined);
  });

  test('stands in the VPC of private clusters, a function each, and no other function does', () => {
    const standing = Object.values(run.findResources('AWS::Lambda::Function'))
      .filter(({ Properties }) => Properties.VpcConfig !== undefined)
      .map(({ Properties }) => [Properties.FunctionName, Properties.VpcConfig.SubnetIds]);
    assert.deepEqual(standing.filter(([name]) => name !== 'fairlead-render-release').sort(), [
      [`fairlead-${A}`, ['subnet-aaaaaaaa']],
      [`fairlead-${B}`, ['subnet-bbbbbbbb']],
    ]);
    checks.hasResourceProperties('AWS::EKS::AccessEntry', {
      ClusterName: 'private',
      PrincipalArn: roleOf(A),
    });
    checks.hasResourceProperties('AWS::EKS::AccessEntry', { ClusterName: 'hidden', PrincipalArn: roleOf(B) });
    checks.hasResourceProperties('AWS::EKS::AccessEntry', {
      ClusterName: 'open',
      PrincipalArn: roleOf('check-drift'),
    });
  });

  test('takes work from a queue of its own, which read-desired knows by the VPC', () => {
    const mappings = Object.values(run.findResources('AWS::Lambda::EventSourceMapping'));
    const sources = mappings.map(({ Properties }) => JSON.stringify(Properties.EventSourceArn));
    assert.equal(new Set(sources).size, sources.length);
    const read = Object.values(run.findResources('AWS::Lambda::Function')).find(
      ({ Properties }) => Properties.FunctionName === 'fairlead-read-desired',
    );
    const queues = JSON.stringify(read?.Properties.Environment.Variables.FAIRLEAD_PRIVATE_CHECK_QUEUES);
    for (const { id } of [vpc('a'), vpc('b')]) assert.ok(queues.includes(id), queues);
    const rung = rightsOf(run, 'read-desired')
      .filter(({ Action }) => listOf(Action).includes('sqs:SendMessage'))
      .flatMap(resourcesOf);
    for (const queue of ['Checksaaaaaaaaa', 'Checksbbbbbbbbb', 'ChecksQueue'])
      assert.ok(
        rung.some((arn) => arn.includes(queue)),
        `${queue}: ${rung}`,
      );
  });

  test('may the same wherever it stands: nothing of EKS, and only check-drift assumes the roles that are named', () => {
    const open = actionsOf(run, 'check-drift');
    const inVpc = actionsOf(run, A);
    const beyond = [...inVpc].filter((action) => !open.has(action));
    assert.ok(
      beyond.every((action) => action.startsWith('ec2:')),
      beyond.join(),
    );
    assert.deepEqual(
      [...open].filter((action) => !inVpc.has(action)),
      ['sts:AssumeRole'],
    );
    const assumed = rightsOf(run, 'check-drift').filter(({ Action }) =>
      listOf(Action).includes('sts:AssumeRole'),
    );
    assert.deepEqual(assumed.flatMap(resourcesOf), [ROLE]);
    const described = rightsOf(run, 'read-desired')
      .filter(({ Action }) => listOf(Action).includes('eks:DescribeCluster'))
      .flatMap(resourcesOf)
      .join();
    assert.doesNotMatch(described, /cluster\/other/);
  });
});

describe('the network of private clusters', () => {
  test('lets the check function into each cluster by 443, and it out by 443 alone', () => {
    const rules = Object.values(run.findResources('AWS::EC2::SecurityGroupIngress')).map(({ Properties }) => [
      Properties.GroupId,
      Properties.FromPort,
      Properties.ToPort,
    ]);
    assert.deepEqual(rules.sort(), [
      ['sg-11111111', 443, 443],
      ['sg-aaaaaaaa', 443, 443],
      ['sg-bbbbbbbb', 443, 443],
    ]);
    const groups = Object.values(run.findResources('AWS::EC2::SecurityGroup')).filter(
      ({ Properties }) => Properties.VpcId === vpc('a').id,
    );
    assert.deepEqual(
      groups.map(({ Properties }) =>
        Properties.SecurityGroupEgress.map((rule: { FromPort: number }) => rule.FromPort),
      ),
      [[443]],
    );
    assert.deepEqual(
      Object.values(run.findResources('AWS::EC2::SecurityGroup')).filter(
        ({ Properties }) => Properties.VpcId === vpc('b').id,
      ),
      [],
      'a group that is named is not made',
    );
  });

  test('has gateway endpoints where they are asked for, once a VPC, and never one that costs', () => {
    const endpoints = Object.values(run.findResources('AWS::EC2::VPCEndpoint')).filter(
      ({ Properties }) => Properties.VpcId === vpc('a').id,
    );
    assert.deepEqual(
      endpoints.map(({ Properties }) => [Properties.VpcEndpointType, Properties.RouteTableIds]),
      [
        ['Gateway', ['rtb-0a1b2c3d']],
        ['Gateway', ['rtb-0a1b2c3d']],
      ],
    );
    run.allResourcesProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  });

  test('is of the stack’s own region, or the deployment says to put an installation there', () => {
    const rules = run.toJSON().Rules as Record<string, { Assertions?: { AssertDescription: string }[] }>;
    const said = Object.values(rules).flatMap(({ Assertions = [] }) =>
      Assertions.map((one) => one.AssertDescription),
    );
    assert.ok(
      said.includes('The private cluster private is in eu-central-1: put an installation there'),
      said.join(),
    );
  });
});

describe('schedules', () => {
  const schedules = (changes: Partial<ConfigInput>) => synthesised(changes);
  const [staging] = example.targets;

  test('spread the readings over a third of their interval, and try none for longer than until the next', () => {
    assert.ok(staging !== undefined);
    const { checks: made } = schedules({
      targets: [1, 5, 15, 60, 1440].map((checkEveryMinutes) => ({
        ...staging,
        name: `every-${checkEveryMinutes}`,
        checkEveryMinutes,
      })),
    });
    const found = Object.values(made.findResources('AWS::Scheduler::Schedule')).map(({ Properties }) => [
      Properties.ScheduleExpression,
      Properties.FlexibleTimeWindow.MaximumWindowInMinutes ?? Properties.FlexibleTimeWindow.Mode,
      Properties.Target.RetryPolicy.MaximumEventAgeInSeconds,
    ]);
    assert.deepEqual(
      found.sort(([, , a], [, , b]) => a - b),
      [
        ['rate(1 minute)', 'OFF', 60],
        ['rate(5 minutes)', 1, 300],
        ['rate(15 minutes)', 5, 900],
        ['rate(60 minutes)', 20, 3600],
        ['rate(1440 minutes)', 480, 86400],
      ],
    );
  });

  test('send as a role that may ring the one queue, and that the schedules of one group alone may take', () => {
    const [role] = Object.values(checks.findResources('AWS::IAM::Role'));
    const [statement] = role?.Properties.AssumeRolePolicyDocument.Statement ?? [];
    assert.match(
      JSON.stringify(statement.Condition.StringEquals['aws:SourceArn']),
      /:schedule-group\/fairlead-readings/,
    );
    const [policy, ...more] = Object.values(checks.findResources('AWS::IAM::Policy'));
    assert.deepEqual(more, []);
    const statements = policy?.Properties.PolicyDocument.Statement;
    assert.deepEqual(
      statements.map(({ Action }: { Action: string }) => Action),
      ['sqs:SendMessage'],
    );
    assert.equal(
      statements[0].Resource.length,
      2,
      'the read queue, and the queue of what could not be handed over',
    );
  });
});
