import { canonicalJson } from '../../objects/json.ts';
import { groupOf } from '../../objects/objects.ts';
import type { Finding, PathStep } from '../verdicts.ts';
import { placeOfPath } from './place.ts';
import { RULE_LIMITS } from './rule.ts';
import { fieldOf } from './rule-fields.ts';

/** A rule as it is written: keys in the order that people read them. */
export type WrittenRule = readonly (readonly [key: string, value: string])[];

export interface Baseline {
  readonly rules: readonly WrittenRule[];
  /** Findings that no rule can name: their path or a name is longer than rules have them. */
  readonly unwritable: readonly Finding[];
}

/**
 * One rule a finding, which accepts that finding and no other: kind with group, namespace, name, path (or, for a whole
 * object, the verdict) and manager. Items without keys are named by `[*]`, since a rule has no index.
 * @param expires `2026-12-21`
 */
export function baselineOf(findings: readonly Finding[], reason: string, expires: string): Baseline {
  const rules = new Map<string, WrittenRule>();
  const unwritable: Finding[] = [];
  for (const finding of findings) {
    const { object, path, verdict, attribution, group } = finding;
    const rule: WrittenRule = [
      ['kind', `${object.kind}.${groupOf(object.apiVersion) || 'core'}`],
      ...(object.namespace === undefined ? [] : [['namespace', object.namespace] as const]),
      ['name', object.name],
      path.length === 0 ? ['verdict', verdict] : ['path', placeOfPath(path)],
      ...(attribution?.manager === undefined || attribution.manager === ''
        ? []
        : [['manager', attribution.manager] as const]),
      ...(group === undefined ? [] : [['by', 'admission'] as const]),
      ['reason', reason],
      ['expires', expires],
    ];
    if (!isWritableRule(rule)) unwritable.push(finding);
    else rules.set(JSON.stringify(rule), rule);
  }
  return { rules: [...rules.values()], unwritable };
}

const GLOBS = new Set(['kind', 'namespace', 'name', 'manager']);

/** Whether a rule can say it: every value is one that rules take, and none is longer than they have it. */
export const isWritableRule = (rule: WrittenRule): boolean => rule.every(isWritable);

const isWritable = ([key, value]: WrittenRule[number]): boolean =>
  fieldOf({}, key, value) === undefined &&
  // Anyone may call himself "*": a rule with that name would be about everybody.
  !(GLOBS.has(key) && value.includes('*')) &&
  value.length <= (key === 'path' ? RULE_LIMITS.path : RULE_LIMITS.value);

/**
 * One rule for the same rewriting of many objects (`Finding.group`): in whatever namespace and under whatever name, at
 * the place that they share. What people or tools do there is told all the same.
 * @param findings of one group
 */
export function ruleForGroup(findings: readonly Finding[], reason: string): WrittenRule | undefined {
  const [first] = findings;
  if (first === undefined) return undefined;
  const path = first.path.map((step, index): PathStep => {
    const isShared = findings.every(({ path: other }) => canonicalJson(other[index]) === canonicalJson(step));
    return isShared ? step : { kind: 'index', index: 0 };
  });
  const rule: WrittenRule = [
    ['kind', `${first.object.kind}.${groupOf(first.object.apiVersion) || 'core'}`],
    ['path', placeOfPath(path)],
    ['by', 'admission'],
    ['reason', reason],
  ];
  return isWritableRule(rule) ? rule : undefined;
}
