import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { reason } from '../../../lib/charts/reasons.ts';
import type { RenderRequest, RenderResponse } from '../../../lib/charts/render-request.ts';
import type { VerdictItem } from '../../../lib/checks/verdict-items.ts';
import type { Verb } from '../../../lib/commands/command.ts';
import { getTree, putTree } from '../../../lib/content/store.ts';
import { deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { readMark } from '../../../lib/uploads/record/slots.ts';
import { gitServer } from '../repository/server.ts';
import { ACCEPTED, chartPackage, type Pipeline, pipeline } from './pipeline.ts';

const WEB = { namespace: 'shop', release: 'web' };
const CHART = 'fairlead/production/releases/shop/web/chart';
const VALUES = 'fairlead/production/releases/shop/web/values.yaml';
const production = {
  name: 'production',
  repository: 'cluster',
  deployer: 'flux' as const,
  namespaces: ['shop'],
};

async function begin(context: TestContext, options: Parameters<typeof pipeline>[0] = {}) {
  const pipe = await pipeline({ targets: [production], ...options });
  context.after(() => pipe.stop());
  return pipe;
}

async function deliver(pipe: Pipeline, version: string) {
  const event = await pipe.chart(version, { 'extra.txt': version });
  await pipe.receive(event);
  await pipe.deliver();
}

/** As a check of staging leaves it, now: what was delivered last runs, but for what is changed. */
async function checked(pipe: Pipeline, changed: Partial<VerdictItem> = {}) {
  const mark = await readMark(pipe.table, 'staging/shop/web/chart');
  const at = pipe.parts.now().toISOString();
  const base = { commit: pipe.git.tip(), at, verdict: 'in-sync', findings: 0, unready: 0 } as const;
  const release = { ...base, chart: mark?.chart, chartTree: mark?.digest, ...changed };
  for (const [sk, verdict] of [
    ['verdict#shop/web', release],
    ['verdict#target', base],
  ] as const) {
    const key = { pk: 'target#staging', sk };
    const known = await pipe.table.get(key);
    const item = { ...key, schema: 1, version: (known?.version ?? 0) + 1, ...verdict };
    assert.equal(await pipe.table.put(item, known?.version ?? 'absent'), 'written');
  }
}

async function command(pipe: Pipeline, verb: Verb, target: string) {
  const event = pipe.command(verb, { target });
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

const promote = (pipe: Pipeline, more: Partial<Extract<Verb, { kind: 'promote' }>> = {}) =>
  command(pipe, { kind: 'promote', from: 'staging', release: WEB, ...more }, 'production');

const message = (pipe: Pipeline) => pipe.git.git('log', '-1', '--format=%B', 'main');

async function codes(pipe: Pipeline, event: Parameters<Pipeline['record']>[0]): Promise<readonly string[]> {
  const record = await pipe.record(event);
  assert.ok(record?.state === 'rejected', JSON.stringify(record));
  return record.reasons.map(({ code }) => code);
}

test('the same chart goes, by its content, with the values of the target that gets it', async (context) => {
  const pipe = await begin(context);
  await pipe.upload('production/shop/web/values.yaml', 'colour: gold\n');
  await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  await deliver(pipe, '1.4.2');
  const delivered = pipe.git.tip();
  await checked(pipe);
  const before = pipe.git.log().length;
  const event = await promote(pipe);
  const record = await pipe.record(event);
  assert.ok(record?.state === 'delivered' && record.change === 'commit', JSON.stringify(record));
  assert.equal(pipe.git.log().length, before + 1);
  assert.equal(pipe.git.show(`${CHART}/extra.txt`), '1.4.2');
  assert.equal(pipe.git.show(VALUES), 'colour: gold');
  const applied = parse(pipe.git.show('fairlead/production/apply/shop/web/values.yaml'));
  assert.equal(applied.data['values.yaml'], 'colour: gold\n');
  const mark = await readMark(pipe.table, 'production/shop/web/chart');
  assert.equal(mark?.digest, (await readMark(pipe.table, 'staging/shop/web/chart'))?.digest);
  const said = message(pipe);
  assert.equal(said.split('\n')[0], 'Promote shop/web from staging: chart web 1.4.2');
  assert.match(said, /^Rolled out and in sync in staging, as checked at 2026-/m);
  assert.match(said, new RegExp(`^Fairlead-Promoted-From: staging ${delivered}$`, 'm'));
  assert.match(said, new RegExp(`^Fairlead-Digest: ${mark?.digest}$`, 'm'));
  assert.match(said, /^Fairlead-Package: sha256:[0-9a-f]{64}$/m);
  assert.match(said, /^Fairlead-Target: production$/m);
});

test('without values of its own it has none', async (context) => {
  const pipe = await begin(context);
  await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  await promote(pipe);
  assert.equal(pipe.git.show(VALUES), '{}');
});

test('twice is once', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  await promote(pipe);
  const tip = pipe.git.tip();
  const again = await pipe.record(await promote(pipe));
  assert.ok(again?.state === 'delivered' && again.change === 'unchanged', JSON.stringify(again));
  assert.equal(pipe.git.tip(), tip);
});

test('what is not proven is refused, and says why; by force it goes, and the commit says that', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  const tip = pipe.git.tip();
  assert.deepEqual(await codes(pipe, await promote(pipe)), ['not-proven-there']);
  await checked(pipe, { verdict: 'drift', findings: 1, differs: ['Deployment/web spec.replicas'] });
  const drifted = await promote(pipe);
  const record = await pipe.record(drifted);
  const [why] = record?.state === 'rejected' ? record.reasons : [];
  assert.match(why?.message ?? '', /differs from it in 1 places: Deployment\/web spec\.replicas/);
  assert.equal(pipe.git.tip(), tip);

  const forced = await promote(pipe, { force: { reason: 'closes #7 at night' } });
  assert.equal((await pipe.record(forced))?.state, 'delivered');
  assert.match(message(pipe), /^Not proven in staging: .*It was asked for all the same\.$/m);
  assert.match(message(pipe), /^Fairlead-Reason: closes_? _7 at night$/m);
});

test('what came to staging after its check is not what the check has proven', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  const before = await readMark(pipe.table, 'staging/shop/web/chart');
  await deliver(pipe, '1.4.3');
  const event = await promote(pipe);
  assert.deepEqual(await codes(pipe, event), ['not-proven-there']);
  // Nor the older one, which no longer stands there.
  assert.ok(before !== undefined && (await getTree(pipe.parts.content, before.digest)).size > 0);
  assert.throws(() => pipe.git.show(`${CHART}/Chart.yaml`));
});

test('it is judged by the rules of the target that gets it', async (context) => {
  const asked: RenderRequest[] = [];
  const judge = (request: RenderRequest): RenderResponse => {
    asked.push(request);
    return request.target === 'production'
      ? {
          schema: 1,
          kind: 'rejected',
          reasons: [reason('kind-forbidden', { object: 'Role/a', kind: 'Role' })],
        }
      : ACCEPTED;
  };
  const pipe = await begin(context, { judge });
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  const tip = pipe.git.tip();
  assert.deepEqual(await codes(pipe, await promote(pipe)), ['kind-forbidden']);
  assert.equal(pipe.git.tip(), tip);
  assert.equal(asked.at(-1)?.target, 'production');
});

for (const [what, verb, code] of [
  ['from nowhere', { kind: 'promote', from: 'elsewhere', release: WEB }, 'promote-from-unknown'],
  ['from itself', { kind: 'promote', from: 'production', release: WEB }, 'promote-from-unknown'],
  [
    'a release that staging does not have',
    { kind: 'promote', from: 'staging', release: { ...WEB, release: 'api' } },
    'promote-nothing',
  ],
  [
    'into a namespace that production does not have',
    { kind: 'promote', from: 'staging', release: { ...WEB, namespace: 'bank' } },
    'key-namespace',
  ],
] as const)
  test(`nothing is promoted ${what}`, async (context) => {
    const pipe = await begin(context);
    await deliver(pipe, '1.4.2');
    await checked(pipe);
    assert.deepEqual(await codes(pipe, await command(pipe, verb, 'production')), [code]);
  });

test('what is frozen takes no promotion, and says by whom', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  await command(pipe, { kind: 'freeze', scope: { kind: 'target' }, reason: 'the sale' }, 'production');
  const event = await promote(pipe);
  assert.deepEqual(await codes(pipe, event), ['promote-frozen']);
  const record = await pipe.record(event);
  const [why] = record?.state === 'rejected' ? record.reasons : [];
  assert.match(why?.message ?? '', /frozen since .* by arn:aws:sts::.*ada: the sale/);
});

test('what was removed from staging is nothing to promote', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  await command(pipe, { kind: 'remove', what: { kind: 'release', ...WEB } }, 'staging');
  assert.deepEqual(await codes(pipe, await promote(pipe)), ['promote-nothing']);
});

test('a version that production had with other content is refused there as an upload would be', async (context) => {
  const pipe = await begin(context);
  const bytes = await chartPackage('web', '1.4.2', { 'extra.txt': 'of production' });
  await pipe.upload('production/shop/web/web-1.4.2.tgz', bytes);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  assert.deepEqual(await codes(pipe, await promote(pipe)), ['version-immutable']);
});

test('the two may be in different repositories', async (context) => {
  const other = await gitServer();
  context.after(() => other.stop());
  const pipe = await begin(context, {
    repositories: [{ name: 'other', url: other.url, credential: { kind: 'token', secret: 'other' } }],
    targets: [{ ...production, repository: 'other' }],
  });
  pipe.secrets.set('other', other.credential.token);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  const tip = pipe.git.tip();
  const event = pipe.command({ kind: 'promote', from: 'staging', release: WEB }, { target: 'production' });
  await pipe.receive(event);
  await deliverUploads({ schema: 1, repository: 'other', branch: 'main', because: 'upload' }, pipe.parts);
  assert.equal((await pipe.record(event))?.state, 'delivered', JSON.stringify(await pipe.record(event)));
  assert.equal(other.show(`${CHART}/extra.txt`), '1.4.2');
  assert.equal(pipe.git.tip(), tip);
});

test('who signed what was promoted goes on with it to the next target', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await checked(pipe);
  const mark = await readMark(pipe.table, 'staging/shop/web/chart');
  assert.ok(mark !== undefined);
  const signer = { kind: 'provenance', fingerprint: 'ab'.repeat(20), name: 'Ada' } as const;
  // As a promotion to staging leaves it.
  await pipe.table.put({ ...mark, version: mark.version + 1, key: 'gone', signer }, mark.version);
  await promote(pipe);
  assert.deepEqual((await readMark(pipe.table, 'production/shop/web/chart'))?.signer, signer);
  assert.match(message(pipe), /^Fairlead-Signer: .*Ada/m);
});

test('who signed an upload has not signed what a reviewer made of it', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.4.2', { 'extra.txt': 'signed' });
  await pipe.receive(event);
  await pipe.deliver();
  const signer = { kind: 'provenance', fingerprint: 'ab'.repeat(20), name: 'Ada' } as const;
  const record = await pipe.record(event);
  assert.ok(record?.state === 'delivered');
  // As a merged pull request leaves it: the record is of what was uploaded, the mark of what was merged.
  await pipe.table.put({ ...record, version: record.version + 1, signer }, record.version);
  const mark = await readMark(pipe.table, 'staging/shop/web/chart');
  assert.ok(mark !== undefined);
  const uploaded = await getTree(pipe.parts.content, mark.digest);
  const edited = new Map([...uploaded, ['extra.txt', { mode: 0o644, data: Buffer.from('edited') } as const]]);
  const digest = await putTree(pipe.parts.content, edited);
  await pipe.table.put({ ...mark, version: mark.version + 1, digest }, mark.version);
  await checked(pipe);
  await promote(pipe);
  assert.equal((await readMark(pipe.table, 'production/shop/web/chart'))?.signer, undefined);
  assert.doesNotMatch(message(pipe), /^Fairlead-(Signer|Package):/m);
});
