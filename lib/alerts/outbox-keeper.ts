import type { Item, ItemKey, Table } from '../aws/table.ts';
import type { Channel } from './channels.ts';
import { type Outbox, outboxOf, withOutbox } from './outbox.ts';
import type { Round } from './publish.ts';
import { leased, nextStep, released, retired, type Step } from './telling.ts';

/** Two writers meet now and then; more than this in a row is no coincidence. */
const ATTEMPTS = 10;
/** Longer than a step with its look into an audit log: who holds an item longer has died. */
const LEASE_MILLISECONDS = 45_000;

/** One item while its alerts are told: taken, marked step by step, and given back. */
export class OutboxKeeper {
  /** Channels that are passed over: what comes after a failure waits with it. */
  readonly passed: Set<string>;
  readonly #table: Table;
  readonly #key: ItemKey;
  readonly #channels: readonly Channel[];
  readonly #round: Round;
  #held: { readonly item: Item; readonly outbox: Outbox } | undefined;

  constructor(table: Table, key: ItemKey, channels: readonly Channel[], round: Round) {
    this.#table = table;
    this.#key = key;
    this.#channels = channels;
    this.#round = round;
    this.passed = new Set(round.passed);
  }

  /** Whether there is something to tell now, and nobody else tells it. */
  async claim(): Promise<'ours' | 'nothing'> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const item = await this.#table.get(this.#key);
      if (item?.alerts === undefined) return 'nothing';
      const outbox = outboxOf(item);
      if (this.#stepOf(outbox) === undefined) {
        // For nobody any more: its audience has gone from the configuration.
        const after = retired(outbox, this.#channels);
        if (after.alerts.length === outbox.alerts.length) return 'nothing';
        if ((await this.#write(item, after)) === 'written') return 'nothing';
        continue;
      }
      const ours = this.#leased(outbox);
      if (ours === undefined) return 'nothing';
      if ((await this.#write(item, ours)) === 'written') return 'ours';
    }
    throw this.#contended('taking it');
  }

  next(): Step<Channel> | undefined {
    return this.#held === undefined || this.#isOver() ? undefined : this.#stepOf(this.#held.outbox);
  }

  /** Changes what is kept, however often others change it meanwhile; with the last step it is given back. */
  async mark(change: (outbox: Outbox) => Outbox): Promise<void> {
    let known = this.#held;
    for (let attempt = 0; known !== undefined && attempt < ATTEMPTS; attempt++) {
      const outbox = change(known.outbox);
      const ours = this.#leased(outbox);
      // Told too slowly: another one has it by now, and goes on.
      const isLost = ours === undefined;
      const isLast = this.#isOver() || this.#stepOf(outbox) === undefined;
      const kept = isLost ? outbox : isLast ? released(outbox) : ours;
      if ((await this.#write(known.item, kept)) === 'written') {
        if (isLost) this.#held = undefined;
        return;
      }
      const item = await this.#table.get(this.#key);
      known = item && { item, outbox: outboxOf(item) };
    }
    this.#held = undefined;
    if (known !== undefined) throw this.#contended('marking it told');
  }

  async release(): Promise<void> {
    if (this.#held?.outbox.lease?.by === this.#round.id) await this.mark(released);
  }

  #isOver(): boolean {
    return this.#round.now().getTime() >= this.#round.endsAt;
  }

  #stepOf(outbox: Outbox): Step<Channel> | undefined {
    return nextStep(outbox, this.#channels, this.#round.now().toISOString(), this.passed);
  }

  #leased(outbox: Outbox): Outbox | undefined {
    return leased(outbox, this.#round.id, this.#round.now().toISOString(), LEASE_MILLISECONDS);
  }

  async #write(item: Item, outbox: Outbox): Promise<'written' | 'conflict'> {
    const next = { ...withOutbox(item, outbox), version: item.version + 1 };
    const outcome = await this.#table.put(next, item.version);
    if (outcome === 'written') this.#held = { item: next, outbox };
    return outcome;
  }

  #contended(what: string): Error {
    return new Error(
      `${this.#key.pk} ${this.#key.sk}: lost ${ATTEMPTS} conditional writes in a row while ${what}`,
    );
  }
}
