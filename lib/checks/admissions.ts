import { isSensitive } from '../drift/ownership/sensitive.ts';
import type { Finding, ObjectVerdict } from '../drift/verdicts.ts';
import { identityOf } from '../objects/objects.ts';

/** Of a scope: enough for every chart, and an end for an item that people could make grow. */
const REMEMBERED_ADMISSIONS = 1000;
const REMEMBERED_REFUSALS = 300;

/** By object: a digest of what nobody owns there (drift.md, rule 5). */
export type Admissions = Readonly<Record<string, string>>;

/** By object: the digest of what admission put there. */
export function admissionsOf(verdicts: readonly ObjectVerdict[]): Admissions {
  const found: [string, string][] = [];
  for (const verdict of verdicts) {
    if (verdict.kind === 'unknown' || verdict.admission === undefined) continue;
    found.push([identityOf(verdict.object), verdict.admission]);
  }
  return Object.fromEntries(found.slice(0, REMEMBERED_ADMISSIONS));
}

/**
 * The same of what nobody owns, came between two rollouts and is about what runs: whoever takes himself out of
 * managedFields looks like admission, and must not be taken for it with the next rollout. @param among what of it
 */
export function refusedOf(verdicts: readonly ObjectVerdict[], among: Admissions | 'all'): Admissions {
  const grave = verdicts.filter((verdict) => verdict.kind === 'drift' && verdict.findings.some(isGrave));
  const all = Object.entries(admissionsOf(grave)).slice(0, REMEMBERED_REFUSALS);
  return Object.fromEntries(all.filter(([object, digest]) => among === 'all' || among[object] === digest));
}

const isGrave = ({ verdict, group, path, live }: Finding): boolean =>
  verdict === 'added' &&
  group !== undefined &&
  isSensitive(
    path.map((step) => (step.kind === 'field' ? step.name : '*')),
    live,
  );

export const without = (some: Admissions, all: Admissions): Admissions =>
  Object.fromEntries(Object.entries(all).filter(([object, digest]) => some[object] !== digest));
