import { groupOf } from '../../objects/objects.ts';
import type { Finding } from '../verdicts.ts';
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
    const { object, path, verdict, attribution } = finding;
    const rule: WrittenRule = [
      ['kind', `${object.kind}.${groupOf(object.apiVersion) || 'core'}`],
      ...(object.namespace === undefined ? [] : [['namespace', object.namespace] as const]),
      ['name', object.name],
      path.length === 0 ? ['verdict', verdict] : ['path', placeOfPath(path)],
      ...(attribution?.manager === undefined || attribution.manager === ''
        ? []
        : [['manager', attribution.manager] as const]),
      ['reason', reason],
      ['expires', expires],
    ];
    if (!rule.every(isWritable)) unwritable.push(finding);
    else rules.set(JSON.stringify(rule), rule);
  }
  return { rules: [...rules.values()], unwritable };
}

const isWritable = ([key, value]: WrittenRule[number]): boolean =>
  fieldOf({}, key, value) === undefined &&
  value.length <= (key === 'path' ? RULE_LIMITS.path : RULE_LIMITS.value);
