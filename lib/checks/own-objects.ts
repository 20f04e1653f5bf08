import type { Finding } from '../drift/verdicts.ts';
import { identityOf } from '../objects/objects.ts';
import { type DeployersObjects, ownObjects } from './deployer-report.ts';
import type { ScopeObservation, ScopeState } from './observation.ts';
import type { DeclaredScope } from './scopes.ts';

/**
 * What somebody changed of a release's own HelmRelease or Application, or of the values that it alone takes, is told
 * with the release: it is one deed, and who runs the release is to hear of it together with what it does there. Those
 * objects lie among the manifests of the target; what a rollout of these has not brought yet stays with them.
 */
export function withOwnObjects(
  observed: readonly ScopeObservation[],
  declared: readonly DeclaredScope[],
  live: DeployersObjects,
): readonly ScopeObservation[] {
  const owners = new Map<string, string | undefined>();
  for (const scope of declared)
    for (const object of ownObjects(live, scope.release)) {
      const identity = identityOf(object);
      // Of two releases it is nobody's own.
      owners.set(identity, owners.has(identity) ? undefined : scope.name);
    }
  const moved = new Map<string, Finding[]>();
  const ownerOf = ({ object }: Finding): string | undefined => owners.get(identityOf(object));
  const namesOf = new Map(declared.map(({ scope, name }) => [scope, name]));
  const isJudged = new Set(observed.map(({ scope }) => namesOf.get(scope)));

  const left = observed.map((each): ScopeObservation => {
    const { scope, state } = each;
    if (scope.kind !== 'manifests' || state.kind !== 'drift' || state.deployer !== undefined) return each;
    const own = state.findings.filter((finding) => isJudged.has(ownerOf(finding) ?? ''));
    if (own.length === 0) return each;
    for (const finding of own) {
      const owner = ownerOf(finding) ?? '';
      moved.set(owner, [...(moved.get(owner) ?? []), finding]);
    }
    return { ...each, state: without(state, own) };
  });
  return left.map((each) => {
    const own = moved.get(namesOf.get(each.scope) ?? '');
    return own === undefined ? each : { ...each, state: withFindings(each.state, own) };
  });
}

function without(state: ScopeState & { readonly kind: 'drift' }, gone: readonly Finding[]): ScopeState {
  const findings = state.findings.filter((finding) => !gone.includes(finding));
  if (findings.length > 0) return { ...state, findings };
  return state.unjudged === undefined
    ? { kind: 'in-sync', unready: [] }
    : { kind: 'unknown', ...state.unjudged };
}

/** The cause before what it does. Of a rollout only this is drift. */
function withFindings(state: ScopeState, own: readonly Finding[]): ScopeState {
  switch (state.kind) {
    case 'in-sync':
      return { kind: 'drift', findings: own };
    case 'drift':
      return { ...state, findings: [...own, ...state.findings] };
    case 'rollout': {
      const { unjudged, deployer } = state;
      return {
        kind: 'drift',
        findings: own,
        ...(deployer === undefined ? {} : { deployer }),
        ...(unjudged === undefined ? {} : { unjudged }),
      };
    }
    case 'unknown': {
      const { kind: _, ...unjudged } = state;
      return { kind: 'drift', findings: own, unjudged };
    }
  }
}
