import * as z from 'zod';
import type { Table } from '../../aws/table.ts';
import type { Config } from '../../config/config.ts';
import { readRecord, UPLOADS_SCHEMA } from '../record/record.ts';
import { type Entry, isInLine, listCommands, listWaiting } from '../record/waiting.ts';
import { isAstray } from './moved.ts';

/**
 * The lines that targets have had: `lines` / `<target>#<repository>#<branch>`. What waits in one that its target has left
 * is found by them alone, once it is older than what the bucket is compared for.
 */
const LINES = 'lines';
const lineItem = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  schema: z.literal(UPLOADS_SCHEMA),
  version: z.number(),
  target: z.string(),
  repository: z.string(),
  branch: z.string(),
});

/** Entries of what waits where its target no longer is. Remembers where all targets are now, and forgets what is empty. */
export async function* linesLeft(table: Table, config: Config): AsyncIterable<Entry> {
  const known = new Set<string>();
  for await (const item of table.query(LINES)) {
    const line = lineItem.parse(item);
    known.add(line.sk);
    const isThere = config.targets.some((one) => one.name === line.target && isInLine(one, line));
    if (isThere) continue;
    let left = 0;
    for (const entries of [listCommands(table, line), listWaiting(table, line)]) {
      // What commands freeze there is not to be delivered before they are there.
      if (left > 0) break;
      for await (const entry of entries) {
        const record = await readRecord(table, entry.key, entry.versionId);
        if (record === undefined || !isAstray(record, config) || record.target !== line.target) continue;
        left += 1;
        yield entry;
      }
    }
    if (left === 0) await table.remove(line, line.version);
  }
  for (const { name: target, repository, branch, driftOnly } of config.targets) {
    const sk = `${target}#${repository}#${branch}`;
    if (driftOnly || known.has(sk)) continue;
    const item = { pk: LINES, sk, schema: UPLOADS_SCHEMA, version: 1, target, repository, branch };
    await table.put(item, 'absent');
  }
}
