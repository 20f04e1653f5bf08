import type { Table } from '../../aws/table.ts';
import type { ProposalHostFailed } from '../../proposals/proposals.ts';
import { UPLOADS_SCHEMA } from '../record/record.ts';
import { tellBlocked, tellUnblocked } from './blocked.ts';
import type { Call } from './call.ts';

/**
 * A host of pull requests that does not answer holds up the pull requests of its targets and nothing else:
 * `proposal-host` / `<target>`; what it refuses holds up that one alone: `<target>/<place>`. People hear of either when
 * it has lasted.
 */
const keyOf = (target: string, place?: string) => ({
  pk: 'proposal-host',
  sk: place === undefined ? target : `${target}/${place}`,
});

/** A host that comes back by itself mostly does so sooner. */
const TOLD_AFTER_MILLISECONDS = 60 * 60 * 1000;
/** How soon it is asked again, where it does not say. */
const AGAIN_MILLISECONDS = 60_000;
const REFUSED_AGAIN_MILLISECONDS = 5 * 60_000;
/** Whatever it says: a credential may be mended sooner. */
const LONGEST_MILLISECONDS = 60 * 60 * 1000;

/** What the host last said no with, while it is not asked again. */
export async function heldBy(
  table: Table,
  target: string,
  place: string,
  now: Date,
): Promise<string | undefined> {
  for (const key of [keyOf(target), keyOf(target, place)]) {
    const found = await table.get(key);
    if (typeof found?.until !== 'string' || typeof found.says !== 'string') continue;
    if (found.until > now.toISOString()) return found.says;
  }
  return undefined;
}

export async function keepHeld(
  call: Call,
  target: string,
  place: string,
  error: ProposalHostFailed,
): Promise<void> {
  const { parts } = call;
  const now = parts.now();
  const key = error.kind === 'refused' ? keyOf(target, place) : keyOf(target);
  const before = await parts.table.get(key);
  const since = typeof before?.since === 'string' ? before.since : now.toISOString();
  const pause = error.kind === 'refused' ? REFUSED_AGAIN_MILLISECONDS : AGAIN_MILLISECONDS;
  const asked = error.retryAt?.getTime() ?? now.getTime() + pause;
  const until = new Date(Math.min(asked, now.getTime() + LONGEST_MILLISECONDS)).toISOString();
  const item = { ...key, schema: UPLOADS_SCHEMA, version: (before?.version ?? 0) + 1 };
  // A conflict: another delivery has just met the same.
  await parts.table.put({ ...item, since, until, says: error.message }, before?.version ?? 'absent');
  parts.log('host of pull requests does not do it', { target, place, kind: error.kind, says: error.message });
  if (now.getTime() - Date.parse(since) >= TOLD_AFTER_MILLISECONDS)
    await tellBlocked(parts, target, error.message, 'proposals');
}

/** It answers: what was told of it is over. */
export async function letGo({ parts }: Call, target: string, place: string): Promise<void> {
  for (const key of [keyOf(target), keyOf(target, place)]) {
    const before = await parts.table.get(key);
    if (before === undefined) continue;
    await tellUnblocked(parts, target, 'proposals');
    await parts.table.remove(before, before.version);
  }
}
