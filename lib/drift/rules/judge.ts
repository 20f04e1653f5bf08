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

export interface Ruled {
  readonly verdicts: readonly ObjectVerdict[];
  /** By number of a rule: how many findings it ignored, or marked. */
  readonly used: ReadonlyMap<number, number>;
  readonly ignored: number;
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
  const used = new Map<number, number>();
  if (rules.length === 0) return { verdicts, used, ignored: 0 };
  const use = ({ number }: DriftRule): void => {
    used.set(number, (used.get(number) ?? 0) + 1);
  };
  let ignored = 0;
  const ruled = verdicts.map((verdict): ObjectVerdict => {
    if (verdict.kind !== 'drift') return verdict;
    const notes: string[] = [];
    const findings: Finding[] = [];
    for (const finding of verdict.findings) {
      const about = rules.filter((one) => one.selects(finding, chart)).map(({ rule }) => rule);
      const ignoring = about.find(
        ({ waitSeconds, severity }) => waitSeconds === undefined && severity === undefined,
      );
      if (ignoring !== undefined) {
        use(ignoring);
        ignored += 1;
        notes.push(noteOf(finding, ignoring));
        continue;
      }
      for (const rule of about) use(rule);
      findings.push(marked(finding, about));
    }
    const { admission } = verdict;
    const kept = admission === undefined ? {} : { admission };
    return findings.length > 0
      ? { ...verdict, findings }
      : { kind: 'in-sync', object: verdict.object, notes, ...kept };
  });
  return { verdicts: ruled, used, ignored };
}

const noteOf = ({ at, verdict }: Finding, { number, reason }: DriftRule): string =>
  `${at === '' ? `${verdict}: ` : `${at}: `}ignored by rule ${number} of drift.yaml: ${reason}`;

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
