import { setTimeout as sleep } from 'node:timers/promises';
import { type Asked, type Fault, PUSH, type Service } from './proxy.ts';
import type { Random } from './random.ts';
import type { Death, Worker, Workers } from './workers.ts';

/** How often each service fails in a part of the storm, and how often who asks dies of it. */
export interface Phase {
  /** Milliseconds after the start. */
  readonly until: number;
  readonly rates: Readonly<Record<Service, number>>;
  readonly deaths: number;
}

const SERVICES: readonly Service[] = ['s3', 'dynamodb', 'sqs', 'lambda', 'ssm', 'git'];

export function makePhases(chance: Random, milliseconds: number): readonly Phase[] {
  const phases: Phase[] = [];
  for (let until = 0; until < milliseconds; ) {
    until += chance.between(400, 900);
    const rates = Object.fromEntries(
      SERVICES.map((service) => [service, chance.pick([0, 0.02, 0.05, 0.12, 0.3])]),
    ) as Record<Service, number>;
    phases.push({ until, rates, deaths: chance.pick([0, 0.004, 0.012]) });
  }
  return phases;
}

const DEATHS: readonly Death[] = ['with its children', 'with its children', 'alone', 'its children only'];
/** How long a request is on its way that nobody waits for any more; milliseconds. */
const LATE = { least: 50, most: 2500 };
/** Pushes fail more often than anything else: what they leave behind is the hardest to get right. */
const OF_PUSHES = 2.5;
const DEATHS_OF_PUSHES = 0.12;
/** Between two deaths by the clock; milliseconds. */
const DEATH_PAUSE = { least: 400, most: 1800 };
/** On a busy machine somebody must get something done between two deaths. */
const REQUESTS = 80;

const rateOf = ({ rates }: Phase, { service, what }: Asked): number =>
  what === PUSH ? 0.08 + rates.git * OF_PUSHES : rates[service];

export class Faults {
  readonly #chance: Random;
  readonly #phases: readonly Phase[];
  readonly #workers: Workers;
  readonly #log: (what: string, details: Readonly<Record<string, unknown>>) => void;
  #state: 'before' | 'storm' | 'over' = 'before';
  #begun = 0;
  #requests = 0;
  kills = 0;
  count = 0;

  constructor(
    chance: Random,
    phases: readonly Phase[],
    {
      workers,
      log,
    }: { workers: Workers; log: (what: string, details: Readonly<Record<string, unknown>>) => void },
  ) {
    this.#chance = chance;
    this.#phases = phases;
    this.#workers = workers;
    this.#log = log;
  }

  begin(): void {
    this.#state = 'storm';
    this.#begun = performance.now();
  }

  end(): void {
    this.#state = 'over';
  }

  over(): boolean {
    return this.#state === 'over';
  }

  decide(asked: Asked): Fault | undefined {
    if (this.#state !== 'storm') return undefined;
    this.#requests += 1;
    const elapsed = performance.now() - this.#begun;
    const phase = this.#phases.find(({ until }) => elapsed < until) ?? this.#phases.at(-1);
    if (phase === undefined) return undefined;
    const work = this.#chance.chance(0.5) ? 'done' : 'not done';
    const dice = this.#chance.next();
    const deaths = phase.deaths + (asked.what === PUSH ? DEATHS_OF_PUSHES : 0);
    const fault =
      dice < deaths
        ? ({ kind: 'kill', work } as const)
        : this.#fault(dice - deaths, rateOf(phase, asked), work);
    if (fault === undefined) return undefined;
    this.count += 1;
    this.#log('fault', { fault, asked });
    return fault;
  }

  #fault(dice: number, rate: number, work: 'done' | 'not done'): Fault | undefined {
    if (dice >= rate) return undefined;
    const kind = this.#chance.next();
    if (kind < 0.4) return { kind: 'refused', work };
    if (kind < 0.6) return { kind: 'cut', work };
    if (kind < 0.75) return { kind: 'late', milliseconds: this.#chance.between(LATE.least, LATE.most) };
    if (kind < 0.95) return { kind: 'half' };
    return { kind: 'hangs', work };
  }

  /** Whoever made a request; of Git's, one of those who work for that repository. */
  killAsker({ worker, path }: Asked): void {
    const repository = /^\/([a-z]+)\.git\//.exec(path)?.[1];
    const found =
      repository === undefined
        ? [this.#workers.find(worker ?? '')].flatMap((one) => (one === undefined ? [] : [one]))
        : this.#workers
            .busy()
            .filter(({ name, busy }) => name === 'deliver-uploads' && busy?.includes(`"${repository}"`));
    if (found.length > 0) this.#kill(this.#chance.pick(found), this.#chance);
  }

  async killByTime(chance: Random, going: () => boolean): Promise<void> {
    while (going()) {
      await sleep(chance.between(DEATH_PAUSE.least, DEATH_PAUSE.most));
      const busy = this.#workers.busy();
      if (busy.length === 0 || !going() || this.#requests < REQUESTS) continue;
      this.#requests = 0;
      this.#kill(chance.pick(busy), chance);
    }
  }

  #kill(worker: Worker, chance: Random): void {
    const death = chance.pick(DEATHS);
    const scratch = chance.chance(0.5) ? 'kept' : 'lost';
    this.kills += 1;
    this.#log('killed', { worker: worker.id, work: worker.busy, death, scratch });
    worker.kill(death, scratch);
  }
}
