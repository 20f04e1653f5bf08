import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { proposing } from './proposing.ts';

/** The table is lost while a pull request is open: what is at the host and in Git is as it was. */
const BRANCH = 'fairlead/staging/shop/web';
const CHART = 'fairlead/staging/releases/shop/web/chart';

type Proposing = Awaited<ReturnType<typeof proposing>>;

/** Chart and values in pull request 1, and a table that knows nothing of it. */
async function lost(context: TestContext) {
  const pipe = await proposing(context);
  pipe.git.commit({ 'README.md': 'people\n' });
  const chart = await pipe.chart('1.0.0');
  const values = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  assert.equal(pipe.open().length, 1);
  const head = pipe.git.tip(BRANCH);
  pipe.table.items.clear();
  return { pipe, chart, values, head };
}

/** The hourly sweep, and what it asks for. */
async function sweepUp(pipe: Proposing) {
  pipe.later(3600);
  await pipe.sweep('hours');
  for (const event of pipe.queues.received.messages.splice(0)) await pipe.receive(event);
  await pipe.poll();
  await pipe.poll();
}

test('after a loss of the table an open pull request is known again, and what was approved stays as it is', async (context) => {
  const { pipe, chart, values, head } = await lost(context);
  await sweepUp(pipe);
  assert.equal(pipe.host.kept.all().length, 1);
  assert.equal(pipe.git.tip(BRANCH), head);
  assert.deepEqual([await pipe.state(chart), await pipe.state(values)], ['proposed', 'proposed']);
  const next = await pipe.chart('1.1.0');
  assert.equal(pipe.host.kept.all().length, 1);
  assert.match(pipe.git.show(`${CHART}/Chart.yaml`, BRANCH), /version: 1\.1\.0/);
  pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  assert.deepEqual(
    [await pipe.state(chart), await pipe.state(values), await pipe.state(next)],
    ['superseded', 'delivered', 'delivered'],
  );
});

test('what comes after the loss takes the place of what was in the pull request', async (context) => {
  const { pipe } = await lost(context);
  const next = await pipe.chart('1.1.0');
  assert.equal(await pipe.state(next), 'proposed');
  assert.equal(pipe.host.kept.all().length, 1);
  assert.equal(pipe.open()[0]?.branch, BRANCH);
});

for (const [way, ends] of [
  ['merged', 'delivered'],
  ['closed', 'declined'],
] as const)
  test(`${way} while nobody knew of it, it is ${ends}`, async (context) => {
    const { pipe, chart } = await lost(context);
    pipe.git.commit({ [`${CHART}/templates/more.yaml`]: '# more\n' }, 'Review', 'main');
    if (way === 'merged') pipe.host.kept.merge(1, 'squash');
    else pipe.host.kept.close(1);
    await sweepUp(pipe);
    assert.equal(await pipe.state(chart), ends);
    assert.equal(pipe.host.kept.all().length, 1);
    assert.equal(pipe.git.show(`${CHART}/templates/more.yaml`), '# more');
  });

/** What people do to a branch; each makes it theirs. */
const THEIRS: Readonly<Record<string, (pipe: Proposing) => string>> = {
  'pushes a commit onto it': ({ git }) => git.commit({ 'theirs.txt': 'x' }, 'Theirs', BRANCH),
  'pushes a commit with the same words': ({ git }) => {
    const words = git.git('log', '-1', '--format=%B', BRANCH);
    return git.commit({ [`${CHART}/templates/more.yaml`]: '# more\n' }, words, BRANCH);
  },
  'amends it, and leaves the author': (pipe) =>
    makeOver(pipe, 'Ann Other <ann@example.com> 1800000000 +0100'),
  'amends it later, with our name': (pipe) =>
    makeOver(pipe, 'Fairlead <fairlead@localhost> 1800000000 +0000'),
  'puts a commit below ours': (pipe) => {
    const whole = pipe.git.git('cat-file', 'commit', BRANCH);
    const below = pipe.git.commit({ 'below.txt': 'x' }, 'Below', BRANCH);
    return write(pipe, whole.replace(/^parent .*$/m, `parent ${below}`));
  },
};

/** The commit at the tip, committed by somebody else. */
const makeOver = (pipe: Proposing, committer: string): string =>
  write(
    pipe,
    pipe.git.git('cat-file', 'commit', BRANCH).replace(/^committer .*$/m, `committer ${committer}`),
  );

function write({ git }: Proposing, commit: string): string {
  const argv = ['hash-object', '-t', 'commit', '-w', '--stdin'];
  const made = execFileSync('git', argv, { cwd: git.bare, encoding: 'utf8', input: `${commit}\n` }).trim();
  git.git('update-ref', `refs/heads/${BRANCH}`, made);
  return made;
}

for (const [what, does] of Object.entries(THEIRS))
  test(`after a loss of the table a branch is theirs if somebody ${what}`, async (context) => {
    const { pipe, chart } = await lost(context);
    const theirs = does(pipe);
    await sweepUp(pipe);
    assert.equal(pipe.git.tip(BRANCH), theirs);
    assert.equal(await pipe.state(chart), 'proposed');
    assert.deepEqual(
      pipe.open().map(({ branch }) => branch),
      [BRANCH, `${BRANCH}+2`],
    );
  });
