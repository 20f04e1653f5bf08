import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';
import { type Accepted, acceptAll } from './accepted.ts';
import type { HostileCase } from './case.ts';
import { CASES } from './cases.ts';
import { type CorpusChart, hasCorpus, judgeCorpus } from './corpus.ts';
import { type Line, startLine } from './line.ts';
import { residentOf } from './processes.ts';
import { type Outcome, runCase } from './run-case.ts';

/**
 * npm run hostile -- [--only NAME] [--family NAME | --family accepted | --family corpus]
 * Puts what an enemy would upload through receive-upload, deliver-uploads and render-release, as deployed, over S3,
 * SQS, DynamoDB and Git on the wire. Each case must end with exactly its codes, within its limits of time and memory,
 * and leave nothing behind: no commit, file, process, and no planted secret in any output.
 * And the other way: ordinary charts must be accepted, and a clone of the pushed commit is what was judged.
 * And what public charts render to passes the checks on output, or is refused as defended by name, where they are there.
 * The last line is JSON with the totals. Exits with 1 if a case is wrong.
 */
/** Resident memory that a process may keep from the cases before. MiB. */
const RESTED = 320;
const ACCEPTED = 'accepted';
const PUBLIC = 'corpus';

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: { only: { type: 'string' }, family: { type: 'string' } },
  });
  const chosen = CASES.filter(
    ({ name, family }) =>
      (values.only ?? name) === name && (values.family === undefined || values.family === family),
  );
  const isAsked = (part: string) => values.only === undefined && (values.family ?? part) === part;
  if (chosen.length === 0 && !isAsked(ACCEPTED) && !isAsked(PUBLIC)) {
    const families = new Set([...CASES.map(({ family }) => family), ACCEPTED, PUBLIC]);
    console.error(`no such case; families: ${[...families].join(', ')}`);
    return false;
  }
  const outcomes = chosen.length === 0 ? [] : await runAll(chosen);
  const accepted = isAsked(ACCEPTED) ? await acceptOrdinary() : [];
  const corpus = isAsked(PUBLIC) ? await judgePublic() : [];
  const cases = [...outcomes, ...accepted];
  const isWrong = (outcome: { readonly wrong: readonly string[] }) => outcome.wrong.length > 0;
  const wrong = cases.filter(isWrong);
  console.log(
    JSON.stringify({
      cases: cases.length,
      right: cases.length - wrong.length,
      wrong: wrong.length,
      slowestMs: Math.round(Math.max(0, ...cases.map(({ seconds }) => seconds)) * 1000),
      peakMiB: Math.round(Math.max(0, ...outcomes.map(({ peaks }) => peaks.own + peaks.children))),
      corpus: {
        charts: corpus.length,
        passed: corpus.filter(({ refused }) => refused.length === 0).length,
        defended: corpus.filter((chart) => chart.refused.length > 0 && !isWrong(chart)).length,
        wrong: corpus.filter(isWrong).length,
      },
    }),
  );
  return wrong.length === 0 && !corpus.some(isWrong);
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
      // What it has left open, or not given back, would be the next case's.
      if (outcome.got !== 'nothing' && residentOf(line.pid) < RESTED) continue;
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

async function judgePublic(): Promise<CorpusChart[]> {
  if (!hasCorpus()) {
    console.log(`skipped: ${PUBLIC}, its folder is not there`);
    return [];
  }
  const outcomes = await Array.fromAsync(judgeCorpus());
  for (const { chart, seconds, refused, wrong } of outcomes) {
    const ended = refused.length === 0 ? 'passes' : refused.join(', ');
    console.log(`${seconds.toFixed(2).padStart(7)}  ${PUBLIC}  ${chart}  ${ended}`);
    for (const why of wrong) console.log(`  WRONG: ${why}`);
  }
  const passed = outcomes.filter(({ refused }) => refused.length === 0).length;
  const objects = outcomes.reduce((sum, chart) => sum + chart.objects, 0);
  console.log(
    `${PUBLIC}: ${outcomes.length} charts, ${objects} objects: ${passed} pass, ${outcomes.length - passed} are refused`,
  );
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
