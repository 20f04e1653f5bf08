import type { Item, Table } from '../aws/table.ts';
import type { Config } from '../config/config.ts';
import { decideTarget } from '../incidents/target.ts';
import { formatJson, parseJson } from '../objects/json.ts';
import type { Alert } from './alert.ts';
import { INCIDENTS_SCHEMA } from './incident-items.ts';
import { decidingContext, snoozesOf, type TellContext, tellContextOf, tellDecided } from './tell.ts';

/**
 * Targets that are checked, with what telling of them needs: `checked` / `<target>`. One that goes from the
 * configuration, or names no cluster any more, is known by it, and what is open of it closes: no check would.
 */
const CHECKED = 'checked';

/** From when on each target has been one that is checked, as far as is known (ISO). */
export async function configuredSince(table: Pick<Table, 'query'>): Promise<ReadonlyMap<string, string>> {
  const since = new Map<string, string>();
  for await (const item of table.query(CHECKED))
    if (typeof item.since === 'string') since.set(item.sk, item.since);
  return since;
}

/** @throws if the table stays contended; the next sweep goes on */
export async function tellNoLongerChecked(
  table: Table,
  config: Config,
  now: Date,
): Promise<readonly Alert[]> {
  const known = new Map<string, Item>();
  for await (const item of table.query(CHECKED)) known.set(item.sk, item);
  const { installation, severity } = config;
  for (const target of config.targets) {
    const repository = config.repositories.find(({ name }) => name === target.repository);
    if (target.cluster === undefined || repository === undefined) continue;
    const before = known.get(target.name);
    known.delete(target.name);
    const context = formatJson(
      JSON.parse(JSON.stringify(tellContextOf({ installation, severity, repository, target }))),
    );
    if (before?.context === context) continue;
    const version = (before?.version ?? 0) + 1;
    const since = typeof before?.since === 'string' ? before.since : now.toISOString();
    const item = { pk: CHECKED, sk: target.name, schema: INCIDENTS_SCHEMA, version, context, since };
    await table.put(item, before?.version ?? 'absent');
  }
  const told: Alert[] = [];
  for (const item of known.values()) {
    told.push(...(await closeAll(table, item, now)));
    await table.remove(item, item.version);
  }
  return told;
}

async function closeAll(table: Table, { sk: target, context }: Item, now: Date): Promise<readonly Alert[]> {
  if (typeof context !== 'string') return [];
  // Our own item: what it holds was typed when it was written.
  const deciding = decidingContext(
    target,
    now.toISOString(),
    parseJson(context) as unknown as TellContext,
    now,
  );
  const well = { scope: { kind: 'target' }, state: { kind: 'in-sync', unready: [] } } as const;
  const seen = { commit: '', at: now.toISOString(), scopes: [{ scope: 'target', seen: well }] };
  return await tellDecided(table, target, seen.at, async (known) =>
    decideTarget({ ...known, snoozes: snoozesOf(known) }, seen, deciding),
  );
}
