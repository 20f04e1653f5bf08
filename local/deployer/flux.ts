import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from '../../lib/config/config.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type ObjectReference,
  referenceOf,
} from '../../lib/objects/objects.ts';
import { applyFolder, deployerNamespace, FLUX_NAMES } from '../../lib/repository/layout.ts';
import { applyAll, withLabels } from './applying.ts';
import { FLUX } from './bootstrap.ts';
import type { Checkout } from './checkout.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { DeployerEvent } from './events.ts';
import { inventoried, inventoryOf, removeGone } from './inventory.ts';
import { filesBelow, helmAsController, helmCrds, kustomize, objectsOf, type Renderer } from './rendering.ts';

/**
 * Does what Flux's kustomize-controller and helm-controller do: `apply/` applied whole on each commit, a release only
 * when its chart, values or HelmRelease changed, or when it is asked to by annotation. It does not fight drift.
 */
export interface FluxParts {
  readonly target: Target;
  readonly cluster: ClusterClient;
  readonly renderer: Renderer;
  readonly onEvent: (event: DeployerEvent) => void;
}

const KUSTOMIZE_MANAGER = 'kustomize-controller';
const HELM_MANAGER = 'helm-controller';
const REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

/** Applies `apply/` of the checkout, then brings each release up to it. */
export async function applyAsFlux(checkout: Checkout, parts: FluxParts): Promise<void> {
  if (await applyKustomization(checkout, parts)) await reconcileReleases(checkout, parts);
}

const kustomizationOf = (target: Target): ObjectReference => ({
  apiVersion: FLUX.kustomization,
  kind: 'Kustomization',
  namespace: deployerNamespace(target),
  name: FLUX_NAMES.kustomization,
});

/** What the controllers watch for: objects of theirs that somebody changed, or asked to be reconciled. */
export async function askedFor({ cluster, target }: FluxParts): Promise<'apply' | 'reconcile' | 'nothing'> {
  const kustomization = await cluster.get(kustomizationOf(target));
  if (kustomization !== undefined && wasTouched(kustomization)) return 'apply';
  const releases = await cluster.list(FLUX.helmRelease, 'HelmRelease', deployerNamespace(target));
  return releases.some(wantsAttention) ? 'reconcile' : 'nothing';
}

async function applyKustomization({ folder, commit }: Checkout, parts: FluxParts): Promise<boolean> {
  const { target, cluster, renderer, onEvent } = parts;
  const reference = kustomizationOf(target);
  const kustomization = await cluster.get(reference);
  const observed = {
    observedGeneration: kustomization?.metadata.generation,
    lastHandledReconcileAt: annotation(kustomization, REQUESTED_AT) ?? null,
  };
  const revision = `${target.branch}@sha1:${commit}`;
  try {
    if (isJsonObject(kustomization?.spec) && kustomization.spec.suspend === true) {
      await cluster.writeStatus(reference, observed, KUSTOMIZE_MANAGER);
      return true;
    }
    const files = await filesBelow(join(folder, applyFolder(target)), /\.ya?ml$/);
    const yaml = await kustomize(renderer, files, {
      'kustomize.toolkit.fluxcd.io/name': reference.name,
      'kustomize.toolkit.fluxcd.io/namespace': deployerNamespace(target),
    });
    const applied = await applyAll(cluster, await objectsOf(renderer, yaml), KUSTOMIZE_MANAGER);
    const gone = inventoried(kustomization).filter(({ kind }) => kind === 'HelmRelease');
    const releases = await Promise.all(gone.map((entry) => cluster.get(entry)));
    const removed = await removeGone(cluster, inventoried(kustomization), applied);
    // A HelmRelease that goes takes its release with it.
    for (const release of releases) {
      if (
        release === undefined ||
        !removed.some(({ kind, name }) => kind === 'HelmRelease' && name === release.metadata.name)
      )
        continue;
      await announceRemoved(await removeGone(cluster, inventoried(release), []), parts);
    }
    await announceRemoved(removed, parts);
    await cluster.writeStatus(
      reference,
      {
        ...observed,
        lastAppliedRevision: revision,
        lastAttemptedRevision: revision,
        inventory: inventoryOf(applied),
        conditions: [
          ready(
            'True',
            'ReconciliationSucceeded',
            `Applied revision: ${revision}`,
            observed.observedGeneration,
          ),
        ],
      },
      KUSTOMIZE_MANAGER,
    );
    await writeSourceStatus(revision, parts);
    onEvent({ kind: 'applied', target: target.name, commit, objects: applied.length });
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    onEvent({ kind: 'failed', target: target.name, what: applyFolder(target), message });
    await cluster.writeStatus(
      reference,
      {
        ...observed,
        lastAttemptedRevision: revision,
        conditions: [ready('False', 'ReconciliationFailed', message, observed.observedGeneration)],
      },
      KUSTOMIZE_MANAGER,
    );
    return false;
  }
}

async function announceRemoved(
  removed: readonly ObjectReference[],
  { target, onEvent }: FluxParts,
): Promise<void> {
  for (const { kind, name } of removed)
    onEvent({ kind: 'removed', target: target.name, object: `${kind}/${name}` });
}

async function writeSourceStatus(revision: string, { target, cluster }: FluxParts): Promise<void> {
  const reference: ObjectReference = {
    apiVersion: FLUX.source,
    kind: 'GitRepository',
    namespace: deployerNamespace(target),
    name: FLUX_NAMES.gitRepository,
  };
  const source = await cluster.get(reference);
  if (source === undefined) return;
  const { generation } = source.metadata;
  await cluster.writeStatus(
    reference,
    {
      observedGeneration: generation,
      artifact: { revision },
      conditions: [ready('True', 'Succeeded', `stored artifact for revision '${revision}'`, generation)],
    },
    'source-controller',
  );
}

/** Every release whose chart, values or HelmRelease is not the one that was deployed last. */
export async function reconcileReleases(checkout: Checkout, parts: FluxParts): Promise<void> {
  const namespace = deployerNamespace(parts.target);
  for (const release of await parts.cluster.list(FLUX.helmRelease, 'HelmRelease', namespace)) {
    await reconcileRelease(release, checkout, parts);
  }
}

const wantsAttention = (release: KubernetesObject): boolean =>
  forcedBy(release) !== undefined || wasTouched(release);

/** Whether somebody changed or asked for an object since it was last looked at, as its status says. */
const wasTouched = (object: KubernetesObject): boolean =>
  statusOf(object).observedGeneration !== object.metadata.generation ||
  (annotation(object, REQUESTED_AT) ?? null) !== (statusOf(object).lastHandledReconcileAt ?? null);

/** Forced only if both annotations agree (fluxcd/pkg/apis/meta, HandleReconcileRequest and ShouldHandleForceRequest). */
function forcedBy(release: KubernetesObject): string | undefined {
  const token = annotation(release, 'reconcile.fluxcd.io/forceAt');
  const requested = annotation(release, REQUESTED_AT);
  return token !== undefined && token === requested && statusOf(release).lastHandledForceAt !== token
    ? token
    : undefined;
}

async function reconcileRelease(
  object: KubernetesObject,
  checkout: Checkout,
  parts: FluxParts,
): Promise<void> {
  const { cluster, target, onEvent } = parts;
  const spec = isJsonObject(object.spec) ? object.spec : {};
  const reference = referenceOf(object);
  const forced = forcedBy(object);
  const { generation } = object.metadata;
  const handled = {
    observedGeneration: generation,
    lastAttemptedGeneration: generation,
    lastHandledReconcileAt: annotation(object, REQUESTED_AT) ?? null,
    ...(forced === undefined ? {} : { lastHandledForceAt: forced }),
  };
  if (spec.suspend === true) {
    if (wantsAttention(object)) await cluster.writeStatus(reference, handled, HELM_MANAGER);
    return;
  }
  try {
    const declared = await declaredRelease(object, spec, checkout, parts);
    const history = historyOf(object);
    const [latest] = history;
    const isCurrent =
      latest?.status === 'deployed' &&
      latest.chartVersion === declared.chartVersion &&
      latest.configDigest === declared.configDigest &&
      latest.name === declared.release &&
      latest.namespace === declared.namespace;
    if (isCurrent && forced === undefined) {
      if (wantsAttention(object)) await cluster.writeStatus(reference, handled, HELM_MANAGER);
      return;
    }
    const applied = await deploy(object, declared, history.length === 0 ? 'install' : 'upgrade', parts);
    await announceRemoved(await removeGone(cluster, inventoried(object), applied), parts);
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const version = (typeof latest?.version === 'number' ? latest.version : 0) + 1;
    const message = `Helm ${version === 1 ? 'install' : 'upgrade'} succeeded for release ${declared.namespace}/${declared.release}.v${version} with chart ${declared.chartName}@${declared.chartVersion}`;
    await cluster.writeStatus(
      reference,
      {
        ...handled,
        lastAttemptedRevision: declared.chartVersion,
        storageNamespace: declared.namespace,
        inventory: inventoryOf(applied),
        history: [
          {
            chartName: declared.chartName,
            chartVersion: declared.chartVersion,
            configDigest: declared.configDigest,
            digest: digestOf(JSON.stringify([declared.configDigest, version])),
            firstDeployed: latest?.firstDeployed ?? now,
            lastDeployed: now,
            name: declared.release,
            namespace: declared.namespace,
            status: 'deployed',
            version,
          },
          ...(latest === undefined ? [] : [{ ...latest, status: 'superseded' }]),
        ],
        conditions: [
          ready('True', version === 1 ? 'InstallSucceeded' : 'UpgradeSucceeded', message, generation),
        ],
      },
      HELM_MANAGER,
    );
    onEvent({ kind: 'applied', target: target.name, commit: checkout.commit, objects: applied.length });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    onEvent({ kind: 'failed', target: target.name, what: `HelmRelease/${reference.name}`, message });
    await cluster.writeStatus(
      reference,
      { ...handled, conditions: [ready('False', 'UpgradeFailed', message, generation)] },
      HELM_MANAGER,
    );
  }
}

interface DeclaredRelease {
  readonly chart: string;
  readonly chartName: string;
  readonly chartVersion: string;
  readonly release: string;
  readonly namespace: string;
  readonly values: readonly string[];
  readonly configDigest: string;
}

async function declaredRelease(
  { metadata }: KubernetesObject,
  spec: JsonObject,
  { folder, commit }: Checkout,
  { cluster, renderer }: FluxParts,
): Promise<DeclaredRelease> {
  const chartSpec = part(part(spec.chart).spec);
  const chart = join(folder, String(chartSpec.chart));
  const [about] = await objectsOfChartFile(renderer, await readFile(join(chart, 'Chart.yaml'), 'utf8'));
  const suffix = chartSpec.reconcileStrategy === 'Revision' ? `+${commit.slice(0, 12)}` : '';
  const values: string[] = [];
  for (const source of Array.isArray(spec.valuesFrom) ? spec.valuesFrom.filter(isJsonObject) : []) {
    // As helm-controller: from the cluster, as it is there now.
    const map = await cluster.get({
      apiVersion: 'v1',
      kind: String(source.kind),
      namespace: metadata.namespace ?? 'default',
      name: String(source.name),
    });
    const value = part(map?.data)[typeof source.valuesKey === 'string' ? source.valuesKey : 'values.yaml'];
    if (typeof value === 'string') values.push(value);
    else if (source.optional !== true)
      throw new Error(`could not find ${source.kind} '${metadata.namespace}/${source.name}'`);
  }
  if (isJsonObject(spec.values)) values.push(JSON.stringify(spec.values));
  return {
    chart,
    chartName: about?.name ?? '',
    chartVersion: `${about?.version ?? ''}${suffix}`,
    release: typeof spec.releaseName === 'string' ? spec.releaseName : metadata.name,
    namespace:
      typeof spec.targetNamespace === 'string' ? spec.targetNamespace : (metadata.namespace ?? 'default'),
    values,
    configDigest: digestOf(JSON.stringify(values)),
  };
}

/** kubectl reads only objects: Chart.yaml lent a kind becomes one. */
async function objectsOfChartFile(
  renderer: Renderer,
  chartYaml: string,
): Promise<readonly { readonly name: string; readonly version: string }[]> {
  const lines = chartYaml.split('\n').map((line) => `  ${line}`);
  const wrapped = ['apiVersion: v1', 'kind: ConfigMap', 'metadata: {name: chart}', 'chart:', ...lines].join(
    '\n',
  );
  const objects = await objectsOf(renderer, wrapped);
  return objects.map(({ chart }) => ({
    name: String(part(chart).name),
    version: String(part(chart).version),
  }));
}

async function deploy(
  object: KubernetesObject,
  declared: DeclaredRelease,
  operation: 'install' | 'upgrade',
  { cluster, renderer }: FluxParts,
): Promise<readonly KubernetesObject[]> {
  const labels = {
    'helm.toolkit.fluxcd.io/name': object.metadata.name,
    'helm.toolkit.fluxcd.io/namespace': object.metadata.namespace ?? 'default',
  };
  if (operation === 'install') {
    const crds = await kustomize(renderer, { yaml: await helmCrds(renderer, declared.chart) }, labels);
    await applyAll(cluster, await objectsOf(renderer, crds), HELM_MANAGER);
  }
  const yaml = await helmAsController(renderer, declared, operation);
  const objects = await objectsOf(renderer, await kustomize(renderer, { yaml }, labels));
  // What helm itself adds to all that it applies (helm, pkg/action/validate.go, setMetadataVisitor).
  const marked = objects.map((entry) =>
    withLabels(
      entry,
      { 'app.kubernetes.io/managed-by': 'Helm' },
      { 'meta.helm.sh/release-name': declared.release, 'meta.helm.sh/release-namespace': declared.namespace },
    ),
  );
  return await applyAll(cluster, marked, HELM_MANAGER, declared.namespace);
}

function ready(status: 'True' | 'False', reason: string, message: string, generation: unknown) {
  return {
    type: 'Ready',
    status,
    reason,
    message: message.slice(0, 4096),
    observedGeneration: generation,
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

const part = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});
const statusOf = ({ status }: KubernetesObject): JsonObject => part(status);
const historyOf = (object: KubernetesObject): readonly JsonObject[] => {
  const { history } = statusOf(object);
  return Array.isArray(history) ? history.filter(isJsonObject) : [];
};
const annotation = (object: KubernetesObject | undefined, name: string): string | undefined =>
  object?.metadata.annotations?.[name];
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
