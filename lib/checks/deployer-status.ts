import {
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  partOf,
} from '../objects/objects.ts';
import { condition, DEPLOYERS_MESSAGE, detail } from './readiness.ts';
import type { DeployerReport } from './rollout.ts';

/**
 * What the deployer says of itself: whether the tip is what it has applied.
 *   Kustomization: `status.lastAppliedRevision` (`main@sha1:<commit>`), once `observedGeneration` is the generation
 *   HelmRelease: `status.history[0]`: the chart's version, `deployed`, and not before its values were last written,
 *     since kustomize-controller writes those first and helm-controller upgrades afterwards
 *   both are at work as long as they say `Reconciling`
 */
const ELSEWHERE = (says: string): DeployerReport => ({ kind: 'pending', says, at: 'elsewhere' });
const AT_TIP = (says: string): DeployerReport => ({ kind: 'pending', says, at: 'tip' });
const SILENT: DeployerReport = { kind: 'silent' };
const APPLIED: DeployerReport = { kind: 'applied' };

export function kustomizationReport(
  kustomizations: readonly KubernetesObject[],
  commit: string,
): DeployerReport {
  if (kustomizations.length === 0) return SILENT;
  for (const object of kustomizations) {
    const name = nameOf(object);
    const isSuspended = partOf(object.spec).suspend === true;
    const status = partOf(object.status);
    if (!isSuspended && isAtWork(status)) return ELSEWHERE(atWork(name, 'is being applied', status));
    const applied = text(status.lastAppliedRevision);
    if (commitOf(applied) !== commit || !(isSuspended || isObserved(object))) {
      if (isSuspended) return ELSEWHERE(`${name} is suspended`);
      return ELSEWHERE(
        failureOf(name, status) ??
          `${name} has applied ${applied === '' ? 'nothing yet' : applied.slice(0, 100)}`,
      );
    }
  }
  return APPLIED;
}

export interface HelmReleaseQuestion {
  readonly helmRelease: KubernetesObject | undefined;
  readonly kustomizations: readonly KubernetesObject[];
  /** ConfigMaps that its `valuesFrom` names, as far as they were read. */
  readonly values: readonly KubernetesObject[];
  readonly commit: string;
  /** The chart's version at the tip. */
  readonly chartVersion: string | undefined;
}

export function helmReleaseReport(question: HelmReleaseQuestion): DeployerReport {
  const { helmRelease, commit, chartVersion } = question;
  const below = kustomizationReport(question.kustomizations, commit);
  if (below.kind === 'pending') return below;
  if (helmRelease === undefined)
    return below.kind === 'silent' ? SILENT : AT_TIP('its HelmRelease does not exist yet');
  const name = nameOf(helmRelease);
  // Suspended, it does not even observe its suspension; what it applied before still counts.
  const isSuspended = partOf(helmRelease.spec).suspend === true;
  const status = partOf(helmRelease.status);
  if (!isSuspended && isAtWork(status))
    return ELSEWHERE(atWork(name, 'is being installed or upgraded', status));
  const fails = isSuspended ? `${name} is suspended` : failureOf(name, status);
  if (!isSuspended && !isObserved(helmRelease))
    return AT_TIP(fails ?? `${name} has not seen its last change yet`);

  const latest = partOf(Array.isArray(status.history) ? status.history[0] : undefined);
  if (latest.status !== 'deployed') {
    return AT_TIP(fails ?? `${name} is ${text(latest.status).slice(0, 40) || 'not installed yet'}`);
  }
  const deployed = text(latest.chartVersion);
  if (
    chartVersion !== undefined &&
    !isVersion(
      deployed,
      chartVersion,
      commit,
      isJsonObject(partOf(helmRelease.spec).chartRef) ? 'chartRef' : 'chart',
    )
  ) {
    return AT_TIP(fails ?? `${name} has chart ${deployed.slice(0, 60)}, not ${chartVersion}`);
  }
  const lastDeployed = Date.parse(text(latest.lastDeployed));
  for (const values of question.values) {
    const written = lastWriteBy(values, 'kustomize-controller');
    if (written !== undefined && !(lastDeployed >= written)) {
      return AT_TIP(fails ?? `${name} has not taken up its new values yet`);
    }
  }
  return APPLIED;
}

/**
 * Under the strategy `Revision`, Flux appends `+` and twelve digits of the commit to a chart's version; to that of a
 * chart which it has by `chartRef`, of the artifact's digest (helm-controller, internal/reconcile, chart version).
 */
function isVersion(deployed: string, wanted: string, commit: string, from: 'chartRef' | 'chart'): boolean {
  if (deployed === wanted) return true;
  const suffix = deployed.startsWith(`${wanted}+`) ? deployed.slice(wanted.length + 1) : undefined;
  if (suffix === undefined || !/^[0-9a-f]{7,64}$/.test(suffix)) return false;
  return from === 'chartRef' || commit.startsWith(suffix);
}

/** `main@sha1:<commit>`, and `main/<commit>` as Flux before 2.0 wrote it. */
const commitOf = (revision: string): string => /[:/]([0-9a-f]{40,64})$/.exec(revision)?.[1] ?? '';

/**
 * Flux's controllers say so for as long as they apply (kstatus: `Reconciling`, or `Ready` unknown): what is read
 * meanwhile may be of two revisions.
 */
const isAtWork = (status: JsonObject): boolean =>
  condition(status, 'Reconciling')?.status === 'True' || condition(status, 'Ready')?.status === 'Unknown';

/** A controller that has failed says so for as long as it tries again. */
const atWork = (name: string, what: string, status: JsonObject): string => {
  const failure = failureOf(name, status);
  return failure === undefined ? `${name} ${what}` : `${failure}, and is tried again`;
};

function failureOf(name: string, status: JsonObject): string | undefined {
  const ready = condition(status, 'Ready');
  return ready?.status === 'False' ? `${name} fails${detail(ready, DEPLOYERS_MESSAGE)}` : undefined;
}

const isObserved = ({ metadata, status }: KubernetesObject): boolean =>
  partOf(status).observedGeneration === metadata.generation;

/** Milliseconds; of the manager's entries for the object itself, not for its status. */
function lastWriteBy(object: KubernetesObject, manager: string): number | undefined {
  const entries: readonly Json[] = Array.isArray(object.metadata.managedFields)
    ? object.metadata.managedFields
    : [];
  const times = entries
    .filter(isJsonObject)
    .filter((entry) => entry.manager === manager && entry.subresource !== 'status')
    .map((entry) => Date.parse(text(entry.time)))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}

const nameOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
