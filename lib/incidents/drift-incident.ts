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
import { isCritical } from './severity.ts';

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
      return before?.kind === 'drifting'
        ? change(before, findings, seen, context)
        : open(before, findings, rollout, seen, context);
    }
  }
}

const severityOf = (findings: readonly Finding[]): Severity =>
  findings.some(isCritical) ? 'critical' : 'warning';

function open(
  before: DriftIncident | undefined,
  findings: readonly Finding[],
  rollout: RolloutIncident | undefined,
  seen: ScopeObservation,
  context: DecisionContext,
): DriftDecision {
  const fingerprints = findings.map(fingerprintOf);
  // What a stalled rollout has already named as still different is not told a second time.
  if (rollout?.kind === 'stalled' && fingerprints.every((one) => rollout.fingerprints.includes(one))) {
    return { after: before, alerts: [] };
  }
  const numbers = { opening: (before ?? NEVER).opening + 1, sequence: 1 };
  const severity = severityOf(findings);
  const shown = fitting(criticalFirst(findings));
  return {
    after: {
      ...numbers,
      kind: 'drifting',
      since: context.at,
      told: [severity],
      fingerprints,
      findings: shown.findings,
    },
    alerts: [
      {
        ...alertBase(context, 'drift', numbers, severity),
        ...whereOf(context, seen),
        kind: 'drift',
        ...shown,
        since: context.at,
      },
    ],
  };
}

function change(
  before: DriftIncident & { readonly kind: 'drifting' },
  findings: readonly Finding[],
  seen: ScopeObservation,
  context: DecisionContext,
): DriftDecision {
  const fingerprints = findings.map(fingerprintOf);
  const known = new Set(before.fingerprints);
  const still = new Set(fingerprints);
  const fresh = findings.filter((_, index) => !known.has(fingerprints[index] ?? ''));
  if (fresh.length === 0 && still.size === known.size) return { after: before, alerts: [] };

  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const severity = severityOf(findings);
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
  ...findings.filter(isCritical),
  ...findings.filter((finding) => !isCritical(finding)),
];

const placeOf = ({ object, at }: Finding): string =>
  JSON.stringify([object.kind, object.namespace, object.name, at]);
