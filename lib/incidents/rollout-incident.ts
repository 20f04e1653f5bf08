import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation, ScopeState } from '../checks/observation.ts';
import { fingerprintOf, fitting } from './findings.ts';
import {
  alertBase,
  type DecisionContext,
  type DriftIncident,
  type Incidents,
  NEVER,
  type RolloutIncident,
  whereOf,
} from './incident.ts';

interface RolloutDecision {
  readonly after: RolloutIncident | undefined;
  readonly alerts: readonly Alert[];
}

type Rolling = RolloutIncident & { readonly kind: 'rolling' };
type Stalled = RolloutIncident & { readonly kind: 'stalled' };

/** From a new tip until the cluster shows it (rolled-out), or does not by the deadline (stalled). */
export function decideRollout(
  { stalled: before, drift }: Incidents,
  seen: ScopeObservation,
  context: DecisionContext,
): RolloutDecision {
  if (before === undefined) return firstLook(seen, context);
  // Not judged: neither there nor not there.
  if (seen.state.kind === 'unknown') return { after: before, alerts: [] };
  const isShown = isThere(seen.state);

  switch (before.kind) {
    case 'shown': {
      const isNewTip = seen.render !== undefined && seen.render !== before.render;
      if (!isNewTip && (seen.state.kind !== 'rollout' || isToldAsDrift(seen.state, drift)))
        return { after: before, alerts: [] };
      const rolling = begin(before, seen, context);
      return isShown ? finish(rolling, seen, context) : still(rolling);
    }
    case 'rolling': {
      if (isShown) return finish(before, seen, context);
      const isLate =
        Date.parse(context.at) - Date.parse(before.since) >= context.rolloutDeadlineMinutes * 60_000;
      return isLate && !isToldAsDrift(seen.state, drift) ? stall(before, seen, context) : still(before);
    }
    case 'stalled':
      return isShown ? finish(before, seen, context) : { after: before, alerts: [] };
  }
}

/**
 * A scope never seen before. What the first check of a target finds was rolled out long ago, or says itself what is
 * wrong; what appears in a target later is a rollout that began with the commit that declares it.
 */
function firstLook(seen: ScopeObservation, context: DecisionContext): RolloutDecision {
  const { state } = seen;
  if (
    context.history === 'first-check' &&
    (isThere(state) || state.kind === 'drift' || state.kind === 'unknown')
  ) {
    return { after: { ...NEVER, kind: 'shown', render: seen.render }, alerts: [] };
  }
  const rolling = begin(NEVER, seen, context);
  return isThere(state) ? finish(rolling, seen, context) : still(rolling);
}

/**
 * Whether people know of it already. Another commit makes of an open drift a rollout once more, for as long as the
 * deployer is at work: the same findings are not told as stalled, too.
 */
const isToldAsDrift = (state: ScopeState, drift: DriftIncident | undefined): boolean =>
  drift?.kind === 'drifting' &&
  (state.kind === 'drift' ||
    (state.kind === 'rollout' &&
      state.findings.every((finding) => drift.fingerprints.includes(fingerprintOf(finding)))));

const isThere = (state: ScopeState): boolean => state.kind === 'in-sync' && state.unready.length === 0;

const still = (rolling: Rolling): RolloutDecision => ({ after: rolling, alerts: [] });

const begin = (
  before: { readonly opening: number },
  seen: ScopeObservation,
  context: DecisionContext,
): Rolling => ({
  opening: before.opening + 1,
  sequence: 0,
  kind: 'rolling',
  since: context.at,
  render: seen.render,
});

function finish(
  before: Rolling | Stalled,
  seen: ScopeObservation,
  context: DecisionContext,
): RolloutDecision {
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  return {
    after: { ...numbers, kind: 'shown', render: seen.render ?? before.render },
    alerts: [
      {
        ...alertBase(context, 'stalled', numbers, 'info'),
        ...whereOf(context, seen),
        ...(before.kind === 'stalled' ? { told: ['warning'] as const } : {}),
        kind: 'rolled-out',
        since: before.since,
        after: before.kind === 'stalled' ? 'stalled' : 'rollout',
      },
    ],
  };
}

function stall(before: Rolling, seen: ScopeObservation, context: DecisionContext): RolloutDecision {
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const findings = findingsOf(seen.state);
  const deployerSays =
    seen.state.kind === 'rollout' || seen.state.kind === 'drift' ? seen.state.deployer : undefined;
  return {
    after: {
      ...numbers,
      kind: 'stalled',
      since: before.since,
      render: seen.render ?? before.render,
      fingerprints: findings.map(fingerprintOf),
    },
    alerts: [
      {
        ...alertBase(context, 'stalled', numbers, 'warning'),
        ...whereOf(context, seen),
        kind: 'stalled',
        since: before.since,
        ...fitting(findings),
        unready: seen.state.kind === 'in-sync' ? seen.state.unready : [],
        ...(deployerSays === undefined ? {} : { deployerSays }),
      },
    ],
  };
}

/** The scope is no longer declared: a rollout of it ends, and a stalled one closes and says why. */
export function closeRollout(before: RolloutIncident | undefined, context: DecisionContext): RolloutDecision {
  switch (before?.kind) {
    case undefined:
    case 'shown':
      return { after: before, alerts: [] };
    case 'rolling':
      return { after: { ...NEVER, opening: before.opening, kind: 'shown' }, alerts: [] };
    case 'stalled': {
      const gone: ScopeObservation = { scope: { kind: 'target' }, state: { kind: 'in-sync', unready: [] } };
      const { after, alerts } = finish(before, gone, context);
      return { after, alerts: alerts.map((alert) => ({ ...alert, because: 'no-longer-declared' })) };
    }
  }
}

const findingsOf = (state: ScopeState) =>
  state.kind === 'rollout' || state.kind === 'drift' ? state.findings : [];
