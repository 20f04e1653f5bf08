import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import * as clients from '../../lib/aws/clients.ts';
import { type Environment, requireVariables } from '../../lib/aws/environment.ts';
import { dynamoTable } from '../../lib/aws/table.ts';
import { readRecord } from '../../lib/uploads/record/record.ts';
import { type Started, start } from './running.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-restart-'));
after(async () => await rm(folder, { recursive: true, force: true }));
const kubeconfig = join(folder, 'kubeconfig');
await writeFile(kubeconfig, 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n');

async function begin(): Promise<{ running: Started; environment: Environment }> {
  const running = start(['--data', join(folder, 'data'), '--port', '0', '--kubeconfig', kubeconfig]);
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
