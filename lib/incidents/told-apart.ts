import type { ScopeObservation } from '../checks/observation.ts';
import type { Finding } from '../drift/verdicts.ts';
import { acceptedPrintOf, fingerprintOf } from './findings.ts';
import type { DecisionContext, DriftIncident } from './incident.ts';

/**
 * Findings of one scope that are remembered one by one: an item of the table holds 400 KB, and whoever edits a cluster
 * makes as many as they like. More than these are counted: a write that does not fit would keep all from people.
 */
export const TOLD_APART = 3000;

/**
 * What a check saw of a scope, with no more findings than that: the critical ones, those that are known, the first of
 * the others. `beyond` says how many there are besides.
 */
export function toldApart(
  seen: ScopeObservation,
  before: DriftIncident | undefined,
  { severityOf }: Pick<DecisionContext, 'severityOf'>,
): ScopeObservation {
  const { state } = seen;
  if (state.kind !== 'drift' && state.kind !== 'rollout') return seen;
  if (state.findings.length <= TOLD_APART) return seen;
  const told = new Set(before !== undefined && 'fingerprints' in before ? before.fingerprints : []);
  const accepted = new Set(before?.accepted?.fingerprints ?? []);
  const rankOf = (finding: Finding): number => {
    if (severityOf(finding) === 'critical') return 0;
    return told.has(fingerprintOf(finding)) || accepted.has(acceptedPrintOf(finding)) ? 1 : 2;
  };
  const ranked = state.findings.map((finding) => ({ finding, rank: rankOf(finding) }));
  const findings = ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, TOLD_APART)
    .map(({ finding }) => finding);
  return { ...seen, state: { ...state, findings, beyond: state.findings.length - findings.length } };
}

/** How many findings a check saw besides those that are told apart. */
export const beyondOf = ({ state }: ScopeObservation): number =>
  state.kind === 'drift' || state.kind === 'rollout' ? (state.beyond ?? 0) : 0;
