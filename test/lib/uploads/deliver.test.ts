import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { reason } from '../../../lib/charts/reasons.ts';
import type { RenderRequest, RenderResponse } from '../../../lib/charts/render-request.ts';
import { getTree } from '../../../lib/content/store.ts';
import { deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { ACCEPTED, chartPackage, pipeline } from './pipeline.ts';

async function begin(context: TestContext, ...options: Parameters<typeof pipeline>) {
  const pipe = await pipeline(...options);
  context.after(() => pipe.stop());
  return pipe;
}

const CHART = 'fairlead/staging/releases/shop/web/chart';
const APPLY = 'fairlead/staging/apply/shop/web';

test('a chart becomes one commit, with everything that Flux needs', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.upload('staging/shop/web/web-1.4.2.tgz', await chartPackage('web', '1.4.2'), {
    author: 'Ann [skip ci] <ann@example.com>\nFairlead-Target: other',
    'source-commit': 'ABCDEF1234',
    'source-url': 'javascript:alert(1)',
  });
  const record = await pipe.record(event);
  assert.equal(record?.state, 'delivered');
  assert.equal(record.state === 'delivered' && record.commit, pipe.git.tip());
  const message = pipe.git.git('log', '-1', '--format=%B', 'main');
  const trailers = pipe.git.git('log', '-1', '--format=%(trailers:only)', 'main');
  assert.equal(message.split('\n')[0], 'Deliver shop/web: chart web 1.4.2');
  assert.match(
    trailers,
    /^Fairlead-Upload: s3:\/\/charts\/staging\/shop\/web\/web-1\.4\.2\.tgz\?versionId=v1$/m,
  );
  assert.match(trailers, /^Fairlead-Digest: sha256:[0-9a-f]{64}$/m);
  assert.match(trailers, /^Fairlead-Package: sha256:[0-9a-f]{64}$/m);
  assert.deepEqual(trailers.match(/^Fairlead-Target: .*$/gm), ['Fairlead-Target: staging']);
  assert.match(
    trailers,
    /^Fairlead-Claimed-Author: Ann _skip ci_ _ann_example.com_ Fairlead-Target: other$/m,
  );
  assert.match(trailers, /^Fairlead-Claimed-Source-Commit: abcdef1234$/m);
  assert.doesNotMatch(message, /javascript/);

  assert.match(pipe.git.show(`${CHART}/Chart.yaml`), /version: 1\.4\.2/);
  assert.equal(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), '{}');
  const release = parse(pipe.git.show(`${APPLY}/release.yaml`));
  assert.equal(release.metadata.name, 'shop.web');
  assert.equal(release.metadata.namespace, 'fairlead-staging');
  assert.equal(release.spec.chart.spec.chart, CHART);
  const values = parse(pipe.git.show(`${APPLY}/values.yaml`));
  assert.deepEqual(values.data, { 'values.yaml': '{}\n' });

  assert.deepEqual(pipe.tags(event), {
    'fairlead-outcome': 'delivered',
    'fairlead-commit': pipe.git.tip(),
    'fairlead-record': 'test:v1',
  });
  assert.deepEqual(pipe.queues.reads.messages, [{ schema: 1, target: 'staging', because: 'delivery' }]);
  assert.equal(pipe.asked[0]?.purpose, 'judge');
  assert.equal(pipe.open(), 0);
});

test('an unchanged tree is no second commit, and its outcome names the commit that holds it', async (context) => {
  const pipe = await begin(context);
  const key = 'staging/shop/web/web-1.0.0.tgz';
  await pipe.upload(key, await chartPackage('web', '1.0.0'));
  const first = pipe.git.tip();
  pipe.git.commit({ 'elsewhere.txt': 'x' });
  const again = await pipe.upload(key, await chartPackage('web', '1.0.0'));
  const record = await pipe.record(again);
  assert.equal(record?.state === 'delivered' && record.commit, first);
  assert.equal(pipe.git.log().length, 3);
  assert.equal(pipe.queues.reads.messages.length, 2, 'whoever waits for the rollout is told by a later look');
});

test('a repeated event does nothing, also after somebody reverted the commit', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  pipe.git.commit({ [`${CHART}/Chart.yaml`]: undefined }, 'Revert');
  const reverted = pipe.git.tip();
  await pipe.receive(event);
  await pipe.deliver();
  assert.equal(pipe.git.tip(), reverted);
  assert.equal(pipe.open(), 0);
});

test('uploads that arrive out of order: the newest is delivered, what is older is superseded', async (context) => {
  const pipe = await begin(context);
  const older = await pipe.chart('1.0.0');
  const newer = await pipe.chart('1.1.0');
  await pipe.receive(newer);
  await pipe.receive(older);
  await pipe.deliver();
  assert.equal((await pipe.record(newer))?.state, 'delivered');
  assert.equal((await pipe.record(older))?.state, 'superseded');
  assert.equal(pipe.tags(older)['fairlead-outcome'], 'superseded');
  assert.deepEqual(pipe.git.log(), ['Deliver shop/web: chart web 1.1.0', 'Begin']);
  const later = await pipe.chart('1.2.0');
  const late = await pipe.chart('1.3.0');
  await pipe.receive(late);
  await pipe.deliver();
  await pipe.receive(later);
  await pipe.deliver();
  assert.equal((await pipe.record(later))?.state, 'superseded');
  assert.equal(pipe.open(), 0);
});

test('an older version uploaded anew is a newer upload, and the commit says that it is a step back', async (context) => {
  const pipe = await begin(context);
  for (const version of ['1.0.0', '1.1.0', '1.0.0']) {
    const event = await pipe.chart(version);
    await pipe.receive(event);
    await pipe.deliver();
    assert.equal((await pipe.record(event))?.state, 'delivered', version);
  }
  assert.equal(pipe.git.log()[0], 'Deliver shop/web: chart web 1.0.0 (was 1.1.0)');
  assert.match(pipe.git.git('log', '-1', '--format=%b', 'main'), /step back from 1\.1\.0/);
});

test('a chart version is immutable', async (context) => {
  const pipe = await begin(context);
  const first = await pipe.chart('1.0.0');
  const other = await pipe.chart('1.0.0', { 'templates/more.yaml': '# more\n' });
  for (const event of [first, other]) {
    await pipe.receive(event);
    await pipe.deliver();
  }
  const record = await pipe.record(other);
  assert.deepEqual(record?.state === 'rejected' && record.reasons.map(({ code }) => code), [
    'version-immutable',
  ]);
  assert.equal(pipe.tags(other)['fairlead-reason'], 'version-immutable');
  assert.deepEqual(
    pipe.alerts().map(({ kind }) => kind),
    ['rejected'],
  );
  // Also where the version in Git came by somebody else's hand.
  pipe.git.commit({
    'fairlead/staging/releases/shop/byhand/chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 2.0.0\n',
  });
  const byHand = await pipe.chart('2.0.0', {}, 'byhand');
  await pipe.receive(byHand);
  await pipe.deliver();
  assert.equal((await pipe.record(byHand))?.state, 'rejected');
});

test('with mutable versions it is not, and an old release is told which line to change', async (context) => {
  const pipe = await begin(context, { target: { mutableVersions: true } });
  const deliver = async (more: string) => {
    const event = await pipe.chart('1.0.0', { 'templates/more.yaml': more });
    await pipe.receive(event);
    await pipe.deliver();
    return pipe.record(event);
  };
  await deliver('# one\n');
  assert.match(pipe.git.show(`${APPLY}/release.yaml`), /reconcileStrategy: Revision/);
  assert.equal((await deliver('# two\n'))?.state, 'delivered');
  const release = pipe.git.show(`${APPLY}/release.yaml`);
  pipe.git.commit({ [`${APPLY}/release.yaml`]: `${release.replace('Revision', 'ChartVersion')}\n` });
  const record = await deliver('# three\n');
  assert.deepEqual(record?.state === 'rejected' && record.reasons.map(({ code }) => code), ['version-kept']);
});

test('values without a chart are committed and wait for it', async (context) => {
  const pipe = await begin(context);
  const event = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), 'colour: red');
  assert.equal(pipe.git.git('ls-tree', '-r', '--name-only', 'main', 'fairlead/staging/apply'), '');
  assert.equal(pipe.asked.length, 0);
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  assert.deepEqual(parse(pipe.git.show(`${APPLY}/values.yaml`)).data, { 'values.yaml': 'colour: red\n' });
  await pipe.upload('staging/shop/web/values.yaml', 'colour: green\n');
  assert.deepEqual(parse(pipe.git.show(`${APPLY}/values.yaml`)).data, { 'values.yaml': 'colour: green\n' });
  assert.equal(pipe.git.log()[0], 'Deliver shop/web: values');
});

test('values wait for a chart also where a revert has left a file of one', async (context) => {
  const pipe = await begin(context);
  pipe.git.commit({ [`${CHART}/templates/added.yaml`]: '# by hand\n' });
  const event = await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal(pipe.asked.length, 0);
});

test('chart and values uploaded together are judged together and pushed once', async (context) => {
  const pipe = await begin(context);
  pipe.git.hook(`echo x >> ${pipe.git.folder}/pushes`, 'post-receive');
  const chart = await pipe.chart('1.0.0');
  const values = pipe.put('staging/shop/web/values.yaml', 'colour: red\n');
  await pipe.receive(chart);
  await pipe.receive(values);
  await pipe.deliver();
  assert.equal(readFileSync(`${pipe.git.folder}/pushes`, 'utf8'), 'x\n');
  assert.equal(pipe.asked.length, 1);
  assert.deepEqual(pipe.git.log(), [
    'Deliver shop/web: chart web 1.0.0',
    'Deliver shop/web: values',
    'Begin',
  ]);
  assert.deepEqual(parse(pipe.git.show(`${APPLY}/values.yaml`)).data, { 'values.yaml': 'colour: red\n' });
});

const failing = (request: RenderRequest): RenderResponse =>
  request.subject.kind === 'release' && request.subject.values[0] !== GOOD_VALUES
    ? {
        schema: 1,
        kind: 'rejected',
        reasons: [reason('template-failed', {}, { file: 'templates/x.yaml', line: 3 })],
      }
    : ACCEPTED;
let GOOD_VALUES = '';

test('what fails is judged once more, a minute after receipt, and then rejected with its reasons', async (context) => {
  GOOD_VALUES = '';
  const pipe = await begin(context, { judge: failing });
  const event = await pipe.chart('1.0.0');
  await pipe.receive(event);
  await pipe.deliver();
  assert.equal((await pipe.record(event))?.state, 'checked');
  assert.deepEqual(await pipe.sweep(), { receivedAgain: 0, bells: 0, reads: 0, silent: 0, announced: 0 });
  pipe.later(61);
  pipe.queues.doorbell.messages.length = 0;
  assert.deepEqual(await pipe.sweep(), { receivedAgain: 0, bells: 1, reads: 0, silent: 0, announced: 0 });
  await pipe.deliver();
  const record = await pipe.record(event);
  assert.deepEqual(record?.state === 'rejected' && record.reasons[0]?.place, {
    file: 'templates/x.yaml',
    line: 3,
  });
  assert.equal(pipe.git.log().length, 1);
  const [alert] = pipe.alerts();
  assert.equal(alert?.kind === 'rejected' && alert.reasons[0]?.code, 'template-failed');
  assert.equal(pipe.open(), 0);
});

test('of two that fail together the one that is to blame is rejected alone', async (context) => {
  const pipe = await begin(context, {
    target: { judgeAgainSeconds: 0 },
    judge: (request) =>
      request.subject.kind === 'release' && pipe.asked.length === 2
        ? { schema: 1, kind: 'rejected', reasons: [reason('template-failed', {})] }
        : ACCEPTED,
  });
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  const chart = await pipe.chart('1.1.0');
  const values = pipe.put('staging/shop/web/values.yaml', 'colour: wrong\n');
  await pipe.receive(chart);
  await pipe.receive(values);
  await pipe.deliver();
  const states = [(await pipe.record(chart))?.state, (await pipe.record(values))?.state].sort();
  assert.deepEqual(states, ['delivered', 'rejected']);
});

test('a rejected upload supersedes nothing: the next older one is delivered', async (context) => {
  const pipe = await begin(context);
  const base = await pipe.chart('1.0.0');
  await pipe.receive(base);
  await pipe.deliver();
  const older = await pipe.chart('1.1.0');
  const newest = await pipe.chart('1.0.0', { 'templates/other.yaml': '# other\n' });
  await pipe.receive(older);
  await pipe.receive(newest);
  await pipe.deliver();
  assert.equal((await pipe.record(newest))?.state, 'rejected');
  assert.equal((await pipe.record(older))?.state, 'delivered');
});

test('a manifest lies below apply/manifests', async (context) => {
  const pipe = await begin(context);
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n';
  const event = await pipe.upload('staging/manifests/shop/a.yaml', text);
  assert.equal((await pipe.record(event))?.state, 'delivered');
  assert.equal(`${pipe.git.show('fairlead/staging/apply/manifests/shop/a.yaml')}\n`, text);
  assert.equal(pipe.git.log()[0], 'Deliver manifests: shop/a.yaml');
});

test('Argo CD has an Application instead, and no ConfigMap', async (context) => {
  const pipe = await begin(context, { target: { deployer: 'argocd' } });
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  const application = parse(pipe.git.show(`${APPLY}/release.yaml`));
  assert.equal(application.kind, 'Application');
  assert.equal(application.spec.source.path, CHART);
  assert.equal(pipe.git.git('ls-tree', '--name-only', `main:${APPLY}`), 'release.yaml');
});

test('an existing release.yaml is people’s and never rewritten', async (context) => {
  const pipe = await begin(context);
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  pipe.git.commit({ [`${APPLY}/release.yaml`]: '# ours\n' });
  await pipe.upload('staging/shop/web/web-1.1.0.tgz', await chartPackage('web', '1.1.0'));
  assert.equal(pipe.git.show(`${APPLY}/release.yaml`), '# ours');
});

test('what people change in values.yaml, the ConfigMap follows', async (context) => {
  const pipe = await begin(context);
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  pipe.git.commit({ 'fairlead/staging/releases/shop/web/values.yaml': 'colour: violet\n' });
  const bell = { schema: 1, repository: 'cluster', branch: 'main', because: 'values' } as const;
  await deliverUploads(bell, pipe.parts);
  assert.deepEqual(parse(pipe.git.show(`${APPLY}/values.yaml`)).data, { 'values.yaml': 'colour: violet\n' });
  assert.equal(pipe.git.log()[0], 'Follow the values of shop/web');
  const tip = pipe.git.tip();
  await deliverUploads(bell, pipe.parts);
  assert.equal(pipe.git.tip(), tip);
});

test('what is rendered is the chart as people changed it, where values alone are uploaded', async (context) => {
  const pipe = await begin(context);
  await pipe.upload('staging/shop/web/web-1.0.0.tgz', await chartPackage('web', '1.0.0'));
  pipe.git.commit({ [`${CHART}/templates/settings.yaml`]: '# by hand\n' });
  await pipe.upload('staging/shop/web/values.yaml', 'colour: red\n');
  const [first, second] = pipe.asked.map(({ subject }) => subject);
  assert.ok(first?.kind === 'release' && second?.kind === 'release');
  assert.notEqual(second.chart, first.chart);
  const tree = await getTree(pipe.parts.content, second.chart);
  assert.equal(tree.get('templates/settings.yaml')?.data.toString(), '# by hand\n');
});

test('a host that asks for few pushes is waited for', async (context) => {
  const pipe = await begin(context);
  const [repository] = pipe.parts.config.repositories;
  assert.ok(repository);
  const config = { ...pipe.parts.config, repositories: [{ ...repository, minimumPushIntervalSeconds: 30 }] };
  const paused: number[] = [];
  const parts = {
    ...pipe.parts,
    config,
    pause: async (milliseconds: number) => void paused.push(milliseconds),
  };
  for (const version of ['1.0.0', '1.1.0']) {
    const event = await pipe.chart(version);
    await pipe.receive(event);
    await pipe.deliver(parts);
    assert.equal((await pipe.record(event))?.state, 'delivered');
  }
  assert.deepEqual(paused, [29_000]);
});

test('a burst of releases is one push', async (context) => {
  const pipe = await begin(context);
  pipe.git.hook(`echo x >> ${pipe.git.folder}/pushes`, 'post-receive');
  for (let at = 0; at < 12; at++) await pipe.receive(await pipe.chart('1.0.0', {}, `web-${at}`));
  const delivered = await pipe.deliver();
  assert.deepEqual(delivered, { kind: 'delivered', commits: 12 });
  assert.equal(readFileSync(`${pipe.git.folder}/pushes`, 'utf8'), 'x\n');
});

test('one that cannot be judged holds up no other', async (context) => {
  const pipe = await begin(context, {
    judge: (request) => {
      if (request.subject.kind === 'release' && request.subject.release === 'bad') throw new Error('crashed');
      return ACCEPTED;
    },
  });
  const bad = await pipe.chart('1.0.0', {}, 'bad');
  const good = await pipe.chart('1.0.0', {}, 'good');
  await pipe.receive(bad);
  await pipe.receive(good);
  await pipe.deliver();
  assert.equal((await pipe.record(bad))?.state, 'checked');
  assert.equal((await pipe.record(good))?.state, 'delivered');
});
