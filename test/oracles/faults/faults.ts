import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleWorkers } from './bundles.ts';
import type { LaneTask } from './lane.ts';
import type { RunResult } from './run.ts';
import { SABOTAGES, type SabotageName } from './sabotage.ts';

/**
 * `npm run faults -- --runs N --seed S`: N seeds from S on. Random uploads to real Git servers while somebody else
 * pushes, workers are killed and every service fails; with `--commands` people freeze, thaw, roll back, remove and promote
 * some of it meanwhile. Then the promise is checked for each upload and command, from Git and the bucket alone. The last
 * line is JSON; the exit code is 1 where the promise was broken.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: '2' },
    commands: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    sabotage: { type: 'string' },
  },
});

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

/** Of what one seed has broken. */
const SHOWN = 10;

type LaneAnswer = { readonly result: RunResult } | { readonly seed: number; readonly error: string };

async function main(): Promise<number> {
  const runs = whole('runs', values.runs);
  const first = whole('seed', values.seed);
  const sabotage = sabotageOf(values.sabotage);
  const bundles = await mkdtemp(join(tmpdir(), 'fairlead-faults-'));
  const total = {
    runs: 0,
    uploads: 0,
    delivered: 0,
    rejected: 0,
    superseded: 0,
    failed: 0,
    commands: { given: 0, delivered: 0, done: 0, rejected: 0, superseded: 0, failed: 0, unnoticed: 0 },
    kills: 0,
    faults: 0,
    foreignCommits: 0,
    pushes: 0,
    unnoticed: 0,
    violations: 0,
    seconds: 0,
  };
  const begun = performance.now();
  try {
    await bundleWorkers(bundles, sabotage);
    let next = first;
    const lanes = Math.min(whole('parallel', values.parallel), runs);
    await Promise.all(
      Array.from({ length: lanes }, () =>
        lane(bundles, () => (next < first + runs ? next++ : undefined), take),
      ),
    );
  } finally {
    await rm(bundles, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  total.seconds = Math.round((performance.now() - begun) / 100) / 10;
  console.log(JSON.stringify(total));
  return total.violations > 0 || total.runs < runs ? 1 : 0;

  function take(answer: LaneAnswer): void {
    if ('error' in answer) {
      total.violations += 1;
      console.log(`seed ${answer.seed}: the run itself failed: ${answer.error}`);
      return;
    }
    const { seed, uploads, outcomes, kills, faults, foreignCommits, violations, seconds, folder } =
      answer.result;
    const { pushes, unnoticed, ofCommands, unnoticedCommands } = answer.result;
    const { commands } = total;
    const given = Object.values(ofCommands).reduce((sum, count) => sum + count, 0);
    commands.given += given;
    commands.unnoticed += unnoticedCommands;
    for (const outcome of ['delivered', 'done', 'rejected', 'superseded', 'failed'] as const)
      commands[outcome] += ofCommands[outcome] ?? 0;
    total.pushes += pushes;
    total.unnoticed += unnoticed;
    total.runs += 1;
    total.uploads += uploads;
    for (const outcome of ['delivered', 'rejected', 'superseded', 'failed'] as const)
      total[outcome] += outcomes[outcome] ?? 0;
    total.kills += kills;
    total.faults += faults;
    total.foreignCommits += foreignCommits;
    total.violations += violations.length;
    const countsOf = (ends: typeof outcomes) =>
      Object.entries(ends)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ');
    const ofPeople =
      given === 0 ? '' : ` ${given} commands: ${countsOf(ofCommands)}, ${unnoticedCommands} unnoticed;`;
    console.log(
      `seed ${seed}: ${uploads} uploads: ${countsOf(outcomes)};${ofPeople} ${kills} kills, ${faults} faults, ${foreignCommits} foreign commits, ${pushes} pushes, ${unnoticed} unnoticed; ${seconds.toFixed(1)} s`,
    );
    for (const { rule, what } of violations.slice(0, SHOWN)) console.log(`  BROKEN ${rule}: ${what}`);
    if (violations.length > SHOWN) console.log(`  and ${violations.length - SHOWN} more`);
    if (folder !== undefined) console.log(`  kept in ${folder}`);
    if (violations.length > 0) {
      const kind = values.commands ? ' --commands' : '';
      const same = values.sabotage === undefined ? kind : `${kind} --sabotage ${values.sabotage}`;
      console.log(`  again: npm run faults -- --seed ${seed} --runs 1${same}`);
    }
  }
}

/** A process that takes one seed after the other. */
function lane(
  bundles: string,
  seeds: () => number | undefined,
  take: (answer: LaneAnswer) => void,
): Promise<void> {
  const child = fork(join(import.meta.dirname, 'lane.ts'), [bundles], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve) => {
    let at: number | undefined;
    const commands = values.commands ? 'given' : 'none';
    const keep = values.keep ? 'always' : 'on violation';
    const give = () => {
      at = seeds();
      if (at === undefined) child.disconnect();
      else child.send({ seed: at, commands, keep } satisfies LaneTask);
    };
    child.on('message', (answer: LaneAnswer) => {
      take(answer);
      at = undefined;
      give();
    });
    child.once('exit', () => {
      if (at !== undefined) take({ seed: at, error: 'its process ended' });
      resolve();
    });
    give();
  });
}

process.exit(await main());
