import type { Table } from '../aws/table.ts';

/** For how many seconds the oldest alert waits that somebody was not told yet; 0: none waits. */
export async function oldestUntoldSeconds(table: Pick<Table, 'untold'>, now: Date): Promise<number> {
  let oldest = now.getTime();
  // What is held back is told with others, a minute later.
  for await (const { alerts, untoldAt } of table.untold())
    if (alerts !== undefined && typeof untoldAt === 'string') oldest = Math.min(oldest, Date.parse(untoldAt));
  return Math.round((now.getTime() - oldest) / 1000);
}
