import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext) {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

const PROVENANCE = 'staging/shop/web/web-1.0.0.tgz.prov';

/** What the sweep sends back, until nothing is left to send. */
async function sweepRound(pipe: Pipeline) {
  await pipe.sweep();
  for (const event of pipe.queues.received.messages.splice(0)) await pipe.receive(event);
}

const outcomeOf = async (pipe: Pipeline, event: ObjectCreated) => {
  const record = await pipe.record(event);
  return record?.state === 'delivered' ? [record.state, record.commit] : [record?.state];
};

test('evidence that came first is delivered with its package: the same commit, in record and tags', async (context) => {
  const pipe = await begin(context);
  const evidence = pipe.put(PROVENANCE, 'signed');
  await pipe.receive(evidence);
  assert.deepEqual(await outcomeOf(pipe, evidence), ['received']);
  const chart = await pipe.chart('1.0.0');
  await pipe.receive(chart);
  pipe.later(301);
  await sweepRound(pipe);
  assert.deepEqual(await outcomeOf(pipe, evidence), ['received'], 'its package waits');
  await pipe.deliver();
  await sweepRound(pipe);
  assert.deepEqual(await outcomeOf(pipe, evidence), ['delivered', pipe.git.tip()]);
  assert.equal(pipe.tags(evidence)['fairlead-commit'], pipe.git.tip());
  assert.equal(pipe.open(), 0);
});

test('evidence is rejected with its package, and people are told once', async (context) => {
  const pipe = await begin(context);
  const chart = pipe.put('staging/shop/web/web-1.0.0.tgz', 'no package');
  const evidence = pipe.put('staging/shop/web/web-1.0.0.tgz.sigstore.json', '{}');
  await pipe.receive(chart);
  await pipe.receive(evidence);
  pipe.later(301);
  await sweepRound(pipe);
  const [one, other] = [await pipe.record(chart), await pipe.record(evidence)];
  assert.ok(one?.state === 'rejected' && other?.state === 'rejected');
  assert.deepEqual(other.reasons, one.reasons);
  assert.equal(pipe.tags(evidence)['fairlead-reason'], 'package-unreadable');
  assert.deepEqual(
    pipe.alerts().map(({ scope }) => scope),
    [chart.detail.object.key],
  );
  assert.equal(pipe.open(), 0);
});

test('evidence that comes with a new version of its package does not end as the old one', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(await pipe.chart('1.0.0'));
  await pipe.deliver();
  const evidence = pipe.put(PROVENANCE, 'signed');
  await pipe.receive(evidence);
  assert.deepEqual(await outcomeOf(pipe, evidence), ['received']);
  const other = await pipe.chart('1.0.0', { 'templates/more.yaml': '# other content\n' });
  await pipe.receive(other);
  await pipe.deliver();
  pipe.later(301);
  await sweepRound(pipe);
  assert.deepEqual(await outcomeOf(pipe, other), ['rejected']);
  assert.deepEqual(await outcomeOf(pipe, evidence), ['rejected']);
});

test('evidence without a package ends after a day, and says what is missing', async (context) => {
  const pipe = await begin(context);
  const evidence = pipe.put(PROVENANCE, 'signed');
  await pipe.receive(evidence);
  pipe.later(23 * 3600);
  await sweepRound(pipe);
  assert.deepEqual(await outcomeOf(pipe, evidence), ['received']);
  pipe.later(3600);
  await sweepRound(pipe);
  const record = await pipe.record(evidence);
  assert.ok(record?.state === 'rejected');
  assert.equal(record.reasons[0]?.code, 'evidence-without-package');
  assert.match(record.reasons[0].message, /web-1\.0\.0\.tgz/);
  assert.equal(pipe.alerts().length, 1);
  assert.equal(pipe.open(), 0);
});

test('evidence that waits for long is looked at four times an hour, not each minute', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(pipe.put(PROVENANCE, 'signed'));
  let looked = 0;
  for (let minute = 0; minute < 180; minute++) {
    pipe.later(60);
    looked += (await pipe.sweep()).receivedAgain;
  }
  assert.ok(looked >= 11 && looked <= 24, `${looked} times in three hours`);
});
