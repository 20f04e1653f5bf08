import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Item } from '../aws/table.ts';

/**
 * A check writes the verdict of a scope only where it differs from the one that stands: each write is paid for, and
 * mostly nothing has changed. What it saw as it stands, it confirms in the target's own verdict, by the versions of
 * those items: a check that is slower than another and writes an older verdict makes a version that nobody confirmed.
 */
export type Confirmed = z.output<typeof confirmed>;
export const confirmed = z.record(z.string(), z.number());

/** So much of a digest tells apart all scopes of a target, and an item with thousands of them stays small. */
const KEY_LENGTH = 12;
const keyOf = (sk: string): string =>
  createHash('sha256').update(sk).digest('base64url').slice(0, KEY_LENGTH);

/** @param items as they stand in the table after a check */
export const confirmationOf = (items: readonly Pick<Item, 'sk' | 'version'>[]): Confirmed =>
  Object.fromEntries(items.map(({ sk, version }) => [keyOf(sk), version]));

const seenLast = z.object({
  commit: z.string(),
  at: z.string(),
  readAt: z.string().exactOptional(),
  confirms: confirmed.exactOptional(),
});

/**
 * The verdict of a scope as if the last check that saw it so had written it: with the commit that was checked, and when.
 * @param target the target's own, read before the scope's or with it
 */
export function asConfirmed(scope: Item, target: Item | undefined): Item {
  const last = seenLast.safeParse(target);
  if (!last.success || last.data.confirms?.[keyOf(scope.sk)] !== scope.version) return scope;
  const { commit, at, readAt } = last.data;
  const { readAt: _before, ...rest } = scope;
  return { ...rest, commit, at, ...(readAt === undefined ? {} : { readAt }) } as Item;
}
