import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks come often at first, since most is done within seconds, and then ever rarer. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3000;
const GROWTH = 1.3;

/**
 * Looks until there is something, or the time is up.
 * @param deadline milliseconds, as `Date.now()` gives them
 * @throws if the signal aborts
 */
export async function lookUntil<Found>(
  look: () => Promise<Found | undefined>,
  deadline: number,
  signal: AbortSignal,
): Promise<Found | undefined> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * GROWTH, LONGEST_PAUSE_MS)) {
    const found = await look();
    if (found !== undefined || Date.now() >= deadline) return found;
    await sleep(Math.min(pause, Math.max(0, deadline - Date.now())), undefined, { signal });
  }
}

/**
 * Runs work that a person may interrupt: then says what goes on without them, and ends as a shell expects of a process
 * that a signal ended. A second signal ends it at once.
 */
export async function interruptible(
  work: (signal: AbortSignal) => Promise<number>,
  sayWhatGoesOn: () => void,
): Promise<number> {
  const interrupted = new AbortController();
  let exit: number | undefined;
  const stop = (signal: 'SIGINT' | 'SIGTERM') => {
    exit = 128 + constants.signals[signal];
    interrupted.abort();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(interrupted.signal);
  } catch (error) {
    if (exit === undefined) throw error;
    sayWhatGoesOn();
    return exit;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
