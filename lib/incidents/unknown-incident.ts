import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation, Unjudged } from '../checks/observation.ts';
import type { Severity } from '../config/config.ts';
import { alertBase, type DecisionContext, NEVER, type UnknownIncident } from './incident.ts';

/** Checks in a row that must fail before people hear of it: one that fails and heals is the platform's weather. */
const FAILURES_UNTIL_TOLD = 3;

interface UnknownDecision {
  readonly after: UnknownIncident | undefined;
  readonly alerts: readonly Alert[];
}

/**
 * unknown after three checks that could not judge all of it, known-again with the next that can. What differs beside it
 * is told as drift, and is no answer for the rest.
 */
export function decideUnknown(
  before: UnknownIncident | undefined,
  seen: ScopeObservation,
  context: DecisionContext,
): UnknownDecision {
  const unjudged = unjudgedIn(seen);
  return unjudged === undefined ? judge(before, context) : fail(before, unjudged, context);
}

function unjudgedIn({ state }: ScopeObservation): Unjudged | undefined {
  switch (state.kind) {
    case 'in-sync':
      return undefined;
    case 'unknown':
      return state;
    case 'drift':
    case 'rollout':
      return state.unjudged;
  }
}

function fail(
  before: UnknownIncident | undefined,
  { reason, rule }: Unjudged,
  context: DecisionContext,
): UnknownDecision {
  if (before?.kind === 'unknown') return { after: before, alerts: [] };
  const { opening } = before ?? NEVER;
  const history =
    before?.kind === 'failing' ? before.history : before === undefined ? undefined : 'judged-before';
  const failures = before?.kind === 'failing' ? before.failures + 1 : 1;
  const since = before?.kind === 'failing' ? before.since : context.at;
  if (failures < FAILURES_UNTIL_TOLD) {
    const known = history === undefined ? {} : { history };
    return { after: { opening, sequence: 0, kind: 'failing', failures, since, ...known }, alerts: [] };
  }
  const numbers = { opening: opening + 1, sequence: 1 };
  const told: Severity = rule !== undefined && history === 'judged-before' ? 'critical' : 'warning';
  return {
    after: { ...numbers, kind: 'unknown', since, ...(told === 'warning' ? {} : { told }) },
    alerts: [
      {
        ...alertBase(context, 'unknown', numbers, told),
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
      return { after: { ...NEVER, kind: 'judged' }, alerts: [] };
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
            told: [before.told ?? 'warning'],
            since: before.since,
          },
        ],
      };
    }
  }
}

/** The scope is no longer declared: nothing is left that could not be judged. */
export function closeUnknown(before: UnknownIncident | undefined, context: DecisionContext): UnknownDecision {
  if (before === undefined) return { after: undefined, alerts: [] };
  const { after, alerts } = judge(before, context);
  return { after, alerts: alerts.map((alert) => ({ ...alert, because: 'no-longer-declared' })) };
}
