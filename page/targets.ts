import * as z from 'zod';
import type { TargetIncidents } from '../lib/alerts/incident-list.ts';
import { WHOLE_TARGET } from '../lib/alerts/incident-list.ts';
import type { Item, Table } from '../lib/aws/table.ts';
import { asConfirmed } from '../lib/checks/confirmed.ts';
import type { StandingFreeze } from '../lib/status/freezes.ts';
import type { ScopeView, TargetView } from './state.ts';

/** What the configuration says of a target, as far as it is shown. */
export type ShownTarget = Pick<TargetView, 'name' | 'repository' | 'branch' | 'deployer' | 'namespaces'>;

/** Verdicts as far as the page reads them; what does not fit is left out and no failure. */
const verdictItem = z.object({
  commit: z.string().optional(),
  at: z.string(),
  verdict: z.string(),
  chart: z.object({ name: z.string(), version: z.string() }).optional(),
  findings: z.number().default(0),
  unready: z.number().default(0),
  reason: z.string().optional(),
});

const VERDICT = 'verdict#';

/** A target and the newest verdicts of what is in it, in one query. @param freezes that stand, as far as they may be read */
export async function readTarget(
  table: Pick<Table, 'query'>,
  target: ShownTarget,
  snoozes: TargetIncidents['snoozes'],
  freezes: readonly StandingFreeze[],
): Promise<TargetView> {
  const verdicts: Item[] = [];
  let commit: string | undefined;
  for await (const item of table.query(`target#${target.name}`)) {
    if (item.sk === 'desired' && typeof item.commit === 'string') commit = item.commit;
    if (item.sk.startsWith(VERDICT)) verdicts.push(item);
  }
  const whole = verdicts.find(({ sk }) => sk === `${VERDICT}${WHOLE_TARGET}`);
  const scopes = verdicts.flatMap((item) => scopeIn(asConfirmed(item, whole), snoozes, freezes));
  const checkedAt = scopes
    .map(({ at }) => at)
    .sort()
    .at(-1);
  const { name, repository, branch, deployer, namespaces } = target;
  return {
    ...{ name, repository, branch, deployer, namespaces, commit, checkedAt },
    snooze: snoozes.get(WHOLE_TARGET),
    freeze: freezes.find(({ scope }) => scope === WHOLE_TARGET),
    scopes: scopes.sort((a, b) => (a.scope < b.scope ? -1 : 1)),
  };
}

function scopeIn(
  item: Item,
  snoozes: TargetIncidents['snoozes'],
  freezes: readonly StandingFreeze[],
): readonly ScopeView[] {
  const verdict = verdictItem.safeParse(item);
  const scope = item.sk.slice(VERDICT.length);
  if (!verdict.success) return [];
  const freeze = freezes.find((one) => one.scope === scope || one.scope === WHOLE_TARGET);
  return [{ scope, ...verdict.data, snooze: snoozes.get(scope), freeze }];
}
