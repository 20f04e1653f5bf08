import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';
import { archives } from './archives.ts';
import type { HostileCase } from './case.ts';
import { chartFiles } from './chart-files.ts';
import { startLine } from './line.ts';
import { names } from './names.ts';
import { type Outcome, runCase } from './run-case.ts';
import { yaml } from './yaml.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    only: { type: 'string' },
    family: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const all: readonly HostileCase[] = [...archives, ...names, ...chartFiles, ...yaml];
const chosen = all.filter(
  ({ name, family }) =>
    (values.only === undefined || name === values.only) &&
    (values.family === undefined || family === values.family),
);
let line = await startLine();
const outcomes: Outcome[] = [];
try {
  for (const [index, each] of chosen.entries()) {
    const outcome = await runCase(line, each, index);
    outcomes.push(outcome);
    console.log(
      `${outcome.wrong.length === 0 ? 'right' : 'WRONG'} ${outcome.seconds.toFixed(2)}s ${outcome.peaks.own.toFixed(0)} ${outcome.peaks.children.toFixed(0)} ${each.name}: ${outcome.got} ${outcome.by}`,
    );
    for (const why of outcome.wrong) console.log(`   ${why}`);
    if (outcome.got === 'nothing') {
      await line.stop();
      line = await startLine();
    }
  }
} finally {
  await line.stop();
}
exit(outcomes.some(({ wrong }) => wrong.length > 0) ? 1 : 0);
