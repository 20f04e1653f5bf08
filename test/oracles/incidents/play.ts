import { untoldOf } from '../../../lib/alerts/outbox.ts';
import { tellItem } from '../../../lib/alerts/publish.ts';
import { putSnooze } from '../../../lib/alerts/snoozes.ts';
import { type TellContext, tellObservation } from '../../../lib/alerts/tell.ts';
import type { Item, ItemKey } from '../../../lib/aws/table.ts';
import type { Observation } from '../../../lib/checks/observation.ts';
import type { Config } from '../../../lib/config/config.ts';
import { sweep } from '../../../lib/uploads/sweep.ts';
import { type Random, random } from '../faults/random.ts';
import type { Channel, Command, Pace, Scenario } from './commands.ts';
import { happen, healAll } from './happen.ts';
import { type Ending, type Gate, gatedTable, interleaving } from './interleaving.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';
import { channels, roundOf } from './publishing.ts';
import { type Entry, keyOf } from './record.ts';
import { DEADLINE_MINUTES, look, nameOf, newWorld, TARGET, timeAt, type World } from './world.ts';

const CONTEXT = {
  installation: 'fairlead',
  repository: 'https://git.example.com/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  rolloutDeadlineMinutes: DEADLINE_MINUTES,
  severity: [],
} as const;

const contextOf = ({ scenario: { expectations } }: Run): TellContext => ({ ...CONTEXT, ...expectations });

export interface Played {
  readonly scenario: Scenario;
  readonly record: readonly Entry[];
  /** As it was while all came to rest, before it was made well. */
  readonly rested: World;
}

/** Plays a scenario on the real code; then all comes to rest with the world as it is, and once more with all well. */
export async function play(scenario: Scenario): Promise<Played> {
  const run = newRun(scenario);
  for (const command of scenario.commands) await obey(run, command);
  await rest(run, 'as it is');
  const rested = structuredClone(run.world);
  healAll(run.world);
  await rest(run, 'well');
  return { scenario, record: run.record, rested };
}

interface Stream {
  records: number;
  busy: boolean;
  readonly key: ItemKey;
}

interface Run {
  readonly scenario: Scenario;
  readonly world: World;
  readonly table: MemoryTable;
  readonly turns: ReturnType<typeof interleaving>;
  readonly record: Entry[];
  readonly observations: Observation[];
  /** By item: an item's records come one after the other, as those of a shard do. */
  readonly stream: Map<string, Stream>;
  /** How often each channel still fails. */
  readonly outages: Map<Channel, number>;
  readonly chance: Random;
  /** Minutes until which a scope is snoozed. */
  readonly snoozes: Map<string, number>;
  checks: number;
  tellers: number;
  writer: number;
}

function newRun(scenario: Scenario): Run {
  const record: Entry[] = [];
  const stream = new Map<string, Stream>();
  const written = (before: Item | undefined, after: Item): void => {
    if (after.alerts !== before?.alerts) {
      const known = new Set((before === undefined ? [] : untoldOf(before)).map(keyOf));
      for (const alert of untoldOf(after))
        if (!known.has(keyOf(alert))) record.push({ kind: 'said', check: run.writer, alert, item: after.sk });
    }
    if (after.untold === undefined) return;
    const { pk, sk } = after;
    const one = stream.get(sk) ?? { records: 0, busy: false, key: { pk, sk } };
    one.records++;
    stream.set(sk, one);
  };
  const run: Run = {
    scenario,
    world: newWorld(scenario.releases),
    table: memoryTable(written),
    turns: interleaving(),
    record,
    observations: [],
    stream,
    outages: new Map(),
    chance: random(1, 'rest'),
    snoozes: new Map(),
    checks: 0,
    tellers: 0,
    writer: 0,
  };
  return run;
}

async function obey(run: Run, command: Command): Promise<void> {
  happen(run.world, command);
  switch (command.do) {
    case 'check':
      // No two checks look at the same moment.
      run.world.now += MOMENT;
      return await check(run, look(run.world, run.scenario.skews[command.who] ?? 0), command.how);
    case 'again': {
      const seen = run.observations[command.pick % Math.max(run.observations.length, 1)];
      return seen === undefined ? undefined : await check(run, seen, command.how);
    }
    case 'steps':
      for (const pick of command.picks) await run.turns.step(pick);
      return;
    case 'finish': {
      const chance = random(command.seed, 'finish');
      return await run.turns.finish(() => chance.below(1000));
    }
    case 'crash':
      return await run.turns.crash(command.pick, command.when);
    case 'deliver': {
      const free = waiting(run).filter(({ busy }) => !busy);
      return await deliver(run, free[command.pick % Math.max(free.length, 1)], command.how);
    }
    case 'lose': {
      const free = waiting(run).filter(({ busy }) => !busy);
      const one = free[command.pick % Math.max(free.length, 1)];
      if (one !== undefined) one.records--;
      return;
    }
    case 'outage':
      run.outages.set(command.channel, command.times);
      return;
    case 'sweep':
      return await sweepOnce(run, command.how);
    case 'snooze':
      return await snooze(run, command);
    case 'time':
    case 'index':
      return run.table.indexed();
    default:
      return;
  }
}

async function begin(
  run: Run,
  name: string,
  pace: Pace,
  work: (gate: Gate) => Promise<unknown>,
  ended: (how: Ending) => void,
): Promise<void> {
  await run.turns.begin(name, async (gate) => void (await work(gate)), ended);
  if (pace === 'at once') await run.turns.finishLast();
}

/** The table as one function writes it, so that it is known whose an alert is. */
const writtenBy = (run: Run, writer: number): MemoryTable => ({
  ...run.table,
  put(item, expected) {
    run.writer = writer;
    return run.table.put(item, expected);
  },
});

async function check(run: Run, observation: Observation, pace: Pace): Promise<void> {
  const number = ++run.checks;
  run.observations.push(observation);
  const { now } = run.world;
  run.record.push({ kind: 'looked', check: number, observation, now, snoozes: new Map(run.snoozes) });
  const table = writtenBy(run, number);
  await begin(
    run,
    `check ${number}`,
    pace,
    (gate) =>
      tellObservation(
        gatedTable(table, gate),
        observation,
        contextOf(run),
        () => new Date(timeAt(run.world.now)),
      ),
    ({ kind }) => run.record.push({ kind: 'ended', check: number, how: kind }),
  );
}

const waiting = ({ stream }: Run): readonly Stream[] =>
  [...stream.values()].filter(({ records }) => records > 0);

async function deliver(run: Run, one: Stream | undefined, pace: Pace): Promise<void> {
  if (one === undefined) return;
  one.busy = true;
  await begin(
    run,
    `deliver ${one.key.sk}`,
    pace,
    (gate) => tell(run, one.key, gate),
    ({ kind }) => {
      one.busy = false;
      // What fails comes again, until the stream gives it up.
      if (kind === 'done') one.records--;
    },
  );
}

/** As the function does it: it fails where a channel of ours did. */
async function tell(run: Run, key: ItemKey, gate: Gate): Promise<void> {
  const { failures } = await tellItem(
    gatedTable(run.table, gate),
    key,
    channels(gate, run.outages, (entry) => run.record.push(entry)),
    roundOf(++run.tellers, () => run.world.now),
  );
  if (failures[0] !== undefined) throw failures[0].error;
}

/** A person, who does not race with themselves; everybody else they do. */
async function snooze(run: Run, command: Command & { readonly do: 'snooze' }): Promise<void> {
  const scope = command.release === undefined ? 'target' : nameOf(command.release % run.scenario.releases);
  const until = run.world.now + command.minutes;
  run.snoozes.set(scope, until);
  const made = { until: timeAt(until), by: 'ann', reason: 'at work', at: timeAt(run.world.now) };
  await begin(
    run,
    'snooze',
    'at once',
    (gate) => putSnooze(gatedTable(run.table, gate), TARGET, scope, made),
    () => {},
  );
}

/** As much of it as a sweep reads. */
const configOf = ({ scenario: { expectations } }: Run): Config =>
  ({
    installation: CONTEXT.installation,
    severity: [],
    repositories: [{ name: 'git', url: CONTEXT.repository }],
    targets: [
      {
        ...CONTEXT,
        ...expectations,
        name: TARGET,
        repository: 'git',
        branch: 'main',
        cluster: {},
        checkEveryMinutes: 10,
      },
    ],
  }) as unknown as Config;

/** What a sweep says no check has seen. */
const NO_CHECK = 0;
const NO_QUEUE = { send: async () => {} };

async function sweepOnce(run: Run, pace: Pace): Promise<void> {
  await begin(
    run,
    'sweep',
    pace,
    (gate) =>
      sweep(
        { schema: 1, sweep: 'minutes' },
        {
          config: configOf(run),
          bucket: 'uploads',
          table: gatedTable(writtenBy(run, NO_CHECK), gate),
          uploads: { versions: async function* () {} },
          received: NO_QUEUE as never,
          doorbell: NO_QUEUE as never,
          reads: NO_QUEUE as never,
          now: () => new Date(timeAt(run.world.now)),
        },
      ),
    () => {},
  );
}

/** Minutes. */
const MOMENT = 0.01;
/** Longer than any clock is off, than any deadline and any wait of a rule. */
const REST_MINUTES = 61;
/** One more than checks must fail before people hear of it. */
const REST_CHECKS = 4;
const INTERVAL_MINUTES = 6;
const REST_ROUNDS = 20;

/** All that runs ends, what was lost is found, and checks follow each other at their pace. */
async function rest(run: Run, world: 'as it is' | 'well'): Promise<void> {
  run.outages.clear();
  await run.turns.finish(() => run.chance.below(1000));
  run.world.now += REST_MINUTES;
  run.record.push({ kind: 'quiet', world });
  for (let round = 0; round < REST_CHECKS; round++) {
    await check(run, look(run.world, 0), 'at once');
    run.world.now += INTERVAL_MINUTES;
    run.table.indexed();
    await sweepOnce(run, 'at once');
    await deliverAll(run);
  }
  // What a function that died holds, and what failed, has its time.
  for (let round = 0; round < REST_ROUNDS && isUntold(run); round++) {
    run.world.now += INTERVAL_MINUTES;
    await sweepOnce(run, 'at once');
    await deliverAll(run);
  }
}

const isUntold = (run: Run): boolean => {
  run.table.indexed();
  return run.table.untold().length > 0;
};

async function deliverAll(run: Run): Promise<void> {
  for (let one = waiting(run)[0]; one !== undefined; one = waiting(run)[0])
    await deliver(run, one, 'at once');
}
