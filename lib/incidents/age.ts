import type { Alert } from '../alerts/alert.ts';
import { type DecisionContext, NEVER, type UnknownIncident } from './incident.ts';
import { openUnknown, remind } from './unknown-incident.ts';

/** Intervals of its schedule after which a target that no check has finished for is unknown. */
const INTERVALS = 3;
/** Where checks are frequent: a function that is thrown away and begun again takes its time. */
const SHORTEST_MINUTES = 15;

/** Who slept himself wakes late as well, and a check may finish in the next moment. */
const NOTICED_MINUTES = 2;
const WHERE_TO_LOOK = 'see the log of check-drift, and its queues';

/** Minutes from the last finished check until people hear that there is none. */
export const silentMinutes = (checkEveryMinutes: number): number =>
  Math.max(INTERVALS * checkEveryMinutes, SHORTEST_MINUTES);

/**
 * What the clock alone says of a target: that no check has finished for too long, noticed a while before it
 * is told. The next that finishes decides
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
  const minutesSince = (time: string): number => (Date.parse(context.at) - Date.parse(time)) / 60_000;
  if (
    minutesSince(since) < silentMinutes(checkEveryMinutes) &&
    (lastCheck !== undefined || before !== undefined)
  )
    return { after: before, alerts: [] };

  const reason =
    lastCheck === undefined
      ? `no check has finished since the target was configured: ${WHERE_TO_LOOK}`
      : `no check has finished since ${lastCheck}: ${WHERE_TO_LOOK}`;
  switch (before?.kind) {
    case 'unknown':
      return remind(before, { reason }, context);
    case undefined:
    case 'judged': {
      const { opening } = before ?? NEVER;
      const history = before === undefined ? {} : ({ history: 'judged-before' } as const);
      const noticed = { kind: 'failing', failures: 0, since, at: context.at, ...history } as const;
      return { after: { opening, sequence: 0, ...noticed }, alerts: [] };
    }
    case 'failing':
      return minutesSince(before.at ?? since) < NOTICED_MINUTES
        ? { after: before, alerts: [] }
        : openUnknown(before, { reason, since, severity: 'warning' }, context);
    // The target's own incident is never one of many.
    case 'member':
      return { after: before, alerts: [] };
  }
}
