import { setTimeout as sleep } from 'node:timers/promises';
import type { ItemKey, Table } from '../aws/table.ts';
import type { Alert } from './alert.ts';
import type { Channel } from './channels.ts';
import { NotTaken } from './not-taken.ts';
import { nameOf } from './outbox.ts';
import { OutboxKeeper } from './outbox-keeper.ts';
import { Silent } from './silent.ts';
import { afterFailure, afterTelling, type Refusal, type Step } from './telling.ts';

/** One call of `send-alerts`, over all of its items. */
export interface Round {
  /** Unlike that of any other call. */
  readonly id: string;
  readonly now: () => Date;
  /** Milliseconds since 1970: no step begins later. */
  readonly endsAt: number;
  /** Channels that this round is not for, by name: they count, and nothing is told to them. */
  readonly passed?: ReadonlySet<string>;
  /** Channels that did not answer in time, which are not asked again in this round: others wait behind them. */
  readonly silent: Set<string>;
  /** Adds what the audit log knows of who did it; never fails. */
  readonly enrich?: (alert: Alert) => Promise<Alert>;
}

/** What came of an item's alerts. */
export interface Telling {
  readonly told: readonly { readonly alert: Alert; readonly channel: string }[];
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly channel: string;
  readonly whose: Channel['whose'];
  readonly alert: Alert;
  readonly error: unknown;
  /** ISO: since when this channel takes nothing of this item. */
  readonly since: string;
  /** What it will not get any more. */
  readonly givenUp: readonly Alert[];
}

const NOTHING: Telling = { told: [], failures: [] };
/** A channel that has not taken an alert by then has failed. */
const STEP_MILLISECONDS = 15_000;

/**
 * Tells each channel what an item has not told it yet, in the item's order, and marks each telling in the item before
 * the next: a crash in between tells one alert to one channel again, with the same incident and sequence, and loses
 * none. A channel that fails is tried again later, and is in nobody's way. Who finds another one telling leaves the
 * item to it; whoever keeps time (`sweep`) comes back if that one has died.
 * @throws if the table fails; what was told before that is marked
 */
export async function tellItem(
  table: Table,
  key: ItemKey,
  channels: readonly Channel[],
  round: Round,
): Promise<Telling> {
  const keeper = new OutboxKeeper(table, key, channels, round);
  if ((await keeper.claim()) === 'nothing') return NOTHING;
  const told: { alert: Alert; channel: string }[] = [];
  const failures: Failure[] = [];
  const enriched = new Map<string, Promise<Alert>>();
  for (let step = keeper.next(); step !== undefined; step = keeper.next()) {
    const { channel, alert } = step;
    const failure = await attempt(step, round, enriched);
    if (failure === undefined) {
      told.push({ alert, channel: channel.name });
      await keeper.mark((outbox) => afterTelling(outbox, step, channels, round.now().toISOString()));
      continue;
    }
    let givenUp: readonly Alert[] = [];
    let since = '';
    await keeper.mark((outbox) => {
      const after = afterFailure(outbox, step, channels, round.now().toISOString(), refusalOf(failure.error));
      ({ givenUp, since } = after);
      return after.outbox;
    });
    keeper.passed.add(channel.name);
    failures.push({
      channel: channel.name,
      whose: channel.whose,
      alert,
      error: failure.error,
      since,
      givenUp,
    });
  }
  await keeper.release();
  return { told, failures };
}

/** Our own errors say why; of others the name does, since what they say may quote what was sent. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof NotTaken) return { reason: error.message, waitMilliseconds: error.waitMilliseconds };
  if (error instanceof Silent) return { reason: error.message };
  return { reason: error instanceof Error ? error.name : 'unknown' };
}

/** One telling, and what came in its way. */
async function attempt(
  { channel, alert, addressed }: Step<Channel>,
  { silent, enrich }: Round,
  enriched: Map<string, Promise<Alert>>,
): Promise<{ readonly error: unknown } | undefined> {
  if (silent.has(channel.name)) return { error: new Silent(`${channel.name} did not answer just before`) };
  const name = nameOf(alert);
  const whole = enriched.get(name) ?? enrich?.(alert) ?? Promise.resolve(alert);
  enriched.set(name, whole);
  const known = await whole;
  const ending = new AbortController();
  try {
    const telling = channel.tell(known, addressed);
    // Nobody listens to one that fails after its time.
    telling.catch(() => {});
    await Promise.race([telling, silence(channel.name, ending.signal)]);
    return undefined;
  } catch (error) {
    if (error instanceof Silent) silent.add(channel.name);
    return { error };
  } finally {
    ending.abort();
  }
}

async function silence(channel: string, signal: AbortSignal): Promise<never> {
  await sleep(STEP_MILLISECONDS, undefined, { signal, ref: false });
  throw new Silent(`${channel} did not answer within ${STEP_MILLISECONDS / 1000} seconds`);
}
