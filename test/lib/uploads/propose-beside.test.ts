import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { readProposal, writeProposal } from '../../../lib/uploads/delivering/proposal-item.ts';
import { readFreezes } from '../../../lib/uploads/record/freezes.ts';
import { memoryTable } from './doubles.ts';
import { ACCEPTED } from './pipeline.ts';
import { proposing } from './proposing.ts';

/** Pull requests beside what else happens: freezes, another mode, people's commits on the base, each other. */
const CHART = 'fairlead/staging/releases/shop/web/chart';
const BRANCH = 'fairlead/staging/shop/web';
const WEB = { namespace: 'shop', release: 'web' };
type Proposing = Awaited<ReturnType<typeof proposing>>;

async function command(pipe: Proposing, verb: Parameters<Proposing['command']>[0]) {
  const event = pipe.command(verb);
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

/** The target as it is once its pull requests were taken out of the configuration. */
function pushing(pipe: Proposing) {
  const { config } = pipe.parts;
  const targets = config.targets.map((target) => ({ ...target, delivery: { kind: 'push' } as const }));
  return { ...pipe.parts, config: { ...config, targets } };
}

test('what is frozen has no pull request; one that is open is left as it is, and people may merge it', async (context) => {
  const pipe = await proposing(context);
  const first = await pipe.chart('1.0.0');
  const head = pipe.git.tip(BRANCH);
  await command(pipe, { kind: 'freeze', scope: { kind: 'release', ...WEB } });
  const second = await pipe.chart('1.1.0');
  await pipe.poll();
  assert.equal(pipe.tags(second)['fairlead-outcome'], 'frozen');
  assert.equal(pipe.git.tip(BRANCH), head);
  pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  assert.deepEqual([await pipe.state(first), await pipe.state(second)], ['delivered', 'checked']);
  assert.equal(pipe.open().length, 0);
  await command(pipe, { kind: 'unfreeze', scope: { kind: 'release', ...WEB } });
  assert.equal(await pipe.state(second), 'proposed');
  assert.equal(pipe.open().length, 1);
});

test('of a target that is pushed to again nothing is stuck, and what is frozen waits', async (context) => {
  const pipe = await proposing(context);
  const web = await pipe.chart('1.0.0');
  const other = await pipe.chart('1.0.0', {}, 'other');
  await command(pipe, { kind: 'freeze', scope: { kind: 'release', ...WEB } });
  pipe.later(3 * 24 * 3600);
  const parts = pushing(pipe);
  const deliver = () =>
    deliverUploads({ schema: 1, repository: 'cluster', branch: 'main', because: 'upload' }, parts);
  await deliver();
  assert.deepEqual([await pipe.state(web), await pipe.state(other)], ['checked', 'delivered']);
  assert.equal(pipe.tags(web)['fairlead-outcome'], 'frozen');
  assert.throws(() => pipe.git.show(`${CHART}/Chart.yaml`));
  const unfreeze = pipe.command({ kind: 'unfreeze', scope: { kind: 'release', ...WEB } });
  await pipe.receive(unfreeze);
  await deliver();
  assert.equal(await pipe.state(web), 'delivered');
  assert.equal(pipe.tags(web)['fairlead-proposal'], undefined);
  assert.match(pipe.git.show(`${CHART}/Chart.yaml`), /version: 1\.0\.0/);
  assert.equal(pipe.waiting(), 0);
});

test('merged, and taken back by a person before anybody looked: delivered, and not proposed again', async (context) => {
  const pipe = await proposing(context);
  const event = await pipe.chart('1.0.0');
  const brought = pipe.host.kept.merge(1, 'squash');
  const paths = pipe.git.git('ls-tree', '-r', '--name-only', 'main', 'fairlead').split('\n');
  pipe.git.commit(Object.fromEntries(paths.map((path) => [path, undefined])), 'Take it back');
  for (let at = 0; at < 3; at++) await pipe.poll();
  const record = await pipe.record(event);
  assert.deepEqual(record?.state === 'delivered' && [record.commit, record.change], [brought, 'commit']);
  assert.equal(pipe.host.kept.all().length, 1);
  assert.equal(pipe.waiting(), 0);
});

test('of two that declare one object the second says so; once the first is merged it is refused', async (context) => {
  const declares = [{ object: 'v1/ConfigMap/shop/shared', source: 'templates/a.yaml' }];
  const pipe = await proposing(context, { judge: () => ({ ...ACCEPTED, declares }) });
  const web = await pipe.chart('1.0.0');
  const other = await pipe.chart('1.0.0', {}, 'other');
  const [, second] = pipe.open();
  assert.match(second?.body ?? '', /declares 1 of the same objects/);
  pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  await pipe.poll();
  assert.deepEqual([await pipe.state(web), await pipe.state(other)], ['delivered', 'rejected']);
  assert.deepEqual(
    pipe.host.kept.all().map(({ state }) => state),
    ['merged', 'closed'],
  );
});

test('what people write into its title and text is left there, until it holds something else', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  const [proposal] = pipe.open();
  assert.ok(proposal !== undefined);
  proposal.title = 'Ask Ada first';
  await pipe.poll();
  assert.equal(pipe.open()[0]?.title, 'Ask Ada first');
  await pipe.chart('1.1.0');
  assert.equal(pipe.open()[0]?.title, 'web 1.1.0 for shop/web in staging');
});

test('a pull request that people open again is followed as before', async (context) => {
  const pipe = await proposing(context);
  const declined = await pipe.chart('1.0.0');
  pipe.host.kept.close(1);
  await pipe.poll();
  assert.equal(await pipe.state(declined), 'declined');
  pipe.host.kept.found(1).state = 'open';
  const next = await pipe.chart('1.1.0');
  assert.equal(await pipe.state(next), 'proposed');
  assert.equal(pipe.host.kept.all().length, 1);
  pipe.git.commit({ [`${CHART}/templates/more.yaml`]: '# more\n' }, 'Review', BRANCH);
  pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  const record = await pipe.record(next);
  assert.equal(record?.state === 'delivered' && record.change, 'edited', JSON.stringify(record));
});

test('however many pushes fail, the commit that is on the branch is known to be ours', async () => {
  const table = memoryTable();
  const holds = [{ key: 'staging/shop/web/web-1.0.0.tgz', versionId: 'v1', files: 'x' }];
  let item = await writeProposal(table, 'staging', 'shop/web', undefined, {
    branch: BRANCH,
    heads: [{ commit: 'pushed', holds }],
    head: 'pushed',
  });
  for (let at = 0; at < 30; at++)
    item = await writeProposal(table, 'staging', 'shop/web', item, {
      heads: [...(item?.heads ?? []), { commit: `refused-${at}`, holds: [] }],
    });
  const heads = (await readProposal(table, 'staging', 'shop/web'))?.heads.map(({ commit }) => commit) ?? [];
  assert.deepEqual([heads.at(0), heads.at(-1), heads.length], ['pushed', 'refused-29', 21]);
});

test('a rollback that has failed freezes nothing', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  pipe.host.kept.merge(1);
  await pipe.poll();
  await pipe.chart('1.1.0');
  pipe.host.kept.merge(2);
  await pipe.poll();
  pipe.secrets.set('api', 'wrong');
  const rollback = await command(pipe, { kind: 'rollback', release: WEB });
  assert.equal((await readFreezes(pipe.table, 'staging')).length, 1);
  pipe.later(26 * 3600);
  await pipe.deliver();
  assert.equal(await pipe.state(rollback), 'failed');
  assert.deepEqual(await readFreezes(pipe.table, 'staging'), []);
});
