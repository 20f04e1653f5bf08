import { GitFailed } from '../../../repository/git.ts';
import { saysOf } from '../../../repository/refusals.ts';
import type { AskedCommand, CommandDecision, CommandParts } from './decision.ts';
import { decidePromote } from './promote.ts';
import { decideRemove } from './remove.ts';
import { decideRollback } from './rollback.ts';

/**
 * What a command that changes Git comes to upon this tip. One that cannot be decided holds up nothing else: a server
 * that does not show its history concerns rollbacks alone.
 * @throws GitFailed, which concerns all that waits
 */
export async function decideCommand(
  parts: CommandParts,
  tip: string | undefined,
  { command, ...asked }: AskedCommand<'rollback' | 'promote' | 'remove'>,
): Promise<CommandDecision> {
  const { verb } = command;
  try {
    switch (verb.kind) {
      case 'rollback':
        return await decideRollback(parts, tip, { ...asked, command: { ...command, verb } });
      case 'promote':
        return await decidePromote(parts, tip, { ...asked, command: { ...command, verb } });
      case 'remove':
        return await decideRemove(parts, tip, { ...asked, command: { ...command, verb } });
    }
  } catch (error) {
    if (!(error instanceof GitFailed)) return { kind: 'waits', says: String(error) };
    if (verb.kind !== 'rollback') throw error;
    return { kind: 'waits', says: `the history cannot be read: ${saysOf(error.output)}` };
  }
}
