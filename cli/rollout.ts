import { readIncident } from '../lib/alerts/incident-items.ts';
import type { Table } from '../lib/aws/table.ts';
import { readRemembered } from '../lib/checks/memory.ts';
import { type DeliveredChange, type RolloutProgress, rolloutProgress } from '../lib/checks/rolled-out.ts';
import { readVerdict } from '../lib/checks/verdict-items.ts';
import { type Right, refusal } from './aws-errors.ts';

/** How far a delivery is in the cluster, by what checks have written into the table. @throws Unavailable */
export async function readRollout(
  table: Table,
  right: Right,
  target: string,
  scope: string,
  delivered: DeliveredChange,
): Promise<RolloutProgress> {
  try {
    // First, since checks write it last: what it holds, the verdicts that are read after it hold as well.
    const ofTarget = await readVerdict(table, target, 'target');
    const [verdict, memory, stalled] = await Promise.all([
      readVerdict(table, target, scope),
      readRemembered(table, target, scope),
      readIncident(table, target, scope, 'stalled'),
    ]);
    const stalledSince = stalled?.kind === 'stalled' ? stalled.since : undefined;
    return rolloutProgress(delivered, { verdict, target: ofTarget, memory, stalledSince });
  } catch (error) {
    throw refusal(error, right);
  }
}
