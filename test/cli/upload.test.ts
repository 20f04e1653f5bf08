import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clients } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { dynamoTable } from '../../lib/aws/table.ts';
import type { Reason } from '../../lib/charts/reasons.ts';
import { BUCKETS, type LocalAws, startAws, TABLE } from '../../local/aws/aws.ts';
import { writeConnection } from '../../local/connection.ts';
import { fairlead } from './command-line.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-upload-'));
const chart = join(folder, 'web-1.4.2.tgz');
const values = join(folder, 'values.yaml');
let aws: LocalAws;

before(async () => {
  aws = await startAws({
    folder,
    port: 0,
    contents: { functions: new Map(), parameters: new Map(), secrets: new Map(), onEvent: () => {} },
    onTableWrite: () => {},
  });
  await writeConnection(folder, {
    schema: 1,
    pid: process.pid,
    page: 'http://127.0.0.1:1/',
    environment: {
      ...(aws.environment as Record<string, string>),
      FAIRLEAD_UPLOAD_BUCKET: BUCKETS.upload,
      FAIRLEAD_TABLE: TABLE,
    },
    repositories: {},
    gitToken: 'token',
    kubeconfig: join(folder, 'kubeconfig'),
  });
  await writeFile(chart, 'a chart');
  await writeFile(values, 'replicas: 2\n');
});
after(async () => {
  await aws.stop();
  await rm(folder, { recursive: true, force: true });
});

const upload = (...argv: string[]) =>
  fairlead([
    'upload',
    ...argv,
    ...['--target', 'staging', '--namespace', 'shop', '--release', 'web', '--data', folder],
  ]);

/** What the functions would do with the next version of a key. */
async function whenUploaded(
  key: string,
  tags: Readonly<Record<string, string>>,
  reasons?: readonly Reason[],
) {
  const bucket = aws.buckets.upload;
  const known = bucket.find(key)?.versionId;
  let found = bucket.find(key);
  while (found === undefined || found.versionId === known) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    found = bucket.find(key);
  }
  if (reasons !== undefined) {
    await dynamoTable(clients.dynamodb(aws.environment), TABLE).put(
      { pk: `upload#${key}`, sk: found.versionId, schema: 1, version: 1, state: 'rejected', reasons },
      'absent',
    );
  }
  await s3Store(clients.s3(aws.environment), bucket.name).mergeTags(key, found.versionId, tags);
}

describe('npx fairlead upload', () => {
  test('puts each file where its release wants it, with what the uploader claims', async () => {
    const ran = await upload(chart, values, '--author', 'ci', '--source-commit', 'abc123');
    assert.equal(ran.code, 0, ran.stderr);
    const stored = aws.buckets.upload.find('staging/shop/web/web-1.4.2.tgz');
    assert.deepEqual(stored?.metadata, { author: 'ci', 'source-commit': 'abc123' });
    assert.ok(aws.buckets.upload.find('staging/shop/web/values.yaml'));
  });

  test('ends with 0 and the commit when it is delivered', async () => {
    const delivered = { 'fairlead-outcome': 'delivered', 'fairlead-commit': 'c0ffee' };
    const [ran] = await Promise.all([
      upload(chart, '--wait'),
      whenUploaded('staging/shop/web/web-1.4.2.tgz', delivered),
    ]);
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, /delivered in commit c0ffee/);
  });

  test('ends with 1 and every reason, each with its place and what to do, when it is rejected', async () => {
    const tags = { 'fairlead-outcome': 'rejected', 'fairlead-reason': 'key-malformed' };
    const reasons: Reason[] = [
      {
        code: 'key-malformed',
        message: 'One thing.',
        place: { file: 'templates/a.yaml', line: 7 },
        whatToDo: 'Mend it.',
      },
      { code: 'key-unknown-target', message: 'Another.', whatToDo: 'Name it.', excerpt: 'quoted' },
    ];
    const [ran] = await Promise.all([
      upload(values, '--wait'),
      whenUploaded('staging/shop/web/values.yaml', tags, reasons),
    ]);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /templates\/a\.yaml:7: One thing\. \[key-malformed\]\n {4}→ Mend it\./);
    assert.match(ran.stderr, /Another\. \[key-unknown-target\]\n {4}\| quoted\n {4}→ Name it\./);
  });

  test('ends with 2 when nothing is known in time', async () => {
    const ran = await upload(chart, '--wait', '--timeout', '1');
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, /nothing is known after 1 s; it is not lost/);
  });

  for (const [what, argv, pattern] of [
    ['a second file that is not there', [chart, '/nowhere/values.yaml'], /there is no file \/nowhere/],
    ['a file that is not there', ['/nowhere/web-1.0.0.tgz'], /there is no file \/nowhere\/web-1\.0\.0\.tgz/],
    [
      'a file that is neither',
      [join(folder, 'connection.json')],
      /neither a chart package .* nor values\.yaml/,
    ],
    ['no file', [], /name at least one file/],
    ['a time that is none', [chart, '--timeout', 'soon'], /--timeout is a number/],
  ] as const) {
    test(`answers ${what} with where its usage is, and uploads nothing`, async () => {
      const ran = await upload(...argv);
      assert.equal(ran.code, 64);
      assert.match(ran.stderr, pattern);
      assert.match(ran.stderr, /npx fairlead upload --help/);
      assert.equal(ran.stdout, '');
    });
  }

  test('names every option that is missing', async () => {
    const ran = await fairlead(['upload', chart, '--data', folder]);
    assert.equal(ran.code, 64);
    assert.match(ran.stderr, /missing: --target, --namespace, --release/);
  });

  test('says how to reach an installation where none is named', async () => {
    const ran = await fairlead(
      ['upload', chart, '--target', 'a', '--namespace', 'b', '--release', 'c', '--data', '/nowhere'],
      { FAIRLEAD_UPLOAD_BUCKET: '' },
    );
    assert.equal(ran.code, 64);
    assert.match(ran.stderr, /npm start.*--bucket/s);
  });
});
