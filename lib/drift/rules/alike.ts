import { canonicalJson } from '../../objects/json.ts';
import { groupOf, identityOf } from '../../objects/objects.ts';
import type { Finding, PathStep } from '../verdicts.ts';
import { baselineOf, isWritableRule, ruleForGroup, type WrittenRule } from './baseline.ts';
import { placeOfPath } from './place.ts';

/**
 * Findings that are one thing in many objects, in the order in which each first appears: the same rewriting at
 * admission (`Finding.group`), or the same change of value at the same place of objects of one kind, by the same
 * writer. People are told such a thing once. A Secret's values are not known, so no two of its changes are one.
 */
export function alike(findings: readonly Finding[]): readonly (readonly Finding[])[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = likenessOf(finding);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [finding]);
    else known.push(finding);
  }
  return [...groups.values()];
}

function likenessOf(finding: Finding): string {
  const { object, group, secret, path, verdict, desired, live, attribution, note, rule } = finding;
  if (group !== undefined) return `admission ${group}`;
  return canonicalJson([
    verdict,
    `${object.kind}.${groupOf(object.apiVersion)}`,
    secret && path.length > 0 ? identityOf(object) : '',
    placeOfPath(path),
    desired === undefined ? [] : [desired],
    live === undefined ? [] : [live],
    attribution?.manager ?? '',
    attribution?.by?.name ?? '',
    note ?? '',
    rule?.number ?? 0,
  ]);
}

/**
 * Whether findings that are alike look rewritten at admission. A declared value that the deployer owns and that differs
 * in one object alone is more likely another revision's.
 */
export const isByAdmission = (findings: readonly Finding[]): boolean => {
  const [first, second] = findings;
  return first?.group !== undefined && (first.verdict === 'added' || second !== undefined);
};

/**
 * The one rule that ignores findings that are alike: of what they share, kind, namespace, name, path and writer. None
 * where many whole objects are missing or too many, since it would ignore every other of their kind as well.
 * @param expires `2026-12-21`; what admission does has none
 */
export function ruleForAlike(
  findings: readonly Finding[],
  { reason, expires }: { readonly reason: string; readonly expires: string },
): WrittenRule | undefined {
  const [first, second] = findings;
  if (first === undefined) return undefined;
  if (isByAdmission(findings)) return ruleForGroup(findings, reason);
  if (second === undefined || new Set(findings.map(({ object }) => identityOf(object))).size === 1)
    return baselineOf([first], reason, expires).rules[0];
  if (first.path.length === 0) return undefined;
  const { kind, apiVersion, namespace, name } = first.object;
  const manager = first.attribution?.manager ?? '';
  const rule: WrittenRule = [
    ['kind', `${kind}.${groupOf(apiVersion) || 'core'}`],
    ...(namespace !== undefined && findings.every(({ object }) => object.namespace === namespace)
      ? [['namespace', namespace] as const]
      : []),
    ...(findings.every(({ object }) => object.name === name) ? [['name', name] as const] : []),
    ['path', placeOfPath(first.path.map(withoutIndex))],
    ...(manager === '' ? [] : [['manager', manager] as const]),
    ['reason', reason],
    ['expires', expires],
  ];
  return isWritableRule(rule) ? rule : undefined;
}

const withoutIndex = (step: PathStep): PathStep =>
  step.kind === 'index' ? { kind: 'index', index: 0 } : step;
