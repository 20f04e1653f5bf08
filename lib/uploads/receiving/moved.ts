import type { Queue } from '../../aws/queues.ts';
import type { Config } from '../../config/config.ts';
import type { Doorbell } from '../../messages/messages.ts';
import type { OutcomeParts } from '../record/outcome.ts';
import {
  contentOf,
  isWaiting,
  readRecord,
  recordItem,
  type UploadRecord,
  type WaitingRecord,
} from '../record/record.ts';
import { addReceived, addWaiting, ringBell } from '../record/waiting.ts';

/** What waits while its target moves to another branch or repository: there is nobody who looks for it where it waits. */

/** Whether it waits in a line that its target has left. */
export function isAstray(record: UploadRecord, { targets }: Config): record is WaitingRecord {
  if (!isWaiting(record)) return false;
  const target = targets.find(({ name }) => name === record.target);
  return target?.repository !== record.repository || target.branch !== record.branch;
}

interface MovingParts extends Pick<OutcomeParts, 'table' | 'now'> {
  readonly doorbell: Queue<Doorbell>;
  readonly config: Config;
}

/**
 * An upload is to be taken as on its first day, where its target is now. A command was proven when it came, and could not
 * be any more: it goes there as it is, and the delivery says what becomes of it.
 */
export async function followTarget(parts: MovingParts, record: WaitingRecord): Promise<UploadRecord> {
  const { table, now, config } = parts;
  const target = config.targets.find(({ name }) => name === record.target);
  // Of one that takes no commands any more it is told so like others.
  if (record.command !== undefined && target !== undefined && !target.driftOnly)
    return moveCommand(parts, record, target);
  const { attempted } = record;
  const upload = { ...record, receivedAt: now().toISOString() };
  // A branch of another name may have the same history, and what was pushed in it.
  const tried = attempted.length === 0 ? {} : { attempted };
  const item = recordItem(upload, { state: 'received', ...tried }, record);
  await addReceived(table, item);
  if ((await table.put(item, record.version)) === 'written') return item;
  return (await readRecord(table, record.key, record.versionId)) ?? record;
}

async function moveCommand(
  { table, doorbell }: MovingParts,
  record: WaitingRecord,
  { repository, branch }: Config['targets'][number],
): Promise<UploadRecord> {
  const { movedFrom, ...rest } = contentOf(record);
  const from = movedFrom ?? { repository: record.repository, branch: record.branch };
  const isBack = from.repository === repository && from.branch === branch;
  const content = { ...rest, repository, branch, ...(isBack ? {} : { movedFrom: from }) };
  const { attempted } = record;
  const state =
    record.state === 'proposed'
      ? ({ ...content, state: 'proposed', proposal: record.proposal, attempted } as const)
      : ({ ...content, state: 'checked', attempted } as const);
  const item = recordItem(record, state, record);
  await addWaiting(table, { repository, branch }, record);
  if ((await table.put(item, record.version)) === 'conflict')
    return (await readRecord(table, record.key, record.versionId)) ?? record;
  await ringBell(doorbell, { repository, branch });
  return item;
}
