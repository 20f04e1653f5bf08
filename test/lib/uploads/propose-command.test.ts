import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Verb } from '../../../lib/commands/command.ts';
import { readFreezes } from '../../../lib/uploads/record/freezes.ts';
import { proposing } from './proposing.ts';

const CHART = 'fairlead/staging/releases/shop/web/chart/Chart.yaml';
const BRANCH = 'fairlead/staging/shop/web';
const ROLLBACK: Verb = {
  kind: 'rollback',
  release: { namespace: 'shop', release: 'web' },
  to: '1.0.0',
  reason: '1.1.0 does not start',
};

/** Two versions that were merged, and a rollback from the second to the first that is proposed. */
async function rolledBack(context: TestContext) {
  const pipe = await proposing(context);
  for (const [index, version] of ['1.0.0', '1.1.0'].entries()) {
    await pipe.chart(version);
    pipe.host.kept.merge(index + 1, 'merge');
    await pipe.poll();
  }
  const command = pipe.command(ROLLBACK);
  await pipe.receive(command);
  await pipe.deliver();
  return { pipe, command };
}

const frozen = async (pipe: Awaited<ReturnType<typeof proposing>>) =>
  (await readFreezes(pipe.table, 'staging')).length;

test('a rollback is a pull request that says who asks and why; nothing is on the branch, and uploads wait', async (context) => {
  const { pipe, command } = await rolledBack(context);
  const [proposal, ...others] = pipe.open();
  assert.deepEqual(others, []);
  assert.match(proposal?.title ?? '', /^Roll back shop\/web to chart web 1\.0\.0/);
  assert.match(proposal?.body ?? '', /Fairlead-By: arn:aws:sts::111122223333:assumed-role\/Operators\/ada/);
  assert.match(proposal?.body ?? '', /Fairlead-Reason: 1\.1\.0 does not start/);
  assert.match(pipe.git.show(CHART), /version: 1\.1\.0/);
  assert.match(pipe.git.show(CHART, BRANCH), /version: 1\.0\.0/);
  assert.equal(await pipe.state(command), 'proposed');
  assert.equal(pipe.tags(command)['fairlead-outcome'], 'proposed');
  assert.equal(await frozen(pipe), 1);
  const next = await pipe.chart('1.2.0');
  assert.equal(pipe.tags(next)['fairlead-outcome'], 'frozen');
});

for (const way of ['merge', 'squash', 'rebase'] as const)
  test(`merged by ${way} it is delivered`, async (context) => {
    const { pipe, command } = await rolledBack(context);
    const brought = pipe.host.kept.merge(3, way);
    await pipe.poll();
    const record = await pipe.record(command);
    assert.equal(record?.state, 'delivered', JSON.stringify(record));
    assert.equal(record.change, 'commit');
    if (way !== 'merge') assert.equal(record.commit, brought);
    assert.match(pipe.git.show(CHART), /version: 1\.0\.0/);
    assert.equal(pipe.waiting(), 0);
    assert.equal(await frozen(pipe), 1);
  });

test('closed it is declined, and freezes nothing any more', async (context) => {
  const { pipe, command } = await rolledBack(context);
  pipe.host.kept.close(3);
  await pipe.poll();
  assert.equal(await pipe.state(command), 'declined');
  assert.equal(pipe.tags(command)['fairlead-outcome'], 'declined');
  assert.equal(await frozen(pipe), 0);
  assert.equal(pipe.waiting(), 0);
  assert.match(pipe.git.show(CHART), /version: 1\.1\.0/);
  const next = await pipe.chart('1.2.0');
  assert.equal(await pipe.state(next), 'proposed');
  assert.equal(pipe.open().length, 1);
});

test('killed before its record says that it was closed, it is declined all the same', async (context) => {
  const { pipe, command } = await rolledBack(context);
  pipe.host.kept.close(3);
  pipe.later(301);
  const { table } = pipe;
  const put: typeof table.put = async (item, expected) => {
    if (item.state === 'declined') throw new Error('killed');
    return table.put(item, expected);
  };
  const dying = { ...pipe.parts, table: { ...table, put } };
  const { deliverUploads } = await import('../../../lib/uploads/delivering/deliver.ts');
  const bell = { schema: 1, repository: 'cluster', branch: 'main', because: 'upload' } as const;
  await assert.rejects(deliverUploads(bell, dying), /killed/);
  assert.equal(await pipe.state(command), 'proposed');
  await pipe.poll();
  assert.equal(await pipe.state(command), 'declined');
  assert.equal(pipe.host.kept.all().length, 3);
});

test('however long people take, it is one pull request and has not failed', async (context) => {
  const { pipe, command } = await rolledBack(context);
  for (let day = 0; day < 3; day++) {
    pipe.later(24 * 3600);
    await pipe.deliver();
  }
  assert.equal(await pipe.state(command), 'proposed');
  assert.equal(pipe.host.kept.all().length, 3);
  assert.equal(pipe.open().length, 1);
});

test('while the host is down it waits for it', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  pipe.host.kept.merge(1, 'merge');
  await pipe.poll();
  const verb: Verb = { kind: 'remove', what: { kind: 'release', namespace: 'shop', release: 'web' } };
  const command = pipe.command(verb);
  await pipe.receive(command);
  const { proposals: _, ...without } = pipe.parts;
  const { deliverUploads } = await import('../../../lib/uploads/delivering/deliver.ts');
  await deliverUploads({ schema: 1, repository: 'cluster', branch: 'main' }, without);
  assert.equal(await pipe.state(command), 'checked');
  pipe.later(3600);
  await pipe.deliver();
  assert.equal(await pipe.state(command), 'proposed');
  pipe.host.kept.merge(2, 'squash');
  await pipe.poll();
  assert.equal(await pipe.state(command), 'delivered');
  assert.throws(() => pipe.git.show(CHART));
});

for (const way of ['merge', 'squash'] as const)
  test(`what is uploaded after a command was merged by ${way} has a pull request of its own`, async (context) => {
    const { pipe, command } = await rolledBack(context);
    pipe.host.kept.merge(3, way);
    await pipe.poll();
    assert.equal(await pipe.state(command), 'delivered');
    const unfreeze = pipe.command({
      kind: 'unfreeze',
      scope: { kind: 'release', namespace: 'shop', release: 'web' },
    });
    await pipe.receive(unfreeze);
    const next = await pipe.chart('1.2.0');
    await pipe.poll();
    assert.equal(await pipe.state(next), 'proposed');
    assert.equal(pipe.open()[0]?.title, 'web 1.2.0 (was 1.0.0) for shop/web in staging');
  });

test('what was proposed ends as people ended it, also where a command comes before that was seen', async (context) => {
  for (const end of ['edited', 'declined'] as const) {
    const pipe = await proposing(context);
    await pipe.chart('1.0.0');
    pipe.host.kept.merge(1);
    await pipe.poll();
    const upload = await pipe.chart('1.1.0');
    if (end === 'declined') pipe.host.kept.close(2);
    else {
      pipe.git.commit({ [CHART.replace('Chart.yaml', 'templates/more.yaml')]: '# more\n' }, 'Review', BRANCH);
      pipe.host.kept.merge(2, 'squash');
    }
    pipe.later(301);
    const command = pipe.command(ROLLBACK);
    await pipe.receive(command);
    await pipe.deliver();
    const record = await pipe.record(upload);
    assert.equal(record?.state === 'delivered' ? record.change : record?.state, end, JSON.stringify(record));
    // Where it was declined the branch is as the rollback asks already.
    assert.equal(await pipe.state(command), end === 'edited' ? 'proposed' : 'delivered');
    assert.equal(pipe.open().length, end === 'edited' ? 1 : 0);
  }
});

test('a second command for a release waits until the first is merged or closed', async (context) => {
  const { pipe, command } = await rolledBack(context);
  const head = pipe.git.tip(BRANCH);
  const remove = pipe.command({
    kind: 'remove',
    what: { kind: 'release', namespace: 'shop', release: 'web' },
  });
  await pipe.receive(remove);
  for (let at = 0; at < 3; at++) await pipe.poll();
  assert.equal(pipe.git.tip(BRANCH), head);
  assert.deepEqual([await pipe.state(command), await pipe.state(remove)], ['proposed', 'checked']);
  pipe.host.kept.close(3);
  await pipe.poll();
  assert.deepEqual([await pipe.state(command), await pipe.state(remove)], ['declined', 'proposed']);
  assert.equal(pipe.open().length, 1);
});
