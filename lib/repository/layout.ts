import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { writtenDestination } from '../config/argocd-destination.ts';
import type { Target } from '../config/config.ts';
import { inRoot } from '../config/root.ts';

/**
 * Where everything of a target lies in its repository: the table of docs/uploading.md as pure functions.
 * `releases/` holds what came from outside, `apply/` what the deployer is pointed at; the two never mix, because
 * both deployers read every YAML file below what they are pointed at.
 */
export type LaidOut = Pick<Target, 'name' | 'root'>;

export interface ReleaseName {
  readonly namespace: string;
  readonly release: string;
}

/** What the deployer is pointed at, and nothing else. */
export const applyFolder = (target: LaidOut): string => inRoot(target, 'apply');
export const manifestsFolder = (target: LaidOut): string => `${applyFolder(target)}/manifests`;
export const manifestFile = (target: LaidOut, path: string): string => `${manifestsFolder(target)}/${path}`;

/** People's rules about drift: never written by Fairlead. */
export const driftRulesFile = (target: LaidOut): string => inRoot(target, 'drift.yaml');

export const releasesFolder = (target: LaidOut): string => inRoot(target, 'releases');
export const releaseFolder = (target: LaidOut, { namespace, release }: ReleaseName): string =>
  `${releasesFolder(target)}/${namespace}/${release}`;
/** Replaced whole by each delivery of the chart. */
export const chartFolder = (target: LaidOut, name: ReleaseName): string =>
  `${releaseFolder(target, name)}/chart`;
export const valuesFile = (target: LaidOut, name: ReleaseName): string =>
  `${releaseFolder(target, name)}/values.yaml`;

export const appliedReleaseFolder = (target: LaidOut, { namespace, release }: ReleaseName): string =>
  `${applyFolder(target)}/${namespace}/${release}`;
/** Written once for a new release, then people's. */
export const releaseFile = (target: LaidOut, name: ReleaseName): string =>
  `${appliedReleaseFolder(target, name)}/release.yaml`;
/** Flux: the ConfigMap made of the release's values.yaml. */
export const appliedValuesFile = (target: LaidOut, name: ReleaseName): string =>
  `${appliedReleaseFolder(target, name)}/values.yaml`;

/** Names in the cluster that `HelmRelease`s refer to and that a target is set up with once. */
export const FLUX_NAMES = {
  gitRepository: 'fairlead',
  kustomization: 'fairlead',
  /** Impersonated for charts: has no right in the target's own namespace. */
  releasesServiceAccount: 'fairlead-releases',
  /** Impersonated for `apply/`. */
  applyServiceAccount: 'fairlead-apply',
} as const;

/** The namespace that holds a target's Flux objects, and no Secret but the repository's read-only key. */
export const deployerNamespace = (target: LaidOut): string => `fairlead-${target.name}`;
/** The AppProject of a target's releases in Argo CD. */
export const argocdProject = (target: LaidOut): string => `fairlead-${target.name}`;

/** The AppProject of what declares the releases: it alone reaches Argo CD's own namespace. No target has a dot. */
export const argocdRootProject = (target: LaidOut): string => `fairlead-${target.name}.root`;

/** The Application that applies a target's `apply/`. */
export const rootApplicationName = (target: LaidOut): string => `fairlead-${target.name}`;

/** Above this Flux fails without a word, since a label takes its name. */
const NAME_LENGTH = 63;
const HASH_LENGTH = 10;

/** `<namespace>.<release>`: a namespace has no dot, so that two releases never share a name; hashed where too long. */
export const helmReleaseName = ({ namespace, release }: ReleaseName): string =>
  shortened(`${namespace}.${release}`);

/** Applications of all targets share one namespace, hence the target in front. */
export const applicationName = (target: LaidOut, { namespace, release }: ReleaseName): string =>
  shortened(`${target.name}.${namespace}.${release}`);

function shortened(name: string): string {
  if (name.length <= NAME_LENGTH) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  const kept = name.slice(0, NAME_LENGTH - HASH_LENGTH - 1).replace(/[.-]+$/, '');
  return `${kept}-${hash}`;
}

/** A file of a commit: always mode 644. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

export interface NewReleaseTarget extends LaidOut {
  readonly deployer: Target['deployer'];
  readonly branch: string;
  readonly mutableVersions: boolean;
  readonly argocdNamespace: string;
  readonly argocdDestination?: Target['argocdDestination'];
}

/** What is written once for a new release, beside its chart and values. A target without deployer has nothing. */
export function newReleaseFile(
  target: NewReleaseTarget,
  name: ReleaseName,
  repositoryUrl: string,
): WrittenFile | undefined {
  switch (target.deployer) {
    case 'flux':
      return { path: releaseFile(target, name), text: yamlOf(helmRelease(target, name)) };
    case 'argocd':
      return { path: releaseFile(target, name), text: yamlOf(application(target, name, repositoryUrl)) };
    case 'none':
      return undefined;
  }
}

/** The ConfigMap that Flux reads a release's values from: follows values.yaml, whoever changes it. Flux only. */
export function appliedValues(
  target: LaidOut & { readonly deployer: Target['deployer'] },
  name: ReleaseName,
  values: string,
): WrittenFile | undefined {
  if (target.deployer !== 'flux') return undefined;
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: helmReleaseName(name),
      namespace: deployerNamespace(target),
      // helm-controller then reacts to a change at once, not at its next interval.
      labels: { 'reconcile.fluxcd.io/watch': 'Enabled' },
    },
    data: { [VALUES_KEY]: values },
  };
  return { path: appliedValuesFile(target, name), text: yamlOf(configMap) };
}

/** Values of a release that nobody gave any. */
export const EMPTY_VALUES = '{}\n';

const VALUES_KEY = 'values.yaml';

/** Flux: `HelmRelease` (helm.toolkit.fluxcd.io/v2). */
function helmRelease(target: NewReleaseTarget, name: ReleaseName) {
  const strategy = { strategy: { name: 'RetryOnFailure' }, disableTakeOwnership: true };
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: helmReleaseName(name), namespace: deployerNamespace(target) },
    spec: {
      interval: '10m',
      releaseName: name.release,
      targetNamespace: name.namespace,
      // Without it two releases of one name in different namespaces overwrite each other's history.
      storageNamespace: name.namespace,
      serviceAccountName: FLUX_NAMES.releasesServiceAccount,
      chart: {
        spec: {
          chart: chartFolder(target, name),
          // Revision upgrades every release of the repository, hooks included, with every commit.
          reconcileStrategy: target.mutableVersions ? 'Revision' : 'ChartVersion',
          sourceRef: { kind: 'GitRepository', name: FLUX_NAMES.gitRepository },
        },
      },
      install: strategy,
      upgrade: strategy,
      valuesFrom: [{ kind: 'ConfigMap', name: helmReleaseName(name), valuesKey: VALUES_KEY }],
    },
  };
}

/** Argo CD: `Application` (argoproj.io/v1alpha1). */
function application(target: NewReleaseTarget, name: ReleaseName, repositoryUrl: string) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: applicationName(target, name),
      namespace: target.argocdNamespace,
      finalizers: ['resources-finalizer.argocd.argoproj.io'],
    },
    spec: {
      project: argocdProject(target),
      source: {
        repoURL: repositoryUrl,
        targetRevision: target.branch,
        path: chartFolder(target, name),
        helm: {
          releaseName: name.release,
          valueFiles: ['../values.yaml'],
          ignoreMissingValueFiles: true,
        },
      },
      destination: { ...writtenDestination(target), namespace: name.namespace },
      syncPolicy: { automated: { prune: true } },
    },
  };
}

/** Long lines stay as they are, and nothing becomes an alias. */
const yamlOf = (object: unknown): string => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
