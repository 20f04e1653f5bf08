import type { Alert } from '../../../lib/alerts/alert.ts';
import type { Channel } from '../../../lib/alerts/channels.ts';
import { withUntold } from '../../../lib/alerts/outbox.ts';
import { type Round, tellItem } from '../../../lib/alerts/publish.ts';
import type { Item, Table } from '../../../lib/aws/table.ts';
import { EXAMPLES } from './examples.ts';

export const KEY = { pk: 'incident#staging', sk: 'shop/web#drift' };
export const DAY = 24 * 60 * 60_000;
export const BEGIN = Date.parse('2026-11-21T13:00:00.000Z');

/** A table of one item, channels that remember what they were given, and a clock that is set by hand. */
export function parts(alerts: readonly Alert[], names: readonly string[] = ['email', 'pager', 'webhook/a']) {
  let item: Item = withUntold({ ...KEY, schema: 1, version: 1, state: 'kept' }, alerts, at(BEGIN));
  const told: string[] = [];
  const failing = new Map<string, Error>();
  const clock = { now: BEGIN };
  const table: Table = {
    get: async () => item,
    async put(next, expected) {
      if (expected !== item.version) return 'conflict';
      item = next;
      return 'written';
    },
    remove: async () => 'removed',
    async *query() {},
    async *untold() {},
  };
  const channels = names.map(
    (name): Channel => ({
      name,
      whose: name.startsWith('webhook/') ? 'theirs' : 'ours',
      patience: { first: 30_000, longest: 3_600_000, givenUpAfter: DAY },
      takes: () => true,
      async tell(alert) {
        const failure = failing.get(name);
        if (failure !== undefined) throw failure;
        told.push(`${name} ${alert.sequence}`);
      },
    }),
  );
  let rounds = 0;
  const round = (more: Partial<Round> = {}): Round => ({
    id: String(++rounds),
    now: () => new Date(clock.now),
    endsAt: Number.POSITIVE_INFINITY,
    silent: new Set(),
    ...more,
  });
  return {
    table,
    channels,
    told,
    failing,
    clock,
    round,
    tell: (more: Partial<Round> = {}) => tellItem(table, KEY, channels, round(more)),
    current: () => item,
    change: (next: Item) => {
      item = next;
    },
  };
}

export const at = (time: number): string => new Date(time).toISOString();
export const numbered = (count: number, from = 1): Alert[] =>
  Array.from(
    { length: count },
    (_, index) => ({ ...EXAMPLES['drift-changed'], sequence: from + index, at: at(BEGIN) }) as Alert,
  );
export const ofChannel = (told: readonly string[], name: string): number[] =>
  told.flatMap((line) => (line.startsWith(`${name} `) ? [Number(line.slice(name.length + 1))] : []));
