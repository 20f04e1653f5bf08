import type { Table } from '../aws/table.ts';
import type { CommandScope } from '../commands/command.ts';
import { readFreezes } from '../uploads/record/freezes.ts';

/** A freeze as a status shows it. */
export interface StandingFreeze {
  /** `shop/web`; `target`: all of it. */
  readonly scope: string;
  /** Who asked, as AWS says: an ARN. */
  readonly by: string;
  /** ISO. */
  readonly at: string;
  readonly reason?: string;
}

/** The freezes of a target that stand, in one query. @throws ZodError for what is no freeze */
export const standingFreezes = async (
  table: Pick<Table, 'query'>,
  target: string,
): Promise<readonly StandingFreeze[]> =>
  (await readFreezes(table, target)).map(({ scope, by, at, reason }) => ({
    scope: nameOf(scope),
    ...{ by, at },
    ...(reason === undefined ? {} : { reason }),
  }));

const nameOf = (scope: CommandScope): string =>
  scope.kind === 'target' ? 'target' : `${scope.namespace}/${scope.release}`;
