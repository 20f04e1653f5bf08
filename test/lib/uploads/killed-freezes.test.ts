import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { freezeOf, readFreezes } from '../../../lib/uploads/record/freezes.ts';
import { dying, heal, Killed } from './dying.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

async function begin(context: TestContext): Promise<Pipeline> {
  const pipe = await pipeline();
  context.after(() => pipe.stop());
  return pipe;
}

/** @returns whether it was not killed at all: it makes fewer calls */
async function killedAt(pipe: Pipeline, event: ObjectCreated, at: number, when: 'before' | 'after') {
  const { parts, calls } = dying(pipe.parts, at, when);
  try {
    await pipe.receive(event, parts);
    await pipe.deliver(parts);
  } catch (error) {
    assert.ok(error instanceof Killed, String(error));
  }
  const survived = calls() < at;
  // Killed before the record's first write nobody knows of it but the queue, which tells again.
  await pipe.receive(event);
  await heal(pipe);
  return survived;
}

const frozen = async (pipe: Pipeline, release: string) =>
  freezeOf(await readFreezes(pipe.table, 'staging'), { kind: 'release', namespace: 'shop', release });

for (const when of ['before', 'after'] as const)
  test(`killed ${when} any call, a freeze still ends as a freeze, and a thaw as none`, async (context) => {
    const pipe = await begin(context);
    const tip = pipe.git.tip();
    for (let at = 1, done = false; !done; at++) {
      const release = `web-${at}`;
      const scope = { kind: 'release', namespace: 'shop', release } as const;
      const freeze = pipe.command({ kind: 'freeze', scope });
      done = await killedAt(pipe, freeze, at, when);
      assert.equal((await pipe.record(freeze))?.state, 'done', `killed ${when} call ${at}`);
      assert.equal(pipe.tags(freeze)['fairlead-outcome'], 'done', `killed ${when} call ${at}`);
      assert.ok(await frozen(pipe, release), `killed ${when} call ${at}`);

      const thaw = pipe.command({ kind: 'unfreeze', scope });
      await killedAt(pipe, thaw, at, when);
      assert.equal((await pipe.record(thaw))?.state, 'done', `killed ${when} call ${at}`);
      assert.equal(await frozen(pipe, release), undefined, `killed ${when} call ${at}`);
      assert.equal(pipe.open(), 0);
    }
    assert.equal(pipe.git.tip(), tip);
  });

for (const when of ['before', 'after'] as const)
  test(`killed ${when} any call, an upload that comes to what is frozen says so in its tags, and thawed no more`, async (context) => {
    const pipe = await begin(context);
    const scope = { kind: 'target' } as const;
    for (let at = 1, done = false; !done; at++) {
      await pipe.receive(pipe.command({ kind: 'freeze', scope }));
      await pipe.deliver();
      const upload = await pipe.chart('1.0.0', {}, `web-${at}`);
      done = await killedAt(pipe, upload, at, when);
      assert.equal(pipe.tags(upload)['fairlead-outcome'], 'frozen', `killed ${when} call ${at}`);
      await pipe.receive(pipe.command({ kind: 'unfreeze', scope }));
      await pipe.deliver();
      assert.equal(pipe.tags(upload)['fairlead-outcome'], 'delivered', `killed ${when} call ${at}`);
      assert.equal(pipe.open(), 0);
    }
  });
