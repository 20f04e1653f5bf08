import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { prove } from '../../cli/proving.ts';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, requireVariables } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { dynamoTable } from '../../lib/aws/table.ts';
import { command, digestOfCommand } from '../../lib/commands/command.ts';
import { commandKey } from '../../lib/uploads/record/keys.ts';
import { readRecord } from '../../lib/uploads/record/record.ts';
import { type Started, start } from './running.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-restart-'));
after(async () => await rm(folder, { recursive: true, force: true }));
const kubeconfig = join(folder, 'kubeconfig');
await writeFile(kubeconfig, 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n');

async function begin(...more: string[]): Promise<{ running: Started; environment: Environment }> {
  const running = start([
    ...['--data', join(folder, 'data'), '--port', '0', '--kubeconfig', kubeconfig],
    ...more,
  ]);
  after(() => running.child.kill('SIGKILL'));
  await running.says(/Try:/);
  const connection = await readFile(join(folder, 'data', 'connection.json'), 'utf8');
  return { running, environment: (JSON.parse(connection) as { environment: Environment }).environment };
}

/** Slow where the machine is busy; without asking again at the start it takes an hour. */
const PATIENCE_MS = 60_000;

test('what was on its way when it was killed is delivered after the next start', async () => {
  const first = await begin();
  const { uploadBucket } = requireVariables(first.environment, 'uploadBucket');
  const s3 = clients.s3(first.environment);
  const uploaded = await Promise.all(
    Array.from({ length: 30 }, async (_, at) => {
      const key = `staging/shop/web-${at}/values.yaml`;
      const put = new PutObjectCommand({ Bucket: uploadBucket, Key: key, Body: `replicas: ${at}\n` });
      return { key, versionId: (await s3.send(put)).VersionId ?? '' };
    }),
  );
  first.running.child.kill('SIGKILL');
  await first.running.ended();

  const second = await begin();
  const { table } = requireVariables(second.environment, 'table');
  const records = dynamoTable(clients.dynamodb(second.environment), table);
  const until = Date.now() + PATIENCE_MS;
  let states: string[] = [];
  do {
    await sleep(500);
    states = await Promise.all(
      uploaded.map(
        async ({ key, versionId }) => (await readRecord(records, key, versionId))?.state ?? 'none',
      ),
    );
  } while (states.some((state) => state !== 'delivered') && Date.now() < until);
  assert.deepEqual([...new Set(states)], ['delivered']);
  second.running.child.kill('SIGINT');
  assert.equal(await second.running.ended(), 0);
});

test('a table that is lost leads to no second commit, and what people have changed in Git since stays', async () => {
  const data = join(folder, 'data');
  const git = (...argv: string[]) =>
    execFileSync(
      'git',
      [
        ...['-C', join(data, 'git', 'cluster.git')],
        ...['-c', 'user.name=Ann Other', '-c', 'user.email=ann@example.com'],
        ...argv,
      ],
      { encoding: 'utf8' },
    ).trim();
  const subjects = () => git('log', '--format=%s', 'main');
  const first = await begin();
  const { uploadBucket } = requireVariables(first.environment, 'uploadBucket');
  const key = 'staging/shop/lost/values.yaml';
  const put = (text: string) =>
    clients
      .s3(first.environment)
      .send(new PutObjectCommand({ Bucket: uploadBucket, Key: key, Body: `replicas: ${text}\n` }));
  const outcomeOf = async (environment: Environment, versionId: string) =>
    (await s3Store(clients.s3(environment), uploadBucket).tags(key, versionId))?.get('fairlead-outcome');
  const older = (await put('1')).VersionId ?? '';
  await until(async () => (await outcomeOf(first.environment, older)) === 'delivered');
  const newer = (await put('2')).VersionId ?? '';
  await until(async () => (await outcomeOf(first.environment, newer)) === 'delivered');
  first.running.child.kill('SIGINT');
  assert.equal(await first.running.ended(), 0);

  // Somebody turns it back, and then the table is gone.
  const turnedBack = git('commit-tree', '-p', 'main', '-m', 'Turn it back', 'main~1^{tree}');
  git('update-ref', 'refs/heads/main', turnedBack);
  const before = subjects();
  await rm(join(data, 'aws', 'dynamodb'), { recursive: true });

  const second = await begin();
  const { table } = requireVariables(second.environment, 'table');
  const records = dynamoTable(clients.dynamodb(second.environment), table);
  for (const versionId of [older, newer])
    await until(async () => (await readRecord(records, key, versionId))?.state === 'delivered');
  const newest = (await clients
    .s3(second.environment)
    .send(new PutObjectCommand({ Bucket: uploadBucket, Key: key, Body: 'replicas: 3\n' }))) as {
    VersionId?: string;
  };
  await until(async () => (await outcomeOf(second.environment, newest.VersionId ?? '')) === 'delivered');
  assert.deepEqual(subjects().split('\n').slice(1), before.split('\n'), 'one commit more: the newest upload');
  assert.match(git('show', 'main'), /replicas: 3/);
  second.running.child.kill('SIGINT');
  assert.equal(await second.running.ended(), 0);
});

// Last: after a loss of the table, what is uploaded would wait an hour for what a command may have frozen.
test('a command that was signed before it was killed is believed after the next start', async () => {
  const first = await begin();
  const asked = {
    schema: 1,
    id: randomUUID(),
    installation: 'local',
    target: 'staging',
    at: new Date().toISOString(),
    verb: { kind: 'freeze', scope: { kind: 'release', namespace: 'shop', release: 'elsewhere' } },
  } as const;
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = first.environment;
  const proof = await prove(
    digestOfCommand(asked),
    {
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
      region: AWS_REGION,
      environment: first.environment,
    },
    new Date(asked.at),
  );
  first.running.child.kill('SIGKILL');
  await first.running.ended();

  // The signature holds the address, too.
  const { port } = new URL(first.environment.AWS_ENDPOINT_URL ?? '');
  const second = await begin('--aws-port', port);
  const { table, uploadBucket } = requireVariables(second.environment, 'table', 'uploadBucket');
  const key = commandKey(asked);
  const { VersionId: versionId = '' } = await clients.s3(second.environment).send(
    new PutObjectCommand({
      Bucket: uploadBucket,
      Key: key,
      Body: JSON.stringify(command.parse({ ...asked, proof })),
    }),
  );
  const records = dynamoTable(clients.dynamodb(second.environment), table);
  const ended = async () => {
    const state = (await readRecord(records, key, versionId))?.state;
    return state === 'done' || state === 'rejected' || state === 'failed' ? state : undefined;
  };
  await until(async () => (await ended()) !== undefined);
  assert.equal(await ended(), 'done');
  second.running.child.kill('SIGINT');
  assert.equal(await second.running.ended(), 0);
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 3 * PATIENCE_MS;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, 'it takes too long');
    await sleep(200);
  }
}
