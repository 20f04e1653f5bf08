import { relative } from 'node:path';
import type { EventData } from 'node:test';
import { watchOverdue } from './overdue.ts';

/** A reporter of node:test: which files took longest, since those decide how long all take, and which does not end. */
const SHOWN = 20;

type Event = { readonly type: string; readonly data: Partial<EventData.TestComplete> };

export default async function* fileTimes(events: AsyncIterable<Event>): AsyncGenerator<string> {
  const took = new Map<string, number>();
  const overdue = watchOverdue();
  for await (const { type, data } of events) {
    // A file is a test of its own, by its name.
    if (data.nesting !== 0 || !data.name?.endsWith('.test.ts')) continue;
    const file = relative(process.cwd(), data.name);
    if (type === 'test:dequeue') overdue.begun(file);
    if (type !== 'test:complete') continue;
    overdue.ended(file);
    took.set(file, data.details?.duration_ms ?? 0);
  }
  overdue.stop();
  const first = [...took].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  for (const [file, ms] of first) yield `slowest: ${(ms / 1000).toFixed(1).padStart(6)} s ${file}\n`;
}
