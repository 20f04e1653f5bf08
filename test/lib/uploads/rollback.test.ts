import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { reason } from '../../../lib/charts/reasons.ts';
import type { RenderRequest, RenderResponse } from '../../../lib/charts/render-request.ts';
import type { Verb } from '../../../lib/commands/command.ts';
import { readMark } from '../../../lib/uploads/record/slots.ts';
import { hostInFront } from '../repository/front.ts';
import { ACCEPTED, type Pipeline, pipeline } from './pipeline.ts';
import { proposing } from './proposing.ts';

async function begin(context: TestContext, options: Parameters<typeof pipeline>[0] = {}) {
  const pipe = await pipeline(options);
  context.after(() => pipe.stop());
  return pipe;
}

const WEB = { namespace: 'shop', release: 'web' };
const CHART = 'fairlead/staging/releases/shop/web/chart';
const VALUES = 'fairlead/staging/releases/shop/web/values.yaml';
const APPLIED = 'fairlead/staging/apply/shop/web/values.yaml';
const RELEASE = 'fairlead/staging/apply/shop/web/release.yaml';

async function deliver(pipe: Pipeline, version: string, files: Readonly<Record<string, string>> = {}) {
  const event = await pipe.chart(version, files);
  await pipe.receive(event);
  await pipe.deliver();
  return pipe.git.tip();
}

async function command(pipe: Pipeline, verb: Verb) {
  const event = pipe.command(verb);
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

const rollback = (pipe: Pipeline, to?: string, more: { readonly reason?: string } = {}) =>
  command(pipe, { kind: 'rollback', release: WEB, ...(to === undefined ? {} : { to }), ...more });

const versionIn = (pipe: Pipeline): string => parse(pipe.git.show(`${CHART}/Chart.yaml`)).version;
const appliedValues = (pipe: Pipeline): string => parse(pipe.git.show(APPLIED)).data['values.yaml'];
const message = (pipe: Pipeline) => pipe.git.git('log', '-1', '--format=%B', 'main');

/** The first delivery's. */
const signedCommit = (pipe: Pipeline): string =>
  pipe.git.git('log', '--reverse', '--format=%H', '--grep=^Deliver', 'main').split('\n')[0] ?? '';

async function codes(pipe: Pipeline, event: Parameters<Pipeline['record']>[0]): Promise<readonly string[]> {
  const record = await pipe.record(event);
  assert.equal(record?.state, 'rejected', JSON.stringify(record));
  return record.state === 'rejected' ? record.reasons.map(({ code }) => code) : [];
}

test('chart and values are as they were, in one commit that says who asked and why', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1', { 'extra.txt': 'of 1.4.1' });
  await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  const before = pipe.git.tip();
  const values = pipe.put('staging/shop/web/values.yaml', 'colour: green\n');
  const chart = await pipe.chart('1.4.2');
  await pipe.receive(values);
  await pipe.receive(chart);
  await pipe.deliver();
  const commits = pipe.git.log().length;

  const event = await rollback(pipe, undefined, { reason: 'it [skip ci] crashes, ask @ann' });

  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal(pipe.git.log().length, commits + 1);
  assert.equal(versionIn(pipe), '1.4.1');
  assert.equal(pipe.git.show(`${CHART}/extra.txt`), 'of 1.4.1');
  assert.equal(pipe.git.show(VALUES), 'colour: red');
  assert.equal(appliedValues(pipe), 'colour: red\n');
  assert.equal(pipe.git.git('diff', before, 'main', '--', 'fairlead').trim(), '');
  const said = message(pipe);
  assert.equal(said.split('\n')[0], 'Roll back shop/web to chart web 1.4.1 (was 1.4.2)');
  assert.match(said, new RegExp(`^Chart and values are as in commit ${before} of 2026-`, 'm'));
  assert.match(said, /^Fairlead-Command: rollback$/m);
  assert.match(said, /^Fairlead-By: arn:aws:sts::111122223333:assumed-role\/Operators\/ada$/m);
  assert.match(said, /^Fairlead-Reason: it _skip ci_ crashes, ask _ann$/m);
  assert.match(said, new RegExp(`^Fairlead-Rolled-Back-To: ${before}$`, 'm'));
  assert.match(said, /^Fairlead-Target: staging$/m);
});

test('typed twice, it goes back once', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.0');
  await deliver(pipe, '1.4.1');
  await deliver(pipe, '1.4.2');
  await rollback(pipe);
  const tip = pipe.git.tip();
  const again = await rollback(pipe);
  assert.deepEqual(await codes(pipe, again), ['rollback-stands']);
  const refused = await pipe.record(again);
  assert.ok(refused?.state === 'rejected');
  assert.match(
    refused.reasons[0]?.message ?? '',
    /by arn:aws:sts::111122223333:assumed-role\/Operators\/ada at/,
  );
  assert.equal(pipe.git.tip(), tip);
  // Further back only where somebody says to where; and there typed twice is once, too.
  await rollback(pipe, '1.4.0');
  assert.equal(versionIn(pipe), '1.4.0');
  const same = await rollback(pipe, '1.4.0');
  const record = await pipe.record(same);
  assert.ok(record?.state === 'delivered' && record.change === 'unchanged', JSON.stringify(record));
  assert.equal(record.commit, pipe.git.tip());
});

test('typed twice, it goes back once, also where pull requests are merged', async (context) => {
  const pipe = await proposing(context);
  for (const [index, version] of ['1.4.1', '1.4.2'].entries()) {
    await pipe.chart(version);
    pipe.host.kept.merge(index + 1, 'merge');
    await pipe.poll();
  }
  const rollback = async () => {
    const event = pipe.command({ kind: 'rollback', release: WEB });
    await pipe.receive(event);
    await pipe.deliver();
    return event;
  };
  await rollback();
  pipe.host.kept.merge(3, 'merge');
  await pipe.poll();
  assert.match(pipe.git.show(`${CHART}/Chart.yaml`), /version: 1\.4\.1/);
  const again = await pipe.record(await rollback());
  assert.ok(again?.state === 'rejected', JSON.stringify(again));
  assert.deepEqual(
    again.reasons.map(({ code }) => code),
    ['rollback-stands'],
  );
  assert.match(again.reasons[0]?.message ?? '', /Operators\/ada/);
});

test('who signed what is gone back to is known from when it came, and by no word of Git', async (context) => {
  const pipe = await begin(context);
  const signer = { kind: 'provenance', fingerprint: 'ab'.repeat(20), name: 'Ada' } as const;
  const signed = await pipe.chart('1.4.1');
  await pipe.receive(signed);
  const record = await pipe.record(signed);
  assert.ok(record?.state === 'checked');
  await pipe.table.put({ ...record, version: record.version + 1, signer }, record.version);
  await pipe.deliver();
  const ann = pipe.git.commit(
    { [`${CHART}/by-ann.txt`]: 'mended' },
    'Mend\n\nFairlead-Signer: Ada\nFairlead-Upload: s3://charts/x\nFairlead-Target: staging',
  );
  await deliver(pipe, '1.4.2');
  const signerNow = async () => (await readMark(pipe.table, 'staging/shop/web/chart'))?.signer;
  assert.equal(await signerNow(), undefined);
  await rollback(pipe, signedCommit(pipe));
  assert.deepEqual(await signerNow(), signer);
  await pipe.receive(pipe.command({ kind: 'unfreeze', scope: { kind: 'release', ...WEB } }));
  await deliver(pipe, '1.4.3');
  await rollback(pipe, ann);
  assert.equal(versionIn(pipe), '1.4.1');
  assert.equal(await signerNow(), undefined);
});

test('to a commit, also a person’s, whose content no upload ever had', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1');
  const ann = pipe.git.commit({ [`${CHART}/by-ann.txt`]: 'mended' });
  await deliver(pipe, '1.4.2');
  await rollback(pipe, ann.slice(0, 9));
  assert.equal(versionIn(pipe), '1.4.1');
  assert.equal(pipe.git.show(`${CHART}/by-ann.txt`), 'mended');
  assert.match(message(pipe), new RegExp(`^Fairlead-Rolled-Back-To: ${ann}$`, 'm'));
});

test('a version that had two contents is not guessed', async (context) => {
  const pipe = await begin(context);
  const first = await deliver(pipe, '1.4.1');
  const ann = pipe.git.commit({ [`${CHART}/by-ann.txt`]: 'mended' });
  const tip = await deliver(pipe, '1.4.2');
  const event = await rollback(pipe, '1.4.1');
  assert.deepEqual(await codes(pipe, event), ['rollback-ambiguous']);
  const record = await pipe.record(event);
  const [why] = record?.state === 'rejected' ? record.reasons : [];
  for (const commit of [first, ann]) assert.match(why?.message ?? '', new RegExp(commit.slice(0, 12)));
  assert.equal(pipe.git.tip(), tip);
});

for (const [to, code] of [
  ['9.9.9', 'rollback-unknown-version'],
  ['abcdef1234', 'rollback-unknown-commit'],
  ['--upload-pack=x', 'rollback-unknown-version'],
] as const)
  test(`to ${to} there is nothing: said, and nothing changes`, async (context) => {
    const pipe = await begin(context);
    const tip = await deliver(pipe, '1.4.1');
    assert.deepEqual(await codes(pipe, await rollback(pipe, to)), [code]);
    assert.equal(pipe.git.tip(), tip);
  });

test('before the first delivery there is nothing', async (context) => {
  const pipe = await begin(context);
  assert.deepEqual(await codes(pipe, await rollback(pipe)), ['rollback-nothing']);
  await deliver(pipe, '1.4.1');
  assert.deepEqual(await codes(pipe, await rollback(pipe)), ['rollback-nothing']);
});

test('a commit of another branch, or one that had no chart, is none to go back to', async (context) => {
  const pipe = await begin(context);
  const empty = pipe.git.commit({ 'README.md': 'x' }, 'Begin');
  await deliver(pipe, '1.4.1');
  pipe.git.git('branch', 'other', 'main');
  const elsewhere = pipe.git.commit({ 'README.md': 'y' }, 'Elsewhere', 'other');
  assert.deepEqual(await codes(pipe, await rollback(pipe, elsewhere)), ['rollback-unknown-commit']);
  assert.deepEqual(await codes(pipe, await rollback(pipe, empty)), ['rollback-no-chart']);
});

test('what no longer passes is not gone back to', async (context) => {
  let judge = (): RenderResponse => ACCEPTED;
  const pipe = await begin(context, { judge: (_: RenderRequest) => judge() });
  await deliver(pipe, '1.4.1');
  const tip = await deliver(pipe, '1.4.2');
  judge = () => ({
    schema: 1,
    kind: 'rejected',
    reasons: [reason('kind-not-served', { kind: 'Ingress', apiVersion: 'extensions/v1beta1' })],
  });
  assert.deepEqual(await codes(pipe, await rollback(pipe)), ['kind-not-served']);
  assert.equal(pipe.git.tip(), tip);
});

test('far back in the history: as deep as it must, and no file of another release is fetched', async (context) => {
  const pipe = await begin(context);
  const first = await deliver(pipe, '1.4.0');
  await deliver(pipe, '1.4.1');
  pipe.git.commits(1200);
  await deliver(pipe, '1.4.2');
  await rollback(pipe, first);
  assert.equal(versionIn(pipe), '1.4.0');
  await rollback(pipe, '1.4.1');
  assert.equal(versionIn(pipe), '1.4.1');
});

test('what a merge has brought is a delivery where Fairlead’s commit is in it', async (context) => {
  const pipe = await begin(context);
  const base = await deliver(pipe, '1.4.0');
  const proposed = await deliver(pipe, '1.4.1');
  // As a host merges a pull request.
  const merge = pipe.git.git(
    ...['commit-tree', `${proposed}^{tree}`, '-p', base, '-p', proposed, '-m', 'Merge pull request 1'],
  );
  pipe.git.git('update-ref', 'refs/heads/main', merge);
  await deliver(pipe, '1.4.2');
  await rollback(pipe);
  assert.equal(versionIn(pipe), '1.4.1');
  assert.match(message(pipe), new RegExp(`^Fairlead-Rolled-Back-To: ${merge}$`, 'm'));
});

test('a person’s work that goes is named, and release.yaml stays theirs', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1');
  await deliver(pipe, '1.4.2');
  const text = `${pipe.git.show(RELEASE)}\n# Ann's\n`;
  const bob = pipe.git.commit({ [VALUES]: 'colour: violet\n', [RELEASE]: text }, 'Violet', 'main', 'Bob');
  await rollback(pipe, '1.4.1');
  assert.match(message(pipe), new RegExp(`^Fairlead-Replaces: ${bob} Bob$`, 'm'));
  assert.equal(pipe.git.show(VALUES), '{}');
  assert.equal(`${pipe.git.show(RELEASE)}\n`, text);
});

test('a release that was removed comes back, with the release.yaml that people had changed', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1');
  const text = `${pipe.git.show(RELEASE)}\n# Ann's\n`;
  pipe.git.commit({ [RELEASE]: text });
  await command(pipe, { kind: 'remove', what: { kind: 'release', ...WEB } });
  assert.throws(() => pipe.git.show(RELEASE));
  await rollback(pipe);
  assert.equal(versionIn(pipe), '1.4.1');
  assert.equal(`${pipe.git.show(RELEASE)}\n`, text);
  assert.equal(appliedValues(pipe), '{}\n');
});

test('what was delivered after the command was given is not taken back by it', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1');
  await deliver(pipe, '1.4.2');
  const late = pipe.command({ kind: 'rollback', release: WEB });
  const tip = await deliver(pipe, '1.4.3');
  await pipe.receive(late);
  await pipe.deliver();
  const record = await pipe.record(late);
  assert.ok(record?.state === 'superseded', JSON.stringify(record));
  assert.match(record.by, /web-1\.4\.3\.tgz/);
  assert.equal(pipe.git.tip(), tip);
});

test('the next upload of the version that was taken back is delivered as any other, once it may go', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1');
  await deliver(pipe, '1.4.2');
  await rollback(pipe);
  const next = await pipe.chart('1.4.3');
  await pipe.receive(next);
  await pipe.deliver();
  assert.equal((await pipe.record(next))?.state, 'checked');
  await command(pipe, { kind: 'unfreeze', scope: { kind: 'release', ...WEB } });
  await pipe.deliver();
  assert.equal((await pipe.record(next))?.state, 'delivered');
  assert.equal(versionIn(pipe), '1.4.3');
});

test('a server that does not show its history holds up the rollback, and nothing else', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.1');
  await deliver(pipe, '1.4.2');
  const event = pipe.command({ kind: 'rollback', release: WEB });
  await pipe.receive(event);
  const other = await pipe.chart('1.0.0', {}, 'api');
  await pipe.receive(other);
  const host = await hostInFront(pipe.git.url, (body) => body.includes('deepen 64'));
  context.after(() => host.stop());
  await pipe.deliver(pipe.withHost(host.url));
  assert.equal((await pipe.record(event))?.state, 'checked');
  assert.equal((await pipe.record(other))?.state, 'delivered');
  // Once it does, it goes.
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal(versionIn(pipe), '1.4.1');
});
