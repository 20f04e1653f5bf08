import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { awsAccount } from '../../../lib/aws/account/aws-account.ts';
import * as own from '../../../lib/aws/account/clients.ts';
import * as clients from '../../../lib/aws/clients.ts';
import { s3Store } from '../../../lib/aws/objects.ts';
import { dynamoTable } from '../../../lib/aws/table.ts';
import { type Config, parseConfig } from '../../../lib/config/config.ts';
import { accountChecks } from '../../../lib/doctor/account-checks.ts';
import { clusterCheck } from '../../../lib/doctor/cluster-checks.ts';
import { deployedChecks } from '../../../lib/doctor/deployed-checks.ts';
import { examine, type Found } from '../../../lib/doctor/examine.ts';
import type { Deployed } from '../../../lib/doctor/patient.ts';
import { doctorPolicy } from '../../../lib/doctor/policy.ts';
import { type GitServer, startGit } from '../../../local/git.ts';
import { requirement } from '../../requirements.ts';
import { type Answers, startAccount, type TestAccount } from './account.ts';
import { CHECK_ROLE, deploy } from './deploy.ts';

const CHECKER = 'fairlead-check-drift';
const ANSWERS: Answers = {
  cluster: {
    status: 'ACTIVE',
    version: '1.35',
    accessConfig: { authenticationMode: 'API' },
    resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
  },
  entry: { createdAt: 4_000_000_000, kubernetesGroups: ['fairlead:check'] },
  capabilities: [{ capabilityName: 'argo', type: 'ACK', status: 'ACTIVE' }],
  functions: { [CHECKER]: { FunctionArn: 'arn', Role: `arn:aws:iam::123456789012:role/${CHECK_ROLE}` } },
  quotas: [
    { QuotaName: 'Number of schedules', Value: 1_000_000 },
    { QuotaName: 'Filter policies per account', Value: 200 },
    { QuotaName: 'VPCs per Region', Value: 5 },
    { QuotaName: 'Gateway VPC endpoints per Region', Value: 20 },
    { QuotaName: 'Elastic network interfaces per VPC', Value: 500 },
  ],
  denied: new Set(),
};

/** What was asked of AWS, by the names of IAM's actions (Service Authorization Reference). */
const ACTIONS: Readonly<Record<string, string>> = {
  's3:GetBucketNotificationConfiguration': 's3:GetBucketNotification',
};
const SERVICES: Readonly<Record<string, string>> = {
  SecretsManager: 'secretsmanager',
  ServiceQuotas: 'servicequotas',
};

describe('the doctor on an account', requirement('moto'), () => {
  let account: TestAccount;
  let git: GitServer;
  let folder: string;
  let kubernetes: Server;
  let config: Config;
  const asked = new Set<string>();
  let unwatch = () => {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-doctor-test-'));
    account = await startAccount({ ...ANSWERS });
    git = await startGit({
      folder,
      port: 0,
      repositories: [{ name: 'cluster', branch: 'main' }],
      onPush: () => {},
    });
    // A cluster that serves nothing: it is another test's to look inside of one.
    kubernetes = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          request.url === '/version' ? { gitVersion: 'v1.35.4' } : { versions: [], groups: [], items: [] },
        ),
      );
    });
    await new Promise<void>((resolve) => kubernetes.listen(0, '127.0.0.1', resolve));
    config = parseConfig({
      repositories: [
        {
          name: 'cluster',
          url: git.urlOf('cluster'),
          credential: { kind: 'token', secret: 'fairlead/write' },
          readCredential: { kind: 'token', secret: 'fairlead/read' },
        },
      ],
      targets: [
        {
          name: 'staging',
          repository: 'cluster',
          deployer: 'flux',
          cluster: { kind: 'eks', name: 'staging', region: 'eu-central-1' },
          namespaces: ['shop'],
        },
        {
          name: 'inner',
          repository: 'cluster',
          deployer: 'none',
          cluster: {
            kind: 'eks',
            name: 'staging',
            region: 'eu-central-1',
            role: 'arn:aws:iam::444455556666:role/fairlead-check',
          },
          namespaces: ['shop'],
        },
      ],
      audiences: [{ name: 'platform', form: 'email', address: 'platform@example.com' }],
    });
  });
  after(async () => {
    unwatch();
    await account?.stop();
    await git?.stop();
    await new Promise((resolve) => kubernetes.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  async function look(deployed: Deployed, configured = config): Promise<readonly Found[]> {
    unwatch = clients.watchClients((client) => {
      client.middlewareStack.add(
        (next, { clientName = '', commandName = '' }) =>
          (args) => {
            const service = clientName.replace(/Client$/, '');
            const action = `${SERVICES[service] ?? service.toLowerCase()}:${commandName.replace(/Command$/, '')}`;
            asked.add(ACTIONS[action] ?? action);
            return next(args);
          },
        { step: 'initialize', name: 'heard' },
      );
    });
    const { environment } = account;
    const reader = awsAccount(environment);
    const patient = {
      config: configured,
      targets: configured.targets,
      from: 'file' as const,
      account: reader,
      environment,
      caller: await reader.caller(),
      deployed,
      version: '0.1.0',
      now: () => new Date(),
    };
    const [target] = configured.targets;
    const [repository] = configured.repositories;
    assert.ok(target !== undefined && repository !== undefined);
    const found = await examine([
      ...accountChecks(patient),
      ...deployedChecks(patient),
      clusterCheck({
        target,
        repository,
        capabilities: async () => {
          const read = await reader.capabilities({ name: 'staging', region: 'eu-central-1' });
          return read.kind === 'read' ? read.value : undefined;
        },
        connect: async () => ({
          kind: 'way',
          connection: {
            name: 'staging',
            url: `http://127.0.0.1:${(kubernetes.address() as AddressInfo).port}`,
            headers: {},
            tls: {},
          },
        }),
        kept:
          deployed.kind === 'deployed'
            ? {
                table: dynamoTable(clients.dynamodb(environment), 'fairlead-state-table'),
                state: s3Store(clients.s3(environment), 'state'),
              }
            : undefined,
      }),
    ]);
    unwatch();
    return found;
  }

  const of = (found: readonly Found[], check: string) =>
    found.filter((each) => each.check === check).map(({ diagnosis }) => diagnosis);
  const kinds = (found: readonly Found[], check: string) => of(found, check).map(({ kind }) => kind);
  const textOf = (found: readonly Found[], check: string) => JSON.stringify(of(found, check));

  test('in an empty one: what is missing is wrong with its command, what comes after the deploy is said to', async () => {
    const found = await look({ kind: 'not-deployed' });
    assert.deepEqual(kinds(found, 'credentials'), ['ok']);
    assert.deepEqual(kinds(found, 'clock'), ['ok']);
    assert.match(textOf(found, 'cdk-bootstrap'), /npx cdk bootstrap aws:\/\/123456789012\/eu-central-1/);
    assert.deepEqual(kinds(found, 'secrets'), ['wrong', 'wrong']);
    assert.match(textOf(found, 'git'), /the secret \\"fairlead\/read\\" cannot be read/);
    for (const check of [
      'stacks',
      'version',
      'access-entries',
      'subscriptions',
      'dead-letters',
      'alarms',
      'verdicts',
    ])
      assert.match(textOf(found, check), /not deployed yet/, check);
  });

  test('in one where it is deployed and well: nothing is wrong', async () => {
    queue = await deploy(account.environment, config, git.pushToken);
    const found = await look(deployed());
    // moto forgets that a bucket tells EventBridge: the test below has an answer of S3's own.
    const wrong = found.filter(
      ({ check, diagnosis }) => diagnosis.kind === 'wrong' && check !== 'cluster' && check !== 'bucket',
    );
    assert.deepEqual(wrong, []);
    assert.deepEqual(kinds(found, 'git'), ['ok', 'ok', 'ok']);
    assert.deepEqual(kinds(found, 'access-entries'), ['ok', 'skipped']);
    assert.deepEqual(kinds(found, 'stacks'), ['ok', 'ok', 'ok', 'ok']);
    assert.deepEqual(kinds(found, 'subscriptions'), ['ok', 'ok']);
    assert.deepEqual(kinds(found, 'version'), ['ok']);
    assert.deepEqual(kinds(found, 'dead-letters'), ['ok']);
    assert.deepEqual(kinds(found, 'quotas'), ['ok', 'ok', 'ok', 'ok', 'ok', 'ok']);
    assert.match(textOf(found, 'verdicts'), /no check has finished yet/);
  });

  test('a bucket that tells EventBridge is read as S3 writes it, and so is one that does not', async () => {
    for (const [written, eventBridge] of [
      ['<EventBridgeConfiguration></EventBridgeConfiguration>', 'on'],
      ['', 'off'],
    ] as const) {
      const s3 = createServer((request, response) => {
        const isVersioning = request.url?.includes('versioning');
        const [name, body] = isVersioning
          ? ['VersioningConfiguration', '<Status>Enabled</Status>']
          : ['NotificationConfiguration', written];
        response.writeHead(200, { 'content-type': 'application/xml' });
        response.end(`<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body}</${name}>`);
      });
      await new Promise<void>((resolve) => s3.listen(0, '127.0.0.1', resolve));
      const { port } = s3.address() as AddressInfo;
      const environment = { ...account.environment, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` };
      const read = await awsAccount(environment).bucket('uploads');
      assert.deepEqual(read, { kind: 'read', value: { versioning: 'on', eventBridge } });
      s3.closeAllConnections();
      await new Promise((resolve) => s3.close(resolve));
    }
  });

  test('what is broken since is seen: a role made anew, a message given up, an alarm, a reader that may write', async () => {
    const { environment } = account;
    const write = await clients
      .secrets(environment)
      .send(new PutSecretValueCommand({ SecretId: 'fairlead/read', SecretString: git.pushToken }));
    assert.ok(write.ARN);
    account.answers.entry = { createdAt: 1_500_000_000, kubernetesGroups: [] };
    const sqs = clients.sqs(environment);
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'given up' }));
    const cloudwatch = own.cloudwatch(environment);
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'fairlead-run-Silence',
        AlarmDescription:
          'No drift check has finished. What to do: docs/runbook.md#no-drift-check-has-finished',
        MetricName: 'x',
        Namespace: 'y',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Statistic: 'Sum',
      }),
    );
    await cloudwatch.send(
      new SetAlarmStateCommand({
        AlarmName: 'fairlead-run-Silence',
        StateValue: 'ALARM',
        StateReason: 'test',
      }),
    );
    const found = await look(deployed());
    assert.deepEqual(kinds(found, 'git'), ['ok', 'ok', 'warning']);
    assert.match(textOf(found, 'access-entries'), /another role's of that name.*delete-access-entry/);
    assert.match(textOf(found, 'dead-letters'), /1 message was given up/);
    assert.match(textOf(found, 'alarms'), /docs\/runbook\.md#no-drift-check-has-finished/);
    assert.ok(!JSON.stringify(found).includes(git.pushToken), 'a token is in what is printed');
  });

  test('who may not read something is told which right it needs, and the rest is looked at', async () => {
    account.answers.denied = new Set(['eks:DescribeCluster', 'lambda:GetAccountSettings']);
    const found = await look(deployed());
    assert.match(textOf(found, 'clusters'), /"skipped".*it needs eks:DescribeCluster/);
    assert.match(textOf(found, 'quotas'), /it needs lambda:GetAccountSettings/);
    assert.deepEqual(kinds(found, 'stacks'), ['ok', 'ok', 'ok', 'ok']);
    account.answers.denied = new Set();
  });

  test('the policy gives the actions that are called, and no other', async () => {
    const vpc = {
      ...config,
      targets: config.targets.map((target) => ({
        ...target,
        cluster: {
          kind: 'eks' as const,
          name: 'staging',
          region: 'eu-central-1',
          access: 'group' as const,
          vpc: { id: 'vpc-0a1b2c3d4e5f67890', subnets: ['subnet-0a1b2c3d4e5f67890'] },
        },
      })),
    };
    await look(deployed(), vpc);
    // What it would read of desired states: a store's read is one action, whatever lies under the key.
    await s3Store(clients.s3(account.environment), 'state')
      .get('desired/none.json')
      .catch(() => undefined);
    const given = doctorPolicy(config).Statement.flatMap(({ Action }) => Action);
    assert.equal(new Set(given).size, given.length, 'an action is given twice');
    assert.deepEqual([...asked, 's3:GetObject'].sort(), [...given].sort());
  });

  const deployed = (): Deployed => ({
    kind: 'deployed',
    addresses: new Map([
      ['upload-bucket', 'uploads'],
      ['table', 'fairlead-state-table'],
      ['state-bucket', 'state'],
    ]),
  });
  let queue = '';
  const queueUrl = () => queue;
});
