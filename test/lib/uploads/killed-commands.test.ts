import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { VerdictItem } from '../../../lib/checks/verdict-items.ts';
import type { Verb } from '../../../lib/commands/command.ts';
import { readMark } from '../../../lib/uploads/record/slots.ts';
import { type Pipeline, pipeline } from './pipeline.ts';

class Killed extends Error {
  override readonly name = 'Killed';
}

const WEB = { namespace: 'shop', release: 'web' };
const production = {
  name: 'production',
  repository: 'cluster',
  deployer: 'flux' as const,
  namespaces: ['shop'],
};

/** Two deliveries in staging, the second proven by a check. */
async function begin(context: TestContext): Promise<Pipeline> {
  const pipe = await pipeline({ targets: [production] });
  context.after(() => pipe.stop());
  for (const version of ['1.4.1', '1.4.2']) await pipe.receive(await pipe.chart(version));
  await pipe.deliver();
  await pipe.receive(await pipe.chart('1.4.3'));
  await pipe.deliver();
  const mark = await readMark(pipe.table, 'staging/shop/web/chart');
  const verdict: VerdictItem = {
    commit: pipe.git.tip(),
    at: pipe.parts.now().toISOString(),
    verdict: 'in-sync',
    findings: 0,
    unready: 0,
  };
  const key = { pk: 'target#staging', schema: 1, version: 1 };
  await pipe.table.put({ ...key, ...verdict, sk: 'verdict#target' }, 'absent');
  const own = { chart: mark?.chart, chartTree: mark?.digest };
  await pipe.table.put({ ...key, ...verdict, ...own, sk: 'verdict#shop/web' }, 'absent');
  return pipe;
}

/** Dies at its n-th write of the table, before or after that is done. @returns whether it came so far */
async function deliverUntil(
  pipe: Pipeline,
  death: { readonly at: number; readonly when: 'before' | 'after' },
): Promise<'killed' | 'ended'> {
  let writes = 0;
  const table: Pipeline['table'] = {
    ...pipe.table,
    async put(item, expected) {
      writes += 1;
      // Nothing more comes from a process that was killed.
      if (writes > death.at || (writes === death.at && death.when === 'before')) throw new Killed();
      const written = await pipe.table.put(item, expected);
      if (writes === death.at) throw new Killed();
      return written;
    },
  };
  await pipe.deliver({ ...pipe.parts, table }).catch((error: unknown) => {
    assert.ok(error instanceof Killed, String(error));
  });
  return writes >= death.at ? 'killed' : 'ended';
}

const VERBS: readonly (readonly [target: string, verb: Verb])[] = [
  ['staging', { kind: 'rollback', release: WEB }],
  ['production', { kind: 'promote', from: 'staging', release: WEB }],
  ['staging', { kind: 'remove', what: { kind: 'release', ...WEB } }],
];

/** More writes than any of them makes. */
const WRITES = 20;

for (const [target, verb] of VERBS)
  for (const when of ['before', 'after'] as const)
    test(`${verb.kind}: whoever dies right ${when} a write, whichever it was, the end is the same and one commit`, async (context) => {
      const pipe = await begin(context);
      const tip = pipe.git.tip();
      const before = new Map([...pipe.table.items].map(([name, item]) => [name, structuredClone(item)]));
      let kills = 0;
      for (let at = 1; at <= WRITES; at++) {
        const event = pipe.command(verb, { target });
        await pipe.receive(event);
        const outcome = await deliverUntil(pipe, { at, when });
        if (outcome === 'killed') {
          kills += 1;
          pipe.later(60);
          await pipe.deliver();
        }
        const record = await pipe.record(event);
        assert.ok(record?.state === 'delivered', `killed at ${at}: ${JSON.stringify(record)}`);
        assert.equal(record.commit, pipe.git.tip());
        assert.equal(pipe.git.git('rev-list', '--count', `${tip}..main`), '1', `killed at ${at}`);
        assert.equal(pipe.open(), 0);
        if (outcome === 'ended') break;
        // Back to where it began: branch and table.
        pipe.git.git('update-ref', 'refs/heads/main', tip);
        pipe.table.items.clear();
        for (const [name, item] of before) pipe.table.items.set(name, structuredClone(item));
      }
      assert.ok(kills >= 4 && kills < WRITES, `${kills} kills`);
    });
