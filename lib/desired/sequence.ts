import * as z from 'zod';
import type { Item, Table } from '../aws/table.ts';
import type { Digest } from '../content/tree.ts';
import { commitId, digest } from '../messages/messages.ts';

/**
 * The newest desired state of a target: `target#<target>` / `desired`. Its sequence counts up with each, so that a
 * check of an older one drops itself.
 */
const newestDesired = z.object({
  sequence: z.number().int().positive(),
  commit: commitId,
  desired: digest,
  /** When it was first read (ISO): when the rollout to it began, as far as is known. */
  at: z.string(),
});
export type NewestDesired = z.output<typeof newestDesired>;

const keyOf = (target: string) => ({ pk: `target#${target}`, sk: 'desired' });

export interface StoredNewest {
  readonly newest: NewestDesired | undefined;
  readonly item: Item | undefined;
}

export async function readNewest(table: Table, target: string): Promise<StoredNewest> {
  const item = await table.get(keyOf(target));
  return { newest: item === undefined ? undefined : newestDesired.parse(item), item };
}

/**
 * Records what was read after `before` was looked up. `conflict`: somebody else recorded meanwhile, and what was read
 * may be older than that; read again.
 */
export async function recordNewest(
  table: Table,
  target: string,
  { newest, item }: StoredNewest,
  read: { readonly commit: string; readonly desired: Digest; readonly at: string },
): Promise<{ readonly kind: 'newest'; readonly newest: NewestDesired } | { readonly kind: 'conflict' }> {
  if (newest?.commit === read.commit && newest.desired === read.desired) return { kind: 'newest', newest };
  const next: NewestDesired = { ...read, sequence: (newest?.sequence ?? 0) + 1 };
  const written = await table.put(
    { ...keyOf(target), schema: 1, version: (item?.version ?? 0) + 1, ...next },
    item?.version ?? 'absent',
  );
  return written === 'written' ? { kind: 'newest', newest: next } : { kind: 'conflict' };
}
