import type { Table } from '../../aws/table.ts';
import { type ReceivedRecord, recordItem } from '../record/record.ts';

/**
 * What cannot be checked: it kills whoever opens it, or a store is away. After a day it is tried once more, so that an
 * outage which is over harms nothing; if that does not end it either, it has failed.
 */
export type Trying = { readonly kind: 'try'; readonly record: ReceivedRecord } | { readonly kind: 'over' };

const CHECKABLE_MILLISECONDS = 24 * 60 * 60 * 1000;
/** Longer than a call may last, and shorter than the sweep takes to send it here again. */
const LAST_TRY_MILLISECONDS = 4 * 60 * 1000;

/** Whether it is to be tried (again), with the record as it stands then. */
export async function tryAgain(table: Table, record: ReceivedRecord, now: Date): Promise<Trying> {
  const since = (at: string) => now.getTime() - Date.parse(at);
  if (since(record.receivedAt) < CHECKABLE_MILLISECONDS) return { kind: 'try', record };
  const { lastTriedAt, attempted } = record;
  if (lastTriedAt !== undefined)
    // Sooner, it was told twice, or is still being tried.
    return since(lastTriedAt) < LAST_TRY_MILLISECONDS ? { kind: 'try', record } : { kind: 'over' };
  const state = {
    state: 'received',
    ...(attempted === undefined ? {} : { attempted }),
    lastTriedAt: now.toISOString(),
  } as const;
  const marked = { ...recordItem(record, state, record), ...state };
  // A conflict: another call is at it, and ends it, or it comes here again.
  return { kind: 'try', record: (await table.put(marked, record.version)) === 'written' ? marked : record };
}
