import type { Finding, ObjectVerdict } from '../verdicts.ts';
import type { DriftRule } from './rule.ts';
import { type ReadyRule, ready } from './selects.ts';

/** The rules that hold on a day, made ready, and those whose last day has passed. */
export interface RulesInForce {
  readonly rules: readonly ReadyRule[];
  readonly expired: readonly DriftRule[];
}

/** @param today `2026-11-21`, UTC: a rule holds through the day that it names */
export function inForce(rules: readonly DriftRule[], today: string): RulesInForce {
  const isOver = ({ expires }: DriftRule): boolean => expires !== undefined && expires < today;
  return { rules: rules.filter((rule) => !isOver(rule)).map(ready), expired: rules.filter(isOver) };
}

/** A finding that a rule ignores. */
export interface Ignored {
  readonly finding: Finding;
  readonly rule: DriftRule;
}

export interface Ruled {
  readonly verdicts: readonly ObjectVerdict[];
  readonly ignored: readonly Ignored[];
  /** Numbers of the rules that ignored or marked something. */
  readonly used: ReadonlySet<number>;
}

/**
 * The verdicts of a scope under people's rules. What a rule ignores becomes a note; what it makes wait, or graver or
 * milder, keeps its verdict and says so in `rule`. Of several rules one that ignores wins; of the others the first
 * that says a thing says it.
 * @param chart name of the release's chart; undefined for a target's own manifests
 */
export function underRules(
  verdicts: readonly ObjectVerdict[],
  { rules }: Pick<RulesInForce, 'rules'>,
  chart: string | undefined,
): Ruled {
  if (rules.length === 0) return { verdicts, ignored: [], used: new Set() };
  const used = new Set<number>();
  const all: Ignored[] = [];
  const ruled = verdicts.map((verdict): ObjectVerdict => {
    if (verdict.kind !== 'drift') return verdict;
    const findings: Finding[] = [];
    const ignored: Ignored[] = [];
    for (const finding of verdict.findings) {
      const about = rules.filter((one) => one.selects(finding, chart)).map(({ rule }) => rule);
      const ignoring = about.find(isIgnoring);
      for (const { number } of ignoring === undefined ? about : [ignoring]) used.add(number);
      if (ignoring === undefined) findings.push(marked(finding, about));
      else ignored.push({ finding, rule: ignoring });
    }
    all.push(...ignored);
    if (findings.length > 0) return { ...verdict, findings };
    const { object, admission } = verdict;
    const kept = admission === undefined ? {} : { admission };
    return { kind: 'in-sync', object, notes: ignored.map(noteOf), ...kept };
  });
  return { verdicts: ruled, ignored: all, used };
}

const isIgnoring = ({ waitSeconds, severity }: DriftRule): boolean =>
  waitSeconds === undefined && severity === undefined;

/** `spec.replicas: ignored by rule 3 of drift.yaml: scaled by hand`. */
export const noteOf = ({ finding: { at, verdict }, rule: { number, reason } }: Ignored): string =>
  `${at === '' ? verdict : at}: ignored by rule ${number} of drift.yaml: ${reason}`;

function marked(finding: Finding, rules: readonly DriftRule[]): Finding {
  const [first] = rules;
  if (first === undefined) return finding;
  const severity = rules.find((rule) => rule.severity !== undefined)?.severity;
  const waitSeconds = rules.find((rule) => rule.waitSeconds !== undefined)?.waitSeconds;
  return {
    ...finding,
    rule: {
      number: first.number,
      reason: first.reason,
      ...(severity === undefined ? {} : { severity }),
      ...(waitSeconds === undefined ? {} : { waitSeconds }),
    },
  };
}
