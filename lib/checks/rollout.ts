import type { Digest } from '../content/tree.ts';
import type { Finding, ObjectVerdict } from '../drift/verdicts.ts';
import { identityOf } from '../objects/objects.ts';
import { type ScopeState, UNJUDGED_OBJECTS, type Unjudged } from './observation.ts';

/** What was last applied of a scope, as far as checks know, and since when another tip waits. */
export interface AppliedRender {
  readonly render: Digest;
  readonly commit: string;
  /** ISO: the check that saw it. */
  readonly at: string;
  /** Of what Git declared for it, whatever the cluster served. */
  readonly inputs?: Digest;
}

export interface WaitingTip {
  readonly render: Digest;
  /** ISO: the first check of it. */
  readonly since: string;
}

export interface ScopeMemory {
  readonly applied?: AppliedRender;
  readonly waiting?: WaitingTip;
}

/** Of the target: whether it was ever judged before. */
export type History = 'first-check' | 'checked-before';

/** What the deployer itself says of the tip (deployer-status.ts). */
export type DeployerReport =
  | { readonly kind: 'applied' }
  /** `at`: whether it has taken up the tip itself, or is elsewhere: before it, or ahead of it already. */
  | { readonly kind: 'pending'; readonly says: string; readonly at: 'tip' | 'elsewhere' }
  /** There is none, or it says nothing: then only the deadline tells. */
  | { readonly kind: 'silent' };

export interface RolloutQuestion {
  readonly tip: Omit<AppliedRender, 'at'>;
  /** The cluster against the tip. */
  readonly againstTip: readonly ObjectVerdict[];
  /** The cluster against what was last applied, where that is another render and still kept. */
  readonly againstApplied?: readonly ObjectVerdict[];
  readonly unready: readonly string[];
  readonly memory: ScopeMemory;
  readonly history: History;
  readonly deployer: DeployerReport;
  /** Field managers under which this target's deployer writes. */
  readonly deployerManagers: ReadonlySet<string>;
  /** ISO. */
  readonly now: string;
  readonly deadlineMinutes: number;
}

export interface RolloutAnswer {
  readonly state: ScopeState;
  readonly memory: ScopeMemory;
}

/**
 * A new tip is a rollout, whoever committed it: until the deployer says that it has applied it, or the deadline has
 * passed, what differs from the tip is pending. Drift is then what is neither of the tip nor of what was applied last.
 *
 * | against the tip | tip is          | state                                        | applied from now on |
 * |-----------------|-----------------|----------------------------------------------|---------------------|
 * | no finding      | any             | in-sync, or unknown                          | the tip             |
 * | findings        | applied, or due | drift                                        | the tip, if applied |
 * | findings        | found, no word  | drift: what a target's first check finds      | the tip             |
 * | findings        | pending         | drift that is in neither, else rollout       | as before           |
 *
 * Pending is also what was applied once, while the deployer says that it is at another commit.
 */
export function decideState(question: RolloutQuestion): RolloutAnswer {
  const { tip, againstTip, memory, deployer, now } = question;
  const findings = findingsOf(againstTip);
  const unjudged = unjudgedOf(againstTip);
  const asApplied: ScopeMemory = {
    applied: memory.applied?.render === tip.render ? { ...tip, ...memory.applied } : { ...tip, at: now },
  };
  if (findings.length === 0) {
    return unjudged === undefined
      ? { state: { kind: 'in-sync', unready: question.unready }, memory: asApplied }
      : { state: { kind: 'unknown', ...unjudged }, memory };
  }

  const also = unjudged === undefined ? {} : { unjudged };
  // The deployer may be at a later commit already than the one that is judged, which may change this scope once more:
  // while it says that it is elsewhere, what it wrote itself is a step and no drift.
  const isElsewhere = deployer.kind === 'pending' && deployer.at === 'elsewhere';
  const isSettled = memory.applied?.render === tip.render && !isElsewhere;
  // Nobody says what is applied, and nobody has committed since Fairlead looks on.
  const isFound = question.history === 'first-check' && deployer.kind === 'silent';
  if (isSettled || isFound || deployer.kind === 'applied')
    return { state: { kind: 'drift', findings, ...also }, memory: asApplied };

  const waiting = memory.waiting?.render === tip.render ? memory.waiting : { render: tip.render, since: now };
  const isDue = Date.parse(now) - Date.parse(waiting.since) >= question.deadlineMinutes * 60_000;
  const says = { ...(deployer.kind === 'pending' ? { deployer: deployer.says } : {}), ...also };
  if (isDue) return { state: { kind: 'drift', findings, ...says }, memory: { ...memory, waiting } };

  const foreign = inNeither(findings, question);
  return {
    state:
      foreign.length > 0
        ? { kind: 'drift', findings: foreign, ...says }
        : { kind: 'rollout', findings, ...says },
    memory: { ...memory, waiting },
  };
}

/**
 * Findings that are no step from one revision to the other: the same place differs from both, by another hand than the
 * deployer's (which may be applying a revision between the two). What has no author, such as a deletion, may be the
 * deployer's own doing, and is told once the rollout has ended.
 */
function inNeither(findings: readonly Finding[], question: RolloutQuestion): readonly Finding[] {
  const isTipApplied = question.memory.applied?.render === question.tip.render;
  const againstApplied = isTipApplied ? question.againstTip : question.againstApplied;
  if (againstApplied === undefined) return [];
  const differsFromApplied = new Set(findingsOf(againstApplied).map(placeOf));
  return findings.filter((finding) => {
    const manager = finding.attribution?.manager;
    return (
      differsFromApplied.has(placeOf(finding)) &&
      manager !== undefined &&
      !question.deployerManagers.has(manager)
    );
  });
}

const placeOf = ({ object, at }: Finding): string => `${identityOf(object)} ${at}`;

const findingsOf = (verdicts: readonly ObjectVerdict[]): readonly Finding[] =>
  verdicts.flatMap((verdict) => (verdict.kind === 'drift' ? verdict.findings : []));

/** Every reason once, and every rule: one paste is to be enough. Undefined where all was judged. */
function unjudgedOf(verdicts: readonly ObjectVerdict[]): Unjudged | undefined {
  const unjudged = verdicts.filter((verdict) => verdict.kind === 'unknown');
  if (unjudged.length === 0) return undefined;
  const reasons = new Set(unjudged.map(({ reason }) => reason));
  const rules = new Set(unjudged.flatMap(({ rule }) => (rule === undefined ? [] : [rule])));
  const shown = [...reasons].slice(0, SHOWN_REASONS);
  const more = reasons.size - shown.length;
  return {
    reason: `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    ...(rules.size === 0 ? {} : { rule: [...rules].join('\n') }),
    ...(unjudged.length > UNJUDGED_OBJECTS
      ? {}
      : { objects: unjudged.map(({ object }) => identityOf(object)).sort() }),
  };
}

const SHOWN_REASONS = 5;
