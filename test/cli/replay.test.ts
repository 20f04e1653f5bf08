import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { replayRequested } from '../../lib/messages/messages.ts';
import { readRecord, recordItem, type UploadState } from '../../lib/uploads/record/record.ts';
import { takeAll } from '../fixtures/local-aws.ts';
import { fairlead, running } from './command-line.ts';
import { AT, type StandIn, standIn } from './stand-in-installation.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const REASONS = [{ code: 'key-malformed', message: 'One thing.', whatToDo: 'Mend it.' }] as const;
const DELIVERED: UploadState = { state: 'delivered', commit: COMMIT, change: 'commit', endedAt: AT };
const REJECTED: UploadState = { state: 'rejected', reasons: REASONS, endedAt: AT };
const FAILED: UploadState = { state: 'failed', reasons: REASONS, endedAt: AT };
const TAGS = { 'fairlead-outcome': 'rejected' };

let installation: StandIn;

async function uploaded(key: string, state?: UploadState, tags: Readonly<Record<string, string>> = TAGS) {
  await installation.store.put(key, key);
  if (state !== undefined) await installation.end(key, state, tags);
  await sleep(1000);
}

before(async () => {
  installation = await standIn();
  // Oldest first: of each slot what is newest decides.
  await uploaded('staging/shop/web/web-1.0.0.tgz', REJECTED);
  await uploaded('staging/shop/web/web-1.1.0.tgz', DELIVERED, { 'fairlead-outcome': 'delivered' });
  await uploaded('staging/shop/web/values.yaml', FAILED);
  await uploaded('staging/shop/web/values.yaml', REJECTED);
  await uploaded('staging/manifests/a.yaml');
  await takeAll(installation.aws, installation.aws.queues.receive);
});
after(() => installation.stop());

const replay = (...argv: string[]) => fairlead(['replay', ...argv, '--data', installation.folder]);
const keysOf = (stdout: string): string[] =>
  [...stdout.matchAll(/(staging\/\S+)/g)].map(([, key = '']) => key);
const asked = async () =>
  (await takeAll(installation.aws, installation.aws.queues.receive)).map((body) =>
    replayRequested.parse(JSON.parse(body)),
  );

describe('npx fairlead replay', () => {
  test('shows what it would ask for: of each slot the newest, where that was not delivered', async () => {
    const ran = await replay('staging/', '--dry-run');
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(keysOf(ran.stdout), ['staging/manifests/a.yaml', 'staging/shop/web/values.yaml']);
    assert.deepEqual(await asked(), []);
  });

  test('with --all, every one that ended badly', async () => {
    const ran = await replay('staging/', '--dry-run', '--all', '-o', 'json');
    const { uploads } = JSON.parse(ran.stdout) as { uploads: { key: string; state: string }[] };
    assert.deepEqual(
      uploads.map(({ key, state }) => [key, state]),
      [
        ['staging/manifests/a.yaml', 'waiting'],
        ['staging/shop/web/values.yaml', 'rejected'],
        ['staging/shop/web/values.yaml', 'failed'],
        ['staging/shop/web/web-1.0.0.tgz', 'rejected'],
      ],
    );
  });

  test('asks receive-upload for each, and says which', async () => {
    const ran = await replay('staging/');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /asked for 2 of them to be taken again/);
    assert.equal(keysOf(ran.stdout).length, 2);
    const requests = await asked();
    assert.deepEqual(requests.map(({ detail }) => detail.object.key).sort(), [
      'staging/manifests/a.yaml',
      'staging/shop/web/values.yaml',
    ]);
    const values = installation.aws.buckets.upload.find('staging/shop/web/values.yaml');
    assert.ok(requests.some(({ detail }) => detail.object['version-id'] === values?.versionId));
    assert.equal(new Set(requests.map(({ time }) => time)).size, 1);
  });

  test('waits for the new outcome, not for the one of before', async () => {
    const key = 'staging/shop/web/values.yaml';
    const under = running(['replay', key, '--wait', '--data', installation.folder]);
    await under.says(/asked for it/);
    const versionId = installation.aws.buckets.upload.find(key)?.versionId ?? '';
    const record = await readRecord(installation.table, key, versionId);
    assert.ok(record);
    const again = recordItem(record, { ...DELIVERED, endedAt: '2026-11-21T13:00:00.000Z' }, record);
    assert.equal(await installation.table.put(again, record.version), 'written');
    const ran = await under.ended;
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stdout, `${key}: delivered in commit ${COMMIT}\n`);
    await asked();
  });

  test('Ctrl-C while it waits says that what was asked for goes on', async () => {
    const under = running(['replay', 'staging/manifests/', '--wait', '--data', installation.folder]);
    await under.says(/asked for it/);
    under.child.kill('SIGINT');
    const ran = await under.ended;
    assert.equal(ran.code, 130);
    assert.match(ran.stderr, /goes on by itself/);
    await asked();
  });

  test('says so where there is nothing to take again', async () => {
    const ran = await replay('staging/shop/web/web-1.1.0.tgz');
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, /nothing that ended badly/);
  });

  test('asks for nothing where the queue is not named, or who asks may not', async () => {
    const environment = { ...installation.environment, FAIRLEAD_DATA: '/nowhere' };
    const unnamed = await fairlead(['replay', 'staging/'], {
      ...environment,
      FAIRLEAD_RECEIVE_QUEUE_URL: '',
    });
    assert.equal(unnamed.code, 64);
    assert.match(unnamed.stderr, /--installation, or FAIRLEAD_RECEIVE_QUEUE_URL/);
    const blind = await fairlead(['replay', 'staging/', '--all', '--wait'], {
      ...environment,
      FAIRLEAD_TABLE: '',
    });
    assert.equal(blind.code, 69);
    assert.match(blind.stderr, /--wait reads the record.*FAIRLEAD_TABLE.*Nothing was asked for/);
    assert.deepEqual(await asked(), []);
  });

  for (const [what, argv, pattern] of [
    ['no prefix', [], /name the prefix/],
    ['all of the bucket by an empty one', [''], /name the prefix/],
    ['two prefixes', ['a/', 'b/'], /one prefix at a time/],
    ['waiting for nothing', ['a/', '--wait', '--dry-run'], /nothing to wait for/],
  ] as const) {
    test(`answers ${what} with where its usage is`, async () => {
      const ran = await replay(...argv);
      assert.equal(ran.code, 64);
      assert.match(ran.stderr, pattern);
    });
  }
});
