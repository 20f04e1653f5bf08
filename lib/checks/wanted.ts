import type { Target } from '../config/config.ts';
import { groupOf, type KubernetesObject } from '../objects/objects.ts';
import { deployerNamespace } from '../repository/layout.ts';
import { deployerKinds } from './deployer-kinds.ts';
import type { DeployersObjects } from './deployer-report.ts';
import { inventoriesOf } from './inventories.ts';
import type { WantedKind } from './live.ts';
import type { DeclaredScope } from './scopes.ts';

const { KUSTOMIZATION, APPLICATION, CONFIG_MAP } = deployerKinds;

/**
 * What to list: every kind that is declared or ever was, and what the deployer speaks through.
 * @param asks ConfigMaps that Git refers to and does not declare, `namespace/name`
 */
export function wantedKinds(
  target: Target,
  scopes: readonly DeclaredScope[],
  asks: readonly string[] = [],
): readonly WantedKind[] {
  const wanted = new Map<string, Wish>();
  const wish = (apiVersion: string, kind: string): Wish => {
    const key = `${apiVersion}/${kind}`;
    const known = wanted.get(key) ?? wishFor(apiVersion, kind);
    wanted.set(key, known);
    return known;
  };

  for (const ask of asks) {
    const { namespaces, names } = wish(CONFIG_MAP.apiVersion, CONFIG_MAP.kind);
    namespaces.add(ask.slice(0, ask.indexOf('/')));
    names.add(ask.slice(ask.indexOf('/') + 1));
  }
  for (const scope of scopes) {
    const home = scope.release?.namespace;
    const objects = [...(scope.tip.kind === 'rendered' ? scope.tip.objects : []), ...(scope.applied ?? [])];
    for (const { object, role } of objects) {
      if (role === 'hook') continue;
      const { apiVersion, kind, metadata } = object;
      const { namespaces, names } = wish(apiVersion, kind);
      names.add(metadata.name);
      const namespace = metadata.namespace ?? home;
      if (namespace !== undefined) namespaces.add(namespace);
    }
    for (const key of scope.remembered.kinds) {
      const slash = key.lastIndexOf('/');
      const { namespaces } = wish(key.slice(0, slash), key.slice(slash + 1));
      if (home !== undefined) namespaces.add(home);
    }
    for (const { apiVersion, kind, namespace } of scope.remembered.orphans ?? []) {
      const { namespaces } = wish(apiVersion, kind);
      if (namespace !== undefined) namespaces.add(namespace);
    }
    if (scope.appliedBy !== undefined)
      wish(KUSTOMIZATION.apiVersion, KUSTOMIZATION.kind).namespaces.add(scope.appliedBy.namespace);
    const deployedBy = scope.release?.deployedBy;
    if (deployedBy !== undefined) {
      const { namespaces, names } = wish(deployedBy.apiVersion, deployedBy.kind);
      namespaces.add(deployedBy.namespace);
      names.add(deployedBy.name);
      if (target.deployer === 'flux')
        everythingIn(wish(CONFIG_MAP.apiVersion, CONFIG_MAP.kind), deployedBy.namespace);
    }
  }
  switch (target.deployer) {
    case 'flux':
      everythingIn(wish(KUSTOMIZATION.apiVersion, KUSTOMIZATION.kind), deployerNamespace(target));
      wish(KUSTOMIZATION.apiVersion, KUSTOMIZATION.kind).whole.add('*');
      break;
    case 'argocd':
      everythingIn(wish(APPLICATION.apiVersion, APPLICATION.kind), target.argocdNamespace);
      break;
    case 'none':
      break;
  }
  return [...wanted.values()].map((each) => wantedOf(each, orphanSelector(target, scopes)));
}

/**
 * Kinds that only an inventory of the deployer names: nothing declares them any more, and what is left of them is an
 * orphan.
 */
export function inventoriedKinds(
  live: DeployersObjects,
  target: Target,
  scopes: readonly DeclaredScope[],
): readonly WantedKind[] {
  const selector = orphanSelector(target, scopes);
  const wishes = new Map<string, Wish>();
  for (const { apiVersion, kind, namespace } of inventoriesOf(live, target, scopes)) {
    const key = `${apiVersion}/${kind}`;
    const wish = wishes.get(key) ?? wishFor(apiVersion, kind);
    if (namespace !== '') wish.namespaces.add(namespace);
    if (wishes.size < INVENTORIED_KINDS) wishes.set(key, wish);
  }
  return [...wishes.values()].map((wish) => ({ ...wantedOf(wish, selector), turn: 2 }));
}

/** More kinds than a deployer applies of; what a cluster says is not to make a check ask without end. */
const INVENTORIED_KINDS = 200;

function wantedOf(
  { apiVersion, kind, namespaces, names, whole }: Wish,
  selector: string | undefined,
): WantedKind {
  const isForOrphansOnly = names.size === 0 && whole.size === 0;
  return {
    apiVersion,
    kind,
    namespaces,
    turn: turnOf(apiVersion),
    keep: ({ metadata }: KubernetesObject) =>
      names.has(metadata.name) || whole.has('*') || whole.has(metadata.namespace ?? ''),
    ...(isForOrphansOnly && selector !== undefined ? { labelSelector: selector } : {}),
  };
}

/** What every orphan of the target has; undefined where that is no label, or not the same for all. */
function orphanSelector(
  { deployer }: Target,
  scopes: readonly Pick<DeclaredScope, 'release'>[],
): string | undefined {
  const hasReleases = scopes.some(({ release }) => release !== undefined);
  const hasManifests = scopes.some(({ release }) => release === undefined);
  switch (deployer) {
    case 'none':
      return HELMS;
    case 'flux':
      if (hasReleases && hasManifests) return undefined;
      return hasReleases ? HELMS : 'kustomize.toolkit.fluxcd.io/name';
    case 'argocd':
      return undefined;
  }
}

const HELMS = 'app.kubernetes.io/managed-by=Helm';

const wishFor = (apiVersion: string, kind: string): Wish => ({
  apiVersion,
  kind,
  namespaces: new Set(),
  names: new Set(),
  whole: new Set(),
});

/** Flux speaks of `apply/` through its Kustomization and of releases through HelmReleases, which the former writes. */
function turnOf(apiVersion: string): WantedKind['turn'] {
  switch (groupOf(apiVersion)) {
    case groupOf(KUSTOMIZATION.apiVersion):
      return 0;
    case HELM_RELEASE_GROUP:
    case groupOf(APPLICATION.apiVersion):
      return 1;
    default:
      return 2;
  }
}

const HELM_RELEASE_GROUP = 'helm.toolkit.fluxcd.io';

interface Wish {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaces: Set<string>;
  readonly names: Set<string>;
  /** Namespaces of which every object of the kind is kept; `*`: all. */
  readonly whole: Set<string>;
}

function everythingIn(wish: Wish, namespace: string): void {
  wish.namespaces.add(namespace);
  wish.whole.add(namespace);
}
