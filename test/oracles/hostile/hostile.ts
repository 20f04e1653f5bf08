import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';
import { type Accepted, acceptAll } from './accepted.ts';
import { archives } from './archives.ts';
import { boundary } from './boundary.ts';
import type { HostileCase } from './case.ts';
import { chartFiles } from './chart-files.ts';
import { keys } from './keys.ts';
import { type Line, startLine } from './line.ts';
import { names } from './names.ts';
import { type Outcome, runCase } from './run-case.ts';
import { schemas } from './schemas.ts';
import { secrets } from './secrets.ts';
import { templates } from './templates.ts';
import { yaml } from './yaml.ts';

/**
 * npm run hostile -- [--only NAME] [--family NAME | --family accepted]
 * Puts what an enemy would upload through receive-upload, deliver-uploads and render-release, as deployed, over S3,
 * SQS, DynamoDB and Git on the wire. Each case must end with exactly its codes, within its limits of time and memory,
 * and leave nothing behind: no commit, file, process, and no planted secret in any output.
 * And the other way: ordinary charts must be accepted, and a clone of the pushed commit is what was judged.
 * The last line is JSON with the totals. Exits with 1 if a case is wrong.
 */
const CASES: readonly HostileCase[] = [
  ...archives,
  ...names,
  ...chartFiles,
  ...yaml,
  ...schemas,
  ...templates,
  ...boundary,
  ...secrets,
  ...keys,
];

const ACCEPTED = 'accepted';

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: { only: { type: 'string' }, family: { type: 'string' } },
  });
  const chosen = CASES.filter(
    ({ name, family }) =>
      (values.only ?? name) === name && (values.family === undefined || values.family === family),
  );
  const accepts = values.only === undefined && (values.family ?? ACCEPTED) === ACCEPTED;
  if (chosen.length === 0 && !accepts) {
    console.error(`no such case; families: ${[...new Set(CASES.map(({ family }) => family))].join(', ')}`);
    return false;
  }
  const outcomes = chosen.length === 0 ? [] : await runAll(chosen);
  const accepted = accepts ? await acceptOrdinary() : [];
  const cases = [...outcomes, ...accepted];
  const wrong = cases.filter((outcome) => outcome.wrong.length > 0);
  console.log(
    JSON.stringify({
      cases: cases.length,
      right: cases.length - wrong.length,
      wrong: wrong.length,
      slowestMs: Math.round(Math.max(...cases.map(({ seconds }) => seconds)) * 1000),
      peakMiB: Math.round(Math.max(0, ...outcomes.map(({ peaks }) => peaks.own + peaks.children))),
    }),
  );
  return wrong.length === 0;
}

async function runAll(cases: readonly HostileCase[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let line: Line = await startLine();
  console.log(row('s', 'busy s', 'MiB', 'child MiB', 'family', 'case', 'ended'));
  try {
    for (const [index, each] of cases.entries()) {
      const outcome = await runCase(line, each, index);
      outcomes.push(outcome);
      show(outcome);
      if (outcome.got !== 'nothing') continue;
      // What it has left open would be the next case's.
      await line.stop();
      line = await startLine();
    }
  } finally {
    await line.stop();
  }
  return outcomes;
}

async function acceptOrdinary(): Promise<Accepted[]> {
  const line = await startLine();
  const outcomes: Accepted[] = [];
  try {
    for await (const outcome of acceptAll(line)) {
      outcomes.push(outcome);
      const { chart, seconds, wrong } = outcome;
      console.log(`${seconds.toFixed(2).padStart(7)}  ${ACCEPTED}  ${chart}`);
      for (const why of [...wrong, ...line.failures.splice(0)]) console.log(`  WRONG: ${why}`);
    }
  } finally {
    await line.stop();
  }
  return outcomes;
}

function show({ case: { family, name, limits }, seconds, peaks, got, by, wrong }: Outcome): void {
  const of = (value: number, limit: number, digits = 0) => `${value.toFixed(digits)}/${limit}`;
  console.log(
    row(
      seconds.toFixed(2),
      of(peaks.busySeconds, limits.seconds, 2),
      of(peaks.own, limits.processMib),
      of(peaks.children, limits.childrenMib),
      family,
      name,
      by === '-' ? got : `${got} (${by})`,
    ),
  );
  if (wrong.length === 0) return;
  for (const why of wrong) console.log(`  WRONG: ${why}`);
  console.log(`  replay: npm run hostile -- --only '${name.replaceAll("'", "'\\''")}'`);
}

const WIDTHS = [7, 10, 9, 9, 12, 56] as const;
const row = (...cells: readonly string[]): string =>
  cells
    .map((cell, index) => (index < 4 ? cell.padStart(WIDTHS[index] ?? 0) : cell.padEnd(WIDTHS[index] ?? 0)))
    .join('  ');

exit((await main()) ? 0 : 1);
