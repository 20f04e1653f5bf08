import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAll } from './run.ts';
import { SABOTAGES, type SabotageName, withSabotage } from './sabotage.ts';

/** `npm run incidents-model` plays thousands. */
const RUNS = 300;
/** Within as many runs each fault is found; most are within fifty. */
const RUNS_UNTIL_FOUND = 1500;
const SEED = 7;
/** To be mended: what is beside a hidden object is told with what is hidden as gone. */
const KNOWN = ['what nobody could see has not gone'];

describe('incidents, when checks race and die and come late', () => {
  test(`hold what they promise in ${RUNS} runs`, async () => {
    const { violation, runs, kinds } = await runAll(RUNS, SEED, { beside: KNOWN });
    assert.equal(
      violation?.why,
      undefined,
      `npm run incidents-model -- --seed ${SEED} --path ${violation?.path}`,
    );
    assert.equal(runs, RUNS);
    for (const kind of [
      'drift',
      'drift-changed',
      'converged',
      'stalled',
      'rolled-out',
      'unknown',
      'known-again',
    ])
      assert.ok((kinds[kind] ?? 0) > 0, `no run has told ${kind}`);
  });

  for (const name of Object.keys(SABOTAGES) as SabotageName[])
    test(`and runs find it out when the code has the fault ${name}`, async () => {
      const { violation, runs } = await withSabotage(name, ({ runAll: sabotaged }) =>
        sabotaged(RUNS_UNTIL_FOUND, SEED, { shrink: 'no', beside: KNOWN }),
      );
      assert.ok(violation !== undefined, `not within ${runs} runs`);
    });
});
