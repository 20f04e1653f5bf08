import type { RenderedObject } from '../../charts/render-request.ts';
import type { Json, KubernetesObject } from '../../objects/objects.ts';
import { isPerson } from '../ownership/managers.ts';
import type { Writer } from '../ownership/owners.ts';
import { isDecisive } from '../ownership/sensitive.ts';
import { platformReason } from '../ownership/writers/catalogue.ts';
import type { Trail } from '../path.ts';
import { isWrittenOver, placeOfAbsent, unstablePlace } from './rendered-anew.ts';

/** A declared value that does not hold, and what may excuse it. */
export interface Difference {
  readonly rendered: RenderedObject;
  readonly root: KubernetesObject;
  readonly trail: Trail;
  readonly desired: Json;
  readonly live: Json | undefined;
  readonly owners: readonly Writer[];
  /** Whether the object has a record of writers at all. */
  readonly recorded: boolean;
  readonly deployers: ReadonlySet<string>;
}

/** One reason for a declared difference that is no drift, in words; undefined where it gives none. */
type Excuse = (difference: Difference) => string | undefined;

/** Why a declared difference is no drift, or undefined: then it is one. */
export function excuseOf(difference: Difference): string | undefined {
  for (const excuse of EXCUSES) {
    const reason = excuse(difference);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Where a record is kept, it names whoever wrote a value: nobody is not the deployer. */
const byDeployerOnly = ({ owners, recorded, deployers }: Difference): boolean =>
  (owners.length > 0 || !recorded) && owners.every(({ manager }) => deployers.has(manager));

/** Rendered anew each time: any value will do, if it is there and the deployer or the platform wrote it. */
const unstable: Excuse = (difference) => {
  const { rendered, trail, desired, live, root, owners, deployers } = difference;
  if (rendered.unstable.length === 0) return undefined;
  if (live === undefined) {
    const place = placeOfAbsent(rendered, trail);
    return place === undefined ? undefined : `${place} is in only some renders`;
  }
  const place = unstablePlace(rendered, trail, live, desired);
  if (place === undefined) return undefined;
  const plain = trail.plain();
  const allowed =
    byDeployerOnly(difference) ||
    isAppliedByDeployer(difference) ||
    isWrittenOver(root, plain, owners, deployers) ||
    platformReason({ live: root, declared: rendered.object }, live, plain, owners, deployers) !== undefined;
  return allowed ? `${place} is rendered anew each time` : undefined;
};

/**
 * `lookup` answers nothing in a template run: what the deployer alone owns is its own, later answer. So is what it
 * applied together with others: it found their value in the cluster and made it its own. Which program runs, and with
 * which rights, is not looked up: there anyone could take the deployer's name.
 */
const lookedUp: Excuse = (difference) =>
  difference.rendered.usesLookup &&
  difference.owners.length > 0 &&
  !isDecisive(difference.root, difference.trail.plain(), difference.live) &&
  (byDeployerOnly(difference) || isAppliedByDeployer(difference))
    ? 'the template looks into the cluster (lookup), and the deployer applied what it found'
    : undefined;

/**
 * Several own a value only as long as none of them has changed it since the others applied it (KEP-555, "Conflicts"):
 * where the deployer is one of them, it is the value that the deployer applied.
 */
const isAppliedByDeployer = ({ live, owners, deployers }: Difference): boolean =>
  live !== undefined &&
  (live === null || typeof live !== 'object') &&
  owners.some(({ manager, operation }) => operation === 'Apply' && deployers.has(manager));

/** Why something that Git does not declare is the deployer's own all the same, or undefined: then it is not. */
export const undeclaredExcuseOf = (
  rendered: RenderedObject,
  trail: Trail,
  live: Json,
  owners: readonly Writer[],
  deployers: ReadonlySet<string>,
): string | undefined => {
  if (!owners.every(({ manager }) => deployers.has(manager))) return undefined;
  const place = unstablePlace(rendered, trail, live, undefined);
  if (place !== undefined) return `${place} is in only some renders`;
  return rendered.role === 'crd' && owners.length > 0 ? OLDER_CRD : undefined;
};

const OLDER_CRD = 'older than the chart: CRDs of crds/ are installed once and not upgraded';

/** CRDs of `crds/` are installed once and never upgraded. Of what is gone nobody can be the owner. */
const olderCrd: Excuse = (difference) =>
  difference.rendered.role === 'crd' && (difference.live === undefined || byDeployerOnly(difference))
    ? OLDER_CRD
    : undefined;

const INJECTED = new Set([
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'APIService',
  'CustomResourceDefinition',
]);
const INJECT_ANNOTATION = /^cert-manager\.io\/inject-/;

/** A certificate authority put in place of a declared placeholder (`Cg==`, the empty string), or where asked for. */
const injected: Excuse = ({ root, rendered, trail, desired, live, owners, deployers }) => {
  if (trail.field !== 'caBundle' || !INJECTED.has(root.kind) || typeof live !== 'string') return undefined;
  const placeholder =
    typeof desired === 'string' && Buffer.from(desired, 'base64').toString('utf8').trim() === '';
  const asked = Object.keys(rendered.object.metadata.annotations ?? {}).some((name) =>
    INJECT_ANNOTATION.test(name),
  );
  if (!placeholder && !asked) return undefined;
  return owners.every(({ manager }) => deployers.has(manager) || !isPerson(manager))
    ? 'certificate authority put in by an injector'
    : undefined;
};

const WEBHOOKS = new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']);

/** Installed open, so that nothing is refused before it answers, and closed by its own controller or a Job (istiod). */
const closed: Excuse = ({ root, trail, desired, live, owners, deployers }) =>
  trail.field === 'failurePolicy' &&
  WEBHOOKS.has(root.kind) &&
  desired === 'Ignore' &&
  live === 'Fail' &&
  owners.length > 0 &&
  owners.every(({ manager }) => !deployers.has(manager) && !isPerson(manager))
    ? 'a webhook that is closed once it answers'
    : undefined;

const AGGREGATOR = 'clusterrole-aggregation-controller';

/** The rules of an aggregated ClusterRole are the aggregator's. */
const aggregated: Excuse = ({ root, rendered, trail, owners, recorded }) => {
  if (root.kind !== 'ClusterRole' || trail.plain()[0] !== 'rules') return undefined;
  if (rendered.object.aggregationRule === undefined || rendered.object.aggregationRule === null)
    return undefined;
  return !recorded || owners.some(({ manager }) => manager === AGGREGATOR)
    ? 'aggregated from other roles'
    : undefined;
};

/**
 * What the API server allocates where it is declared as empty (pkg/registry/core/service/storage/alloc.go), and the
 * volume that a claim is bound to. Not `storageClassName`: there the empty text is a wish of its own.
 */
const ALLOCATED: Readonly<Record<string, readonly string[]>> = {
  Service: ['spec.clusterIP', 'spec.healthCheckNodePort', 'spec.ports.*.nodePort'],
  PersistentVolumeClaim: ['spec.volumeName'],
};

const allocated: Excuse = ({ root, trail, desired, live, owners, deployers }) =>
  (desired === '' || desired === 0) &&
  live !== undefined &&
  ALLOCATED[root.kind]?.includes(trail.plain().join('.')) === true &&
  owners.every(({ manager }) => deployers.has(manager) || !isPerson(manager))
    ? 'declared as empty, and allocated by the cluster'
    : undefined;

const BUILD_METADATA = /[+_][0-9A-Za-z.-]+$/;

/** `Revision` and references by digest append the commit to the chart's version. */
const buildMetadata: Excuse = ({ trail, desired, live }) => {
  if (trail.field !== 'helm.sh/chart' || typeof desired !== 'string' || typeof live !== 'string')
    return undefined;
  return desired.replace(BUILD_METADATA, '') === live.replace(BUILD_METADATA, '')
    ? 'the chart has the same version, with other build metadata'
    : undefined;
};

const GENERATION = 'deprecated.daemonset.template.generation';

/** Counts up by itself. */
const counted: Excuse = ({ root, trail }) =>
  root.kind === 'DaemonSet' && trail.field === GENERATION
    ? 'the API server counts template generations'
    : undefined;

const RESTARTED = 'kubectl.kubernetes.io/restartedAt';
const restarted: Excuse = ({ trail, live }) =>
  trail.field === RESTARTED && live !== undefined ? 'restarted with kubectl rollout restart' : undefined;

/** Label tracking of Argo CD writes its own instance name over the chart's. */
const instanceLabel: Excuse = ({ root, trail, owners, deployers }) =>
  trail.field === 'app.kubernetes.io/instance' &&
  trail.depth === 3 &&
  deployers.has('argocd-controller') &&
  root.metadata.annotations?.['argocd.argoproj.io/tracking-id'] === undefined &&
  owners.length > 0 &&
  owners.every(({ manager }) => deployers.has(manager))
    ? 'label tracking of Argo CD'
    : undefined;

const EXCUSES: readonly Excuse[] = [
  unstable,
  lookedUp,
  olderCrd,
  injected,
  closed,
  aggregated,
  allocated,
  buildMetadata,
  counted,
  restarted,
  instanceLabel,
];
