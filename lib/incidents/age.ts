import type { Alert } from '../alerts/alert.ts';
import { type DecisionContext, NEVER, type UnknownIncident } from './incident.ts';
import { openUnknown, remind } from './unknown-incident.ts';

/** Intervals of its schedule after which a target that no check has finished for is unknown. */
const INTERVALS = 3;
/** Where checks are frequent: a function that is thrown away and begun again takes its time. */
const SHORTEST_MINUTES = 15;

/** Minutes from the last finished check until people hear that there is none. */
export const silentMinutes = (checkEveryMinutes: number): number =>
  Math.max(INTERVALS * checkEveryMinutes, SHORTEST_MINUTES);

/**
 * What the clock alone says of a target: that no check has finished for too long. The next that finishes decides
 * whether it is known again.
 * @param lastCheck ISO; absent where none ever has: then it counts from when that was first noticed
 */
export function decideAge(
  before: UnknownIncident | undefined,
  lastCheck: string | undefined,
  checkEveryMinutes: number,
  context: DecisionContext,
): { readonly after: UnknownIncident | undefined; readonly alerts: readonly Alert[] } {
  const since = lastCheck ?? (before?.kind === 'failing' ? before.since : context.at);
  const limit = silentMinutes(checkEveryMinutes);
  const isSilent = Date.parse(context.at) - Date.parse(since) >= limit * 60_000;
  const reason =
    lastCheck === undefined
      ? `no check has finished since the target was configured: see the log of check-drift and its queues`
      : `no check has finished since ${lastCheck}: see the log of check-drift and its queues`;
  if (before?.kind === 'unknown')
    return isSilent ? remind(before, { reason }, context) : { after: before, alerts: [] };
  if (isSilent) return openUnknown(before, { reason, since, severity: 'warning' }, context);
  return before === undefined && lastCheck === undefined
    ? { after: { ...NEVER, kind: 'failing', failures: 0, since }, alerts: [] }
    : { after: before, alerts: [] };
}
