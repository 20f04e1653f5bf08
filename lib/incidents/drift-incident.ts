import type { Alert } from '../alerts/alert.ts';
import type { ScopeObservation } from '../checks/observation.ts';
import type { Severity } from '../config/config.ts';
import type { Finding } from '../drift/verdicts.ts';
import { fingerprintOf, fitting } from './findings.ts';
import {
  alertBase,
  type DecisionContext,
  type DriftIncident,
  NEVER,
  type RolloutIncident,
  whereOf,
} from './incident.ts';
import { severityOf } from './severity.ts';
import { type FirstSeen, isSameMemory, type Split, splitWaiting } from './waiting.ts';

interface DriftDecision {
  readonly after: DriftIncident | undefined;
  readonly alerts: readonly Alert[];
}

/**
 * drift, drift-changed, converged. A rollout and a failure to judge leave an open incident as it is: neither says
 * that the cluster is what Git says.
 */
export function decideDrift(
  before: DriftIncident | undefined,
  rollout: RolloutIncident | undefined,
  seen: ScopeObservation,
  context: DecisionContext,
): DriftDecision {
  switch (seen.state.kind) {
    case 'unknown':
    case 'rollout':
      return { after: before, alerts: [] };
    case 'in-sync':
      return converge(before, seen, context);
    case 'drift': {
      const { findings } = seen.state;
      if (findings.length === 0) return converge(before, seen, context);
      const split = splitWaiting(findings, firstSeenOf(before), context.at);
      if (split.due.length === 0) return wait(before, split.firstSeen);
      return before?.kind === 'drifting'
        ? change(before, split, seen, context)
        : open(before, split, rollout, seen, context);
    }
  }
}

const GRAVITY = { info: 0, warning: 1, critical: 2 } as const satisfies Record<Severity, number>;

const gravestOf = (findings: readonly Finding[]): Severity =>
  findings.map(severityOf).reduce((a, b) => (GRAVITY[b] > GRAVITY[a] ? b : a), 'info');

/** Since when places of this scope differ, as far as rules make them wait. */
export const firstSeenOf = (before: DriftIncident | undefined): FirstSeen =>
  before === undefined || before.kind === 'in-sync' ? {} : (before.firstSeen ?? {});

const remembered = (firstSeen: FirstSeen) => (Object.keys(firstSeen).length === 0 ? {} : { firstSeen });

/**
 * All that differs now is to wait. What was told before stays open: it is not as Git says, and when the wait ends or
 * the difference does, people hear of it.
 */
function wait(before: DriftIncident | undefined, firstSeen: FirstSeen): DriftDecision {
  if (before !== undefined && before.kind !== 'in-sync' && isSameMemory(firstSeenOf(before), firstSeen))
    return { after: before, alerts: [] };
  if (before?.kind === 'drifting') return { after: { ...before, firstSeen }, alerts: [] };
  const { opening, sequence } = before ?? NEVER;
  return { after: { opening, sequence, kind: 'waiting', firstSeen }, alerts: [] };
}

function open(
  before: DriftIncident | undefined,
  { due: findings, firstSeen, since }: Split,
  rollout: RolloutIncident | undefined,
  seen: ScopeObservation,
  context: DecisionContext,
): DriftDecision {
  const fingerprints = findings.map(fingerprintOf);
  const severity = gravestOf(findings);
  // What a stalled rollout has already named as still different is not told a second time, unless it is graver.
  if (
    rollout?.kind === 'stalled' &&
    severity !== 'critical' &&
    fingerprints.every((one) => rollout.fingerprints.includes(one))
  ) {
    const nothingWaits = Object.keys(firstSeen).length === 0 && before?.kind !== 'waiting';
    return nothingWaits ? { after: before, alerts: [] } : wait(before, firstSeen);
  }
  const numbers = { opening: (before ?? NEVER).opening + 1, sequence: 1 };
  const shown = fitting(criticalFirst(findings));
  return {
    after: {
      ...numbers,
      kind: 'drifting',
      since,
      told: [severity],
      fingerprints,
      findings: shown.findings,
      ...remembered(firstSeen),
    },
    alerts: [
      {
        ...alertBase(context, 'drift', numbers, severity),
        ...whereOf(context, seen),
        kind: 'drift',
        ...shown,
        since,
      },
    ],
  };
}

function change(
  before: DriftIncident & { readonly kind: 'drifting' },
  { due: findings, firstSeen }: Split,
  seen: ScopeObservation,
  context: DecisionContext,
): DriftDecision {
  const fingerprints = findings.map(fingerprintOf);
  const known = new Set(before.fingerprints);
  const still = new Set(fingerprints);
  const fresh = findings.filter((_, index) => !known.has(fingerprints[index] ?? ''));
  if (fresh.length === 0 && still.size === known.size) {
    const { firstSeen: _, ...rest } = before;
    const isSame = isSameMemory(firstSeenOf(before), firstSeen);
    return { after: isSame ? before : { ...rest, ...remembered(firstSeen) }, alerts: [] };
  }

  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const severity = gravestOf(findings);
  const old = findings.filter((_, index) => known.has(fingerprints[index] ?? ''));
  const shown = fitting([...criticalFirst(fresh), ...criticalFirst(old)]);
  // Excerpts of what was kept: the fingerprints of cut values no longer match, so compare by place as well.
  const places = new Set(findings.map(placeOf));
  const gone = before.findings.filter(
    (finding) => !still.has(fingerprintOf(finding)) && !places.has(placeOf(finding)),
  );
  return {
    after: {
      ...numbers,
      kind: 'drifting',
      since: before.since,
      told: before.told.includes(severity) ? before.told : [...before.told, severity],
      fingerprints,
      findings: shown.findings,
      ...remembered(firstSeen),
    },
    alerts: [
      {
        ...alertBase(context, 'drift', numbers, severity),
        ...whereOf(context, seen),
        kind: 'drift-changed',
        ...shown,
        fresh: Math.min(fresh.length, shown.findings.length),
        gone,
        since: before.since,
      },
    ],
  };
}

function converge(
  before: DriftIncident | undefined,
  seen: Pick<ScopeObservation, 'chart'>,
  context: DecisionContext,
): DriftDecision {
  // What waited is gone before anybody heard of it.
  if (before?.kind === 'waiting')
    return { after: { opening: before.opening, sequence: before.sequence, kind: 'in-sync' }, alerts: [] };
  if (before?.kind !== 'drifting') return { after: before, alerts: [] };
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  return {
    after: { ...numbers, kind: 'in-sync' },
    alerts: [
      {
        ...alertBase(context, 'drift', numbers, 'info'),
        ...whereOf(context, seen),
        kind: 'converged',
        told: before.told,
        since: before.since,
      },
    ],
  };
}

/** The scope is no longer declared: what was open closes, and says why. */
export function closeDrift(before: DriftIncident | undefined, context: DecisionContext): DriftDecision {
  const { after, alerts } = converge(before, {}, context);
  return { after, alerts: alerts.map((alert) => ({ ...alert, because: 'no-longer-declared' })) };
}

const criticalFirst = (findings: readonly Finding[]): readonly Finding[] => [
  ...findings.filter((finding) => severityOf(finding) === 'critical'),
  ...findings.filter((finding) => severityOf(finding) !== 'critical'),
];

const placeOf = ({ object, at }: Finding): string =>
  JSON.stringify([object.kind, object.namespace, object.name, at]);
