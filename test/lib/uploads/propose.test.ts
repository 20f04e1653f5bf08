import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMark } from '../../../lib/uploads/record/slots.ts';
import { chartPackage } from './pipeline.ts';
import { proposing } from './proposing.ts';

const CHART = 'fairlead/staging/releases/shop/web/chart';
const VALUES = 'fairlead/staging/releases/shop/web/values.yaml';
const BRANCH = 'fairlead/staging/shop/web';

test('an upload becomes one pull request, and nothing of it is on the branch', async (context) => {
  const pipe = await proposing(context);
  const before = pipe.git.tip();
  const event = await pipe.chart('1.4.2');
  const [proposal, ...others] = pipe.open();
  assert.deepEqual(others, []);
  assert.equal(proposal?.title, 'web 1.4.2 for shop/web in staging');
  assert.equal(proposal?.branch, BRANCH);
  assert.equal(proposal?.base, 'main');
  assert.deepEqual([...(proposal?.labels ?? [])], ['deploy']);
  assert.equal(pipe.git.tip(), before);
  assert.match(pipe.git.show(`${CHART}/Chart.yaml`, BRANCH), /version: 1\.4\.2/);
  const record = await pipe.record(event);
  assert.equal(record?.state, 'proposed');
  assert.equal(record?.state === 'proposed' && record.proposal.head, pipe.git.tip(BRANCH));
  assert.equal(pipe.tags(event)['fairlead-outcome'], 'proposed');
  assert.match(pipe.tags(event)['fairlead-proposal'] ?? '', /\/pull\/1$/);
});

test('a newer upload takes the place of the older one in the same pull request', async (context) => {
  const pipe = await proposing(context);
  const older = await pipe.chart('1.0.0');
  const newer = await pipe.chart('1.1.0');
  assert.equal(pipe.host.kept.all().length, 1);
  assert.equal(await pipe.state(older), 'superseded');
  assert.equal(await pipe.state(newer), 'proposed');
  assert.equal(pipe.open()[0]?.title, 'web 1.1.0 for shop/web in staging');
  assert.deepEqual(pipe.git.log(BRANCH), ['Deliver shop/web: chart web 1.1.0', 'Begin']);
});

test('values that come later are in the pull request of the chart, each a commit of its own', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  const values = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  assert.equal(await pipe.state(values), 'proposed');
  assert.equal(pipe.host.kept.all().length, 1);
  assert.deepEqual(pipe.git.log(BRANCH), [
    'Deliver shop/web: chart web 1.0.0',
    'Deliver shop/web: values',
    'Begin',
  ]);
  assert.equal(pipe.git.show(VALUES, BRANCH), 'colour: red');
});

for (const way of ['merge', 'squash', 'rebase'] as const)
  test(`merged by ${way}: delivered, by the commit that brought it`, async (context) => {
    const pipe = await proposing(context);
    const chart = await pipe.chart('1.0.0');
    const values = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
    const brought = pipe.host.kept.merge(1, way);
    pipe.git.commit({ 'elsewhere.txt': 'x' });
    await pipe.poll();
    const record = await pipe.record(chart);
    assert.equal(record?.state, 'delivered');
    assert.equal(record?.state === 'delivered' && record.commit, brought);
    assert.equal(record?.state === 'delivered' && record.change, 'commit');
    assert.equal(await pipe.state(values), 'delivered');
    assert.equal(pipe.tags(chart)['fairlead-outcome'], 'delivered');
    assert.equal(pipe.tags(chart)['fairlead-proposal'], undefined);
    assert.deepEqual(pipe.queues.reads.messages.at(-1), {
      schema: 1,
      target: 'staging',
      because: 'delivery',
    });
    assert.equal(pipe.waiting(), 0);
    assert.deepEqual(pipe.alerts(), []);
  });

test('merged with what a reviewer changed: delivered, and the record says that it was edited', async (context) => {
  const pipe = await proposing(context);
  const chart = await pipe.chart('1.0.0');
  pipe.git.commit({ [`${CHART}/templates/more.yaml`]: '# more\n' }, 'Review', BRANCH);
  const brought = pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  const record = await pipe.record(chart);
  assert.deepEqual(record?.state === 'delivered' && [record.change, record.commit], ['edited', brought]);
  // The version is what was merged: the same with the content that was uploaded is another.
  const again = await pipe.chart('1.0.0');
  const refused = await pipe.record(again);
  assert.deepEqual(refused?.state === 'rejected' && refused.reasons.map(({ code }) => code), [
    'version-immutable',
  ]);
  assert.equal(pipe.waiting(), 0);
});

test('merged as it was proposed, and changed by people before anybody looked: delivered, and not edited', async (context) => {
  const pipe = await proposing(context);
  const upload = await pipe.chart('1.0.0');
  const brought = pipe.host.kept.merge(1, 'squash');
  pipe.git.commit({ 'elsewhere.txt': 'x' });
  pipe.git.commit({ [`${CHART}/templates/more.yaml`]: '# more\n' }, 'Later');
  await pipe.poll();
  const record = await pipe.record(upload);
  assert.deepEqual(record?.state === 'delivered' && [record.change, record.commit], ['commit', brought]);
});

test('merged with what a reviewer changed: nobody has signed that, whoever signed what was uploaded', async (context) => {
  const pipe = await proposing(context);
  const chart = await pipe.chart('1.0.0');
  const proposed = await pipe.record(chart);
  assert.equal(proposed?.state, 'proposed');
  const signer = { kind: 'provenance', fingerprint: 'ab'.repeat(20), name: 'Ada' } as const;
  await pipe.table.put({ ...proposed, version: proposed.version + 1, signer }, proposed.version);
  pipe.git.commit({ [`${CHART}/templates/more.yaml`]: '# more\n' }, 'Review', BRANCH);
  pipe.host.kept.merge(1, 'squash');
  await pipe.poll();
  const record = await pipe.record(chart);
  assert.equal(record?.state === 'delivered' && record.change, 'edited');
  const mark = await readMark(pipe.table, 'staging/shop/web/chart');
  assert.equal(mark?.signer, undefined);
  assert.notEqual(mark?.digest, proposed.digest);
});

test('closed unmerged: declined, nobody is alerted, and a newer upload opens another', async (context) => {
  const pipe = await proposing(context);
  const declined = await pipe.chart('1.0.0');
  pipe.host.kept.close(1);
  await pipe.poll();
  assert.equal(await pipe.state(declined), 'declined');
  assert.equal(pipe.tags(declined)['fairlead-outcome'], 'declined');
  assert.deepEqual(pipe.alerts(), []);
  assert.equal(pipe.waiting(), 0);
  const next = await pipe.chart('1.1.0');
  assert.equal(await pipe.state(next), 'proposed');
  assert.deepEqual(
    pipe.host.kept.all().map(({ state, branch }) => [state, branch]),
    [
      ['closed', BRANCH],
      ['open', BRANCH],
    ],
  );
});

test('what a person pushes onto the branch is never replaced; newer uploads wait until it is merged', async (context) => {
  const pipe = await proposing(context);
  const first = await pipe.chart('1.0.0');
  const theirs = pipe.git.commit({ [VALUES]: 'colour: green\n' }, 'By a reviewer', BRANCH);
  const second = await pipe.chart('1.1.0');
  assert.equal(pipe.git.tip(BRANCH), theirs);
  assert.equal(await pipe.state(second), 'checked');
  assert.match(pipe.open()[0]?.body ?? '', /Somebody has pushed commit/);
  assert.match(pipe.logged.join('\n'), /somebody pushed onto a proposal/);
  await pipe.poll();
  assert.equal(pipe.git.tip(BRANCH), theirs);
  pipe.host.kept.merge(1);
  await pipe.poll();
  assert.equal(await pipe.state(first), 'delivered');
  assert.equal(await pipe.state(second), 'proposed');
  assert.equal(pipe.open().length, 1);
});

test('work of a person on a branch whose pull request is closed is left there, and another branch is taken', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  const theirs = pipe.git.commit({ 'theirs.txt': 'x' }, 'By a reviewer', BRANCH);
  pipe.host.kept.close(1);
  const next = await pipe.chart('1.1.0');
  assert.equal(await pipe.state(next), 'proposed');
  assert.equal(pipe.git.tip(BRANCH), theirs);
  assert.equal(pipe.open()[0]?.branch, `${BRANCH}+2`);
});

test('a branch of that name that somebody else made is not touched', async (context) => {
  const pipe = await proposing(context);
  pipe.git.git('branch', BRANCH, 'main');
  const theirs = pipe.git.commit({ 'theirs.txt': 'x' }, 'Mine', BRANCH);
  await pipe.chart('1.0.0');
  assert.equal(pipe.git.tip(BRANCH), theirs);
  assert.equal(pipe.open()[0]?.branch, `${BRANCH}+2`);
});

test('the same content again changes nothing at the host', async (context) => {
  const pipe = await proposing(context);
  const older = await pipe.chart('1.0.0');
  const head = pipe.git.tip(BRANCH);
  const newer = await pipe.chart('1.0.0');
  assert.equal(pipe.git.tip(BRANCH), head, 'what was approved stays approved');
  assert.equal(await pipe.state(older), 'superseded');
  assert.equal(await pipe.state(newer), 'proposed');
});

test('the base moves: elsewhere nothing is built anew, in the same place the branch is', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  const head = pipe.git.tip(BRANCH);
  pipe.git.commit({ 'elsewhere.txt': 'x' });
  await pipe.poll();
  assert.equal(pipe.git.tip(BRANCH), head);
  pipe.git.commit({ [VALUES]: 'colour: green\n' });
  await pipe.poll();
  assert.notEqual(pipe.git.tip(BRANCH), head);
  assert.equal(pipe.git.show(VALUES, BRANCH), 'colour: green');
  assert.equal(pipe.host.kept.all().length, 1);
});

test('what the base holds already is delivered without a pull request', async (context) => {
  const pipe = await proposing(context);
  const first = await pipe.chart('1.0.0');
  pipe.host.kept.merge(1);
  await pipe.poll();
  const again = await pipe.chart('1.0.0');
  const record = await pipe.record(again);
  assert.deepEqual(record?.state === 'delivered' && record.change, 'unchanged');
  assert.equal(await pipe.state(first), 'delivered');
  assert.equal(pipe.host.kept.all().length, 1);
});

test('the step back to what stands closes the pull request with a word', async (context) => {
  const pipe = await proposing(context);
  await pipe.chart('1.0.0');
  pipe.host.kept.merge(1);
  await pipe.poll();
  const proposed = await pipe.chart('1.1.0');
  const back = await pipe.chart('1.0.0');
  assert.equal(await pipe.state(back), 'delivered');
  assert.equal(await pipe.state(proposed), 'superseded');
  const [, closed] = pipe.host.kept.all();
  assert.equal(closed?.state, 'closed');
  assert.match(closed?.comments.join('\n') ?? '', /holds all of it already/);
  assert.equal(pipe.waiting(), 0);
});

test('while the API is down an upload waits, and there is one pull request when it is back', async (context) => {
  const pipe = await proposing(context);
  for (let call = 0; call < 3; call++)
    pipe.host.faults.push({ kind: 'says', status: 502, text: 'Bad gateway' });
  const event = await pipe.chart('1.0.0');
  assert.equal(await pipe.state(event), 'checked');
  assert.equal(pipe.open().length, 0);
  for (let at = 0; at < 4; at++) await pipe.poll();
  assert.equal(await pipe.state(event), 'proposed');
  assert.equal(pipe.host.kept.all().length, 1);
});

test('the body holds nothing that a host would act upon', async (context) => {
  const pipe = await proposing(context);
  const hostile =
    'a: "@everyone ![x](https://evil.example/x.png) <img src=x> Closes #1"\nb: |\n  ````\n  /close\n';
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'), { author: '@ann' });
  await pipe.upload('staging/shop/web/values.yaml', hostile);
  const body = pipe.open()[0]?.body ?? '';
  assert.match(body, /everyone/);
  assert.doesNotMatch(body, /@everyone|<img|https:\/\/evil|#1\b/);
  const fences = body.split('\n').filter((line) => line.startsWith('````'));
  assert.equal(fences.length % 2, 0);
  assert.ok(!body.split('\n').some((line) => line.startsWith('/')));
});

test('people hear of a host that has been down for an hour, and that it is back', async (context) => {
  const pipe = await proposing(context);
  const { token } = pipe.host;
  pipe.secrets.set('api', 'wrong');
  const event = await pipe.chart('1.0.0');
  assert.deepEqual(pipe.alerts(), []);
  pipe.later(3600);
  await pipe.poll();
  assert.deepEqual(
    pipe.alerts().map(({ kind, scope }) => [kind, scope]),
    [['blocked', 'proposals']],
  );
  pipe.secrets.set('api', token);
  await pipe.poll();
  assert.equal(await pipe.state(event), 'proposed');
  assert.deepEqual(
    pipe.alerts().map(({ kind }) => kind),
    ['blocked', 'unblocked'],
  );
});

test('killed after the push and before the pull request: the next delivery opens one, upon the same commit', async (context) => {
  const pipe = await proposing(context);
  pipe.host.faults.push({ of: ({ method }) => method === 'POST', kind: 'hangs-up' });
  const event = await pipe.chart('1.0.0');
  const head = pipe.git.tip(BRANCH);
  assert.equal(await pipe.state(event), 'checked');
  await pipe.poll();
  assert.equal(pipe.git.tip(BRANCH), head);
  assert.equal(await pipe.state(event), 'proposed');
  assert.equal(pipe.host.kept.all().length, 1);
});

test('killed after the pull request was opened and before the record: it is the same one', async (context) => {
  const pipe = await proposing(context);
  pipe.host.faults.push({
    of: ({ method, path }) => method === 'POST' && path.at(-1) === 'pulls',
    kind: 'loses-answer',
  });
  const event = await pipe.chart('1.0.0');
  await pipe.poll();
  assert.equal(await pipe.state(event), 'proposed');
  assert.equal(pipe.host.kept.all().length, 1);
});

test('a day in a pull request is no failure', async (context) => {
  const pipe = await proposing(context);
  const event = await pipe.chart('1.0.0');
  pipe.later(26 * 3600);
  await pipe.poll();
  assert.equal(await pipe.state(event), 'proposed');
  assert.deepEqual(pipe.alerts(), []);
});
