import type { Table } from '../../aws/table.ts';
import type { Verb } from '../../commands/command.ts';
import { neutral } from './claims.ts';
import { freeze, lift, thawOwn } from './freezes.ts';

export interface FreezingCommand {
  readonly target: string;
  readonly verb: Verb;
  readonly id: string;
  /** ARN. */
  readonly by: string;
  /** Of its upload. */
  readonly order: string;
  /** When it is carried out (ISO). */
  readonly at: string;
}

/** What a command freezes or thaws, beside what it may commit. The same command twice is one. */
export async function freezeByCommand(
  table: Table,
  { target, verb, id, by, order, at }: FreezingCommand,
): Promise<void> {
  const change = { command: id, by, order, at };
  switch (verb.kind) {
    case 'freeze':
    case 'unfreeze': {
      const why = verb.reason === undefined ? {} : { reason: verb.reason };
      const work = verb.kind === 'freeze' ? freeze : lift;
      await work(table, target, { ...change, ...why, scope: verb.scope });
      return;
    }
    case 'rollback': {
      const to = verb.to === undefined ? '' : ` to ${neutral(verb.to, verb.to.length)}`;
      const reason = verb.reason ?? `rolled back${to}`;
      const scope = { kind: 'release', ...verb.release } as const;
      await freeze(table, target, { ...change, reason, scope });
      return;
    }
    case 'promote':
    case 'remove':
      return;
  }
}

/** A rollback that comes to nothing freezes nothing; another's freeze stays. */
export async function takeBackFreeze(
  table: Table,
  target: string,
  { verb, id }: Pick<FreezingCommand, 'verb' | 'id'>,
): Promise<void> {
  if (verb.kind === 'rollback') await thawOwn(table, target, { kind: 'release', ...verb.release }, id);
}
