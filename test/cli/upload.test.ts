import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Reason } from '../../lib/charts/reasons.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { tellBlocked } from '../../lib/uploads/delivering/blocked.ts';
import type { UploadState } from '../../lib/uploads/record/record.ts';
import { fairlead, running } from './command-line.ts';
import { AT, type StandIn, standIn } from './stand-in-installation.ts';

const PLACE = 'staging/shop/web/';
const COMMIT = 'c0ffee'.padEnd(40, '0');
const CHART_KEY = `${PLACE}web-1.4.2.tgz`;
const VALUES_KEY = `${PLACE}values.yaml`;
const DELIVERED: UploadState = { state: 'delivered', commit: COMMIT, change: 'commit', endedAt: AT };
const DELIVERED_TAGS = { 'fairlead-outcome': 'delivered', 'fairlead-commit': COMMIT };
const REASONS: readonly Reason[] = [
  {
    code: 'key-malformed',
    message: 'One thing.',
    place: { file: 'templates/a.yaml', line: 7 },
    whatToDo: 'Mend it.',
  },
  { code: 'key-unknown-target', message: 'Another.', whatToDo: 'Name it.', excerpt: 'quoted' },
];
const REJECTED: UploadState = { state: 'rejected', reasons: REASONS, endedAt: AT };
const REJECTED_TAGS = {
  'fairlead-outcome': 'rejected',
  'fairlead-reason': 'key-malformed key-unknown-target',
};

let installation: StandIn;
let chart: string;
let values: string;

before(async () => {
  installation = await standIn();
  chart = join(installation.folder, 'web-1.4.2.tgz');
  values = join(installation.folder, 'values.yaml');
  await writeFile(chart, 'a chart');
  await writeFile(values, 'replicas: 2\n');
});
after(() => installation.stop());

const upload = (...argv: string[]) => fairlead(['upload', ...argv, '--data', installation.folder]);
const stored = (key: string) => installation.aws.buckets.upload.find(key);
/** As in AWS: the bucket is named, the rest is in the environment. */
const inAws = (argv: readonly string[], without: readonly string[] = []) =>
  fairlead(['upload', ...argv, '--data', '/nowhere'], {
    ...installation.environment,
    ...Object.fromEntries(without.map((name) => [name, ''])),
  });

describe('npx fairlead upload', () => {
  test('puts each file where its release wants it, with what the uploader claims', async () => {
    const ran = await upload(chart, values, PLACE, '--author', 'ci', '--source-commit', 'abc1234');
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(stored(CHART_KEY)?.metadata, { author: 'ci', 'source-commit': 'abc1234' });
    assert.ok(stored(VALUES_KEY));
    assert.match(ran.stderr, /uploaded to s3:\/\/charts\/staging\/shop\/web\/values\.yaml \(local install/);
  });

  test('takes what the CI system says of the job, what is given before it, and names in ASCII', async () => {
    const ran = await fairlead(
      ['upload', chart, PLACE, '--author', 'Zoë 猫', '--data', installation.folder],
      {
        GITHUB_SHA: 'a'.repeat(40),
        GITHUB_SERVER_URL: 'https://github.example',
        GITHUB_REPOSITORY: 'shop/web',
        GITHUB_RUN_ID: '7',
        GITHUB_ACTOR: 'someone',
      },
    );
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(stored(CHART_KEY)?.metadata, {
      author: 'Zoe ?',
      'source-commit': 'a'.repeat(40),
      'source-url': 'https://github.example/shop/web/actions/runs/7',
    });
  });

  test('gives one file the whole key that is named', async () => {
    const other = join(installation.folder, 'values-staging.yaml');
    await writeFile(other, 'replicas: 3\n');
    const ran = await upload(other, VALUES_KEY);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal((await installation.store.get(VALUES_KEY))?.body.toString(), 'replicas: 3\n');
  });

  test('puts a manifest below the manifests of its target', async () => {
    const manifest = join(installation.folder, 'quota.yaml');
    await writeFile(manifest, 'kind: ResourceQuota\n');
    assert.equal((await upload(manifest, 'staging/manifests/')).code, 0);
    assert.ok(stored('staging/manifests/quota.yaml'));
  });

  test('ends with 0 and the commit when it is delivered', async () => {
    const [ran] = await Promise.all([
      upload(chart, PLACE, '--wait'),
      installation.endNext(CHART_KEY, DELIVERED, DELIVERED_TAGS),
    ]);
    assert.equal(ran.code, 0);
    assert.equal(ran.stdout, `${chart}: delivered in commit ${COMMIT}\n`);
  });

  test('ends with 1 and every reason, each with its place and what to do, when it is rejected', async () => {
    const [ran] = await Promise.all([
      upload(values, PLACE, '--wait', 'delivered'),
      installation.endNext(VALUES_KEY, REJECTED, REJECTED_TAGS),
    ]);
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /rejected, for 2 reasons/);
    assert.match(ran.stdout, /templates\/a\.yaml:7: One thing\. \[key-malformed\]\n {4}→ Mend it\./);
    assert.match(ran.stdout, /Another\. \[key-unknown-target\]\n {4}\| quoted\n {4}→ Name it\./);
  });

  for (const [code, state, says] of [
    [3, 'failed', /failed: .*\n.*One thing/],
    [4, 'superseded', /superseded: something newer/],
  ] as const) {
    test(`ends with ${code} when it is ${state}`, async () => {
      const ended: UploadState =
        state === 'failed'
          ? { state, reasons: REASONS.slice(0, 1), endedAt: AT }
          : { state, by: `${PLACE}web-1.4.3.tgz?versionId=v`, endedAt: AT };
      const [ran] = await Promise.all([
        upload(chart, PLACE, '--wait'),
        installation.endNext(CHART_KEY, ended, { 'fairlead-outcome': state }),
      ]);
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stdout, says);
    });
  }

  test('of several, the worst is how it ends', async () => {
    const [ran] = await Promise.all([
      upload(chart, values, PLACE, '--wait'),
      installation.endNext(CHART_KEY, DELIVERED, DELIVERED_TAGS),
      installation.endNext(VALUES_KEY, REJECTED, REJECTED_TAGS),
    ]);
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /delivered in commit[\s\S]*rejected/);
  });

  test('ends with 2 when nothing is known in time', async () => {
    const ran = await upload(chart, PLACE, '--wait', '--timeout', '1');
    assert.equal(ran.code, 2);
    assert.match(ran.stdout, /not known after 1 s: nobody has heard of it yet\n {2}It is not lost/);
  });

  test('where its repository takes nothing, it says that it waits for that', async () => {
    const key = 'blocked/shop/web/web-1.4.2.tgz';
    const under = running([
      'upload',
      chart,
      'blocked/shop/web/',
      '--wait',
      '--timeout',
      '4',
      '--data',
      installation.folder,
    ]);
    await under.says(/waiting until it is known how it ends, at most 4 s/);
    const content = { repository: 'cluster', branch: 'main', target: 'blocked', claims: {} } as const;
    const digests = { digest: digestOf('a'), package: digestOf('b') } as const;
    await installation.end(key, { ...content, ...digests, state: 'checked', attempted: [] }, {});
    const now = () => new Date();
    await tellBlocked({ table: installation.table, installation: 'test', now }, 'blocked', 'it is down');
    const ran = await under.ended;
    assert.equal(ran.code, 2);
    assert.match(ran.stdout, /its repository takes nothing now/);
  });

  test('-o json prints one document with all of it, and nothing else', async () => {
    const [ran] = await Promise.all([
      upload(chart, values, PLACE, '--wait', '-o', 'json'),
      installation.endNext(CHART_KEY, DELIVERED, DELIVERED_TAGS),
      installation.endNext(VALUES_KEY, REJECTED, REJECTED_TAGS),
    ]);
    assert.equal(ran.code, 1);
    const { uploads } = JSON.parse(ran.stdout);
    assert.deepEqual(
      uploads.map(({ outcome, key }: { outcome: string; key: string }) => [key, outcome]),
      [
        [CHART_KEY, 'delivered'],
        [VALUES_KEY, 'rejected'],
      ],
    );
    assert.equal(uploads[0].commit, COMMIT);
    assert.deepEqual(uploads[1].reasons, REASONS);
    assert.match(uploads[0].url, /^s3:\/\/charts\/staging\/shop\/web\/web-1\.4\.2\.tgz\?versionId=./);
  });

  test('where the table is not named, tags and the prose of their codes do, and it says what is missing', async () => {
    const [ran] = await Promise.all([
      inAws([values, PLACE, '--wait'], ['FAIRLEAD_TABLE']),
      installation.endNext(VALUES_KEY, REJECTED, REJECTED_TAGS),
    ]);
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stdout, /The key names no target of this installation\. \[key-unknown-target\]/);
    assert.match(ran.stdout, /tags alone; .*FAIRLEAD_TABLE/);
  });

  test('finds an installation in AWS by its name', async () => {
    const ran = await fairlead(['upload', chart, PLACE, '--installation', 'test'], {
      ...installation.environment,
      FAIRLEAD_UPLOAD_BUCKET: '',
    });
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /\(AWS\)/);
    const other = await fairlead(
      ['upload', chart, PLACE, '--installation', 'other'],
      installation.environment,
    );
    assert.equal(other.code, 64);
    assert.match(other.stderr, /no installation "other"/);
  });

  test('Ctrl-C says that the upload goes on, and how to look', async () => {
    const { child, says, ended } = running(['upload', chart, PLACE, '--wait', '--data', installation.folder]);
    await says(/uploaded to/);
    child.kill('SIGINT');
    const ran = await ended;
    assert.equal(ran.code, 130);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, /goes on by itself.*\n {2}npx fairlead uploads staging\/shop\/web\/ --data /);
  });

  test('ends with 69 where AWS does not answer, does not know who calls, or has no such bucket', async () => {
    const nobody = { ...installation.environment, AWS_ACCESS_KEY_ID: 'AKIASOMEBODYELSE' };
    const down = { ...installation.environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    for (const [environment, argv, says] of [
      [nobody, [], /not allowed: it needs s3:PutObject on s3:\/\/charts\/staging\/shop\/web/],
      [down, [], /cannot be reached from here/],
      [installation.environment, ['--bucket', 'others'], /there is no bucket for s3:\/\/others/],
    ] as const) {
      const ran = await fairlead(['upload', chart, PLACE, '--data', '/nowhere', ...argv], {
        ...environment,
        AWS_MAX_ATTEMPTS: '1',
      });
      assert.equal(ran.code, 69, ran.stderr);
      assert.match(ran.stderr, says);
      assert.equal(ran.stdout, '');
    }
  });

  test('a rollout is not waited for where nobody may see it, and nothing is uploaded then', async () => {
    const before = stored(CHART_KEY)?.versionId;
    const unnamed = await inAws([chart, PLACE, '--wait', 'rolled-out'], ['FAIRLEAD_TABLE']);
    assert.equal(unnamed.code, 64);
    assert.match(unnamed.stderr, /FAIRLEAD_TABLE/);
    const missing = await fairlead(['upload', chart, PLACE, '--wait', 'rolled-out', '--data', '/nowhere'], {
      ...installation.environment,
      FAIRLEAD_TABLE: 'another',
    });
    assert.equal(missing.code, 69);
    assert.match(missing.stderr, /table another/);
    assert.equal(stored(CHART_KEY)?.versionId, before);
  });

  const nowhere = join('/nowhere', 'web-1.0.0.tgz');
  for (const [what, argv, pattern] of [
    [
      'a second file that is not there',
      () => [chart, '/nowhere/values.yaml', PLACE],
      /there is no file \/no/,
    ],
    ['a file that is not there', () => [nowhere, PLACE], /there is no file \/nowhere\/web-1\.0\.0\.tgz/],
    [
      'a file that no place is for',
      () => [join(installation.folder, 'connection.json'), PLACE],
      /has none of the valid forms[\s\S]*a chart package/,
    ],
    ['a folder', () => [installation.folder, PLACE], /is a folder: "helm package/],
    [
      'a single file at a place without its end',
      () => [chart, 'staging/shop/web'],
      /ends in "\/": staging\/shop\/web\//,
    ],
    ['a slip behind --wait', () => [chart, PLACE, '--wait', 'rolledout'], /not "rolledout"/],
    ['nothing', () => [], /name at least one file/],
    ['no place', () => [chart], /say what .* is for, last/],
    ['a place without its end', () => [chart, values, 'staging/shop/web'], /ends in "\/"/],
    ['two files of one name', () => [values, values, PLACE], /two files would get the key/],
    ['a time that is none', () => [chart, PLACE, '--timeout', 'soon'], /--timeout is a number/],
    ['a form that there is not', () => [chart, PLACE, '-o', 'yaml'], /-o is text, json, not "yaml"/],
    [
      'what nobody waits for',
      () => [chart, PLACE, '--wait=done'],
      /--wait is for proposed, delivered or rolled-out/,
    ],
    ['an option that there is not', () => [chart, PLACE, '--target', 'x'], /--target/],
    [
      'a commit that is none',
      () => [chart, PLACE, '--source-commit', 'main'],
      /--source-commit is a commit id/,
    ],
    [
      'an address that is not https',
      () => [chart, PLACE, '--source-url', 'http://ci'],
      /--source-url is a plain/,
    ],
  ] as const) {
    test(`answers ${what} with where its usage is, and uploads nothing`, async () => {
      const ran = await upload(...argv());
      assert.equal(ran.code, 64);
      assert.match(ran.stderr, pattern);
      assert.match(ran.stderr, /npx fairlead upload --help/);
      assert.equal(ran.stdout, '');
    });
  }

  test('says how to reach an installation where none is named', async () => {
    const ran = await fairlead(['upload', chart, PLACE, '--data', '/nowhere'], {
      FAIRLEAD_UPLOAD_BUCKET: '',
      FAIRLEAD_INSTALLATION: '',
    });
    assert.equal(ran.code, 64);
    assert.match(ran.stderr, /npm start.*--installation.*--bucket/s);
  });
});
