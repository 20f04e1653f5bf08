import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../lib/alerts/alert.ts';
import { incidentItem } from '../../lib/alerts/incident-items.ts';
import { writeReport } from '../../lib/alerts/report.ts';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { parsePart } from '../../lib/config/config.ts';
import { digestOf } from '../../lib/content/tree.ts';
import type { HistoryEntry, UploadEntry } from '../../lib/history/entry.ts';
import { finding } from '../fixtures/findings.ts';
import { called } from './in-process.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const DAY = '2026-11-20T';
const at = (time: string): string => `${DAY}${time}.000Z`;
const digest = digestOf('x');
const ADA = 'arn:aws:sts::123456789012:assumed-role/operators/ada';
const ID = '01jdaaaaaaaaaaaaaaaaaaaaaa';

let installation: StandIn;
let folder: string;
let repo: string;
const run = (...argv: string[]) =>
  called(['history', ...argv, '--repo', repo, '--data', installation.folder]);
const entriesOf = async (...argv: string[]): Promise<readonly HistoryEntry[]> => {
  const ran = await run(...argv, '-o', 'json');
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout).entries;
};

const git = (argv: readonly string[], environment: Record<string, string> = {}): string =>
  execFileSync('git', ['-C', repo, ...argv], {
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...environment },
  }).trim();

/** Gives its id. */
async function commit(path: string, time: string, who: string, message: string): Promise<string> {
  const file = join(repo, 'fairlead/staging', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${time}\n`);
  git(['add', '-A']);
  const [name, mail] = [who, `${who}@example.com`];
  git(['commit', '-q', '-m', message], {
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: mail, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: mail },
    ...{ GIT_AUTHOR_DATE: at(time), GIT_COMMITTER_DATE: at(time) },
  });
  return git(['rev-parse', 'HEAD']);
}

const trailers = (key: string, versionId: string, more: readonly string[] = []): string =>
  [
    'Deliver shop/web: something',
    '',
    `Fairlead-Upload: s3://charts/${key}?versionId=${encodeURIComponent(versionId)}`,
    'Fairlead-Target: staging',
    ...more,
    '',
  ].join('\n');

async function uploaded(key: string): Promise<string> {
  await installation.store.put(key, key);
  return installation.aws.buckets.upload.find(key)?.versionId ?? '';
}

async function record(key: string, versionId: string, state: Record<string, unknown>): Promise<void> {
  const base = { key, versionId, eventTime: at('08:00:00'), sequencer: '1', receivedAt: at('08:00:00') };
  const content = { repository: 'cluster', branch: 'main', target: 'staging', digest, package: digest };
  await installation.table.put(
    { pk: `upload#${key}`, sk: versionId, schema: 1, version: 1, ...base, ...content, claims: {}, ...state },
    'absent',
  );
}

const where = {
  schema: 1,
  installation: 'fairlead',
  target: 'staging',
  scope: 'shop/web',
  sequence: 1,
  repository: 'https://git.example.com/team/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
} as const;

before(async () => {
  installation = await standIn();
  folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-history-'));
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  repo = join(folder, 'cluster');
  await mkdir(repo);
  git(['init', '-q', '-b', 'main']);
  const state = s3Store(clients.s3(installation.aws.environment), 'state');
  const config = parsePart(
    {
      installation: 'fairlead',
      repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
      targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
    },
    'test',
  );
  await writeCheckConfig(state, config, 'staging');

  await commit('drift.yaml', '06:00:00', 'ada', 'Begin');
  const chart = 'staging/shop/web/web-1.4.2.tgz';
  const version = await uploaded(chart);
  const delivered = await commit(
    'releases/shop/web/chart/Chart.yaml',
    '08:00:10',
    'fairlead',
    trailers(chart, version, ['Fairlead-Replaces: abc ada', 'Fairlead-Signer: ci@example.com']),
  );
  await record(chart, version, {
    ...{ state: 'delivered', commit: delivered, change: 'commit', endedAt: at('08:00:12') },
    chart: { name: 'web', version: '1.4.2' },
    claims: { author: 'ci', sourceCommit: 'c0ffee0' },
  });
  // By hand, past Fairlead; and one more that only looks like Fairlead's.
  await commit('releases/shop/web/values.yaml', '09:00:00', 'mallory', 'Quick fix\u001b[31m');
  await commit('releases/shop/web/values.yaml', '09:30:00', 'mallory', trailers(chart, version));
  // Of an upload whose record is gone.
  await commit(
    'releases/shop/web/values.yaml',
    '07:00:00',
    'fairlead',
    trailers('staging/shop/web/values.yaml', 'long-gone'),
  );
  await commit('releases/shop/api/values.yaml', '09:40:00', 'ada', 'Another release');

  const values = 'staging/shop/web/values.yaml';
  await record(values, await uploaded(values), {
    ...{ state: 'rejected', endedAt: at('10:00:00') },
    reasons: [{ code: 'yaml-invalid', message: 'x', whatToDo: 'y' }],
  });
  const command = `.commands/staging/${ID}.json`;
  await record(command, await uploaded(command), {
    ...{ state: 'done', what: 'frozen', endedAt: at('10:30:00') },
    command: {
      ...{ id: ID, by: { arn: ADA, account: '123456789012' }, at: at('10:30:00') },
      verb: {
        kind: 'freeze',
        scope: { kind: 'release', namespace: 'shop', release: 'web' },
        reason: 'bad night',
      },
    },
  });
  const rolledOut: Alert = {
    ...where,
    kind: 'rolled-out',
    severity: 'info',
    at: at('08:00:52'),
    since: at('08:00:20'),
    incident: 'fairlead/staging/shop/web/stalled/3',
    commit: delivered,
    after: 'rollout',
  };
  const drift: Alert = {
    ...where,
    kind: 'drift',
    severity: 'warning',
    at: at('11:00:00'),
    since: at('11:00:00'),
    incident: 'fairlead/staging/shop/web/drift/1',
    commit: delivered,
    findings: [
      finding('spec.replicas', { desired: 2, live: 5 }),
      finding('data.password', {}, { verdict: 'changed', secret: true }),
    ],
  };
  for (const alert of [rolledOut, drift]) await writeReport(state, alert);
  await installation.table.put(
    incidentItem(
      undefined,
      'staging',
      'shop/web#stalled',
      { opening: 3, sequence: 1, kind: 'shown' },
      at('08:00:52'),
    ),
    'absent',
  );
  await installation.table.put(
    incidentItem(
      undefined,
      'staging',
      'shop/web#drift',
      { opening: 1, sequence: 1, kind: 'in-sync' },
      at('11:00:00'),
    ),
    'absent',
  );
});
after(async () => {
  await installation.stop();
  await rm(folder, { recursive: true });
});

describe('npx fairlead history', () => {
  test('of a release has every end, every hand and every drift, newest first', async () => {
    const entries = await entriesOf('staging', 'shop/web');
    assert.deepEqual(
      entries.map((entry) => [
        entry.at.slice(11, 16),
        entry.kind === 'upload' ? entry.outcome : entry.kind === 'cluster' ? entry.event : entry.author,
      ]),
      [
        ['11:00', 'drift'],
        ['10:30', 'frozen'],
        ['10:00', 'rejected'],
        ['09:30', 'mallory'],
        ['09:00', 'mallory'],
        ['08:00', 'rolled-out'],
        ['08:00', 'delivered'],
        ['07:00', 'delivered'],
      ],
    );
  });

  test('a delivery says whence, who signed, what it replaced, and when the cluster ran it', async () => {
    const entries = await entriesOf('shop/web');
    const [known, gone] = entries.filter(
      (entry): entry is UploadEntry => entry.kind === 'upload' && entry.outcome === 'delivered',
    );
    assert.deepEqual(known?.claimed, { author: 'ci', sourceCommit: 'c0ffee0' });
    assert.equal(known?.signer, 'ci@example.com');
    assert.deepEqual(known?.replaced, ['abc ada']);
    assert.deepEqual(known?.cluster, { state: 'rolled-out', at: at('08:00:52'), seconds: 40 });
    assert.deepEqual(known?.evidence, ['record', 'git']);
    assert.deepEqual(gone?.evidence, ['git'], 'the record is gone, and the commit says so alone');
  });

  test('a command says who gave it and why', async () => {
    const frozen = (await entriesOf('shop/web')).find(
      (entry) => entry.kind === 'upload' && entry.outcome === 'frozen',
    );
    assert.ok(frozen?.kind === 'upload');
    assert.deepEqual([frozen.by, frozen.command, frozen.reason], [ADA, 'freeze', 'bad night']);
  });

  test('a commit that only looks like ours is not taken for a delivery', async () => {
    const commits = (await entriesOf('shop/web')).filter((entry) => entry.kind === 'commit');
    assert.deepEqual(
      commits.map(({ says }) => says),
      ['fairlead', undefined],
    );
  });

  test('reads well in a terminal, and shows no value that nobody may see', async () => {
    const { stdout } = await run('shop/web');
    assert.match(stdout, /^2026-11-20 08:00 {2}delivered {3}chart web 1\.4\.2 in [0-9a-f]{10}$/m);
    assert.match(stdout, /^ +claims to be from ci, source c0ffee0$/m);
    assert.match(stdout, /^ +rolled out after 40 s$/m);
    assert.match(stdout, /spec\.replicas: 2 -> 5/);
    assert.match(stdout, /by mallory, past Fairlead: Quick fix\\u\{001b\}\[31m/);
    assert.match(stdout, /freeze by assumed-role\/operators\/ada: bad night/);
    assert.ok(!stdout.includes('\u001b'));
  });

  test('of a time has only what lies in it; with --limit the newest', async () => {
    const entries = await entriesOf(
      'staging',
      'shop/web',
      '--since',
      at('08:00:00'),
      '--until',
      at('09:10:00'),
    );
    assert.deepEqual(
      entries.map(({ kind }) => kind),
      ['commit', 'cluster', 'upload'],
    );
    const { stdout } = await run('shop/web', '--limit', '1');
    assert.match(stdout, /drift/);
    assert.match(stdout, /^… and 7 older: --limit shows more$/m);
  });

  test('of a whole target has those of every release', async () => {
    const entries = await entriesOf('staging');
    assert.ok(entries.some((entry) => entry.kind === 'commit' && entry.subject === 'Another release'));
    assert.ok(
      !(await entriesOf('shop/web')).some(
        (entry) => 'subject' in entry && entry.subject === 'Another release',
      ),
    );
  });

  test('says what it could not look at', async () => {
    const ran = await called(['history', 'shop/web', '--repo', '/nowhere', '--data', installation.folder]);
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, /^\(Git was not read: .*\/nowhere.*\)$/m);
    assert.match(ran.stdout, /delivered {3}chart web 1\.4\.2/);
  });

  for (const [what, argv, says] of [
    ['nothing', [], /say of what: TARGET/],
    ['a name that is none', ['staging', 'web'], /"web" is no NAMESPACE\/RELEASE/],
    ['a wrong order', ['shop/web', 'staging'], /the target goes first: staging shop\/web/],
    ['a time that is none', ['shop/web', '--since', 'yesterday'], /--since is a span/],
    [
      'times in the wrong order',
      ['shop/web', '--since', '2026-11-21', '--until', '2026-11-20'],
      /nothing lies between/,
    ],
    ['a target that there is not', ['stagin', 'shop/web'], /did you mean staging\?/],
  ] as const) {
    test(`answers ${what} with what to do`, async () => {
      const ran = await run(...argv);
      assert.equal(ran.code, 64);
      assert.match(ran.stderr, says);
    });
  }
});
