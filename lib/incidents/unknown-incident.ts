import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation, Unjudged } from '../checks/observation.ts';
import type { Severity } from '../config/config.ts';
import { alertBase, type DecisionContext, NEVER, type UnknownIncident } from './incident.ts';
import { GRAVITY } from './severity.ts';
import { afterSnooze, isReminderDue, speak, speakLast } from './voice.ts';

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

export function unjudgedIn({ state }: ScopeObservation): Unjudged | undefined {
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
  unjudged: Unjudged,
  context: DecisionContext,
): UnknownDecision {
  switch (before?.kind) {
    case 'unknown':
      return remind(before, unjudged, context);
    case 'member':
      return { after: before, alerts: [] };
    case undefined:
    case 'judged':
    case 'failing': {
      // The same check, asked again after it lost a write to another.
      if (before?.kind === 'failing' && before.at === context.at) return { after: before, alerts: [] };
      const { opening } = before ?? NEVER;
      const history =
        before?.kind === 'failing' ? before.history : before === undefined ? undefined : 'judged-before';
      const failures = before?.kind === 'failing' ? before.failures + 1 : 1;
      const since = before?.kind === 'failing' ? before.since : context.at;
      if (failures < FAILURES_UNTIL_TOLD) {
        const known = history === undefined ? {} : { history };
        const { at } = context;
        return {
          after: { opening, sequence: 0, kind: 'failing', failures, since, at, ...known },
          alerts: [],
        };
      }
      const severity = unjudged.rule !== undefined && history === 'judged-before' ? 'critical' : 'warning';
      return openUnknown(before, { ...unjudged, since, severity }, context);
    }
  }
}

/** People are told that it cannot be judged. */
export function openUnknown(
  before: UnknownIncident | undefined,
  { reason, rule, since, severity }: Unjudged & { readonly since: string; readonly severity: Severity },
  context: DecisionContext,
): UnknownDecision {
  const numbers = { opening: (before ?? NEVER).opening + 1, sequence: 1 };
  const { heard, quiet } = speak(undefined, severity, context);
  return {
    after: { ...numbers, kind: 'unknown', since, ...heard },
    alerts: [
      {
        ...alertBase(context, 'unknown', numbers, severity),
        ...quiet,
        kind: 'unknown',
        reason,
        ...(rule === undefined ? {} : { rule }),
        since,
      },
    ],
  };
}

type Open = UnknownIncident & { readonly kind: 'unknown' };

/** Nothing is new of an open incident: told again, if it is time. */
export function remind(before: Open, { reason, rule }: Unjudged, context: DecisionContext): UnknownDecision {
  if (!isReminderDue(before, context)) return { after: before, alerts: [] };
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  // In a snooze nobody heard how grave it is: a warning, for what is critical is told all the same.
  const severity = before.told.reduce((a, b) => (GRAVITY[b] > GRAVITY[a] ? b : a), 'warning' as Severity);
  const { heard, quiet } = speak(before, severity, context);
  return {
    after: { ...numbers, kind: 'unknown', since: before.since, ...heard },
    alerts: [
      {
        ...alertBase(context, 'unknown', numbers, severity),
        ...quiet,
        kind: 'reminder',
        of: 'unknown',
        reason,
        ...(rule === undefined ? {} : { rule }),
        since: before.since,
        ...afterSnooze(before),
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
    // Of one of many nobody hears by itself.
    case 'member':
      return { after: { opening: before.opening, sequence: 0, kind: 'judged' }, alerts: [] };
    case 'unknown': {
      const numbers = { opening: before.opening, sequence: before.sequence + 1 };
      return {
        after: { ...numbers, kind: 'judged' },
        alerts: [
          {
            ...alertBase(context, 'unknown', numbers, 'info'),
            ...speakLast(before),
            kind: 'known-again',
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
