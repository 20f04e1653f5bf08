import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type RenderedObject, renderKey } from '../../../lib/charts/render-request.ts';
import type { Verb } from '../../../lib/commands/command.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { addWaiting } from '../../../lib/uploads/record/waiting.ts';
import { ACCEPTED, type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext, options: Parameters<typeof pipeline>[0] = {}) {
  const pipe = await pipeline(options);
  context.after(() => pipe.stop());
  return pipe;
}

type What = Extract<Verb, { kind: 'remove' }>['what'];
const WEB: What = { kind: 'release', namespace: 'shop', release: 'web' };
const MANIFEST = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: shop\n`;

async function remove(pipe: Pipeline, what: What, reason?: string) {
  const event = pipe.command({ kind: 'remove', what, ...(reason === undefined ? {} : { reason }) });
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

async function deliver(pipe: Pipeline, version: string, release = 'web') {
  const event = await pipe.chart(version, {}, release);
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

const files = (pipe: Pipeline): readonly string[] =>
  pipe.git.git('ls-tree', '-r', '--name-only', 'main').split('\n').filter(Boolean);
const message = (pipe: Pipeline) => pipe.git.git('log', '-1', '--format=%B', 'main');

test('a release goes from both folders, in one commit, and nothing else moves', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0', 'api');
  const other = files(pipe);
  await deliver(pipe, '1.4.2');
  const bob = pipe.git.commit(
    { 'fairlead/staging/apply/shop/web/more.yaml': '# x\n' },
    'More',
    'main',
    'Bob',
  );
  const before = pipe.git.log().length;
  const event = await remove(pipe, WEB, 'nobody wants it');
  const record = await pipe.record(event);
  assert.ok(record?.state === 'delivered' && record.change === 'commit', JSON.stringify(record));
  assert.equal(pipe.git.log().length, before + 1);
  assert.deepEqual(files(pipe), other);
  const said = message(pipe);
  assert.equal(said.split('\n')[0], 'Remove release shop/web');
  assert.match(said, /^Takes out of Git: \d+ files\.$/m);
  assert.match(said, /^Fairlead-Command: remove$/m);
  assert.match(said, /^Fairlead-Reason: nobody wants it$/m);
  assert.match(said, new RegExp(`^Fairlead-Replaces: ${bob} Bob$`, 'm'));
});

test('the last of a target leaves the folder that its deployer reads, and nothing in it that is read', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await remove(pipe, WEB);
  assert.deepEqual(files(pipe), ['fairlead/staging/apply/README.md']);
  // The next release is as new as the first one was.
  await deliver(pipe, '1.5.0');
  assert.ok(files(pipe).includes('fairlead/staging/apply/shop/web/release.yaml'));
});

test('without a deployer nothing has to stay', async (context) => {
  const pipe = await begin(context, { target: { deployer: 'none' } });
  await deliver(pipe, '1.4.2');
  const event = await remove(pipe, WEB);
  assert.deepEqual(files(pipe), []);
  const record = await pipe.record(event);
  const warnings = record?.state === 'delivered' ? (record.warnings ?? []) : [];
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['removed-from-git-only'],
  );
});

test('an upload after a removal makes the release anew, also of the version that it had', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await remove(pipe, WEB);
  const event = await deliver(pipe, '1.4.2');
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.ok(files(pipe).includes('fairlead/staging/apply/shop/web/release.yaml'));
  assert.doesNotMatch(message(pipe), /Replaces|was removed in Git/);
});

test('what waited from before the removal does not bring it back', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  const waits = await pipe.chart('1.4.3');
  await pipe.receive(waits);
  await remove(pipe, WEB);
  const record = await pipe.record(waits);
  assert.ok(record?.state === 'superseded', JSON.stringify(record));
  assert.match(record.by, /^\.commands\/staging\/.*\.json\?versionId=/);
  assert.ok(!files(pipe).some((path) => path.includes('/web/')));
});

test('a manifest goes, and the one beside it stays', async (context) => {
  const pipe = await begin(context);
  await pipe.upload('staging/manifests/a/one.yaml', MANIFEST('one'));
  await pipe.upload('staging/manifests/a/two.yaml', MANIFEST('two'));
  await remove(pipe, { kind: 'manifest', path: 'a/one.yaml' });
  assert.deepEqual(files(pipe), ['fairlead/staging/apply/manifests/a/two.yaml']);
  assert.equal(message(pipe).split('\n')[0], 'Remove manifest a/one.yaml');
  assert.match(message(pipe), /^Takes out of Git: one file\.$/m);
});

test('a whole target: all of its releases and manifests, no other target, and not what people say of drift', async (context) => {
  const other = { name: 'other', repository: 'cluster', deployer: 'flux' as const, namespaces: ['shop'] };
  const pipe = await begin(context, { targets: [other] });
  await deliver(pipe, '1.0.0', 'api');
  await deliver(pipe, '1.4.2');
  await pipe.upload('staging/manifests/one.yaml', MANIFEST('one'));
  await pipe.upload('other/manifests/one.yaml', MANIFEST('one'));
  pipe.git.commit({ 'fairlead/staging/drift.yaml': 'rules: []\n' });
  const waits = pipe.put('staging/manifests/two.yaml', MANIFEST('two'));
  await pipe.receive(waits);
  await remove(pipe, { kind: 'target' });
  assert.deepEqual(files(pipe), [
    'fairlead/other/apply/manifests/one.yaml',
    'fairlead/staging/apply/README.md',
    'fairlead/staging/drift.yaml',
  ]);
  assert.equal(message(pipe).split('\n')[0], 'Remove all of target staging');
  assert.match(message(pipe), /^Takes out of Git: 2 releases, \d+ files\.$/m);
  // Never delivered, and older than the removal.
  assert.equal((await pipe.record(waits))?.state, 'superseded');
});

test('twice is once', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  await remove(pipe, WEB);
  const tip = pipe.git.tip();
  const record = await pipe.record(await remove(pipe, WEB));
  assert.ok(record?.state === 'delivered' && record.change === 'unchanged', JSON.stringify(record));
  assert.equal(pipe.git.tip(), tip);
});

test('what never was there is said: it may be called otherwise', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.4.2');
  const tip = pipe.git.tip();
  for (const what of [
    { kind: 'release', namespace: 'shop', release: 'wbe' },
    { kind: 'manifest', path: 'wbe.yaml' },
  ] as const) {
    const record = await pipe.record(await remove(pipe, what));
    assert.ok(record?.state === 'rejected', JSON.stringify(record));
    assert.deepEqual(
      record.reasons.map(({ code }) => code),
      ['remove-nothing'],
    );
  }
  assert.equal(pipe.git.tip(), tip);
});

test('a newer delivery is not removed by an older command', async (context) => {
  const pipe = await begin(context);
  const late = pipe.command({ kind: 'remove', what: WEB });
  await deliver(pipe, '1.4.2');
  await pipe.receive(late);
  await pipe.deliver();
  assert.equal((await pipe.record(late))?.state, 'superseded');
});

test('what stays in the cluster is named, in the commit and in the outcome', async (context) => {
  const render = digestOf('a render');
  const pipe = await begin(context, { judge: () => ({ ...ACCEPTED, render }) });
  const object = (kind: string, annotations: Readonly<Record<string, string>>): RenderedObject => ({
    object: { apiVersion: 'v1', kind, metadata: { name: 'data', namespace: 'shop', annotations } },
    role: 'applied',
    source: 'templates/a.yaml',
    unstable: [],
    usesLookup: false,
  });
  const objects = [
    object('PersistentVolumeClaim', { 'helm.sh/resource-policy': 'keep' }),
    object('ConfigMap', {}),
  ];
  await pipe.parts.state.put(renderKey(render), JSON.stringify({ schema: 1, objects }), 'application/json');
  await deliver(pipe, '1.4.2');
  const event = await remove(pipe, WEB);
  assert.match(message(pipe), /^Stays in the cluster: PersistentVolumeClaim\/data\.$/m);
  const record = await pipe.record(event);
  const warnings = record?.state === 'delivered' ? (record.warnings ?? []) : [];
  assert.deepEqual(
    warnings.map(({ message: says }) => says),
    ['PersistentVolumeClaim/data stays in the cluster: its annotation helm.sh/resource-policy says keep.'],
  );
});

test('more than a record takes is refused, however few slots that are', async (context) => {
  const pipe = await begin(context);
  const at = pipe.parts.now().toISOString();
  for (let number = 0; number < 600; number++) {
    const key = `staging/manifests/${'a'.repeat(250)}/${'b'.repeat(240)}${number}.yaml`;
    const upload = { key, versionId: `w${number}`, eventTime: at, sequencer: '1', receivedAt: at };
    await addWaiting(pipe.table, { repository: 'cluster', branch: 'main' }, upload);
  }
  const record = await pipe.record(await remove(pipe, { kind: 'target' }));
  assert.ok(record?.state === 'rejected', JSON.stringify(record));
  assert.deepEqual(
    record.reasons.map(({ code }) => code),
    ['remove-too-many'],
  );
  assert.match(record.reasons[0]?.message ?? '', /has 600 .* at most 4\d\d are/);
});
