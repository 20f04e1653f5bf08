import { reason } from '../../charts/reasons.ts';
import type { Candidate } from '../deciding/group.ts';
import { dueToFail, type Failing, tellFailed } from '../record/failing.ts';
import { takeBackFreeze } from '../record/freeze-by-command.ts';
import { isHeld } from '../record/record.ts';
import { isBlocked, tellBlocked, tellUnblocked } from './blocked.ts';
import { type Call, nameOf } from './call.ts';
import { settle } from './settle.ts';
import { takeWaiting } from './take.ts';
import { takeCommand } from './take-commands.ts';

/** What cannot be delivered now: it waits in its order, and fails once a day has passed. */

export const STILL_ON_ITS_WAY = 'a push for its place was cut off and may still arrive';

/** They wait for something else than Git, and are not looked at again in this call. */
export function setAside(call: Call, candidates: readonly Pick<Candidate, 'record'>[], why: string): void {
  for (const { record } of candidates) {
    call.aside.set(nameOf(record), { record, reason: reason('not-judged', { why }) });
    call.parts.log('upload waits', { key: record.key, upload: record.versionId, why });
  }
}

/** Its target has moved to another branch, where the hourly sweep sends it: however long it has waited, it has not failed. */
export function leaveForSweep(call: Call, candidates: readonly Pick<Candidate, 'record'>[]): void {
  const why = 'its target has moved to another branch: the hourly sweep sends it there';
  for (const { record } of candidates) {
    call.frozen.add(nameOf(record));
    call.parts.log('upload waits', { key: record.key, upload: record.versionId, why });
  }
}

/** The repository takes nothing now. */
export async function blocked(call: Call, says: string): Promise<void> {
  const { parts, line } = call;
  const command = await takeCommand(parts, line);
  const waiting = [...(command === undefined ? [] : [command]), ...(await takeWaiting(parts, line))];
  for (const target of new Set(waiting.map(({ record }) => record.target)))
    await tellBlocked(parts, target, says);
  await failOverdue(
    call,
    waiting
      .filter(({ record }) => !isHeld(record))
      .map(({ record }) => ({ record, reason: reason('repository-blocked', { says }) })),
  );
  parts.log('repository blocked', { ...line, says });
}

/** It works: what was told of it is over. */
export async function unblocked({ parts, targets }: Call): Promise<void> {
  for (const { name } of targets) await tellUnblocked(parts, name);
}

/** Whether people believe that nothing can be delivered. */
export async function isSaidBlocked({ parts, targets }: Pick<Call, 'parts' | 'targets'>): Promise<boolean> {
  for (const { name } of targets) if (await isBlocked(parts.table, name)) return true;
  return false;
}

export async function failOverdue(call: Call, held: readonly Failing[]): Promise<void> {
  const due = dueToFail(held, call.parts.now());
  await tellFailed(call.parts, due);
  for (const { record, reason } of due) {
    const { table } = call.parts;
    if (record.command !== undefined) await takeBackFreeze(table, record.target, record.command);
    await settle(call.parts, call.line, record, { state: 'failed', reasons: [reason] });
  }
}
