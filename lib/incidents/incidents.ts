import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation } from '../checks/observation.ts';
import type { Finding } from '../drift/verdicts.ts';
import { closeDrift, decideDrift, firstSeenOf } from './drift-incident.ts';
import type { DecisionContext, IncidentClass, Incidents } from './incident.ts';
import { closeRollout, decideRollout } from './rollout-incident.ts';
import { closeUnknown, decideUnknown } from './unknown-incident.ts';
import { splitWaiting } from './waiting.ts';

/**
 * The life of the incidents of one scope: what one more check changes, and what people are to be told.
 * Pure: the same state and the same observation give the same answer, whoever asks and how often.
 */
export interface Decision {
  readonly after: Incidents;
  /** By class: each class is an item of its own, and its alerts are written with it. */
  readonly alerts: Readonly<Record<IncidentClass, readonly Alert[]>>;
  /** What differs and is to be told, those of it that people do not know, and what was accepted and is there. */
  readonly due: readonly Finding[];
  readonly fresh: readonly Finding[];
  readonly accepted: readonly Finding[];
}

const NO_ALERTS = { drift: [], stalled: [], unknown: [] } as const;
const NO_FINDINGS = { due: [], fresh: [], accepted: [] } as const;

/** What an observation of a scope changes (the transitions of docs/alerts.md). What stays is the same object. */
export function decide(before: Incidents, seen: ScopeObservation, context: DecisionContext): Decision {
  const unknown = decideUnknown(before.unknown, seen, context);
  // Rules hold as soon as they are committed, and a target is what its scopes are: neither rolls out, or drifts.
  if (seen.scope.kind === 'rules' || seen.scope.kind === 'target')
    return {
      ...NO_FINDINGS,
      after: { ...before, unknown: unknown.after },
      alerts: { ...NO_ALERTS, unknown: unknown.alerts },
    };
  const isNew = before.drift === undefined && before.stalled === undefined && before.unknown === undefined;
  const look = isNew && context.history === 'first-check' ? 'first' : 'later';
  const stalled = decideRollout(before, withoutWaiting(before, seen, context), context);
  const drift = decideDrift(before.drift, stalled.after, seen, context, look);
  return {
    after: { drift: drift.after, stalled: stalled.after, unknown: unknown.after },
    alerts: { drift: drift.alerts, stalled: stalled.alerts, unknown: unknown.alerts },
    due: drift.due,
    fresh: drift.fresh,
    accepted: drift.accepted,
  };
}

/**
 * What a rollout sees: a difference that is to wait is not told as a stalled rollout either. Where all of them wait,
 * nobody knows yet whether it is there.
 */
function withoutWaiting(
  before: Incidents,
  seen: ScopeObservation,
  { at }: DecisionContext,
): ScopeObservation {
  if (seen.state.kind !== 'drift') return seen;
  const { due, waiting } = splitWaiting(seen.state.findings, firstSeenOf(before.drift), at);
  if (waiting.length === 0) return seen;
  return due.length > 0 || before.stalled === undefined
    ? { ...seen, state: { ...seen.state, findings: due } }
    : { ...seen, state: { kind: 'unknown', reason: 'all that differs is to wait' } };
}

/** The commit no longer declares the scope: every ALARM still gets its OK. */
export function close(before: Incidents, context: DecisionContext): Decision {
  const unknown = closeUnknown(before.unknown, context);
  const stalled = closeRollout(before.stalled, context);
  const drift = closeDrift(before.drift, context);
  return {
    ...NO_FINDINGS,
    after: { drift: drift.after, stalled: stalled.after, unknown: unknown.after },
    alerts: { drift: drift.alerts, stalled: stalled.alerts, unknown: unknown.alerts },
  };
}
