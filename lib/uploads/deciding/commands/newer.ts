import type { Table } from '../../../aws/table.ts';
import { orderOf } from '../../record/order.ts';
import type { WaitingRecord } from '../../record/record.ts';
import { readMark } from '../../record/slots.ts';

/**
 * What was delivered into one of the slots after the command was given: whoever gave it had not seen that. As records
 * name an upload.
 */
export async function newerThan(
  table: Table,
  record: WaitingRecord,
  slots: readonly string[],
): Promise<string | undefined> {
  const order = orderOf(record);
  for (const slot of slots) {
    const mark = await readMark(table, slot);
    if (mark !== undefined && mark.order > order) return `${mark.key}?versionId=${mark.versionId}`;
  }
  return undefined;
}
