import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation } from '../checks/observation.ts';
import { alertBase, type DecisionContext, NEVER, type UnknownIncident } from './incident.ts';

/** Checks in a row that must fail before people hear of it: one that fails and heals is the platform's weather. */
const FAILURES_UNTIL_TOLD = 3;

interface UnknownDecision {
  readonly after: UnknownIncident | undefined;
  readonly alerts: readonly Alert[];
}

/** unknown after three checks that could not judge, known-again with the next that can. */
export function decideUnknown(
  before: UnknownIncident | undefined,
  seen: ScopeObservation,
  context: DecisionContext,
): UnknownDecision {
  return seen.state.kind === 'unknown' ? fail(before, seen.state, context) : judge(before, context);
}

function fail(
  before: UnknownIncident | undefined,
  { reason, rule }: { readonly reason: string; readonly rule?: string },
  context: DecisionContext,
): UnknownDecision {
  if (before?.kind === 'unknown') return { after: before, alerts: [] };
  const { opening } = before ?? NEVER;
  const failures = before?.kind === 'failing' ? before.failures + 1 : 1;
  const since = before?.kind === 'failing' ? before.since : context.at;
  if (failures < FAILURES_UNTIL_TOLD) {
    return { after: { opening, sequence: 0, kind: 'failing', failures, since }, alerts: [] };
  }
  const numbers = { opening: opening + 1, sequence: 1 };
  return {
    after: { ...numbers, kind: 'unknown', since },
    alerts: [
      {
        ...alertBase(context, 'unknown', numbers, 'warning'),
        kind: 'unknown',
        reason,
        ...(rule === undefined ? {} : { rule }),
        since,
      },
    ],
  };
}

function judge(before: UnknownIncident | undefined, context: DecisionContext): UnknownDecision {
  switch (before?.kind) {
    case undefined:
    case 'judged':
      return { after: before, alerts: [] };
    case 'failing':
      return { after: { opening: before.opening, sequence: before.sequence, kind: 'judged' }, alerts: [] };
    case 'unknown': {
      const numbers = { opening: before.opening, sequence: before.sequence + 1 };
      return {
        after: { ...numbers, kind: 'judged' },
        alerts: [
          {
            ...alertBase(context, 'unknown', numbers, 'info'),
            kind: 'known-again',
            told: ['warning'],
            since: before.since,
          },
        ],
      };
    }
  }
}

/** The scope is no longer declared: nothing is left that could not be judged. */
export function closeUnknown(before: UnknownIncident | undefined, context: DecisionContext): UnknownDecision {
  const { after, alerts } = judge(before, context);
  return { after, alerts: alerts.map((alert) => ({ ...alert, because: 'no-longer-declared' })) };
}
