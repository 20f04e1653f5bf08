import { setTimeout as sleep } from 'node:timers/promises';
import { type Asked, type Fault, PUSH, repositoryOf, type Service } from './proxy.ts';
import type { Random } from './random.ts';
import type { Death, Worker, Workers } from './workers.ts';

/** How often each service fails in a part of the storm, and how often who asks dies of it. */
export interface Phase {
  /** How many requests it lasts: on a busy machine as much goes wrong as on a quiet one. */
  readonly requests: number;
  readonly rates: Readonly<Record<RatedService, number>>;
  readonly deaths: number;
}

/** STS, which only commands ask, fails as often as S3 does. */
type RatedService = Exclude<Service, 'sts'>;
const SERVICES: readonly RatedService[] = ['s3', 'dynamodb', 'sqs', 'lambda', 'ssm', 'git'];
const RATES = [0, 0, 0.01, 0.03, 0.08, 0.15] as const;
/** A fetch and a push are a dozen requests in a row: with more, none would ever come through. */
const GIT_RATES = [0, 0, 0.01, 0.05] as const;

export function makePhases(chance: Random, count: number): readonly Phase[] {
  return Array.from({ length: count }, () => ({
    requests: 60 + chance.below(240),
    rates: Object.fromEntries(
      SERVICES.map((service) => [service, chance.pick(service === 'git' ? GIT_RATES : RATES)]),
    ) as Record<RatedService, number>,
    deaths: chance.pick([0, 0, 0.002, 0.004]),
  }));
}

const DEATHS: readonly Death[] = ['with its children', 'with its children', 'alone', 'its children only'];
/** How long a request is on its way that nobody waits for any more; milliseconds. */
const LATE = { least: 50, most: 1500 };
/** Pushes fail more often than anything else: what they leave behind is the hardest to get right. */
const OF_PUSHES = 0.5;
/** Between two deaths by the clock; milliseconds, and requests: somebody must get something done in between. */
const DEATH_PAUSE = { least: 300, most: 1500 };
const REQUESTS = 800;

export class Faults {
  readonly #chance: Random;
  readonly #phases: readonly Phase[];
  readonly #workers: Workers;
  readonly #log: (what: string, details: Readonly<Record<string, unknown>>) => void;
  #state: 'before' | 'storm' | 'over' = 'before';
  #phase = 0;
  #ofPhase = 0;
  #sinceDeath = 0;
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
  }

  end(): void {
    this.#state = 'over';
  }

  over(): boolean {
    return this.#state === 'over';
  }

  decide(asked: Asked): Fault | undefined {
    if (this.#state !== 'storm') return undefined;
    this.#sinceDeath += 1;
    const phase = this.#now();
    if (phase === undefined) return undefined;
    const fault = asked.what === PUSH ? this.#ofPush() : this.#ofAny(phase, asked);
    if (fault === undefined) return undefined;
    this.count += 1;
    this.#log('fault', { fault, asked });
    return fault;
  }

  #now(): Phase | undefined {
    this.#ofPhase += 1;
    if (this.#ofPhase > (this.#phases[this.#phase]?.requests ?? 0)) {
      this.#ofPhase = 0;
      this.#phase = (this.#phase + 1) % this.#phases.length;
    }
    return this.#phases[this.#phase];
  }

  #ofAny({ deaths, rates }: Phase, { service }: Asked): Fault | undefined {
    const work = this.#chance.chance(0.5) ? 'done' : 'not done';
    const dice = this.#chance.next();
    if (dice < deaths) return { kind: 'kill', work };
    if (dice >= deaths + rates[service === 'sts' ? 's3' : service]) return undefined;
    const kind = this.#chance.next();
    if (kind < 0.45) return { kind: 'refused', work };
    if (kind < 0.65) return { kind: 'cut', work };
    if (kind < 0.8) return this.#late();
    if (kind < 0.97) return { kind: 'half' };
    return { kind: 'hangs', work };
  }

  /** Most of them end without a word to who pushed: taken, or not, or later. */
  #ofPush(): Fault | undefined {
    if (!this.#chance.chance(OF_PUSHES)) return undefined;
    const work = this.#chance.chance(0.7) ? 'done' : 'not done';
    const kind = this.#chance.next();
    if (kind < 0.25) return { kind: 'kill', work };
    if (kind < 0.5) return { kind: 'cut', work };
    if (kind < 0.65) return { kind: 'refused', work };
    if (kind < 0.87) return this.#late();
    if (kind < 0.97) return { kind: 'half' };
    return { kind: 'hangs', work };
  }

  #late(): Fault {
    return { kind: 'late', milliseconds: this.#chance.between(LATE.least, LATE.most) };
  }

  /** Whoever made a request; of Git's, one of those who work for that repository; of STS', who has a command in hand. */
  killAsker({ service, worker, path }: Asked): void {
    const repository = repositoryOf(path);
    const found =
      service === 'sts'
        ? this.#workers.busy().filter(({ busy }) => busy?.includes('.commands/'))
        : repository === ''
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
      if (busy.length === 0 || !going() || this.#sinceDeath < REQUESTS) continue;
      this.#sinceDeath = 0;
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
