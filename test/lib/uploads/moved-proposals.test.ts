import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DAY, deliverTo, movedTo, other, sweepHourly } from './moving.ts';
import { proposing } from './proposing.ts';

/** The configuration gives a target another branch while a pull request into the one that it leaves is open. */
const CHART = 'fairlead/staging/releases/shop/web/chart/Chart.yaml';
const WEB = { namespace: 'shop', release: 'web' };

async function begin(context: TestContext) {
  const pipe = await proposing(context, { targets: [other] });
  const upload = await pipe.chart('1.0.0');
  await sweepHourly(pipe, pipe.parts);
  assert.equal(pipe.open()[0]?.base, 'main');
  return { pipe, upload };
}
type Proposing = Awaited<ReturnType<typeof begin>>['pipe'];

/** What waits goes there, and is looked at: as often as it takes, and once more. */
async function move(pipe: Proposing, branch = 'live') {
  const moved = movedTo(pipe, branch);
  await sweepHourly(pipe, moved);
  for (let at = 0; at < 3; at++) {
    pipe.later(301);
    await deliverTo(branch, moved);
  }
  return moved;
}

for (const [way, base] of [
  ['renamed at the host, which points it there', 'live'],
  ['another one', 'main'],
] as const)
  test(`its branch is ${way}: one is open, into what is configured, and merged it is delivered`, async (context) => {
    const { pipe, upload } = await begin(context);
    pipe.later(10 * DAY);
    if (base === 'live') pipe.git.git('branch', '-m', 'main', 'live');
    else pipe.git.git('branch', 'live', 'main');
    // GitHub has them into the new name ("Renaming a branch").
    for (const one of pipe.host.kept.all()) Object.assign(one, { base });
    if (base === 'main') await deliverTo('main', movedTo(pipe, 'live'));
    assert.equal(await pipe.state(upload), 'proposed', 'it has not failed');
    const moved = await move(pipe);
    // The entry in the line that it has left is looked at, too.
    pipe.later(3 * DAY);
    if (base === 'main') await deliverTo('main', moved);
    assert.equal(await pipe.state(upload), 'proposed');
    const [open, ...more] = pipe.open();
    assert.deepEqual([open?.base, more.length], ['live', 0]);
    assert.equal(pipe.host.kept.all().length, base === 'live' ? 1 : 2);
    if (base === 'main')
      assert.match(pipe.host.kept.found(1).comments.join('\n'), /is delivered to branch live/);
    pipe.host.kept.merge(open?.number ?? 0, 'squash');
    pipe.later(301);
    await deliverTo('live', moved);
    assert.equal(await pipe.state(upload), 'delivered');
    assert.match(pipe.git.show(CHART, 'live'), /version: 1\.0\.0/);
  });

for (const way of ['merge', 'squash', 'rebase'] as const)
  test(`merged by ${way} into the branch that was left, it is not declined: proposed anew`, async (context) => {
    const { pipe, upload } = await begin(context);
    pipe.git.git('branch', 'live', 'main');
    pipe.host.kept.merge(1, way);
    const moved = await move(pipe);
    assert.equal(await pipe.state(upload), 'proposed');
    const [open, ...more] = pipe.open();
    assert.deepEqual([open?.base, more.length], ['live', 0]);
    pipe.host.kept.merge(open?.number ?? 0, 'squash');
    pipe.later(301);
    await deliverTo('live', moved);
    assert.equal(await pipe.state(upload), 'delivered');
    assert.match(pipe.git.show(CHART, 'live'), /version: 1\.0\.0/);
  });

test('merged, and then the branch was renamed before anybody looked: delivered by that merge', async (context) => {
  const { pipe, upload } = await begin(context);
  const brought = pipe.host.kept.merge(1, 'squash');
  pipe.git.git('branch', '-m', 'main', 'live');
  await move(pipe);
  const record = await pipe.record(upload);
  assert.equal(record?.state === 'delivered' && record.commit, brought, JSON.stringify(record));
  assert.equal(pipe.host.kept.all().length, 1);
});

test('closed by the host with the branch that it was into, nobody has declined it: proposed anew', async (context) => {
  const { pipe, upload } = await begin(context);
  pipe.git.git('branch', '-m', 'main', 'live');
  pipe.host.kept.close(1);
  await move(pipe);
  assert.equal(await pipe.state(upload), 'proposed');
  assert.deepEqual(
    pipe.open().map(({ base }) => base),
    ['live'],
  );
});

test('closed by people while the branch that it was into is there: declined', async (context) => {
  const { pipe, upload } = await begin(context);
  pipe.git.git('branch', 'live', 'main');
  pipe.host.kept.close(1);
  await move(pipe);
  assert.equal(await pipe.state(upload), 'declined');
  assert.deepEqual(pipe.open(), []);
});

test('with what somebody has pushed onto it, it is theirs until it is merged; then it is proposed anew beside it', async (context) => {
  const { pipe, upload } = await begin(context);
  pipe.git.git('branch', 'live', 'main');
  const theirs = pipe.git.commit({ 'theirs.txt': 'x' }, 'Theirs', 'fairlead/staging/shop/web');
  const moved = await move(pipe);
  assert.equal(await pipe.state(upload), 'checked');
  assert.deepEqual(
    pipe.open().map(({ number }) => number),
    [1],
  );
  pipe.host.kept.merge(1);
  for (let at = 0; at < 3; at++) {
    pipe.later(301);
    await deliverTo('live', moved);
  }
  assert.equal(await pipe.state(upload), 'proposed');
  assert.equal(pipe.git.tip('fairlead/staging/shop/web'), theirs);
  assert.deepEqual(
    pipe.open().map(({ base, branch }) => [base, branch]),
    [['live', 'fairlead/staging/shop/web+2']],
  );
});

for (const ends of ['open', 'merged into the branch that was left'] as const)
  test(`a command whose pull request is ${ends} when its target moves says so, and is not declined`, async (context) => {
    const { pipe } = await begin(context);
    pipe.host.kept.merge(1, 'squash');
    await pipe.poll();
    const event = pipe.command({ kind: 'remove', what: { kind: 'release', ...WEB } });
    await pipe.receive(event);
    await pipe.deliver();
    assert.equal(await pipe.state(event), 'proposed');
    pipe.git.git('branch', 'live', 'main');
    if (ends !== 'open') pipe.host.kept.merge(2, 'squash');
    await move(pipe);
    const record = await pipe.record(event);
    assert.deepEqual(
      record?.state === 'rejected' && record.reasons.map(({ code }) => code),
      ['command-target-moved'],
      JSON.stringify(record),
    );
    assert.deepEqual(pipe.open(), []);
    assert.match(pipe.git.show(CHART, 'live'), /version: 1\.0\.0/);
  });
