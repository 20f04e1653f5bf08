import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import type { ImageList } from '../../charts/image-list.ts';
import type { Reason } from '../../charts/reasons.ts';
import type { Candidate } from '../deciding/group.ts';
import { slotOf } from '../record/keys.ts';
import { orderOf } from '../record/order.ts';
import { endUpload, type OutcomeParts } from '../record/outcome.ts';
import type { Outcome, WaitingRecord } from '../record/record.ts';
import { keepVersion, raiseMark, readMark } from '../record/slots.ts';
import { type Line, removeWaiting } from '../record/waiting.ts';

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
    images,
    ...delivered
  }: {
    readonly commit: string;
    readonly files: string;
    readonly warnings?: readonly Reason[] | undefined;
    readonly images?: ImageList | undefined;
  },
  change: 'commit' | 'unchanged',
): Promise<void> {
  const slot = slotOf(key);
  if (record.chart !== undefined)
    await keepVersion(parts.table, slot, record.chart.version, record.digest, record.signer);
  await raiseMark(parts.table, slot, record, delivered);
  await settle(parts, line, record, {
    state: 'delivered',
    commit: delivered.commit,
    change,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(images === undefined ? {} : { images }),
  });
}

export async function settle(
  parts: OutcomeParts,
  line: Line,
  record: WaitingRecord,
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
  const slots = [...new Set(candidates.map(({ key }) => slotOf(key)))];
  const marks = new Map(
    await eachAtOnce(
      slots,
      CALLS_AT_ONCE,
      async (slot) => [slot, await readMark(parts.table, slot)] as const,
    ),
  );
  const left: Candidate[] = [];
  for (const candidate of candidates) {
    const { key, record } = candidate;
    const mark = marks.get(slotOf(key));
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
