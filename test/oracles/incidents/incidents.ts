import { parseArgs } from 'node:util';
import { runAll } from './run.ts';
import { SABOTAGES, type SabotageName, withSabotage } from './sabotage.ts';

/**
 * `npm run incidents-model -- --runs N --seed S`: N runs of incidents' life, on the real deciding, telling and
 * publishing. What a run breaks is made as short as it can be, and printed with what plays it again. The last line is
 * JSON; the exit code is 1 where something was broken.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    path: { type: 'string' },
    sabotage: { type: 'string' },
    beside: { type: 'string', multiple: true, default: [] },
  },
});

const whole = (name: string, text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} takes a number from 1 on, not "${text}"`);
  return number;
};

const sabotageOf = (text: string): SabotageName => {
  if (!Object.hasOwn(SABOTAGES, text))
    throw new Error(`--sabotage takes one of ${Object.keys(SABOTAGES).join(', ')}, not "${text}"`);
  return text as SabotageName;
};

const begun = performance.now();
const seed = whole('seed', values.seed);
const runs = whole('runs', values.runs);
// `--beside RULE` sees past a rule that is known to be broken.
const { violation, ...total } =
  values.sabotage === undefined
    ? await runAll(runs, seed, values)
    : await withSabotage(sabotageOf(values.sabotage), (run) => run.runAll(runs, seed, values));
if (violation !== undefined) {
  console.log(violation.why);
  console.log(
    `${violation.scenario.releases} releases, clocks off by ${violation.scenario.skews.join(', ')} minutes, ${JSON.stringify(violation.scenario.expectations)}:`,
  );
  for (const command of violation.scenario.commands) console.log(`  ${JSON.stringify(command)}`);
  console.log(`again: npm run incidents-model -- --seed ${seed} --path ${violation.path}`);
}
const seconds = Math.round((performance.now() - begun) / 100) / 10;
console.log(JSON.stringify({ ...total, violations: violation === undefined ? 0 : 1, seed, seconds }));
process.exitCode = violation === undefined ? 0 : 1;
