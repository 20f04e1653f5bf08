import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  partOf,
  referenceOf,
} from '../../lib/objects/objects.ts';
import { deployerNamespace } from '../../lib/repository/layout.ts';
import { ApplyFailed, applyAll, withLabels } from './applying.ts';
import type { Checkout } from './checkout.ts';
import {
  annotation,
  announceRemoved,
  atWork,
  type FluxParts,
  now,
  REQUESTED_AT,
  ready,
  statusOf,
  wasTouched,
} from './flux-objects.ts';
import { inventoried, inventoryOf, removeGone } from './inventory.ts';
import { helmAsController, helmCrds, kustomize, objectsOf, type Renderer } from './rendering.ts';

/**
 * Does what Flux's helm-controller does: upgrades a release when its chart, values or HelmRelease changed, or when it
 * is asked to by annotation, and never because of drift.
 */
const HELM_MANAGER = 'helm-controller';

/** Every release whose chart, values or HelmRelease is not the one that was deployed last. */
export async function reconcileReleases(checkout: Checkout, parts: FluxParts): Promise<void> {
  const namespace = deployerNamespace(parts.target);
  for (const release of await parts.cluster.list(FLUX.helmRelease, 'HelmRelease', namespace)) {
    await reconcileRelease(release, checkout, parts);
  }
}

/** Whether helm-controller would look at it now. */
export const wantsAttention = (release: KubernetesObject): boolean =>
  forcedBy(release) !== undefined || wasTouched(release);

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
  const history = historyOf(object);
  const [latest] = history;
  const deployed = history.filter(({ status }) => status !== 'failed');
  const version = (typeof latest?.version === 'number' ? latest.version : 0) + 1;
  let declared: DeclaredRelease | undefined;
  try {
    declared = await declaredRelease(object, spec, checkout, parts);
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
    await cluster.writeStatus(reference, atWork(generation), HELM_MANAGER);
    const operation = deployed.length === 0 ? 'install' : 'upgrade';
    const applied = await deploy(object, declared, operation, parts);
    announceRemoved(await removeGone(cluster, inventoried(object), applied), parts);
    const message = `Helm ${operation} succeeded for release ${declared.namespace}/${declared.release}.v${version} with chart ${declared.chartName}@${declared.chartVersion}`;
    await cluster.writeStatus(
      reference,
      {
        ...handled,
        lastAttemptedRevision: declared.chartVersion,
        storageNamespace: declared.namespace,
        inventory: inventoryOf(applied),
        history: [
          snapshot(declared, 'deployed', version, latest),
          ...deployed.slice(0, 1).map((before) => ({ ...before, status: 'superseded' })),
        ],
        conditions: [
          ready(
            'True',
            operation === 'install' ? 'InstallSucceeded' : 'UpgradeSucceeded',
            message,
            generation,
          ),
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
      {
        ...handled,
        // Some of it may be in the cluster: whatever is declared next is upgraded to, what was deployed before, too.
        ...(declared !== undefined && error instanceof ApplyFailed
          ? { history: [snapshot(declared, 'failed', version, latest), ...deployed] }
          : {}),
        conditions: [ready('False', 'UpgradeFailed', message, generation)],
      },
      HELM_MANAGER,
    );
  }
}

/** What helm-controller keeps of a release that helm has made, as `status.history` has it, the newest first. */
const snapshot = (
  { chartName, chartVersion, configDigest, release, namespace }: DeclaredRelease,
  status: 'deployed' | 'failed',
  version: number,
  latest: JsonObject | undefined,
): JsonObject => ({
  chartName,
  chartVersion,
  configDigest,
  digest: digestOf(JSON.stringify([configDigest, version])),
  firstDeployed: latest?.firstDeployed ?? now(),
  lastDeployed: now(),
  name: release,
  namespace,
  status,
  version,
});

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
  const chartSpec = partOf(partOf(spec.chart).spec);
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
    const value = partOf(map?.data)[typeof source.valuesKey === 'string' ? source.valuesKey : 'values.yaml'];
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
    name: String(partOf(chart).name),
    version: String(partOf(chart).version),
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

const historyOf = (object: KubernetesObject): readonly JsonObject[] => {
  const { history } = statusOf(object);
  return Array.isArray(history) ? history.filter(isJsonObject) : [];
};
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
