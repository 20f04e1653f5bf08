import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { incidentItem } from '../../lib/alerts/incident-items.ts';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { writeCheckConfig } from '../../lib/checks/check-config.ts';
import { parsePart } from '../../lib/config/config.ts';
import { digestOf } from '../../lib/content/tree.ts';
import type { DriftIncident } from '../../lib/incidents/incident.ts';
import { addReceived, addWaiting } from '../../lib/uploads/record/waiting.ts';
import { called } from './in-process.ts';
import { type StandIn, standIn } from './stand-in-installation.ts';

const COMMIT = '3f9c1d2e4b5a69788796a5b4c3d2e1f001234567';
const BEFORE = 'aaaaaaaaaa5a69788796a5b4c3d2e1f001234567';
const MINUTE = 60_000;
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE).toISOString();
const digest = digestOf('x');
const ADA = 'arn:aws:sts::123456789012:assumed-role/operators/ada';

let installation: StandIn;
let cache: string;
const run = (...argv: string[]) => called(['status', ...argv, '--data', installation.folder]);

async function configure(name: string): Promise<void> {
  const config = parsePart(
    {
      installation: 'fairlead',
      repositories: [{ name: 'cluster', url: 'https://git.example.com/team/cluster.git' }],
      targets: [{ name, repository: 'cluster', branch: 'main', deployer: 'flux', namespaces: ['shop'] }],
    },
    'test',
  );
  await writeCheckConfig(s3Store(clients.s3(installation.aws.environment), 'state'), config, name);
}

const put = (pk: string, sk: string, rest: Record<string, unknown>) =>
  installation.table.put({ pk, sk, schema: 1, version: 1, ...rest }, 'absent');

const verdict = (target: string, scope: string, at: string, rest: Record<string, unknown> = {}) =>
  put(`target#${target}`, `verdict#${scope}`, {
    ...{ commit: COMMIT, at, verdict: 'in-sync', findings: 0, unready: 0 },
    ...rest,
  });

const DRIFT: DriftIncident = {
  opening: 1,
  sequence: 1,
  kind: 'drifting',
  since: '2026-11-20T08:00:00.000Z',
  told: ['critical'],
  toldAt: '2026-11-20T08:00:00.000Z',
  fingerprints: ['a'],
  findings: [],
};

async function upload(key: string, state: Record<string, unknown>): Promise<void> {
  await installation.store.put(key, key);
  const versionId = installation.aws.buckets.upload.find(key)?.versionId ?? '';
  const base = { key, versionId, eventTime: ago(3), sequencer: '1', receivedAt: ago(3) };
  await put(`upload#${key}`, versionId, { ...base, ...state });
  if (state.state === 'received') await addReceived(installation.table, base);
  else await addWaiting(installation.table, { repository: 'cluster', branch: 'main' }, base);
}

const checked = (target: string) => ({
  ...{ repository: 'cluster', branch: 'main', target, digest, package: digest, claims: {}, attempted: [] },
});

before(async () => {
  installation = await standIn();
  cache = await mkdtemp(join(tmpdir(), 'fairlead-cli-cache-'));
  process.env.XDG_CACHE_HOME = cache;
  for (const name of ['production', 'quiet', 'staging', 'untouched']) await configure(name);
  const fresh = ago(2);
  await put('target#staging', 'desired', { sequence: 3, commit: COMMIT, desired: digest, at: fresh });
  for (const scope of ['shop/api', 'shop/cart'])
    await verdict('staging', scope, fresh, { chart: { name: 'web', version: '1.4.2' } });
  await verdict('staging', 'shop/web', fresh, { verdict: 'drift', findings: 2 });
  await verdict('staging', 'manifests', fresh);
  await verdict('staging', 'target', fresh);
  await put('target#staging', 'applied#shop/web', {
    memory: { applied: { render: digest, commit: BEFORE, at: fresh }, kinds: [] },
  });
  await installation.table.put(incidentItem(undefined, 'staging', 'shop/web#drift', DRIFT, fresh), 'absent');
  const freeze = { by: ADA, at: ago(60), reason: 'bad night\u001b[31m', command: 'x', order: '1' };
  await put('freeze#staging', 'shop/api', { ...freeze, state: 'frozen' });
  await put('freeze#staging', 'shop/web', { ...freeze, state: 'lifted' });
  await upload('staging/shop/api/values.yaml', {
    ...checked('staging'),
    state: 'checked',
    frozen: { since: ago(60), by: ADA },
  });
  await upload('staging/shop/cart/values.yaml', {
    ...checked('staging'),
    state: 'proposed',
    proposal: {
      ...{ number: '7', url: 'https://git.example.com/pulls/7', branch: 'b', head: COMMIT, since: ago(5) },
    },
  });
  await upload('production/shop/web/values.yaml', { state: 'received' });
  // The checks of this one have ceased.
  const old = ago(300);
  await verdict('quiet', 'shop/web', old);
  await verdict('quiet', 'target', old);
  await verdict('production', 'shop/web', fresh);
  await verdict('production', 'target', fresh);
});
after(async () => {
  await installation.stop();
  await rm(cache, { recursive: true });
});

describe('npx fairlead status', () => {
  test('has a line a target, what is wrong first, in lines that a terminal shows whole', async () => {
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^TARGET +RELEASES +CHECKED +COMMIT +INCIDENTS +WAITING$/);
    assert.match(
      lines[1] ?? '',
      /^staging +1 of 3 drift +2 min +3f9c1d2e4b +1 critical \d+ d +2: 1 frozen, 1 proposed$/,
    );
    assert.match(lines[2] ?? '', /^quiet +1 in sync +STALE 5 h +- +-$/);
    assert.match(lines[3] ?? '', /^untouched +not checked yet +never +- +-$/);
    assert.match(lines[4] ?? '', /^production +1 in sync +2 min +- +1$/);
    assert.match(
      stdout,
      /^frozen:\n {2}staging shop\/api {2}since .* by assumed-role\/operators\/ada: bad night\\u/m,
    );
    assert.doesNotMatch(stdout, /staging shop\/web {2}since/, 'what was lifted is no freeze');
    for (const line of lines.slice(0, 5)) assert.ok(line.length <= 100, line);
    assert.ok(!stdout.includes('\u001b'), 'no colours where no terminal is');
  });

  test('of one target shows its releases, what was seen applied, and why uploads wait', async () => {
    const { code, stdout } = await run('staging');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^staging {2}cluster, branch main, flux\n {2}verdict {4}1 of 3 drift, checked 2 min ago$/m,
    );
    assert.match(stdout, /^ {2}in Git {5}3f9c1d2e4b$/m);
    assert.match(stdout, /^ {2}incidents {2}1 open, the gravest critical, since 2026-11-20 08:00 UTC$/m);
    assert.match(stdout, /^shop\/web +drift \(2\) +aaaaaaaaaa +1 critical \d+ d +-$/m);
    assert.match(stdout, /^shop\/api +web 1\.4\.2 +in sync +- +1, frozen$/m);
    assert.match(stdout, /values\.yaml {2}3 min, frozen by assumed-role\/operators\/ada$/m);
    assert.match(stdout, /values\.yaml {2}3 min, proposed: https:\/\/git\.example\.com\/pulls\/7$/m);
    assert.ok(stdout.indexOf('shop/web') < stdout.indexOf('manifests'), 'what is wrong goes first');
  });

  test('says that nothing of a target is certain whose checks have ceased', async () => {
    const { stdout } = await run('quiet');
    assert.match(stdout, /verdict {4}1 in sync, STALE: last checked 5 h 00 min ago/);
  });

  test('-o json has all of it in one document', async () => {
    const { stdout } = await run('-o', 'json');
    const { schema, targets } = JSON.parse(stdout);
    assert.equal(schema, 1);
    const byName = new Map(targets.map((one: { target: string }) => [one.target, one]));
    assert.deepEqual([...byName.keys()].sort(), ['production', 'quiet', 'staging', 'untouched']);
    const staging = byName.get('staging') as { health: string; waiting: { why: unknown }[] };
    assert.equal(staging.health, 'wrong');
    assert.deepEqual(
      targets.map((one: { target: string; freshness: string }) => [one.target, one.freshness]),
      [
        ['production', 'fresh'],
        ['quiet', 'stale'],
        ['staging', 'fresh'],
        ['untouched', 'never-checked'],
      ],
    );
  });

  for (const [target, code] of [
    ['staging', 1],
    ['quiet', 2],
    ['untouched', 2],
    ['production', 0],
  ] as const) {
    test(`with --exit-code ends with ${code} for ${target}`, async () => {
      assert.equal((await run(target, '--exit-code')).code, code);
      assert.equal((await run(target)).code, 0);
    });
  }

  test('leaves the names of targets where shells complete them', async () => {
    await run();
    const text = await readFile(join(cache, 'fairlead', 'targets', 'local'), 'utf8');
    assert.equal(text, 'production\nquiet\nstaging\nuntouched\n');
  });

  test('answers what makes no command with what to do', async () => {
    const typo = await run('stagign');
    assert.equal(typo.code, 64);
    assert.match(typo.stderr, /there is no target "stagign": did you mean staging\?/);
    const release = await run('shop/web');
    assert.equal(release.code, 64);
    assert.match(release.stderr, /npx fairlead history shop\/web/);
    assert.equal((await run('a', 'b')).code, 64);
  });
});
