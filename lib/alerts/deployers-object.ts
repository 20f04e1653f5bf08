import type { Applier } from '../checks/observation.ts';
import {
  applicationName,
  deployerNamespace,
  FLUX_NAMES,
  helmReleaseName,
  rootApplicationName,
} from '../repository/layout.ts';
import type { Alert, Member } from './alert.ts';
import { isOrdinary } from './commands.ts';

/** An alert that says where Git is and who applies it. */
export type PlacedAlert = Extract<Alert, { readonly commit: string }>;

export type Subject =
  | { readonly kind: 'release'; readonly namespace: string; readonly release: string }
  | { readonly kind: 'manifests'; readonly namespace?: string; readonly name?: string };

/** What a scope is. Of a target it is all of its manifests. */
export function subjectOfScope(scope: string): Subject {
  const [first, namespace, name] = scope.split('/');
  // No target has a namespace of that name (lib/config).
  if (first === 'manifests' && namespace !== undefined && name !== undefined)
    return { kind: 'manifests', namespace, name };
  const slash = scope.indexOf('/');
  return slash < 0
    ? { kind: 'manifests' }
    : { kind: 'release', namespace: scope.slice(0, slash), release: scope.slice(slash + 1) };
}

/** The deployer's own object for a scope: names that a command may hold. */
export type DeployersObject = Pick<Applier, 'kind' | 'namespace' | 'name'> & Partial<Applier>;

/** The scopes that an alert is about, one or many. */
export const scopesOf = (alert: PlacedAlert): readonly Pick<Member, 'scope' | 'appliedBy'>[] =>
  'members' in alert && alert.members !== undefined ? alert.members : [alert];

/**
 * As the cluster has it, else as Fairlead names it in its own layout. Undefined where it is not known, or has a name that
 * no command should hold: then nothing is guessed.
 */
export function deployersObject(
  alert: PlacedAlert,
  { scope, appliedBy }: Pick<Member, 'scope' | 'appliedBy'>,
): DeployersObject | undefined {
  const found = appliedBy ?? namedByLayout(alert, subjectOfScope(scope));
  return found !== undefined && isOrdinary(found.namespace) && isOrdinary(found.name) ? found : undefined;
}

/** What applies the deployer's own objects of an alert's release, in Fairlead's layout. */
export const rootObject = (alert: PlacedAlert): DeployersObject | undefined =>
  namedByLayout(alert, { kind: 'manifests' });

function namedByLayout(
  { deployer, target: name, layout, argocdNamespace }: PlacedAlert,
  subject: Subject,
): DeployersObject | undefined {
  // Git itself names the Kustomization of such a scope.
  if (deployer === 'flux' && subject.kind === 'manifests' && subject.name !== undefined)
    return { kind: 'Kustomization', namespace: subject.namespace ?? '', name: subject.name };
  if (layout === 'foreign') return undefined;
  switch (deployer) {
    case 'flux':
      return subject.kind === 'release'
        ? { kind: 'HelmRelease', namespace: deployerNamespace({ name }), name: helmReleaseName(subject) }
        : { kind: 'Kustomization', namespace: deployerNamespace({ name }), name: FLUX_NAMES.kustomization };
    case 'argocd':
      return {
        kind: 'Application',
        namespace: argocdNamespace ?? 'argocd',
        name: subject.kind === 'release' ? applicationName({ name }, subject) : rootApplicationName({ name }),
      };
    case 'none':
      return undefined;
  }
}

/** As kubectl finds it, whatever else has a kind of that name. */
export const TYPES = {
  HelmRelease: 'helmrelease',
  Kustomization: 'kustomization.kustomize.toolkit.fluxcd.io',
  Application: 'application.argoproj.io',
} as const satisfies Record<DeployersObject['kind'], string>;
