import { parseKey, slotOf } from '../record/keys.ts';
import { isWaiting, readRecord, type WaitingRecord } from '../record/record.ts';
import { type Entry, listCommands, listWaiting } from '../record/waiting.ts';
import { mayLand } from './attempts.ts';
import type { Call } from './call.ts';

/**
 * Of these slots those that a push may still fill that nobody waits for any more: of an upload or of a command,
 * whoever's turn it is, and also where it is frozen or was set aside. Nothing of them may end without a commit (see
 * attempts.ts): the push would arrive after it, and stand.
 * @param tip that such a push would be upon
 */
export async function slotsOnTheirWay(
  { parts, line, refused }: Pick<Call, 'parts' | 'line' | 'refused'>,
  tip: string | undefined,
  slots: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const asked = new Set(slots);
  const found = new Set<string>();
  if (asked.size === 0) return found;
  const onItsWay = async (entry: Entry): Promise<WaitingRecord | undefined> => {
    const record = await readRecord(parts.table, entry.key, entry.versionId);
    return record !== undefined && isWaiting(record) && mayLand(record, tip, refused, parts.now())
      ? record
      : undefined;
  };
  for await (const entry of listWaiting(parts.table, line)) {
    const parsed = parseKey(entry.key);
    const slot = parsed.kind === 'slot' ? slotOf(parsed.key) : undefined;
    if (slot === undefined || !asked.has(slot) || found.has(slot)) continue;
    if ((await onItsWay(entry)) !== undefined) found.add(slot);
  }
  for await (const entry of listCommands(parts.table, line)) {
    const record = await onItsWay(entry);
    for (const { slot } of record?.attempted.flatMap(({ touched = [] }) => touched) ?? [])
      if (asked.has(slot)) found.add(slot);
  }
  return found;
}
