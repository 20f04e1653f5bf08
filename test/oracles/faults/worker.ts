import { flushCompileCache } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type { Environment } from '../../../lib/aws/environment.ts';
import { clock, installClock } from './clock.ts';

/** What a worker process is asked: one event, in the environment of one run. */
export interface Call {
  readonly id: number;
  /** What a warm function keeps, it keeps for this run. */
  readonly run: string;
  readonly environment: Environment;
  /** How far the clock is ahead. Milliseconds. */
  readonly ahead: number;
  readonly event: unknown;
}

export type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };

type Handler = (event: unknown) => Promise<unknown>;

/** One function of `functions/` in a process of its own, called as Lambda calls it: one event at a time, kept warm. */
export function serve(create: (environment: Environment) => Handler): void {
  // The bundle is also what limited tasks are run from, in a thread.
  if (!isMainThread) return;
  installClock();
  let made: { readonly name: string; readonly handler: Handler } | undefined;
  const reply = (text: Reply) => process.send?.(text);
  process.on('message', ({ id, run, environment, ahead, event }: Call) => {
    clock.set(ahead);
    const name = `${run} ${environment.FAIRLEAD_SCRATCH}`;
    if (made?.name !== name) made = { name, handler: create(environment) };
    void made
      .handler(event)
      .then(
        (answer) => reply({ id, answer }),
        (error: unknown) =>
          reply({ id, error: error instanceof Error ? (error.stack ?? '') : String(error) }),
      )
      .then(keepCompiled);
  });
  // Node keeps what it has compiled when a process ends by itself, which none of these does: whoever has worked once
  // keeps it for all that come after, with the functions that work needs.
  let keeps: 'not yet' | 'kept' = 'not yet';
  function keepCompiled(): void {
    if (keeps === 'not yet') flushCompileCache();
    keeps = 'kept';
  }
  process.on('disconnect', () => process.exit());
}
