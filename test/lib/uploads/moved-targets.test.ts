import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Verb } from '../../../lib/commands/command.ts';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { readFreezes } from '../../../lib/uploads/record/freezes.ts';
import { DAY, deliverTo, movedTo, other, sweepHourly } from './moving.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

/** What waits while its target moves to another branch. */
const WEB = { namespace: 'shop', release: 'web' };

async function begin(context: TestContext) {
  const pipe = await pipeline({ targets: [other] });
  context.after(() => pipe.stop());
  return pipe;
}

test('a command whose target moves before it is carried out says so and changes nothing; a freeze holds', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(await pipe.chart('1.0.0'));
  await pipe.deliver();
  pipe.git.git('branch', 'live', 'main');
  const verbs: readonly Verb[] = [
    { kind: 'remove', what: { kind: 'release', ...WEB } },
    { kind: 'freeze', scope: { kind: 'target' } },
  ];
  const [remove, freeze] = verbs.map((verb) => pipe.command(verb)) as [ObjectCreated, ObjectCreated];
  for (const event of [remove, freeze]) await pipe.receive(event);
  const moved = movedTo(pipe, 'live');
  await deliverTo('main', moved);
  assert.equal((await pipe.record(remove))?.state, 'checked');
  await sweepHourly(pipe, moved);
  await deliverTo('live', moved);
  const record = await pipe.record(remove);
  assert.deepEqual(record?.state === 'rejected' && record.reasons.map(({ code }) => code), [
    'command-target-moved',
  ]);
  assert.match(
    record?.state === 'rejected' ? (record.reasons[0]?.message ?? '') : '',
    /from branch main of cluster to branch live of cluster/,
  );
  assert.equal((await pipe.record(freeze))?.state, 'done');
  assert.equal((await readFreezes(pipe.table, 'staging')).length, 1);
  assert.deepEqual(pipe.git.log('live'), ['Deliver shop/web: chart web 1.0.0', 'Begin']);
});

test('a command whose push landed before its branch was renamed is delivered by that commit', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(await pipe.chart('1.0.0'));
  await pipe.deliver();
  const remove = pipe.command({ kind: 'remove', what: { kind: 'release', ...WEB } });
  await pipe.receive(remove);
  let dead = false;
  const table: Pipeline['table'] = {
    ...pipe.table,
    async put(item, expected) {
      if (item.state === 'delivered') dead = true;
      if (dead) throw new Error('killed');
      return pipe.table.put(item, expected);
    },
  };
  await assert.rejects(pipe.deliver({ ...pipe.parts, table }), /killed/);
  const commit = pipe.git.tip();
  pipe.git.git('branch', '-m', 'main', 'live');
  const moved = movedTo(pipe, 'live');
  await sweepHourly(pipe, moved);
  await deliverTo('live', moved);
  const record = await pipe.record(remove);
  assert.equal(record?.state === 'delivered' && record.commit, commit, JSON.stringify(record));
  assert.equal(pipe.git.tip('live'), commit);
});

test('what has been frozen for long goes where its target is now, and is delivered once it is thawed', async (context) => {
  const pipe = await begin(context);
  const scope = { kind: 'release', ...WEB } as const;
  await pipe.receive(pipe.command({ kind: 'freeze', scope }));
  await pipe.deliver();
  const upload = await pipe.chart('1.0.0');
  await pipe.receive(upload);
  await pipe.deliver();
  await sweepHourly(pipe, pipe.parts);
  pipe.later(10 * DAY);
  pipe.git.git('branch', 'live', 'main');
  const moved = movedTo(pipe, 'live');
  await deliverTo('main', moved);
  assert.equal((await pipe.record(upload))?.state, 'checked', 'it has not failed');
  await sweepHourly(pipe, moved);
  await deliverTo('live', moved);
  assert.equal(pipe.tags(upload)['fairlead-outcome'], 'frozen');
  await pipe.receive(pipe.command({ kind: 'unfreeze', scope }), moved);
  await deliverTo('live', moved);
  assert.equal((await pipe.record(upload))?.state, 'delivered');
  assert.deepEqual(pipe.git.log('live'), ['Deliver shop/web: chart web 1.0.0', 'Begin']);
});

test('a target that is taken out ends what was frozen for long, and its line is forgotten', async (context) => {
  const pipe = await begin(context);
  await pipe.receive(pipe.command({ kind: 'freeze', scope: { kind: 'target' } }));
  const upload = await pipe.chart('1.0.0');
  await pipe.receive(upload);
  await pipe.deliver();
  await sweepHourly(pipe, pipe.parts);
  pipe.later(10 * DAY);
  const { config } = pipe.parts;
  const targets = config.targets.filter(({ name }) => name !== 'staging');
  const without = { ...pipe.parts, config: { ...config, targets } };
  for (let hour = 0; hour < 2; hour++) await sweepHourly(pipe, without);
  const record = await pipe.record(upload);
  assert.deepEqual(record?.state === 'rejected' && record.reasons.map(({ code }) => code), [
    'key-unknown-target',
  ]);
  const lines = [...pipe.table.items.values()].filter(({ pk }) => pk === 'lines');
  assert.deepEqual(
    lines.map(({ target }) => target),
    ['other'],
  );
});
