import { setTimeout as sleep } from 'node:timers/promises';
import type { ForeignWork } from './foreign.ts';
import type { Pushes } from './installation.ts';
import type { Random } from './random.ts';

/** How often somebody else pushes right before a push asks where the branch is, and right before it would move it. */
const FASTER = { begins: 0.3, arrives: 0.1 };
/** How often a push that nobody has noticed is taken back by somebody, or has something put upon it. */
const UNNOTICED = { takenBack: 0.45, built: 0.25 };
/** While a push is late somebody uploads what lies in Git, and it is given so long to end before that; milliseconds. */
const LATE = { received: 4000, ended: 10_000, poll: 60 };

export interface MomentParts {
  readonly chance: Random;
  over(): boolean;
  commitForeign(repository: string, work: ForeignWork): Promise<void>;
  /** Somebody uploads anew what lies in Git; its version, where there is such a thing. */
  uploadAgain(repository: string): Promise<string | undefined>;
  isReceived(versionId: string): Promise<boolean>;
  hasEnded(versionId: string): boolean;
  /** Tips of its branches that are commits of commands. */
  commandTips(repository: string): Promise<readonly string[]>;
  log(what: string, details: Readonly<Record<string, unknown>>): void;
}

/** What others do at each moment of a push of Fairlead. */
export class PushMoments implements Pushes {
  /** In the storm: that the server was sent, and that it took without who pushed getting to know; of commands, too. */
  readonly count = { seen: 0, unnoticed: 0, unnoticedCommands: 0 };
  readonly #parts: MomentParts;
  readonly #late = new Map<string, string | undefined>();
  readonly #commandTips = new Set<string>();
  #onTheirWay = 0;

  constructor(parts: MomentParts) {
    this.#parts = parts;
  }

  /** Nobody else is to push there now: a late push would be refused. */
  isStill(repository: string): boolean {
    return this.#late.has(repository);
  }

  /** Pushes that will still arrive: they take no quarter of an hour, so the clock must not be put forward. */
  onTheirWay(): number {
    return this.#onTheirWay;
  }

  async begins(repository: string): Promise<void> {
    await this.#others(repository, FASTER.begins);
  }

  async arrives(repository: string): Promise<void> {
    if (!this.#parts.over()) this.count.seen += 1;
    this.#parts.log('push', { repository });
    for (const tip of await this.#parts.commandTips(repository)) this.#commandTips.add(tip);
    await this.#others(repository, FASTER.arrives);
  }

  async isLate(repository: string): Promise<void> {
    const { uploadAgain, isReceived, log } = this.#parts;
    this.#onTheirWay += 1;
    try {
      const again = await uploadAgain(repository);
      this.#late.set(repository, again);
      log('late push', { repository, again });
      if (again !== undefined) await this.#until(LATE.received, () => isReceived(again));
    } catch (error) {
      // It never arrives then: nobody is to wait for it.
      this.#onTheirWay -= 1;
      this.#late.delete(repository);
      throw error;
    }
  }

  async lateArrives(repository: string, arrive: () => Promise<void>): Promise<void> {
    const again = this.#late.get(repository);
    try {
      if (again !== undefined) await this.#until(LATE.ended, async () => this.#parts.hasEnded(again));
      this.#parts.log('late push arrives', { repository });
      this.#late.delete(repository);
      await arrive();
    } finally {
      this.#onTheirWay -= 1;
    }
  }

  async unnoticed(repository: string): Promise<void> {
    const { chance, commitForeign, commandTips, log } = this.#parts;
    this.count.unnoticed += 1;
    for (const tip of await commandTips(repository)) {
      if (this.#commandTips.has(tip)) continue;
      this.#commandTips.add(tip);
      this.count.unnoticedCommands += 1;
      log('unnoticed command', { repository, tip });
    }
    const dice = chance.next();
    if (dice < UNNOTICED.takenBack) await commitForeign(repository, 'takes back the last');
    else if (dice < UNNOTICED.takenBack + UNNOTICED.built) await commitForeign(repository, 'anything');
  }

  async #others(repository: string, often: number): Promise<void> {
    if (!this.#parts.over() && this.#parts.chance.chance(often))
      await this.#parts.commitForeign(repository, 'anything');
  }

  async #until(milliseconds: number, is: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + milliseconds;
    while (performance.now() < until && !this.#parts.over() && !(await is())) await sleep(LATE.poll);
  }
}
