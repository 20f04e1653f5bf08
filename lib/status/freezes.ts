import * as z from 'zod';
import type { Table } from '../aws/table.ts';

/** What keeps further uploads waiting: `freeze#<target>` / `<namespace>/<release>`, or `*` for the whole target. */
export interface StandingFreeze {
  /** `target`: all of it. */
  readonly scope: string;
  /** Who asked, as AWS says: an ARN. */
  readonly by: string;
  /** ISO. */
  readonly at: string;
  readonly reason?: string;
}

const WHOLE = '*';

const freeze = z.object({ by: z.string(), at: z.string(), reason: z.string().exactOptional() });

/** The freezes of a target that stand, in one query. @throws ZodError for what is no freeze */
export async function readFreezes(
  table: Pick<Table, 'query'>,
  target: string,
): Promise<readonly StandingFreeze[]> {
  const found: StandingFreeze[] = [];
  for await (const item of table.query(`freeze#${target}`))
    found.push({ scope: item.sk === WHOLE ? 'target' : item.sk, ...freeze.parse(item) });
  return found;
}
