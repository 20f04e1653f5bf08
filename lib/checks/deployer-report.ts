import type { Target } from '../config/config.ts';
import { inRoot, rootOf } from '../config/root.ts';
import type { DesiredRelease } from '../desired/state.ts';
import {
  isJsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../objects/objects.ts';
import { deployerNamespace } from '../repository/layout.ts';
import { applicationReport } from './argocd-report.ts';
import { deployerKinds } from './deployer-kinds.ts';
import { helmReleaseReport, kustomizationReport } from './deployer-status.ts';
import type { LiveObjects } from './live.ts';
import type { DeployerReport } from './rollout.ts';
import type { DeclaredScope } from './scopes.ts';

/** What the target's deployer says of a scope, read from its own objects in the cluster. */
export function reportOf(
  { release, appliedBy }: DeclaredScope,
  live: LiveObjects,
  target: Target,
  commit: string,
): DeployerReport {
  switch (target.deployer) {
    case 'none':
      return { kind: 'silent' };
    case 'flux': {
      const kustomizations = kustomizationsOf(target, live, appliedBy);
      if (release === undefined) return kustomizationReport(kustomizations, commit);
      const helmRelease = foundObject(live, release.deployedBy);
      return helmReleaseReport({
        helmRelease,
        kustomizations,
        values: helmRelease === undefined ? [] : valuesOf(helmRelease, live),
        commit,
        chartVersion: release.chart?.version,
      });
    }
    case 'argocd':
      return applicationReport(
        release === undefined ? rootApplication(target, live) : foundObject(live, release.deployedBy),
        { commit, chartVersion: release?.chart?.version },
      );
  }
}

/** Where the deployer's own objects are found. */
export type DeployersObjects = Pick<LiveObjects, 'find' | 'all'>;

/** The objects through which the target's deployer speaks of all its scopes. */
export function deployersObjects(
  live: DeployersObjects,
  target: Target,
  scopes: readonly DeclaredScope[],
): readonly KubernetesObject[] {
  const own = scopes.flatMap(({ release }) => foundObject(live, release?.deployedBy) ?? []);
  switch (target.deployer) {
    case 'none':
      return [];
    case 'flux':
      return [
        ...kustomizationsOf(target, live),
        ...scopes.flatMap(({ appliedBy }) =>
          appliedBy === undefined ? [] : kustomizationsOf(target, live, appliedBy),
        ),
        ...own,
        ...own.flatMap((helmRelease) => valuesOf(helmRelease, live)),
      ];
    case 'argocd':
      return [...[rootApplication(target, live) ?? []].flat(), ...own];
  }
}

/** The object of the deployer that says how it is with a scope, where another scope declares it. */
export const speakerOf = ({ release, appliedBy }: DeclaredScope): readonly ObjectReference[] => {
  if (release !== undefined) return release.deployedBy === undefined ? [] : [release.deployedBy];
  return appliedBy === undefined ? [] : [{ ...deployerKinds.KUSTOMIZATION, ...appliedBy }];
};

/**
 * The objects through which the deployer knows one release and no other thing: its HelmRelease or Application, found or
 * not, and the ConfigMaps that it takes values from.
 */
export function ownObjects(
  live: DeployersObjects,
  release: DesiredRelease | undefined,
): readonly ObjectReference[] {
  if (release?.deployedBy === undefined) return [];
  const found = foundObject(live, release.deployedBy);
  return [release.deployedBy, ...(found === undefined ? [] : valuesOf(found, live).map(referenceOf))];
}

const foundObject = (
  live: DeployersObjects,
  reference: Parameters<LiveObjects['find']>[0] | undefined,
): KubernetesObject | undefined => {
  const found = reference === undefined ? undefined : live.find(reference);
  return found?.kind === 'found' ? found.object : undefined;
};

/** The one that Git names; else by the path that they apply, else those in the target's own namespace. */
function kustomizationsOf(
  target: Target,
  live: DeployersObjects,
  named?: DeclaredScope['appliedBy'],
): readonly KubernetesObject[] {
  const { apiVersion, kind } = deployerKinds.KUSTOMIZATION;
  const all = live.all(apiVersion, kind);
  if (named !== undefined)
    return all.filter(
      ({ metadata }) => metadata.namespace === named.namespace && metadata.name === named.name,
    );
  const byPath = all.filter(({ spec }) => isBelowRoot(isJsonObject(spec) ? spec.path : undefined, target));
  return byPath.length > 0
    ? byPath
    : all.filter(({ metadata: { namespace } }) => namespace === deployerNamespace(target));
}

function rootApplication(target: Target, live: DeployersObjects): KubernetesObject | undefined {
  const { apiVersion, kind } = deployerKinds.APPLICATION;
  return live.all(apiVersion, kind).find(({ spec }) => {
    const source = isJsonObject(spec) ? spec.source : undefined;
    return isBelowRoot(isJsonObject(source) ? source.path : undefined, target);
  });
}

function isBelowRoot(path: unknown, target: Target): boolean {
  if (typeof path !== 'string') return false;
  const plain = path.replace(/^\.?\/+|\/+$/g, '').replace(/^\.$/, '');
  return plain === rootOf(target) || plain === inRoot(target, 'apply');
}

function valuesOf({ spec, metadata }: KubernetesObject, live: DeployersObjects): readonly KubernetesObject[] {
  const from = isJsonObject(spec) && Array.isArray(spec.valuesFrom) ? spec.valuesFrom : [];
  return from.flatMap((each) => {
    if (!isJsonObject(each) || each.kind !== 'ConfigMap' || typeof each.name !== 'string') return [];
    const { namespace } = metadata;
    const found = foundObject(live, {
      ...deployerKinds.CONFIG_MAP,
      name: each.name,
      ...(namespace === undefined ? {} : { namespace }),
    });
    return found === undefined ? [] : [found];
  });
}
