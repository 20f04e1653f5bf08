import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirement } from '../../requirements.ts';
import { CASES } from './cases.ts';
import { judgeCorpus } from './corpus.ts';
import { type Line, startLine } from './line.ts';
import { runCase } from './run-case.ts';

/** One of each family, none of them slow: that `npm run hostile` would find what it is there to find. */
const CHOSEN = [
  'zeros behind the gzip',
  'a .helmignore of everyday',
  'values with a key twice, deep down',
  'lists 20,000 deep',
  '$ref to the network',
  'a pattern that takes for ever',
  'output that nests 5,000 deep',
];
/** The machine is busy with other tests: how long it takes is the suite's question. */
const PATIENT = { seconds: 60, processMib: 1024, childrenMib: 1024 };

let line: Line;
before(async () => {
  line = await startLine();
});
after(() => line.stop());

for (const [index, name] of CHOSEN.entries())
  test(name, async () => {
    const found = CASES.find((each) => each.name === name);
    assert.ok(found !== undefined, 'there is no such case');
    assert.deepEqual((await runCase(line, { ...found, limits: PATIENT }, index)).wrong, []);
  });

test('what is delivered although it should be refused is found out, and so is a secret that shows', async () => {
  const [harmless] = CASES.filter(({ name }) => name === 'a .helmignore of everyday');
  assert.ok(harmless !== undefined);
  const claimed = {
    ...harmless,
    limits: PATIENT,
    expected: { kind: 'rejected', codes: ['yaml-invalid'] },
    secrets: ['fairlead'],
  } as const;
  const { wrong } = await runCase(line, claimed, CHOSEN.length);
  assert.ok(wrong.includes('expected rejected, got delivered'), wrong.join('\n'));
  assert.ok(wrong.includes('a planted secret is in the tags'), wrong.join('\n'));
});

test('what public charts render to passes, or is defended by name', requirement('shared'), async () => {
  const outcomes = await Array.fromAsync(judgeCorpus((chart) => chart.startsWith('grafana')));
  assert.ok(outcomes.length > 5);
  for (const { chart, wrong } of outcomes) assert.deepEqual(wrong, [], chart);
});
