import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAll } from './run.ts';
import { withSabotage } from './sabotage.ts';
import { SABOTAGES, type SabotageName } from './sabotages.ts';

/** `npm run incidents-model` plays thousands. */
const RUNS = 300;
/** Within as many runs each fault is found; most are within fifty. */
const RUNS_UNTIL_FOUND = 1500;
const SEED = 7;
/** What never comes was never tried. */
const KINDS = [
  'summary',
  'drift',
  'drift, quiet',
  'drift of many',
  'drift-changed',
  'drift-changed of many',
  'reminder',
  'converged',
  'converged of many',
  'stalled',
  'rolled-out',
  'unknown',
  'unknown of many',
  'known-again',
];

describe('incidents, when checks race and die and come late', () => {
  test(`hold what they promise in ${RUNS} runs`, async () => {
    const { violation, runs, kinds } = await runAll(RUNS, SEED);
    assert.equal(
      violation?.why,
      undefined,
      `npm run incidents-model -- --seed ${SEED} --path ${violation?.path}`,
    );
    assert.equal(runs, RUNS);
    for (const kind of KINDS) assert.ok((kinds[kind] ?? 0) > 0, `no run has told ${kind}`);
  });

  for (const name of Object.keys(SABOTAGES) as SabotageName[])
    test(`and runs find it out when the code has the fault ${name}`, async () => {
      const { violation, runs } = await withSabotage(name, ({ runAll: sabotaged }) =>
        sabotaged(RUNS_UNTIL_FOUND, SEED, { shrink: 'no' }),
      );
      assert.ok(violation !== undefined, `not within ${runs} runs`);
    });
});
