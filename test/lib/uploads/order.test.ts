import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { orderOf, rightAfter } from '../../../lib/uploads/record/order.ts';
import { sweep } from '../../../lib/uploads/sweep.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext) {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

/** S3 gives whole seconds; all of them in the same one. */
const SECOND = new Date('2026-11-21T12:00:00Z');

/** The hourly comparison, to which every version has been there for an hour, and what it sends, in any order. */
async function compare(pipe: Pipeline, order: (events: ObjectCreated[]) => ObjectCreated[] = (all) => all) {
  const versions = async function* () {
    for await (const version of pipe.uploads.versions()) yield { ...version, lastModified: SECOND };
  };
  const now = () => new Date(SECOND.getTime() + 3_600_000);
  const parts = { ...pipe.parts, now, uploads: { versions }, received: pipe.queues.received };
  await sweep({ schema: 1, sweep: 'hours' }, parts);
  const sent = pipe.queues.received.messages.splice(0);
  for (const event of order(sent)) await pipe.receive(event);
  await pipe.deliver();
  return sent.length;
}

const statesOf = async (pipe: Pipeline, events: readonly ObjectCreated[]) =>
  Promise.all(events.map(async (event) => (await pipe.record(event))?.state));

const VALUES = 'staging/shop/web/values.yaml';

for (const [name, order] of [
  ['as sent', (all: ObjectCreated[]) => all],
  ['in reverse', (all: ObjectCreated[]) => all.toReversed()],
] as const)
  test(`versions of one key and one second, all unheard of, keep their order, received ${name}`, async (context) => {
    const pipe = await begin(context);
    const lost = ['one', 'two', 'three'].map((colour) => pipe.put(VALUES, `colour: ${colour}\n`));
    assert.equal(await compare(pipe, order), 3);
    assert.deepEqual(await statesOf(pipe, lost), ['superseded', 'superseded', 'delivered']);
    assert.match(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), /three/);
    assert.equal(await compare(pipe), 0);
  });

test('a lost one that came after one that was heard of, in the same second, is the newer one', async (context) => {
  const pipe = await begin(context);
  const heard = pipe.put(VALUES, 'colour: heard\n');
  await pipe.receive({ ...heard, time: SECOND.toISOString() });
  await pipe.deliver();
  const lost = pipe.put(VALUES, 'colour: lost\n');
  assert.equal(await compare(pipe), 1);
  assert.deepEqual(await statesOf(pipe, [heard, lost]), ['delivered', 'delivered']);
  assert.match(pipe.git.show('fairlead/staging/releases/shop/web/values.yaml'), /lost/);
});

test('a lost one that came before one that was heard of is superseded', async (context) => {
  const pipe = await begin(context);
  const lost = pipe.put(VALUES, 'colour: lost\n');
  const heard = pipe.put(VALUES, 'colour: heard\n');
  await pipe.receive({ ...heard, time: SECOND.toISOString() });
  await pipe.deliver();
  assert.equal(await compare(pipe), 1);
  assert.deepEqual(await statesOf(pipe, [lost, heard]), ['superseded', 'delivered']);
});

test('among other keys of its slot a lost one counts as the first of its second', async (context) => {
  const pipe = await begin(context);
  const heard = await pipe.chart('1.0.0');
  await pipe.receive({ ...heard, time: SECOND.toISOString() });
  await pipe.deliver();
  const lost = await pipe.chart('1.1.0');
  await compare(pipe);
  assert.deepEqual(await statesOf(pipe, [heard, lost]), ['delivered', 'superseded']);
});

test('the place of what has no sequencer', () => {
  const at = (time: string, sequencer: string) => ({ eventTime: `2026-11-21T12:00:${time}Z`, sequencer });
  const cases = [
    { before: undefined, expected: at('00.000', '0') },
    { before: at('00', '0062E99A88DC407460'), expected: at('00', '62e99a88dc407461') },
    { before: at('59', 'FF'), expected: at('59', '100') },
    { before: { eventTime: '2026-11-21T11:00:00Z', sequencer: 'FF' }, expected: at('00.000', '0') },
  ];
  for (const { before, expected } of cases) {
    const place = rightAfter(before, SECOND);
    assert.deepEqual(place, expected);
    if (before !== undefined) assert.ok(orderOf(place) > orderOf(before));
  }
});
