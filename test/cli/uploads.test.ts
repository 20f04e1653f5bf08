import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadState } from '../../lib/uploads/record/record.ts';
import { fairlead } from './command-line.ts';
import { AT, type StandIn, standIn } from './stand-in-installation.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const LONG = 'staging/shop/a-rather-long-name-of-a-release/a-rather-long-name-of-a-chart-1.4.2-rc.1.tgz';
const REASONS = [
  { code: 'key-malformed', message: 'One thing.', whatToDo: 'Mend it.' },
  { code: 'yaml-invalid', message: 'Another.', whatToDo: 'Mend that, too.' },
] as const;
const ENDINGS: readonly [key: string, state: UploadState, tags: Readonly<Record<string, string>>][] = [
  [
    'staging/shop/web/web-1.4.1.tgz',
    { state: 'delivered', commit: COMMIT, change: 'commit', endedAt: AT },
    { 'fairlead-outcome': 'delivered', 'fairlead-commit': COMMIT },
  ],
  [
    'staging/shop/web/values.yaml',
    { state: 'rejected', reasons: REASONS, endedAt: AT },
    { 'fairlead-outcome': 'rejected', 'fairlead-reason': 'key-malformed yaml-invalid' },
  ],
  [
    LONG,
    { state: 'superseded', by: 'staging/shop/web/web-1.4.3.tgz?versionId=v', endedAt: AT },
    { 'fairlead-outcome': 'superseded' },
  ],
  ['prod/shop/web/web-1.4.2.tgz', { state: 'received' }, {}],
];

let installation: StandIn;

before(async () => {
  installation = await standIn();
  for (const [key, state, tags] of ENDINGS) {
    await installation.store.put(key, key);
    await installation.end(key, state, tags);
    // S3 tells whole seconds: those of another second have an order.
    await sleep(1000);
  }
  await installation.store.put('staging/shop/web/web-1.4.4.tgz', 'nobody has heard of it');
});
after(() => installation.stop());

const uploads = (...argv: string[]) => fairlead(['uploads', ...argv, '--data', installation.folder]);
const listed = async (...argv: string[]): Promise<{ key: string; state: string }[]> => {
  const ran = await uploads(...argv, '-o', 'json');
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout).uploads;
};
const inAws = (argv: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  fairlead(['uploads', ...argv, '--data', '/nowhere'], { ...installation.environment, ...environment });

describe('npx fairlead uploads', () => {
  test('lists what was uploaded, newest first, and what waits, in lines that a terminal shows whole', async () => {
    const { code, stdout } = await uploads();
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^UPLOADED \(UTC\) +STATE +KEY +RESULT$/);
    for (const [index, pattern] of [
      /waiting +staging\/shop\/web\/web-1\.4\.4\.tgz +not heard of yet$/,
      /waiting +prod\/shop\/web\/web-1\.4\.2\.tgz +being checked$/,
      /superseded +staging\/shop\/a-rather.*….*1\.4\.2-rc\.1\.tgz +by a newer one$/,
      /rejected +staging\/shop\/web\/values\.yaml +key-malformed \+1$/,
      /delivered +staging\/shop\/web\/web-1\.4\.1\.tgz +c0ffee0000$/,
    ].entries())
      assert.match(lines[index + 1] ?? '', pattern);
    for (const line of lines) assert.ok(line.length <= 100, line);
  });

  test('-o json has all of each', async () => {
    const all = await listed();
    assert.equal(all.length, 5);
    const rejected = all.find(({ state }) => state === 'rejected') as Record<string, unknown>;
    assert.deepEqual(rejected.reasons, REASONS);
    assert.match(String(rejected.url), /^s3:\/\/charts\/staging\/shop\/web\/values\.yaml\?versionId=./);
  });

  for (const [what, argv, keys] of [
    ['of a target', ['--target', 'prod'], ['prod/shop/web/web-1.4.2.tgz']],
    [
      'of a release',
      ['--target', 'staging', '--release', 'shop/web'],
      ['staging/shop/web/web-1.4.4.tgz', 'staging/shop/web/values.yaml', 'staging/shop/web/web-1.4.1.tgz'],
    ],
    ['of one key', ['staging/shop/web/web-1.4.1.tgz'], ['staging/shop/web/web-1.4.1.tgz']],
    ['in a state', ['--state', 'rejected', '--state', 'superseded'], [LONG, 'staging/shop/web/values.yaml']],
    ['at most so many', ['--limit', '1'], ['staging/shop/web/web-1.4.4.tgz']],
    ['of a time', ['--since', '2099-01-01'], []],
    ['of a span', ['--target', 'prod', '--since', '1h'], ['prod/shop/web/web-1.4.2.tgz']],
  ] as const) {
    test(`lists those ${what}`, async () => {
      assert.deepEqual(
        (await listed(...argv)).map(({ key }) => key),
        keys,
      );
    });
  }

  test('says that there are more than it lists, beside what it lists', async () => {
    const some = await uploads('staging/shop/web/', '--limit', '2', '-o', 'json');
    assert.equal(JSON.parse(some.stdout).uploads.length, 2);
    assert.match(some.stderr, /^the newest 2 of more: --limit shows older ones\n$/);
    const all = await uploads('staging/shop/web/', '--limit', '3');
    assert.equal(all.stderr, '');
  });

  test('says so where there is none', async () => {
    const { code, stdout } = await uploads('elsewhere/');
    assert.equal(code, 0);
    assert.equal(stdout, 'none in s3://charts that this asks for\n');
  });

  test('does with tags alone where the table is not named, and says what is missing', async () => {
    const { code, stdout } = await inAws(['staging/shop/web/'], { FAIRLEAD_TABLE: '' });
    assert.equal(code, 0);
    assert.match(stdout, /rejected +staging\/shop\/web\/values\.yaml +key-malformed \+1$/m);
    assert.match(stdout, /waiting +staging\/shop\/web\/web-1\.4\.4\.tgz +no outcome yet$/m);
    assert.match(stdout, /tags alone; .*FAIRLEAD_TABLE/);
  });

  test('ends with 69 where it may not look, and names the right', async () => {
    const ran = await inAws([], { AWS_ACCESS_KEY_ID: 'AKIASOMEBODYELSE' });
    assert.equal(ran.code, 69);
    assert.match(ran.stderr, /it needs s3:ListBucketVersions on bucket charts \(with a prefix/);
  });

  for (const [what, argv, pattern] of [
    ['two prefixes', ['a/', 'b/'], /one prefix at a time/],
    ['a prefix and a target', ['a/', '--target', 'b'], /not both/],
    ['a release without a target', ['--release', 'shop/web'], /needs --target/],
    ['a release without a namespace', ['--target', 'a', '--release', 'web'], /NAMESPACE\/NAME/],
    ['a state that there is not', ['--state', 'lost'], /--state is waiting, delivered/],
    ['a time that is none', ['--since', 'yesterday'], /--since is a span/],
    ['a number that is none', ['--limit', 'all'], /--limit is a number/],
  ] as const) {
    test(`answers ${what} with where its usage is`, async () => {
      const ran = await uploads(...argv);
      assert.equal(ran.code, 64);
      assert.match(ran.stderr, pattern);
      assert.match(ran.stderr, /npx fairlead uploads --help/);
    });
  }
});
