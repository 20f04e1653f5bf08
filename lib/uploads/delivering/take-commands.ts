import type { CarriedCommand } from '../../commands/command.ts';
import { type CommandKey, parseKey } from '../record/keys.ts';
import { type OutcomeParts, tagUpload } from '../record/outcome.ts';
import { payTags } from '../record/owed-tags.ts';
import { isWaiting, readRecord, type WaitingRecord } from '../record/record.ts';
import { type Entry, isInLine, type Line, listCommands, removeWaiting } from '../record/waiting.ts';

/** A command whose turn it is. */
export interface WaitingCommand {
  readonly key: CommandKey;
  readonly record: WaitingRecord;
  readonly command: CarriedCommand;
}

/**
 * The command that has waited longest; what a kill left of those before it is finished, as takeWaiting does.
 * @param isAside entries that are passed over
 */
export async function takeCommand(
  parts: OutcomeParts,
  line: Line,
  isAside: (entry: Pick<Entry, 'key' | 'versionId'>) => boolean = () => false,
): Promise<WaitingCommand | undefined> {
  for await (const waiting of takeCommands(parts, line, isAside)) return waiting;
  return undefined;
}

/** All of them, that which has waited longest first. */
export async function* takeCommands(
  parts: OutcomeParts,
  line: Line,
  isAside: (entry: Pick<Entry, 'key' | 'versionId'>) => boolean = () => false,
): AsyncGenerator<WaitingCommand> {
  for await (const entry of listCommands(parts.table, line)) {
    if (isAside(entry)) continue;
    const record = await readRecord(parts.table, entry.key, entry.versionId);
    // Its entry is written first; receive-upload is at it, or will be sent there again.
    if (record === undefined || record.state === 'received') continue;
    if (isWaiting(record)) {
      // Its target has moved, and it waits there.
      if (!isInLine(record, line)) continue;
      const parsed = parseKey(record.key);
      const { command } = record;
      if (parsed.kind === 'command' && command !== undefined)
        yield { key: parsed.key, record: await payTags(parts, record), command };
      continue;
    }
    await tagUpload(parts, record);
    await removeWaiting(parts.table, line, record);
  }
}
