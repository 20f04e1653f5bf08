import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { untilNextPush } from '../../../lib/uploads/delivering/push-interval.ts';
import { sweep } from '../../../lib/uploads/sweep.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext, ...options: Parameters<typeof pipeline>) {
  const pipe = await pipeline(...options);
  context.after(() => pipe.stop());
  return pipe;
}

const stateOf = async (pipe: Pipeline, event: Parameters<Pipeline['record']>[0]) =>
  (await pipe.record(event))?.state;

test('a branch that does not exist yet begins with the first delivery, in a repository with others and in an empty one', async (context) => {
  const pipe = await begin(context, { target: { branch: 'releases/staging' } });
  const bell = { schema: 1, repository: 'cluster', branch: 'releases/staging' } as const;
  for (const version of ['1.0.0', '1.1.0']) {
    const event = await pipe.chart(version);
    await pipe.receive(event);
    await deliverUploads(bell, pipe.parts);
    assert.equal(await stateOf(pipe, event), 'delivered');
  }
  assert.deepEqual(pipe.git.log('releases/staging'), [
    'Deliver shop/web: chart web 1.1.0 (was 1.0.0)',
    'Deliver shop/web: chart web 1.0.0',
  ]);
  assert.deepEqual(pipe.git.log('main'), ['Begin']);

  const empty = await begin(context);
  empty.git.git('update-ref', '-d', 'refs/heads/main');
  const first = await empty.chart('1.0.0');
  await empty.receive(first);
  await empty.deliver();
  assert.equal(await stateOf(empty, first), 'delivered');
  assert.deepEqual(empty.git.log(), ['Deliver shop/web: chart web 1.0.0']);
});

test('several targets of one branch go in one push, each into its own root', async (context) => {
  const pipe = await begin(context, {
    targets: [
      { name: 'production', repository: 'cluster', deployer: 'argocd', namespaces: ['shop'], root: 'live' },
    ],
  });
  pipe.git.hook(`echo x >> ${pipe.git.folder}/pushes`, 'post-receive');
  const events = ['staging', 'production'].map((target) =>
    pipe.put(`${target}/shop/web/values.yaml`, `target: ${target}\n`),
  );
  for (const event of events) await pipe.receive(event);
  assert.deepEqual(await pipe.deliver(), { kind: 'delivered', commits: 2 });
  assert.equal(readFileSync(`${pipe.git.folder}/pushes`, 'utf8'), 'x\n');
  assert.equal(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), 'target: staging');
  assert.equal(pipe.git.show('live/releases/shop/web/values.yaml'), 'target: production');
  assert.deepEqual(pipe.queues.reads.messages.map(({ target }) => target).sort(), ['production', 'staging']);
});

test('the trouble of one repository holds up no other, and is told of its own targets alone', async (context) => {
  const pipe = await begin(context, {
    targets: [{ name: 'elsewhere', repository: 'other', deployer: 'flux', namespaces: ['shop'] }],
    repositories: [{ name: 'other', url: 'http://127.0.0.1:1/none.git' }],
  });
  const [held, free] = [
    pipe.put('elsewhere/shop/web/values.yaml', 'a: 1\n'),
    pipe.put('staging/shop/web/values.yaml', 'a: 1\n'),
  ];
  for (const event of [held, free]) await pipe.receive(event);
  for (const bell of pipe.queues.doorbell.messages.splice(0)) await deliverUploads(bell, pipe.parts);
  assert.equal(await stateOf(pipe, held), 'checked');
  assert.equal(await stateOf(pipe, free), 'delivered');
  assert.deepEqual(
    pipe.alerts().map(({ kind, target }) => [kind, target]),
    [['blocked', 'elsewhere']],
  );
});

test('the interval between pushes is a repository’s own', async (context) => {
  const pipe = await begin(context);
  const now = pipe.parts.now();
  await pipe.table.put({ pk: 'pushed', sk: 'one', schema: 1, version: 1, at: now.toISOString() }, 'absent');
  const wait = (name: string) => untilNextPush(pipe.table, { name, minimumPushIntervalSeconds: 10 }, now);
  assert.equal(await wait('one'), 10_000);
  assert.equal(await wait('two'), 0);
});

test('a server without partial clones and without fetches of single objects is delivered to all the same', async (context) => {
  const pipe = await begin(context);
  for (const [name, value] of [
    ['uploadpack.allowFilter', 'false'],
    ['uploadpack.allowAnySHA1InWant', 'false'],
    ['uploadpack.allowReachableSHA1InWant', 'false'],
  ] as const)
    pipe.git.git('config', name, value);
  pipe.git.commits(70);
  for (const version of ['1.0.0', '1.1.0']) {
    const event = await pipe.chart(version);
    await pipe.receive(event);
    await pipe.deliver();
    assert.equal(await stateOf(pipe, event), 'delivered', version);
  }
  const bob = pipe.git.commit(
    { 'fairlead/staging/releases/shop/web/values.yaml': 'colour: violet\n' },
    'Violet',
    'main',
    'Bob',
  );
  const values = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  assert.equal(await stateOf(pipe, values), 'delivered');
  assert.match(
    pipe.git.git('log', '-1', '--format=%B', 'main'),
    new RegExp(`^Fairlead-Replaces: ${bob} Bob$`, 'm'),
  );
});

test('a protected branch blocks, and nothing is rejected for it', async (context) => {
  const pipe = await begin(context);
  pipe.git.hook('echo "GH006: Protected branch update failed for refs/heads/main." >&2; exit 1');
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  assert.equal((await pipe.deliver()).kind, 'blocked');
  assert.equal(await stateOf(pipe, event), 'checked');
  const [alert] = pipe.alerts();
  assert.match(alert?.kind === 'blocked' ? alert.reason : '', /GH006: Protected branch/);
});

const ODD: Readonly<Record<string, (clone: string) => void>> = {
  'with a lock that a killed git has left': (clone) => writeFileSync(join(clone, 'shallow.lock'), ''),
  'with a lock on what is delivered': (clone) => {
    mkdirSync(join(clone, 'refs', 'fairlead'), { recursive: true });
    writeFileSync(join(clone, 'refs', 'fairlead', 'delivery.lock'), '');
  },
  'with a lock on its references': (clone) => writeFileSync(join(clone, 'packed-refs.lock'), ''),
  'with half a pack': (clone) => {
    for (const name of readdirSync(join(clone, 'objects', 'pack')))
      if (name.endsWith('.pack')) truncateSync(join(clone, 'objects', 'pack', name), 40);
  },
  'with an index of another format': (clone) => {
    for (const name of readdirSync(join(clone, 'objects', 'pack')))
      if (name.endsWith('.idx')) writeFileSync(join(clone, 'objects', 'pack', name), 'no index');
  },
  'of which HEAD is gone': (clone) => writeFileSync(join(clone, 'HEAD'), ''),
  'whose shallow boundary is nonsense': (clone) => writeFileSync(join(clone, 'shallow'), 'nonsense\n'),
  'that a stranger has configured': (clone) =>
    writeFileSync(join(clone, 'config'), '[core]\n\thooksPath = /\n[remote "origin"]\n\turl = ext::false\n'),
};
for (const [name, spoil] of Object.entries(ODD))
  test(`a warm clone ${name} costs no upload`, async (context) => {
    const pipe = await begin(context);
    const first = await pipe.chart('1.0.0');
    await pipe.receive(first);
    await pipe.deliver();
    const clone = join(pipe.parts.scratch, 'clones', 'cluster-main.git');
    assert.ok(existsSync(clone));
    spoil(clone);
    pipe.git.commit({ 'foreign.txt': 'x' });
    const event = await pipe.chart('1.1.0');
    await pipe.receive(event);
    for (let call = 0; call < 3 && (await stateOf(pipe, event)) !== 'delivered'; call++) await pipe.deliver();
    assert.equal(await stateOf(pipe, event), 'delivered');
    assert.deepEqual(pipe.git.log().slice(0, 2), [
      'Deliver shop/web: chart web 1.1.0 (was 1.0.0)',
      'By hand',
    ]);
  });

test('a warm clone of another remote, or many commits behind, is of no consequence', async (context) => {
  const pipe = await begin(context);
  const other = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  await pipe.deliver();
  other.git.commits(30);
  const config = {
    ...pipe.parts.config,
    repositories: pipe.parts.config.repositories.map((one) => ({ ...one, url: other.git.url })),
  };
  pipe.secrets.set('write', other.git.credential.token);
  const moved = await pipe.chart('1.1.0');
  await pipe.receive(moved);
  await pipe.deliver({ ...pipe.parts, config });
  assert.equal(await stateOf(pipe, moved), 'delivered');
  assert.equal(other.git.log()[0], 'Deliver shop/web: chart web 1.1.0 (was 1.0.0)');
  other.git.commits(300);
  const last = await pipe.chart('1.2.0');
  await pipe.receive(last);
  await pipe.deliver({ ...pipe.parts, config });
  assert.equal(await stateOf(pipe, last), 'delivered');
  assert.equal(other.git.log().length, 1 + 30 + 1 + 300 + 1);
});

test('an upload that waits while its target moves to another branch goes there, and is not lost', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  const moved = {
    ...pipe.parts,
    config: {
      ...pipe.parts.config,
      targets: pipe.parts.config.targets.map((target) => ({ ...target, branch: 'live' })),
    },
  };
  const [version] = await Array.fromAsync(pipe.uploads.versions());
  assert.ok(version);
  const now = () => new Date(version.lastModified.getTime() + 3_600_000);
  await sweep({ schema: 1, sweep: 'hours' }, { ...moved, now, received: pipe.queues.received });
  for (const again of pipe.queues.received.messages.splice(0)) await pipe.receive(again, moved);
  await deliverUploads({ schema: 1, repository: 'cluster', branch: 'live' }, moved);
  assert.equal(await stateOf(pipe, event), 'delivered');
  assert.deepEqual(pipe.git.log('live'), ['Deliver shop/web: chart web 1.0.0']);
  assert.deepEqual(pipe.git.log('main'), ['Begin']);
});

test('an upload that waits while its target is taken out, or is only checked from now on, is rejected', async (context) => {
  for (const [change, code] of [
    [{ driftOnly: true }, 'target-drift-only'],
    [{ namespaces: ['other'] }, 'key-namespace'],
  ] as const) {
    const pipe = await begin(context);
    const event = await pipe.chart('1.0.0');
    await pipe.receive(event);
    const targets = pipe.parts.config.targets.map((target) => ({ ...target, ...change }));
    await pipe.deliver({ ...pipe.parts, config: { ...pipe.parts.config, targets } as never });
    assert.equal(await stateOf(pipe, event), 'rejected');
    assert.equal(pipe.tags(event)['fairlead-reason'], code);
    assert.deepEqual(pipe.git.log(), ['Begin']);
  }
});
