import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { neutralName } from '../../../lib/uploads/record/claims.ts';
import { hostInFront } from '../repository/front.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext) {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

const CHART = 'fairlead/staging/releases/shop/web/chart';
const VALUES = 'fairlead/staging/releases/shop/web/values.yaml';

async function deliver(pipe: Pipeline, version: string) {
  await pipe.receive(await pipe.chart(version));
  await pipe.deliver();
}

const body = (pipe: Pipeline) => pipe.git.git('log', '-1', '--format=%b', 'main');
const replaces = (pipe: Pipeline) =>
  pipe.git
    .git('log', '-1', '--format=%(trailers:key=Fairlead-Replaces,valueonly)', 'main')
    .split('\n')
    .filter((line) => line !== '');

test('whose change a commit replaces stands in its body and in trailers, newest first', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const ours = pipe.git.tip();
  const ann = pipe.git.commit({ [`${CHART}/templates/settings.yaml`]: '# by hand\n' });
  pipe.git.commit({ 'elsewhere.txt': 'not replaced' }, 'Elsewhere', 'main', 'Somebody Else');
  const bob = pipe.git.commit({ [`${CHART}/more.txt`]: 'x' }, 'More', 'main', 'Bob');
  await deliver(pipe, '1.1.0');
  assert.match(
    body(pipe),
    new RegExp(
      `^Replaces what was changed in Git after ${ours} by Bob \\(${bob.slice(0, 12)}\\), Ann Other \\(${ann.slice(0, 12)}\\)\\.$`,
      'm',
    ),
  );
  assert.deepEqual(replaces(pipe), [`${bob} Bob`, `${ann} Ann Other`]);
  // The next one replaces nobody's.
  await deliver(pipe, '1.2.0');
  assert.doesNotMatch(body(pipe), /Replaces/);
});

test('an author’s name neither acts nor forges', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const name = 'Ann [skip ci] @team #1';
  const commit = pipe.git.commit({ [`${CHART}/more.txt`]: 'x' }, 'More', 'main', name);
  await deliver(pipe, '1.1.0');
  assert.deepEqual(replaces(pipe), [`${commit} Ann _skip ci_ _team _1`]);
});

test('no name closes an issue, skips a pipeline or names an address', () => {
  for (const [name, shown] of [
    ['Closes https://git.example.com/a/b/issues/1', 'Closes_ https_git.example.com/a/b/issues/1'],
    ['ann fixes: SHOP-12', 'ann fixes_: SHOP-12'],
    ['im\u200bplements !12', 'implements_ _12'],
    ['***NO_CI***', '___NO_CI___'],
    ['skip-checks: true', 'skip_checks: true'],
    ['Ann Fixman', 'Ann Fixman'],
  ] as const)
    assert.equal(neutralName(name, 100), shown);
});

test('of many people five are named and the others counted', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  for (let at = 1; at <= 8; at++)
    pipe.git.commit({ [`${CHART}/more.txt`]: `${at}` }, 'More', 'main', `Person ${at}`);
  await deliver(pipe, '1.1.0');
  assert.match(body(pipe), /Person 8 .*Person 4 \([0-9a-f]{12}\) and 3 more\.$/m);
  assert.equal(replaces(pipe).length, 6);
  assert.equal(replaces(pipe).at(-1), 'and 3 more');
});

test('Fairlead’s own commits are nobody’s changes: values written with a new release, other slots', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  assert.doesNotMatch(body(pipe), /Replaces/);
  const bob = pipe.git.commit({ [VALUES]: 'colour: violet\n' }, 'Violet', 'main', 'Bob');
  await pipe.upload('staging/shop/web/values.yaml', 'colour: green\n');
  assert.deepEqual(replaces(pipe), [`${bob} Bob`]);
});

test('a file that stood there before Fairlead ever delivered it is somebody’s, too', async (context) => {
  const pipe = await begin(context);
  const ann = pipe.git.commit({ [VALUES]: 'colour: violet\n' });
  await pipe.upload('staging/shop/web/values.yaml', 'colour: green\n');
  assert.deepEqual(replaces(pipe), [`${ann} Ann Other`]);
  assert.match(body(pipe), /^Replaces what was changed in Git by Ann Other \([0-9a-f]{12}\)\.$/m);
});

test('a manifest that a person edited is the upload’s: replaced, and named', async (context) => {
  const pipe = await begin(context);
  const manifest = (colour: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\ndata:\n  colour: ${colour}\n`;
  await pipe.upload('staging/manifests/a.yaml', manifest('red'));
  const path = 'fairlead/staging/apply/manifests/a.yaml';
  const bob = pipe.git.commit({ [path]: manifest('violet') }, 'Violet', 'main', 'Bob');
  await pipe.upload('staging/manifests/a.yaml', manifest('green'));
  assert.equal(`${pipe.git.show(path)}\n`, manifest('green'));
  assert.deepEqual(replaces(pipe), [`${bob} Bob`]);
});

test('who reverts a commit of Fairlead’s is named when the next upload brings it back', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const deleted = Object.fromEntries(
    pipe.git
      .git('ls-tree', '-r', '--name-only', 'main', `${CHART}/`)
      .split('\n')
      .map((path) => [path, undefined]),
  );
  const bob = pipe.git.commit(deleted, 'Revert "Deliver shop/web"', 'main', 'Bob');
  await deliver(pipe, '1.0.0');
  assert.deepEqual(replaces(pipe), [`${bob} Bob`]);
  assert.match(pipe.git.show(`${CHART}/Chart.yaml`), /1\.0\.0/);
});

test('a change far back is found, and one too far back was somebody’s', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const ann = pipe.git.commit({ [`${CHART}/more.txt`]: 'x' });
  pipe.git.commits(200);
  await deliver(pipe, '1.1.0');
  assert.deepEqual(replaces(pipe), [`${ann} Ann Other`]);
  pipe.git.commit({ [`${CHART}/more.txt`]: 'y' });
  pipe.git.commits(1100);
  await deliver(pipe, '1.2.0');
  assert.match(body(pipe), /^Replaces what somebody changed in Git after [0-9a-f]{40}\.$/m);
  assert.deepEqual(replaces(pipe), []);
});

test('looking for a lost push first, without trees, hides nobody', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  const event = await pipe.chart('1.1.0');
  await pipe.receive(event);
  // Recorded as attempted, never pushed: the next delivery searches history for it.
  pipe.git.hook('echo protected branch; exit 1', 'pre-receive');
  assert.equal((await pipe.deliver()).kind, 'blocked');
  pipe.git.hook('exit 0', 'pre-receive');
  const ann = pipe.git.commit({ [`${CHART}/more.txt`]: 'x' });
  pipe.git.commits(100);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.deepEqual(replaces(pipe), [`${ann} Ann Other`]);
});

test('a server that does not show its history costs names and no delivery', async (context) => {
  const pipe = await begin(context);
  await deliver(pipe, '1.0.0');
  pipe.git.commit({ [`${CHART}/more.txt`]: 'x' });
  const event = await pipe.chart('1.1.0');
  await pipe.receive(event);
  const host = await hostInFront(pipe.git.url, (body) => body.includes('deepen 64'));
  context.after(() => host.stop());
  await pipe.deliver(pipe.withHost(host.url));
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.match(body(pipe), /^Replaces what somebody changed in Git after [0-9a-f]{40}\.$/m);
});
