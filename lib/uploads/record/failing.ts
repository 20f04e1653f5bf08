import type { Alert } from '../../alerts/alert.ts';
import { withUntold } from '../../alerts/outbox.ts';
import type { Item } from '../../aws/table.ts';
import { distinct, type Reason } from '../../charts/reasons.ts';
import type { OutcomeParts } from './outcome.ts';
import { UPLOADS_SCHEMA, uploadUrl, type WaitingRecord } from './record.ts';

/**
 * What should heal did not within a day. Those of one outage fail together, so that people get one alert for all of
 * them: `incident#<target>` / `target#failed` holds it and counts.
 */

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
/** The first of them waits so much longer, and takes with it all that are due by then. */
const TOGETHER_MILLISECONDS = 60 * 60 * 1000;
/** An alert names this many, and gives this many different reasons. */
const TOLD_UPLOADS = 10;
const TOLD_REASONS = 5;

export interface Failing<Of extends Pick<WaitingRecord, 'key' | 'versionId' | 'target'> = WaitingRecord> {
  readonly record: Of;
  readonly reason: Reason;
}
/** As much of it as an alert says. */
type Told = Failing<Pick<WaitingRecord, 'key' | 'versionId' | 'target'>>;

/** Those whose day is over, once one of them has waited for the others. */
export function dueToFail(waiting: readonly Failing[], now: Date): readonly Failing[] {
  const age = ({ record }: Failing) => now.getTime() - Date.parse(record.receivedAt);
  const due = waiting.filter((one) => age(one) >= DAY_MILLISECONDS);
  return due.some((one) => age(one) >= DAY_MILLISECONDS + TOGETHER_MILLISECONDS) ? due : [];
}

/** A conflict is another delivery of the same branch, hence rare. */
const ATTEMPTS = 5;

/**
 * Writes one alert a target. Before the outcomes: after a crash between them it is told again with those that are left,
 * and none fails unheard.
 */
export async function tellFailed(parts: OutcomeParts, failing: readonly Told[]): Promise<void> {
  for (const [target, some] of Map.groupBy(failing, ({ record }) => record.target)) {
    for (let attempt = 1; ; attempt++) {
      const key = { pk: `incident#${target}`, sk: 'target#failed' };
      const before = await parts.table.get(key);
      const opening = (typeof before?.opening === 'number' ? before.opening : 0) + 1;
      const at = parts.now().toISOString();
      const item: Item = {
        ...before,
        ...key,
        schema: UPLOADS_SCHEMA,
        version: (before?.version ?? 0) + 1,
        opening,
      };
      const alert = failedAlert(parts, target, opening, some, at);
      const outcome = await parts.table.put(withUntold(item, [alert], at), before?.version ?? 'absent');
      if (outcome === 'written') break;
      if (attempt === ATTEMPTS) throw new Error(`what failed of ${target} could not be told`);
    }
  }
}

function failedAlert(
  { installation, bucket }: OutcomeParts,
  target: string,
  opening: number,
  failing: readonly Told[],
  at: string,
): Alert {
  const more = failing.length - TOLD_UPLOADS;
  return {
    schema: 1,
    kind: 'failed',
    installation,
    target,
    scope: 'target',
    incident: `${installation}/${target}/target/failed/${opening}`,
    sequence: 1,
    at,
    severity: 'critical',
    uploads: failing.slice(0, TOLD_UPLOADS).map(({ record }) => uploadUrl(bucket, record)),
    ...(more > 0 ? { more } : {}),
    reasons: distinct(failing.map(({ reason }) => reason)).slice(0, TOLD_REASONS),
    prefix: prefixOf(failing.map(({ record }) => record.key)),
  };
}

/** The whole key of one; of several the folder that they share. */
export function prefixOf(keys: readonly string[]): string {
  const [first = '', ...others] = keys;
  if (others.every((key) => key === first)) return first;
  let end = first.length;
  for (const key of others) while (!key.startsWith(first.slice(0, end))) end -= 1;
  return first.slice(0, first.lastIndexOf('/', end - 1) + 1);
}
