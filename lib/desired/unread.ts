import * as z from 'zod';
import type { Table } from '../aws/table.ts';
import { printable } from '../charts/reasons.ts';
import type { Observation } from '../checks/observation.ts';

/**
 * Why the branch of a target cannot be read, for as long as it cannot: `target#<target>` / `unread`. Checks go on
 * against the newest desired state that is known, and say of the target that it is `unknown`.
 */
const unread = z.object({ reason: z.string() });

/** Characters of a reason: what a Git host says is text from outside. */
const REASON_LENGTH = 600;

const keyOf = (target: string) => ({ pk: `target#${target}`, sk: 'unread' });

export async function readUnread(table: Pick<Table, 'get'>, target: string): Promise<string | undefined> {
  const item = await table.get(keyOf(target));
  return item === undefined ? undefined : unread.parse(item).reason;
}

/** Returns the reason as it is kept. Who loses the write has the same to say. */
export async function recordUnread(table: Table, target: string, output: string): Promise<string> {
  const reason = printable(`Git cannot be read: ${output.trim()}`, REASON_LENGTH);
  const known = await table.get(keyOf(target));
  if (known?.reason === reason) return reason;
  await table.put(
    { ...keyOf(target), schema: 1, version: (known?.version ?? 0) + 1, reason },
    known?.version ?? 'absent',
  );
  return reason;
}

export async function forgetUnread(table: Table, target: string): Promise<void> {
  const known = await table.get(keyOf(target));
  if (known !== undefined) await table.remove(keyOf(target), known.version);
}

/** What is to be seen of a target whose branch was never read: that, and no commit. */
export const unreadTarget = (target: string, reason: string, at: Date): Observation => ({
  target,
  commit: '',
  sequence: 0,
  at: at.toISOString(),
  scopes: [{ scope: { kind: 'target' }, state: { kind: 'unknown', reason } }],
});
