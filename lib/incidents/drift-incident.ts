import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation } from '../checks/observation.ts';
import type { Severity } from '../config/config.ts';
import type { Finding } from '../drift/verdicts.ts';
import { canonicalJson } from '../objects/json.ts';
import { acceptedAtFirst, type Hidden, hiddenIn, stillHidden, withoutAccepted } from './accepted.ts';
import { acceptedPrintOf, fingerprintOf, fitting } from './findings.ts';
import {
  type Accepted,
  alertBase,
  type DecisionContext,
  type DriftIncident,
  NEVER,
  type RolloutIncident,
  whereOf,
} from './incident.ts';
import { gravestOf } from './severity.ts';
import { beyondOf, TOLD_APART } from './told-apart.ts';
import { afterSnooze, isReminderDue, isTooOften, speak, speakLast } from './voice.ts';
import { type FirstSeen, firstPlaces, type Split, splitWaiting } from './waiting.ts';

export interface DriftDecision {
  readonly after: DriftIncident | undefined;
  readonly alerts: readonly Alert[];
  /** What differs and is to be told, the gravest first; nothing where this check does not say. */
  readonly due: readonly Finding[];
  /** Those of them that people do not know yet. */
  readonly fresh: readonly Finding[];
  /** What is accepted, as far as it is there. */
  readonly accepted: readonly Finding[];
}

type Drifting = DriftIncident & { readonly kind: 'drifting' };

/** What a decision about one scope goes on with. */
interface Question {
  readonly before: DriftIncident | undefined;
  readonly rollout: RolloutIncident | undefined;
  readonly seen: ScopeObservation;
  readonly context: DecisionContext;
  /** What is accepted from now on. */
  readonly accepted: Accepted | undefined;
  readonly hidden: Hidden;
}

const NOTHING = { alerts: [], due: [], fresh: [], accepted: [] } as const;

/**
 * drift, drift-changed, converged, reminder. A rollout and a failure to judge leave an open incident as it is: neither
 * says that the cluster is what Git says; and what could not be looked at is neither there nor gone.
 * @param look `first`: of a target that is checked for the first time, or of what nobody could judge then
 */
export function decideDrift(
  before: DriftIncident | undefined,
  rollout: RolloutIncident | undefined,
  seen: ScopeObservation,
  context: DecisionContext,
  look: 'first' | 'later',
): DriftDecision {
  const isFirst = context.firstCheck === 'observe' && (look === 'first' || before?.kind === 'unseen');
  const question = { before, rollout, seen, context, accepted: before?.accepted, hidden: 'none' } as const;
  switch (seen.state.kind) {
    // What is under way at the first look was not judged by it either.
    case 'unknown':
    case 'rollout':
      return { ...NOTHING, after: isFirst && before === undefined ? { ...NEVER, kind: 'unseen' } : before };
    case 'in-sync':
      return converge({ ...question, accepted: undefined });
    case 'drift': {
      const { findings } = seen.state;
      const hidden = hiddenIn(seen.state.unjudged);
      if (isFirst) {
        const accepted = acceptedAtFirst(findings, hidden, context.at);
        const after = { ...numbersOf(before), kind: 'accepted' as const, accepted };
        return { ...NOTHING, after, accepted: findings };
      }
      const left = withoutAccepted(before?.accepted, findings, hidden, context);
      const known = new Set(left.accepted?.fingerprints ?? []);
      // What is not told apart is neither there nor gone.
      const unseen = beyondOf(seen) > 0 ? 'any' : hidden;
      const decision = differ({ ...question, hidden: unseen, accepted: left.accepted }, left.others);
      return {
        ...decision,
        after: unlessSame(before, decision.after),
        accepted: findings.filter((finding) => known.has(acceptedPrintOf(finding))),
      };
    }
  }
}

/** The same object where nothing changes: then nothing is written. */
const unlessSame = (before: DriftIncident | undefined, after: DriftIncident | undefined) =>
  before !== undefined && canonicalJson(before) === canonicalJson(after) ? before : after;

const numbersOf = (before: DriftIncident | undefined) => {
  const { opening, sequence } = before ?? NEVER;
  return { opening, sequence };
};

const carried = (accepted: Accepted | undefined) => (accepted === undefined ? {} : { accepted });
const remembered = (firstSeen: FirstSeen) => (Object.keys(firstSeen).length === 0 ? {} : { firstSeen });

/** Since when places of this scope differ, as far as rules make them wait. */
export const firstSeenOf = (before: DriftIncident | undefined): FirstSeen =>
  before !== undefined && 'firstSeen' in before ? (before.firstSeen ?? {}) : {};

/** `findings`: all that differs and was not accepted. */
function differ(question: Question, findings: readonly Finding[]): DriftDecision {
  const { before, hidden, context } = question;
  const kept = before?.kind === 'drifting' ? stillHidden(before.fingerprints, hidden) : [];
  const known = firstSeenOf(before);
  // What cannot be looked at waits on.
  const places = new Set(stillHidden(Object.keys(known), hidden));
  const waitingOn = Object.fromEntries(Object.entries(known).filter(([place]) => places.has(place)));
  if (findings.length === 0) {
    if (kept.length === 0 && hidden === 'none') return converge(question);
    return stillWaiting(question, waitingOn);
  }
  const split = splitWaiting(findings, known, context.at);
  const firstSeen = firstPlaces({ ...split.firstSeen, ...waitingOn });
  // What people know already waits no more, whatever the rule or another checker's clock says by now.
  const told = new Set(before?.kind === 'drifting' ? before.fingerprints : []);
  const due = [...split.due, ...split.waiting.filter((finding) => told.has(fingerprintOf(finding)))];
  const divided = { ...split, firstSeen, due: criticalFirst(due, context) };
  if (divided.due.length === 0) return wait(question, firstSeen);
  return before?.kind === 'drifting' ? change(question, before, divided) : open(question, divided);
}

/** Nothing but what is accepted was seen, and not all could be looked at. */
function stillWaiting(question: Question, firstSeen: FirstSeen): DriftDecision {
  const { before, accepted } = question;
  if (before?.kind === 'waiting' && Object.keys(firstSeen).length === 0) return converge(question);
  if (before?.kind === 'waiting') return wait(question, firstSeen);
  if (before?.kind !== 'drifting') return { ...NOTHING, after: withAccepted(before, accepted) };
  const { firstSeen: _, ...rest } = before;
  return { ...NOTHING, after: withAccepted({ ...rest, ...remembered(firstSeen) }, accepted) };
}

function withAccepted(before: DriftIncident | undefined, accepted: Accepted | undefined) {
  if (before === undefined) return undefined;
  const { accepted: _, ...rest } = before;
  if (before.kind === 'accepted')
    return accepted === undefined
      ? { ...numbersOf(before), kind: 'in-sync' as const }
      : { ...before, accepted };
  return { ...rest, ...carried(accepted) } as DriftIncident;
}

/**
 * All that differs now is to wait. What was told before stays open: it is not as Git says, and when the wait ends or
 * the difference does, people hear of it.
 */
function wait({ before, accepted }: Question, firstSeen: FirstSeen): DriftDecision {
  const after: DriftIncident =
    before?.kind === 'drifting'
      ? { ...before, firstSeen, ...carried(accepted) }
      : { ...numbersOf(before), kind: 'waiting', firstSeen, ...carried(accepted) };
  return { ...NOTHING, after };
}

function open(question: Question, { due, firstSeen, since }: Split): DriftDecision {
  const { before, rollout, seen, context, accepted } = question;
  const fingerprints = due.map(fingerprintOf);
  const severity = gravestOf(due, context);
  // What a stalled rollout has already named as still different is not told a second time, unless it is graver.
  if (
    rollout?.kind === 'stalled' &&
    severity !== 'critical' &&
    isWithin(fingerprints, rollout.fingerprints)
  ) {
    const nothingWaits = Object.keys(firstSeen).length === 0 && before?.kind !== 'waiting';
    return nothingWaits ? { ...NOTHING, after: withAccepted(before, accepted) } : wait(question, firstSeen);
  }
  const numbers = { opening: (before ?? NEVER).opening + 1, sequence: 1 };
  const { heard, quiet } = speak(undefined, severity, context);
  const shown = fitting(due, beyondOf(seen));
  return {
    after: {
      ...numbers,
      kind: 'drifting',
      since,
      ...heard,
      fingerprints,
      findings: shown.findings,
      ...remembered(firstSeen),
      ...carried(accepted),
    },
    alerts: [
      {
        ...alertBase(context, 'drift', numbers, severity),
        ...whereOf(context, seen),
        ...quiet,
        kind: 'drift',
        ...shown,
        since,
      },
    ],
    due,
    fresh: due,
    accepted: [],
  };
}

function change(question: Question, before: Drifting, { due, firstSeen }: Split): DriftDecision {
  const { seen, context, accepted, hidden } = question;
  const now = due.map(fingerprintOf);
  const seenNow = new Set(now);
  const fingerprints = [
    ...now,
    ...stillHidden(before.fingerprints, hidden).filter((one) => !seenNow.has(one)),
  ].slice(0, TOLD_APART);
  const known = new Set(before.fingerprints);
  const fresh = due.filter((_, index) => !known.has(now[index] ?? ''));
  const severity = gravestOf(due, context);
  const { firstSeen: _, accepted: __, hushed: ___, ...rest } = before;
  const left = { ...rest, ...remembered(firstSeen), ...carried(accepted) };
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const base = () => ({
    ...alertBase(context, 'drift', numbers, severity),
    ...whereOf(context, seen),
    since: before.since,
  });

  const { hushed } = before;
  const unsaid = { ...NOTHING, after: { ...left, ...(hushed === undefined ? {} : { hushed }) }, due };
  // The same place may have become graver with what Git, drift.yaml or the configuration says.
  const isRise = severity === 'critical' && !before.told.includes('critical');
  if (fresh.length === 0 && fingerprints.length === known.size && !isRise) {
    if (!isReminderDue(before, context)) return unsaid;
    const { heard, quiet } = speak(before, severity, context);
    const reminder: Alert = {
      ...base(),
      ...quiet,
      kind: 'reminder',
      of: 'drift',
      ...fitting(due, beyondOf(seen)),
      ...afterSnooze(before),
    };
    return { ...NOTHING, after: { ...left, ...numbers, ...heard }, alerts: [reminder], due };
  }

  // What was told stays what was told: the next check tells what has become of it until then.
  if (!isRise && isTooOften(before, context)) return unsaid;
  const { heard, quiet } = speak(before, severity, context);
  const isFresh = new Set(fresh);
  const shown = fitting([...fresh, ...due.filter((finding) => !isFresh.has(finding))], beyondOf(seen));
  const still = new Set(fingerprints);
  // Excerpts of what was kept: the fingerprints of cut values no longer match, so compare by place as well.
  const places = new Set(due.map(placeOf));
  const gone = before.findings.filter(
    (finding) =>
      !still.has(fingerprintOf(finding)) &&
      !places.has(placeOf(finding)) &&
      stillHidden([fingerprintOf(finding)], hidden).length === 0,
  );
  return {
    after: { ...left, ...numbers, ...heard, fingerprints, findings: shown.findings },
    alerts: [
      {
        ...base(),
        ...quiet,
        kind: 'drift-changed',
        ...shown,
        fresh: Math.min(fresh.length, shown.findings.length),
        gone,
      },
    ],
    due,
    fresh,
    accepted: [],
  };
}

function converge({ before, seen, context, accepted }: Question): DriftDecision {
  const rest =
    accepted === undefined ? ({ kind: 'in-sync' } as const) : { kind: 'accepted' as const, accepted };
  switch (before?.kind) {
    case undefined:
      return { ...NOTHING, after: before };
    // What waited is gone before anybody heard of it; what was found at first has been repaired.
    case 'in-sync':
    case 'unseen':
    case 'accepted':
    case 'waiting':
      return { ...NOTHING, after: unlessSame(before, { ...numbersOf(before), ...rest }) };
    // Of one of many nobody hears by itself.
    case 'member':
      return { ...NOTHING, after: { opening: before.opening, sequence: 0, ...rest } };
    case 'drifting': {
      const numbers = { opening: before.opening, sequence: before.sequence + 1 };
      const closing: Alert = {
        ...alertBase(context, 'drift', numbers, 'info'),
        ...whereOf(context, seen),
        ...speakLast(before),
        kind: 'converged',
        since: before.since,
        ...(accepted === undefined ? {} : { accepted: accepted.fingerprints.length }),
      };
      return { ...NOTHING, after: { ...numbers, ...rest }, alerts: [closing] };
    }
  }
}

/** The scope is no longer declared: what was open closes, and says why. */
export function closeDrift(before: DriftIncident | undefined, context: DecisionContext): DriftDecision {
  const seen: ScopeObservation = { scope: { kind: 'target' }, state: { kind: 'in-sync', unready: [] } };
  const closed = converge({
    before,
    rollout: undefined,
    seen,
    context,
    accepted: undefined,
    hidden: 'none',
  });
  return {
    ...closed,
    alerts: closed.alerts.map((alert) => ({ ...alert, because: 'no-longer-declared' })),
  };
}

const criticalFirst = (findings: readonly Finding[], { severityOf }: DecisionContext): readonly Finding[] => {
  const isGrave = (finding: Finding) => severityOf(finding) === ('critical' satisfies Severity);
  return [...findings.filter(isGrave), ...findings.filter((finding) => !isGrave(finding))];
};

const isWithin = (some: readonly string[], all: readonly string[]): boolean => {
  const known = new Set(all);
  return some.every((one) => known.has(one));
};

const placeOf = ({ object, at }: Finding): string =>
  JSON.stringify([object.kind, object.namespace, object.name, at]);
