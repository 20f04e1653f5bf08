import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { readFreezes } from '../../../lib/uploads/record/freezes.ts';
import { readMark } from '../../../lib/uploads/record/slots.ts';
import { proposing } from './proposing.ts';

/** What people have merged or closed ends as they ended it, whatever speaks against it by the time that it is seen. */
const WEB = { namespace: 'shop', release: 'web' };
const CHART = 'fairlead/production/releases/shop/web/chart/Chart.yaml';
const STAGING_CHART = 'fairlead/staging/releases/shop/web/chart/Chart.yaml';
const STAGING_VALUES = 'fairlead/staging/releases/shop/web/values.yaml';
const production = {
  name: 'production',
  repository: 'cluster',
  deployer: 'flux' as const,
  namespaces: ['shop'],
};
type Proposing = Awaited<ReturnType<typeof proposing>>;

async function give(pipe: Proposing, ...asked: Parameters<Proposing['command']>): Promise<ObjectCreated> {
  const event = pipe.command(...asked);
  await pipe.receive(event);
  await pipe.deliver();
  return event;
}

/** A chart that was merged in staging, and its promotion to production, which is pull request 2. */
async function promoted(context: TestContext) {
  const pipe = await proposing(context, { targets: [production] });
  await pipe.chart('1.0.0');
  pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  const verb = { kind: 'promote', from: 'staging', release: WEB, force: { reason: 'hot fix' } } as const;
  const command = await give(pipe, verb, { target: 'production' });
  assert.equal(await pipe.state(command), 'proposed');
  return { pipe, command };
}

const freeze = (pipe: Proposing) =>
  give(pipe, { kind: 'freeze', scope: { kind: 'target' } }, { target: 'production' });

for (const way of ['merge', 'squash', 'rebase'] as const)
  test(`a promotion merged by ${way}, and its target frozen before anybody looked, is delivered`, async (context) => {
    const { pipe, command } = await promoted(context);
    const brought = pipe.host.kept.merge(2, way);
    pipe.git.commit({ 'elsewhere.txt': 'x' });
    await freeze(pipe);
    await pipe.poll();
    const record = await pipe.record(command);
    assert.deepEqual(record?.state === 'delivered' && record.change, 'commit', JSON.stringify(record));
    if (way !== 'merge') assert.equal(record?.state === 'delivered' && record.commit, brought);
    const mark = await readMark(pipe.table, 'production/shop/web/chart');
    assert.deepEqual([mark?.chart?.version, mark?.by], ['1.0.0', 'promote']);
    assert.match(pipe.git.show(CHART), /version: 1\.0\.0/);
    assert.equal(pipe.waiting(), 0);
    assert.deepEqual(pipe.alerts(), []);
  });

test('merged with what a reviewer changed, and frozen: delivered, and the record says that it was edited', async (context) => {
  const { pipe, command } = await promoted(context);
  const more = CHART.replace('Chart.yaml', 'templates/more.yaml');
  pipe.git.commit({ [more]: '# more\n' }, 'Review', 'fairlead/production/shop/web');
  const brought = pipe.host.kept.merge(2, 'squash');
  await freeze(pipe);
  await pipe.poll();
  const record = await pipe.record(command);
  assert.deepEqual(record?.state === 'delivered' && [record.change, record.commit], ['edited', brought]);
});

test('merged as it was proposed, and changed by people before anybody looked: delivered, and not edited', async (context) => {
  const { pipe, command } = await promoted(context);
  const brought = pipe.host.kept.merge(2, 'squash');
  pipe.git.commit({ 'elsewhere.txt': 'x' });
  pipe.git.commit({ [CHART.replace('Chart.yaml', 'templates/more.yaml')]: '# more\n' }, 'Later');
  await freeze(pipe);
  await pipe.poll();
  const record = await pipe.record(command);
  assert.deepEqual(record?.state === 'delivered' && [record.change, record.commit], ['commit', brought]);
});

test('closed by people, and frozen before anybody looked: declined', async (context) => {
  const { pipe, command } = await promoted(context);
  pipe.host.kept.close(2);
  await freeze(pipe);
  await pipe.poll();
  assert.equal(await pipe.state(command), 'declined');
  assert.deepEqual(pipe.alerts(), []);
});

test('still open when its target is frozen: closed with a word, and rejected', async (context) => {
  const { pipe, command } = await promoted(context);
  await freeze(pipe);
  await pipe.deliver();
  const record = await pipe.record(command);
  assert.deepEqual(record?.state === 'rejected' && record.reasons.map(({ code }) => code), [
    'promote-frozen',
  ]);
  assert.deepEqual(pipe.open(), []);
  assert.match(pipe.host.kept.found(2).comments.join('\n'), /carried out no more/);
});

test('while the host cannot be asked it may have been merged: it is not rejected', async (context) => {
  const { pipe, command } = await promoted(context);
  pipe.secrets.set('api', 'wrong');
  await freeze(pipe);
  pipe.later(24 * 3600);
  await pipe.poll();
  assert.equal(await pipe.state(command), 'proposed');
  pipe.host.kept.merge(2, 'squash');
  pipe.secrets.set('api', pipe.host.token);
  pipe.later(3600);
  await pipe.poll();
  assert.equal(await pipe.state(command), 'delivered');
});

test('with what somebody has pushed onto it a pull request is theirs, and so is how it ends', async (context) => {
  const { pipe, command } = await promoted(context);
  const theirs = pipe.git.commit({ 'theirs.txt': 'x' }, 'Theirs', 'fairlead/production/shop/web');
  await freeze(pipe);
  await pipe.poll();
  assert.equal(await pipe.state(command), 'proposed');
  assert.equal(pipe.git.tip('fairlead/production/shop/web'), theirs);
  pipe.host.kept.merge(2);
  await pipe.poll();
  assert.equal(await pipe.state(command), 'delivered');
});

/** Three versions that were merged, and a rollback to the one before that is pull request 4. */
async function rolledBack(context: TestContext) {
  const pipe = await proposing(context);
  for (const [index, version] of ['1.0.0', '1.1.0', '1.2.0'].entries()) {
    await pipe.chart(version);
    pipe.host.kept.merge(index + 1, 'merge');
    await pipe.poll();
  }
  const command = await give(pipe, { kind: 'rollback', release: WEB });
  assert.match(pipe.open()[0]?.title ?? '', /to chart web 1\.1\.0/);
  return { pipe, command };
}

for (const way of ['merge', 'squash', 'rebase'] as const)
  test(`a rollback to what stood before, merged by ${way}, is delivered as it was proposed`, async (context) => {
    const { pipe, command } = await rolledBack(context);
    const brought = pipe.host.kept.merge(4, way);
    await pipe.poll();
    const record = await pipe.record(command);
    assert.deepEqual(record?.state === 'delivered' && record.change, 'commit', JSON.stringify(record));
    if (way !== 'merge') assert.equal(record?.state === 'delivered' && record.commit, brought);
    assert.equal((await readMark(pipe.table, 'staging/shop/web/chart'))?.chart?.version, '1.1.0');
    assert.equal((await readFreezes(pipe.table, 'staging')).length, 1);
    assert.equal(pipe.host.kept.all().length, 4);
  });

test('what people look at goes back to where it was proposed to, whatever comes onto the branch meanwhile', async (context) => {
  const { pipe, command } = await rolledBack(context);
  pipe.git.commit({ [STAGING_VALUES]: 'colour: green\n' });
  await pipe.poll();
  assert.match(pipe.git.show(STAGING_CHART, 'fairlead/staging/shop/web'), /version: 1\.1\.0/);
  assert.match(pipe.open()[0]?.title ?? '', /to chart web 1\.1\.0/);
  pipe.host.kept.merge(4, 'squash');
  await pipe.poll();
  assert.equal(await pipe.state(command), 'delivered');
  assert.match(pipe.git.show(STAGING_CHART), /version: 1\.1\.0/);
});

test('pushed instead, once its target takes no pull requests any more, what was merged is not turned around', async (context) => {
  const { pipe, command } = await rolledBack(context);
  pipe.host.kept.merge(4, 'squash');
  const before = pipe.git.log();
  const { config } = pipe.parts;
  const targets = config.targets.map((target) => ({ ...target, delivery: { kind: 'push' } as const }));
  const { deliverUploads } = await import('../../../lib/uploads/delivering/deliver.ts');
  await deliverUploads(
    { schema: 1, repository: 'cluster', branch: 'main', because: 'upload' },
    { ...pipe.parts, config: { ...config, targets } },
  );
  assert.equal(await pipe.state(command), 'delivered');
  assert.deepEqual(pipe.git.log(), before);
  assert.match(pipe.git.show(STAGING_CHART), /version: 1\.1\.0/);
});
