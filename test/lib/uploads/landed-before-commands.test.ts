import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Verb } from '../../../lib/commands/command.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

class Killed extends Error {
  override readonly name = 'Killed';
}

const WEB = { namespace: 'shop', release: 'web' };

async function begin(context: TestContext): Promise<Pipeline> {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  for (const version of ['1.4.1', '1.4.2']) {
    await pipe.receive(await pipe.chart(version));
    await pipe.deliver();
  }
  return pipe;
}

/** Dies when its push has landed, before any slot's mark says so. */
async function deliverAndDie(pipe: Pipeline): Promise<void> {
  const table: Pipeline['table'] = {
    ...pipe.table,
    async put(item, expected) {
      if (item.pk.startsWith('slot#')) throw new Killed();
      return pipe.table.put(item, expected);
    },
  };
  await assert.rejects(pipe.deliver({ ...pipe.parts, table }), Killed);
}

const VERBS: readonly Verb[] = [
  { kind: 'rollback', release: WEB },
  { kind: 'remove', what: { kind: 'release', ...WEB } },
];

for (const verb of VERBS) {
  test(`${verb.kind}: what was uploaded after it was given has landed, and whoever pushed it died: it goes over nothing that its giver had not seen`, async (context) => {
    const pipe = await begin(context);
    const given = pipe.command(verb);
    const upload = await pipe.chart('1.4.3');
    await pipe.receive(upload);
    await deliverAndDie(pipe);
    const tip = pipe.git.tip();
    await pipe.receive(given);
    pipe.later(60);
    await pipe.deliver();
    const record = await pipe.record(given);
    assert.equal(record?.state, 'superseded', JSON.stringify(record));
    assert.equal(pipe.git.tip(), tip);
    assert.equal((await pipe.record(upload))?.state, 'delivered');
    assert.equal(pipe.open(), 0);
  });
}

test('a command that was given later has landed, and whoever pushed it died: an older one does not undo it', async (context) => {
  const pipe = await begin(context);
  const older = pipe.command({ kind: 'rollback', release: WEB });
  const newer = pipe.command({ kind: 'remove', what: { kind: 'release', ...WEB } });
  await pipe.receive(newer);
  await deliverAndDie(pipe);
  const tip = pipe.git.tip();
  await pipe.receive(older);
  pipe.later(60);
  await pipe.deliver();
  const record = await pipe.record(older);
  assert.equal(record?.state, 'superseded', JSON.stringify(record));
  assert.equal(pipe.git.tip(), tip);
  assert.equal((await pipe.record(newer))?.state, 'delivered');
});
