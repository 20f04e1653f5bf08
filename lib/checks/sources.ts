import type { Finding } from '../drift/verdicts.ts';
import { identityOf, referenceOf } from '../objects/objects.ts';
import type { ScopeState } from './observation.ts';
import type { DeclaredScope } from './scopes.ts';

/** Where the manifests of a target declare each object: files from the repository's root. */
export function filesOf(scopes: readonly DeclaredScope[]): ReadonlyMap<string, string> {
  return new Map(scopes.filter(({ release }) => release === undefined).flatMap(sourcesIn));
}

/** The findings with where Git declares each object: what a person opens to keep a change. */
export function withSources(state: ScopeState, declared: DeclaredScope): ScopeState {
  if (!('findings' in state) || state.findings.length === 0) return state;
  const sources = new Map(sourcesIn(declared));
  const placed = (finding: Finding): Finding => {
    const source = sources.get(identityOf(finding.object)) ?? '';
    return source === '' ? finding : { ...finding, source };
  };
  return { ...state, findings: state.findings.map(placed) };
}

/** What names no namespace is in its release's, or in none, by its kind: found under either. */
const sourcesIn = ({ tip, release }: DeclaredScope): readonly (readonly [string, string])[] =>
  tip.kind === 'unknown'
    ? []
    : tip.objects.flatMap(({ object, source }) => {
        const reference = referenceOf(object);
        const entry = [identityOf(reference), source] as const;
        if (reference.namespace !== undefined || release === undefined) return [entry];
        return [entry, [identityOf({ ...reference, namespace: release.namespace }), source] as const];
      });
