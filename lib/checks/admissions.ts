import { digestOfAdmitted } from '../drift/ownership/admission.ts';
import { isSensitive } from '../drift/ownership/sensitive.ts';
import type { Finding, ObjectVerdict } from '../drift/verdicts.ts';
import { identityOf } from '../objects/objects.ts';

/** Of a scope: enough for every chart, and an end for an item that people could make grow. */
const REMEMBERED_ADMISSIONS = { objects: 1000, digests: 6000 };
const REMEMBERED_REFUSALS = { objects: 300, digests: 1000 };

/** By object: a digest for each thing that nobody owns there (drift.md, rule 5). */
export type Admissions = Readonly<Record<string, readonly string[]>>;

/** By object: the digests of what admission put there. */
export const admissionsOf = (verdicts: readonly ObjectVerdict[]): Admissions =>
  limited(
    verdicts.map((verdict) => [
      identityOf(verdict.object),
      verdict.kind === 'unknown' ? [] : (verdict.admission ?? []),
    ]),
    REMEMBERED_ADMISSIONS,
  );

/**
 * The same of what nobody owns, came between two rollouts and is about what runs: whoever takes himself out of
 * managedFields looks like admission, and must not be taken for it with the next rollout, whatever admission itself
 * puts beside it then. @param among what of it
 */
export const refusedOf = (verdicts: readonly ObjectVerdict[], among: Admissions | 'all'): Admissions =>
  limited(
    verdicts.map((verdict) => {
      const object = identityOf(verdict.object);
      const grave = verdict.kind === 'drift' ? verdict.findings.filter(isGrave).map(digestOfAdmitted) : [];
      return [object, among === 'all' ? grave : grave.filter((digest) => among[object]?.includes(digest))];
    }),
    REMEMBERED_REFUSALS,
  );

const isGrave = ({ verdict, group, path, live }: Finding): boolean =>
  verdict === 'added' &&
  group !== undefined &&
  isSensitive(
    path.map((step) => (step.kind === 'field' ? step.name : '*')),
    live,
  );

export const without = (some: Admissions, all: Admissions): Admissions =>
  Object.fromEntries(
    Object.entries(all)
      .map(([object, digests]) => [object, digests.filter((one) => !some[object]?.includes(one))] as const)
      .filter(([, digests]) => digests.length > 0),
  );

function limited(
  all: readonly (readonly [object: string, digests: readonly string[]])[],
  most: { readonly objects: number; readonly digests: number },
): Admissions {
  const kept: [string, readonly string[]][] = [];
  let left = most.digests;
  for (const [object, digests] of all) {
    if (digests.length === 0 || left === 0 || kept.length === most.objects) continue;
    const some = digests.slice(0, left);
    left -= some.length;
    kept.push([object, some]);
  }
  return Object.fromEntries(kept);
}
