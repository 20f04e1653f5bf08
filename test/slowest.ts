import { relative } from 'node:path';
import type { EventData } from 'node:test';

/** A reporter of node:test: which files took longest, since those decide how long all of them take. */
const SHOWN = 20;

type Event = { readonly type: string; readonly data: Partial<EventData.TestComplete> };

export default async function* slowest(events: AsyncIterable<Event>): AsyncGenerator<string> {
  const milliseconds = new Map<string, number>();
  for await (const { type, data } of events) {
    // What is inside of a suite is in its time.
    if (type !== 'test:complete' || data.nesting !== 0 || data.file === undefined) continue;
    const file = relative(process.cwd(), data.file);
    milliseconds.set(file, (milliseconds.get(file) ?? 0) + (data.details?.duration_ms ?? 0));
  }
  const first = [...milliseconds].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  for (const [file, took] of first) yield `slowest: ${(took / 1000).toFixed(1).padStart(6)} s ${file}\n`;
}
