import type { Table } from '../aws/table.ts';
import type { Config, Target } from '../config/config.ts';
import { readNewest } from '../desired/sequence.ts';
import { silentMinutes } from '../incidents/age.ts';
import { decideSilence } from '../incidents/target.ts';
import type { Alert } from './alert.ts';
import { incidentsOfTarget, SEEN } from './incident-items.ts';
import { decidingContext, putSeen, snoozesOf, tellContextOf, tellDecided } from './tell.ts';

/**
 * Tells of targets whose newest verdict is too old, whatever the reason: checks that never begin or never end say
 * nothing themselves. The next check that finishes closes it. Costs a read a target where all is well.
 * @throws if the table stays contended; the next sweep decides again
 */
export async function tellTooOld(table: Table, config: Config, now: Date): Promise<readonly Alert[]> {
  const told: Alert[] = [];
  const failures: unknown[] = [];
  for (const target of config.targets) {
    if (target.cluster === undefined) continue;
    // One target that cannot be told must not keep the others from people.
    await tellSilence(table, config, target, now).then(
      (alerts) => told.push(...alerts),
      (error: unknown) => failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0];
  return told;
}

async function tellSilence(
  table: Table,
  config: Config,
  target: Target,
  now: Date,
): Promise<readonly Alert[]> {
  const { name, checkEveryMinutes } = target;
  const at = now.toISOString();
  const lastCheck = lastOf(await table.get({ pk: incidentsOfTarget(name), sk: SEEN }));
  if (lastCheck === undefined) {
    // Nothing was ever read of it: there is nothing to check.
    if ((await readNewest(table, name)).newest === undefined) return [];
  } else if (now.getTime() - Date.parse(lastCheck) < silentMinutes(checkEveryMinutes) * 60_000) return [];

  const repository = config.repositories.find(({ name: one }) => one === target.repository);
  if (repository === undefined) return [];
  const { installation, severity } = config;
  const context = tellContextOf({ installation, severity, repository, target });
  return await tellDecided(table, name, at, async (known) => {
    const last = lastOf(known.seen);
    const writes = decideSilence(
      { ...known, snoozes: snoozesOf(known) },
      { at, checkEveryMinutes, ...(last === undefined ? {} : { lastCheck: last }) },
      decidingContext(name, at, context, now),
    );
    const { seen } = known;
    if (writes.length === 0 || seen === undefined || last === undefined) return writes;
    // A check that finishes meanwhile begins anew, and this does.
    const same = { target: name, sequence: Number(seen.sequence), at: last };
    return (await putSeen(table, same, seen)) === 'conflict' ? 'conflict' : writes;
  });
}

const lastOf = (seen: Readonly<Record<string, unknown>> | undefined): string | undefined =>
  typeof seen?.at === 'string' ? seen.at : undefined;
