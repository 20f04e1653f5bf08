import * as z from 'zod';
import type { Item, ItemKey, Table } from '../aws/table.ts';
import { INCIDENTS_SCHEMA, incidentsOfTarget } from './incident-items.ts';

/**
 * A scope (or a target, scope `target`) that people asked to be quiet about for a while: `incident#<target>` /
 * `snooze#<scope>`. It has an end always. What is over stays written, for who asks why nobody was told.
 */
export interface Snooze {
  /** ISO. */
  readonly until: string;
  /** As the person says; what AWS knows of who wrote it, CloudTrail has. */
  readonly by: string;
  readonly reason: string;
  /** ISO: when it was asked for. */
  readonly at: string;
}

/** As long as a snooze may be: what is quiet for longer is a rule of drift.yaml, with its reason in Git. */
export const LONGEST_SNOOZE_DAYS = 30;

const PREFIX = 'snooze#';
/** Two people who snooze the same scope in the same second are rare. */
const ATTEMPTS = 5;

const snooze = z.object({ until: z.string(), by: z.string(), reason: z.string(), at: z.string() });

const keyOf = (target: string, scope: string): ItemKey => ({
  pk: incidentsOfTarget(target),
  sk: `${PREFIX}${scope}`,
});

/** The scope and the snooze that an item of a target's incidents is; undefined for the others. */
export function snoozeIn(item: Item): { readonly scope: string; readonly snooze: Snooze } | undefined {
  if (!item.sk.startsWith(PREFIX)) return undefined;
  const found = snooze.safeParse(item);
  return found.success ? { scope: item.sk.slice(PREFIX.length), snooze: found.data } : undefined;
}

export const isLasting = ({ until }: Snooze, now: Date): boolean => Date.parse(until) > now.getTime();

/** Writes it over one that is there. @throws if the item stays contended */
export async function putSnooze(
  table: Pick<Table, 'get' | 'put'>,
  target: string,
  scope: string,
  made: Snooze,
): Promise<void> {
  const key = keyOf(target, scope);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await table.get(key);
    const item = { ...key, schema: INCIDENTS_SCHEMA, version: (before?.version ?? 0) + 1, ...made };
    if ((await table.put(item, before?.version ?? 'absent')) === 'written') return;
  }
  throw new Error(`the snooze of ${target} ${scope} was changed by somebody else ${ATTEMPTS} times in a row`);
}

/** Ends one now. @returns what it was, or undefined where none lasts. @throws if the item stays contended */
export async function endSnooze(
  table: Pick<Table, 'get' | 'put'>,
  target: string,
  scope: string,
  now: Date,
): Promise<Snooze | undefined> {
  const key = keyOf(target, scope);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await table.get(key);
    const known = before === undefined ? undefined : snoozeIn(before)?.snooze;
    if (before === undefined || known === undefined || !isLasting(known, now)) return undefined;
    const item = { ...before, version: before.version + 1, until: now.toISOString() };
    if ((await table.put(item, before.version)) === 'written') return known;
  }
  throw new Error(`the snooze of ${target} ${scope} was changed by somebody else ${ATTEMPTS} times in a row`);
}
