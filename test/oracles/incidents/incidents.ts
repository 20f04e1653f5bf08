import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Ran, type RunOptions, runAll } from './run.ts';
import { withSabotage } from './sabotage.ts';
import { SABOTAGES, type SabotageName } from './sabotages.ts';

/**
 * `npm run incidents-model -- --runs N --seed S`: N runs of incidents' life, on the real deciding, telling and
 * publishing. What a run breaks is made as short as it can be, and printed with what plays it again. The last line is
 * JSON; the exit code is 1 where something was broken.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: '2' },
    /** Plays one run again, as it was printed. */
    path: { type: 'string' },
    sabotage: { type: 'string' },
    /** Sees past a rule that is known to be broken. */
    beside: { type: 'string', multiple: true, default: [] },
  },
});

/** What one lane is to do. */
interface Lane extends RunOptions {
  readonly runs: number;
  readonly seed: number;
  readonly sabotage: SabotageName | undefined;
}

/** So that lanes beside each other, and the next call, play other runs. */
const SEEDS_APART = 1_000_003;

const whole = (name: string, text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} takes a number from 1 on, not "${text}"`);
  return number;
};

const sabotageOf = (text: string | undefined): SabotageName | undefined => {
  if (text === undefined) return undefined;
  if (!Object.hasOwn(SABOTAGES, text))
    throw new Error(`--sabotage takes one of ${Object.keys(SABOTAGES).join(', ')}, not "${text}"`);
  return text as SabotageName;
};

async function main(): Promise<number> {
  const begun = performance.now();
  const runs = whole('runs', values.runs);
  const seed = whole('seed', values.seed);
  const lanes = values.path === undefined ? Math.min(whole('parallel', values.parallel), runs) : 1;
  const all = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      played({
        runs: Math.floor(runs / lanes) + (lane < runs % lanes ? 1 : 0),
        seed: seed + lane * SEEDS_APART,
        sabotage: sabotageOf(values.sabotage),
        path: values.path,
        beside: values.beside,
      }),
    ),
  );
  const total = { runs: 0, commands: 0, checks: 0, alerts: 0, violations: 0 };
  const kinds: Record<string, number> = {};
  for (const { ran, lane } of all) {
    total.runs += ran.runs;
    total.commands += ran.commands;
    total.checks += ran.checks;
    total.alerts += ran.alerts;
    for (const [kind, count] of Object.entries(ran.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
    if (ran.violation === undefined) continue;
    total.violations++;
    show(ran.violation, lane);
  }
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  console.log(JSON.stringify({ ...total, kinds, seed, seconds }));
  const isWhole = values.path !== undefined || total.runs === runs;
  return total.violations > 0 || !isWhole ? 1 : 0;
}

/** In a thread of its own. */
const played = (lane: Lane): Promise<{ readonly ran: Ran; readonly lane: Lane }> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: lane, argv: process.argv.slice(2) });
    worker.once('message', (ran: Ran) => resolve({ ran, lane }));
    worker.once('error', reject);
  });

async function playLane({ runs, seed, sabotage, ...options }: Lane): Promise<Ran> {
  return sabotage === undefined
    ? await runAll(runs, seed, options)
    : await withSabotage(sabotage, (run) => run.runAll(runs, seed, options));
}

function show({ why, path, scenario }: NonNullable<Ran['violation']>, { seed, sabotage }: Lane): void {
  console.log(why);
  const { releases, skews, expectations, commands } = scenario;
  console.log(
    `${releases} releases, clocks off by ${skews.join(', ')} minutes, ${JSON.stringify(expectations)}:`,
  );
  for (const command of commands) console.log(`  ${JSON.stringify(command)}`);
  const how = sabotage === undefined ? '' : ` --sabotage ${sabotage}`;
  console.log(`again: npm run incidents-model -- --seed ${seed} --path ${path}${how}`);
}

if (isMainThread) process.exitCode = await main();
else parentPort?.postMessage(await playLane(workerData as Lane));
