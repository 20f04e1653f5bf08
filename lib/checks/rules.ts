import type { Ruled, RulesInForce } from '../drift/rules/judge.ts';
import { inForce, noteOf } from '../drift/rules/judge.ts';
import type { DriftRule, DriftRules, RuleProblem } from '../drift/rules/rule.ts';
import { formatReference } from '../objects/objects.ts';
import type { ScopeObservation, ScopeState } from './observation.ts';

/** Of each kind: more lines than this help nobody, and the count says how many there are. */
const NAMED = 20;

/** The rules that hold at the time of a check. @param now ISO */
export const rulesAt = (rules: DriftRules | undefined, now: string): RulesInForce =>
  inForce(rules?.rules ?? [], now.slice(0, '2026-11-21'.length));

/** What rules ignored in one scope, for whoever asks. */
export function ignoredIn(
  ruled: Ruled | undefined,
  namespace: string | undefined,
): Pick<ScopeObservation, 'ignored'> {
  if (ruled === undefined || ruled.ignored.length === 0) return {};
  const notes = ruled.ignored
    .slice(0, NAMED)
    .map((one) => `${formatReference(one.finding.object, namespace)} ${noteOf(one)}`);
  return { ignored: { count: ruled.ignored.length, notes } };
}

/** What a check saw of the rules themselves. */
export interface RulesSeen {
  readonly declared: DriftRules;
  readonly inForce: RulesInForce;
  /** What the rules did in each scope. */
  readonly ruled: readonly Ruled[];
  /** Whether every scope and object could be judged: else a rule without findings may only have had no look at them. */
  readonly judged: 'all' | 'some';
}

/**
 * `drift.yaml` as a scope of its own: whatever is wrong in it makes it `unknown`, which people hear of once and which
 * ends when it is mended. What has expired or does nothing is a remark, and wakes nobody.
 */
export function observeRules({ declared, inForce: held, ruled, judged }: RulesSeen): ScopeObservation {
  const used = new Set(ruled.flatMap((one) => [...one.used]));
  const idle = held.rules.map(({ rule }) => rule).filter(({ number }) => !used.has(number));
  const remarks = [
    ...held.expired.map(
      (rule) => `${nameOf(rule)} expired after ${rule.expires}, and ignores nothing any more`,
    ),
    ...(judged === 'all' ? idle.map((rule) => `${nameOf(rule)} is about nothing that differs now`) : []),
  ];
  return {
    scope: { kind: 'rules' },
    state: stateOf(declared.problems),
    ...(remarks.length === 0 ? {} : { remarks: cut(remarks) }),
  };
}

function stateOf(problems: readonly RuleProblem[]): ScopeState {
  if (problems.length === 0) return { kind: 'in-sync', unready: [] };
  const lines = problems.map(({ line, key, message }) => `drift.yaml:${line}: ${key} ${message}`);
  return {
    kind: 'unknown',
    reason: `${cut(lines).join('; ')}. Such a rule ignores nothing; the others hold`,
  };
}

const nameOf = ({ number, line, reason }: DriftRule): string => `rule ${number} (line ${line}: ${reason})`;

const cut = (lines: readonly string[]): readonly string[] =>
  lines.length <= NAMED ? lines : [...lines.slice(0, NAMED), `and ${lines.length - NAMED} more`];
