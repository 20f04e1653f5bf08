import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation, ScopeState } from '../checks/observation.ts';
import type { Finding } from '../drift/verdicts.ts';
import { acceptedPrintOf, fingerprintOf, fitting } from './findings.ts';
import {
  alertBase,
  type DecisionContext,
  type DriftIncident,
  type Incidents,
  NEVER,
  type RolloutIncident,
  whereOf,
} from './incident.ts';
import { beyondOf } from './told-apart.ts';
import { afterSnooze, isReminderDue, speak, speakLast } from './voice.ts';

interface RolloutDecision {
  readonly after: RolloutIncident | undefined;
  readonly alerts: readonly Alert[];
}

type Shown = RolloutIncident & { readonly kind: 'shown' };
type Rolling = RolloutIncident & { readonly kind: 'rolling' };
type Stalled = RolloutIncident & { readonly kind: 'stalled' };

/** From a new tip until the cluster shows it (rolled-out), or does not by the deadline (stalled). */
export function decideRollout(
  { stalled: before, drift }: Incidents,
  seen: ScopeObservation,
  context: DecisionContext,
): RolloutDecision {
  if (before === undefined) return firstLook(seen, drift, context);
  // Not judged: neither there nor not there.
  if (seen.state.kind === 'unknown') return { after: before, alerts: [] };
  const isShown = isThere(seen.state);

  const isNewTip = seen.render !== undefined && seen.render !== before.render;
  switch (before.kind) {
    case 'shown':
      if (!isNewTip && (seen.state.kind !== 'rollout' || isToldAsDrift(seen.state, drift)))
        return { after: before, alerts: [] };
      // Of what was under way, or did not move, before Fairlead looked: what comes of it a summary will say.
      if (!isNewTip && drift?.kind === 'unseen') return { after: before, alerts: [] };
      return isShown ? atOnce(before, seen, context) : still(begin(before, seen, context));
    case 'rolling': {
      if (isShown) return finish(before, seen, context);
      const isLate =
        Date.parse(context.at) - Date.parse(before.since) >= context.rolloutDeadlineMinutes * 60_000;
      return isLate && !isToldAsDrift(seen.state, drift) ? stall(before, seen, context) : still(before);
    }
    case 'stalled': {
      if (isShown) return finish(before, seen, context);
      if (!isNewTip) return remind(before, seen, context);
      // What stalled will never be there: another commit is to be, and has its own time.
      const { alerts } = finish(before, seen, context);
      return {
        after: begin(before, seen, context),
        alerts: alerts.map((alert) => ({ ...alert, because: 'later-commit' })),
      };
    }
  }
}

/**
 * A scope never seen before. What the first check of a target finds was rolled out long ago, whether it runs well or not,
 * or says itself what is wrong; what appears in a target later is a rollout that began with the commit that declares it.
 */
function firstLook(
  seen: ScopeObservation,
  drift: DriftIncident | undefined,
  context: DecisionContext,
): RolloutDecision {
  const { state } = seen;
  const isFirst = context.history === 'first-check' || drift?.kind === 'unseen';
  // A deployer that is suspended, or fails, may have been so for weeks.
  if (isFirst && (state.kind !== 'rollout' || context.firstCheck === 'observe')) {
    return { after: { ...NEVER, kind: 'shown', render: seen.render }, alerts: [] };
  }
  const rolling = begin(NEVER, seen, context);
  return isThere(state) ? finish(rolling, seen, context) : still(rolling);
}

/**
 * Another commit, and all there already: the deployer was faster than this look. It is told all the same, or whether
 * a rollout is told would hang on which of the two came first; how long it took nobody knows, so it begins and ends now.
 */
function atOnce(before: Shown, seen: ScopeObservation, context: DecisionContext): RolloutDecision {
  // Nothing was judged before: what is there may have been there for long.
  if (before.render === undefined) return { after: { ...before, render: seen.render }, alerts: [] };
  return finish(begin(before, seen, context), seen, context);
}

/**
 * Whether people know of it already. Another commit makes of an open drift a rollout once more, for as long as the
 * deployer is at work: the same findings are not told as stalled, too; nor are those that a first check named.
 */
function isToldAsDrift(state: ScopeState, drift: DriftIncident | undefined): boolean {
  if (state.kind !== 'drift' && state.kind !== 'rollout') return false;
  const isOpen = drift?.kind === 'drifting' || drift?.kind === 'member';
  if (isOpen && state.kind === 'drift') return true;
  const known = new Set(isOpen ? drift.fingerprints : []);
  const accepted = new Set(drift?.accepted?.fingerprints ?? []);
  const isKnown = (finding: Finding) =>
    known.has(fingerprintOf(finding)) || accepted.has(acceptedPrintOf(finding));
  return state.findings.length > 0 && state.findings.every(isKnown);
}

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
        ...(before.kind === 'stalled' ? speakLast(before) : {}),
        kind: 'rolled-out',
        since: before.since,
        after: before.kind === 'stalled' ? 'stalled' : 'rollout',
      },
    ],
  };
}

function stall(before: Rolling, seen: ScopeObservation, context: DecisionContext): RolloutDecision {
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const { heard, quiet } = speak(undefined, 'warning', context);
  return {
    after: {
      ...numbers,
      kind: 'stalled',
      since: before.since,
      ...heard,
      render: seen.render ?? before.render,
      fingerprints: findingsOf(seen.state).map(fingerprintOf),
    },
    alerts: [
      {
        ...alertBase(context, 'stalled', numbers, 'warning'),
        ...whereOf(context, seen),
        ...quiet,
        kind: 'stalled',
        since: before.since,
        ...obstaclesIn(seen),
      },
    ],
  };
}

/** Nothing is new of what stalled: told again, as it is now, if it is time. */
function remind(before: Stalled, seen: ScopeObservation, context: DecisionContext): RolloutDecision {
  if (!isReminderDue(before, context)) return { after: before, alerts: [] };
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const { heard, quiet } = speak(before, 'warning', context);
  const { hushed: _, ...rest } = before;
  return {
    after: { ...rest, ...numbers, ...heard },
    alerts: [
      {
        ...alertBase(context, 'stalled', numbers, 'warning'),
        ...whereOf(context, seen),
        ...quiet,
        kind: 'reminder',
        of: 'stalled',
        since: before.since,
        ...obstaclesIn(seen),
        ...afterSnooze(before),
      },
    ],
  };
}

const obstaclesIn = ({ state, ...seen }: ScopeObservation) => ({
  ...fitting(findingsOf(state), beyondOf({ state, ...seen })),
  unready: state.kind === 'in-sync' ? state.unready : [],
  ...((state.kind === 'rollout' || state.kind === 'drift') && state.deployer !== undefined
    ? { deployerSays: state.deployer }
    : {}),
});

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
