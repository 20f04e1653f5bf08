import type { Reason } from '../charts/reasons.ts';
import type { Candidate } from './group.ts';
import { parseKey, slotOf } from './keys.ts';
import { orderOf } from './order.ts';
import { endUpload, type OutcomeParts, tagUpload } from './outcome.ts';
import { type CheckedRecord, type Outcome, readRecord, type UploadRecord } from './record.ts';
import { keepVersion, raiseMark, readMark } from './slots.ts';
import { type Line, listWaiting, removeWaiting } from './waiting.ts';

/**
 * All checked uploads of a line, newest first; finishes what a kill left: an entry whose record has ended is tagged
 * (again) and taken off the list.
 */
export async function takeWaiting(parts: OutcomeParts, line: Line): Promise<readonly Candidate[]> {
  const entries = await Array.fromAsync(listWaiting(parts.table, line));
  const candidates: Candidate[] = [];
  for (let at = 0; at < entries.length; at += READS_AT_ONCE) {
    const some = entries.slice(at, at + READS_AT_ONCE);
    const records = await Promise.all(
      some.map((entry) => readRecord(parts.table, entry.key, entry.versionId)),
    );
    for (const record of records) {
      const candidate = record === undefined ? undefined : await candidateOf(parts, line, record);
      if (candidate !== undefined) candidates.push(candidate);
    }
  }
  return candidates.toSorted((a, b) => (orderOf(a.record) < orderOf(b.record) ? 1 : -1));
}

const READS_AT_ONCE = 20;

async function candidateOf(
  parts: OutcomeParts,
  line: Line,
  record: UploadRecord,
): Promise<Candidate | undefined> {
  switch (record.state) {
    case 'received':
      // Its entry is written first; receive-upload is at it, or will be sent there again.
      return undefined;
    case 'checked': {
      const parsed = parseKey(record.key);
      return parsed.kind === 'slot' ? { key: parsed.key, record } : undefined;
    }
    case 'delivered':
    case 'rejected':
    case 'superseded':
    case 'failed':
      await tagUpload(parts, record);
      await removeWaiting(parts.table, line, record);
      return undefined;
  }
}

/**
 * Ends an upload and takes it off the list. The order matters: the slot's mark before the record, since a kill
 * between them leaves the record waiting, whose commit is then found again; the list last.
 */
export async function settleDelivered(
  parts: OutcomeParts,
  line: Line,
  { key, record }: Candidate,
  {
    warnings = [],
    ...delivered
  }: { readonly commit: string; readonly files: string; readonly warnings?: readonly Reason[] | undefined },
  change: 'commit' | 'unchanged',
): Promise<void> {
  const slot = slotOf(key);
  if (record.chart !== undefined) await keepVersion(parts.table, slot, record.chart.version, record.digest);
  await raiseMark(parts.table, slot, record, delivered);
  await settle(parts, line, record, {
    state: 'delivered',
    commit: delivered.commit,
    change,
    ...(warnings.length === 0 ? {} : { warnings }),
  });
}

export async function settle(
  parts: OutcomeParts,
  line: Line,
  record: CheckedRecord,
  outcome: Outcome,
): Promise<void> {
  // A conflict: another delivery holds it now; its entry stays for that one.
  if ((await endUpload(parts, record, outcome)) === 'ended') await removeWaiting(parts.table, line, record);
}

/** Ends what is older than its slot's mark; gives the rest. */
export async function supersedeOlder(
  parts: OutcomeParts,
  line: Line,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const marks = new Map<string, Awaited<ReturnType<typeof readMark>>>();
  const left: Candidate[] = [];
  for (const candidate of candidates) {
    const { key, record } = candidate;
    const slot = slotOf(key);
    if (!marks.has(slot)) marks.set(slot, await readMark(parts.table, slot));
    const mark = marks.get(slot);
    if (mark === undefined || orderOf(record) > mark.order) left.push(candidate);
    else if (mark.key === record.key && mark.versionId === record.versionId) {
      // Killed after the mark was raised and before the record was written.
      await settle(parts, line, record, { state: 'delivered', commit: mark.commit, change: 'commit' });
    } else
      await settle(parts, line, record, {
        state: 'superseded',
        by: `${mark.key}?versionId=${mark.versionId}`,
      });
  }
  return left;
}
