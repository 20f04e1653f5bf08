import { CALLS_AT_ONCE, eachAtOnce } from '../../at-once/at-once.ts';
import type { Candidate } from '../deciding/group.ts';
import { groupOf, parseKey, slotOf } from '../record/keys.ts';
import { orderOf } from '../record/order.ts';
import { type OutcomeParts, tagUpload } from '../record/outcome.ts';
import { payTags } from '../record/owed-tags.ts';
import { readRecord, type UploadRecord } from '../record/record.ts';
import { type Entry, isInLine, type Line, listWaiting, removeWaiting } from '../record/waiting.ts';

export interface Wanted {
  /** Slots: no more groups are taken once there are so many. A crowd that waits is not read for each push. */
  readonly slots: number;
  /** Entries that are passed over. */
  readonly isAside: (entry: Pick<Entry, 'key' | 'versionId'>) => boolean;
}

const ALL: Wanted = { slots: Number.POSITIVE_INFINITY, isAside: () => false };

/**
 * Checked uploads of a line, newest first: whole groups, the longest waiting first, with every upload of each. What a
 * kill left of those that it looks at is finished: an entry whose record has ended is tagged (again) and taken off the
 * list. None: nothing waits at all.
 */
export async function takeWaiting(
  parts: OutcomeParts,
  line: Line,
  { slots, isAside }: Wanted = ALL,
): Promise<readonly Candidate[]> {
  const entries = (await Array.fromAsync(listWaiting(parts.table, line))).filter((entry) => !isAside(entry));
  const groups = [...Map.groupBy(entries, groupOfEntry).values()];
  const taken: Candidate[] = [];
  const slotsTaken = () => new Set(taken.map(({ key }) => slotOf(key))).size;
  for (let at = 0; at < groups.length && slotsTaken() < slots; ) {
    // One slot a group at least: so many groups are never too many by much.
    const some = groups.slice(at, at + slots - slotsTaken());
    at += some.length;
    const candidates = await eachAtOnce(some.flat(), CALLS_AT_ONCE, async ({ key, versionId }) => {
      const record = await readRecord(parts.table, key, versionId);
      return record === undefined ? undefined : candidateOf(parts, line, record);
    });
    taken.push(...candidates.filter((candidate) => candidate !== undefined));
  }
  return taken.toSorted((a, b) => (orderOf(a.record) < orderOf(b.record) ? 1 : -1));
}

const groupOfEntry = ({ key }: Entry): string => {
  const parsed = parseKey(key);
  return parsed.kind === 'slot' ? groupOf(parsed.key) : key;
};

async function candidateOf(
  parts: OutcomeParts,
  line: Line,
  record: UploadRecord,
): Promise<Candidate | undefined> {
  switch (record.state) {
    case 'received':
      // Its entry is written first; receive-upload is at it, or will be sent there again.
      return undefined;
    case 'checked':
    case 'proposed': {
      // Its target has moved, and it waits there.
      if (!isInLine(record, line)) return undefined;
      const parsed = parseKey(record.key);
      return parsed.kind === 'slot' ? { key: parsed.key, record: await payTags(parts, record) } : undefined;
    }
    case 'delivered':
    case 'rejected':
    case 'superseded':
    case 'failed':
    case 'declined':
    case 'done':
      await tagUpload(parts, record);
      await removeWaiting(parts.table, line, record);
      return undefined;
  }
}
