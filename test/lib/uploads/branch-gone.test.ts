import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../lib/content/tree.ts';
import { readNewest, recordNewest } from '../../../lib/desired/sequence.ts';
import { type Pipeline, pipeline } from './pipeline.ts';
import { proposing } from './proposing.ts';

/** The branch was renamed, or taken away for a while. */
const OTHER = 'fairlead/staging/releases/shop/other/chart/Chart.yaml';

/** As read-desired leaves it. */
async function read(pipe: Pick<Pipeline, 'table' | 'git' | 'parts'>) {
  const commit = pipe.git.tip();
  const at = pipe.parts.now().toISOString();
  const desired = digestOf(commit);
  await recordNewest(pipe.table, 'staging', await readNewest(pipe.table, 'staging'), { commit, desired, at });
}

/** @returns what puts it back */
function takeAway(pipe: Pick<Pipeline, 'git'>): () => void {
  pipe.git.git('branch', '-m', 'main', 'trunk');
  return () => pipe.git.git('branch', '-m', 'trunk', 'main');
}

test('a branch that is gone is not begun anew with one release: all waits, people hear of it, and it goes on', async (context) => {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  await pipe.receive(await pipe.chart('1.0.0', {}, 'other'));
  await pipe.deliver();
  await read(pipe);
  const putBack = takeAway(pipe);
  const upload = await pipe.chart('1.0.0');
  await pipe.receive(upload);
  const remove = pipe.command({
    kind: 'remove',
    what: { kind: 'release', namespace: 'shop', release: 'other' },
  });
  await pipe.receive(remove);
  const outcome = await pipe.deliver();
  assert.equal(outcome.kind, 'blocked', JSON.stringify(outcome));
  assert.throws(() => pipe.git.tip('main'));
  const states = async () => [(await pipe.record(upload))?.state, (await pipe.record(remove))?.state];
  assert.deepEqual(await states(), ['checked', 'checked']);
  const [alert] = pipe.alerts();
  assert.match(alert?.kind === 'blocked' ? alert.reason : '', /"main" is not there any more/);
  putBack();
  await pipe.deliver();
  assert.deepEqual(await states(), ['delivered', 'delivered']);
  assert.deepEqual(pipe.git.log(), [
    'Deliver shop/web: chart web 1.0.0',
    'Remove release shop/other',
    'Deliver shop/other: chart web 1.0.0',
    'Begin',
  ]);
  assert.throws(() => pipe.git.show(OTHER));
});

for (const known of ['that was read before', 'of which nobody knows'] as const)
  test(`with a base ${known} gone, an open pull request keeps its branch, and nothing is opened`, async (context) => {
    const pipe = await proposing(context);
    const proposed = await pipe.chart('1.0.0');
    const head = pipe.git.tip('fairlead/staging/shop/web');
    if (known === 'that was read before') await read(pipe);
    const putBack = takeAway(pipe);
    const next = await pipe.chart('1.1.0');
    const other = await pipe.chart('1.0.0', {}, 'other');
    await pipe.poll();
    assert.equal(pipe.git.tip('fairlead/staging/shop/web'), head);
    assert.throws(() => pipe.git.tip('fairlead/staging/shop/other'));
    assert.deepEqual([await pipe.state(proposed), await pipe.state(next)], ['proposed', 'checked']);
    putBack();
    await pipe.poll();
    assert.deepEqual([await pipe.state(next), await pipe.state(other)], ['proposed', 'proposed']);
    assert.deepEqual(pipe.git.log('fairlead/staging/shop/web').at(-1), 'Begin');
    assert.equal(pipe.open().length, 2);
  });
