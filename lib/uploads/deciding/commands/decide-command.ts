import type { AskedCommand, CommandDecision, CommandParts } from './decision.ts';
import { decidePromote } from './promote.ts';
import { decideRemove } from './remove.ts';
import { decideRollback } from './rollback.ts';

/** What a command that changes Git comes to upon this tip. @throws GitFailed, which concerns all that waits */
export async function decideCommand(
  parts: CommandParts,
  tip: string | undefined,
  { command, ...asked }: AskedCommand<'rollback' | 'promote' | 'remove'>,
): Promise<CommandDecision> {
  const { verb } = command;
  switch (verb.kind) {
    case 'rollback':
      return decideRollback(parts, tip, { ...asked, command: { ...command, verb } });
    case 'promote':
      return decidePromote(parts, tip, { ...asked, command: { ...command, verb } });
    case 'remove':
      return decideRemove(parts, tip, { ...asked, command: { ...command, verb } });
  }
}
