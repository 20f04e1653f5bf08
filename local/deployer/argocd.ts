import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { ARGOCD } from '../../lib/bootstrap/argocd.ts';
import type { Target } from '../../lib/config/config.ts';
import { formatJson } from '../../lib/objects/json.ts';
import {
  groupOf,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type ObjectReference,
  partOf,
  referenceOf,
} from '../../lib/objects/objects.ts';
import { applyFolder, rootApplicationName } from '../../lib/repository/layout.ts';
import { applyAll, withLabels } from './applying.ts';
import type { Checkout } from './checkout.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { DeployerEvent } from './events.ts';
import { now } from './flux-objects.ts';
import { removeGone } from './inventory.ts';
import { filesBelow, helmAsArgocd, objectsOf, type Renderer } from './rendering.ts';

/**
 * Does what Argo CD does: the root Application's directory, then each Application's chart, synced where what Git
 * declares is not what was synced last. It does not heal: a change by hand stays.
 */
export interface ArgocdParts {
  readonly target: Target;
  readonly cluster: ClusterClient;
  readonly renderer: Renderer;
  readonly onEvent: (event: DeployerEvent) => void;
}

const MANAGER = 'argocd-controller';
const FINALIZER = 'resources-finalizer.argocd.argoproj.io';

export async function applyAsArgocd(checkout: Checkout, parts: ArgocdParts): Promise<void> {
  const { target, cluster, renderer } = parts;
  const root: ObjectReference = {
    apiVersion: ARGOCD,
    kind: 'Application',
    namespace: target.argocdNamespace,
    name: rootApplicationName(target),
  };
  await sync(root, target.argocdNamespace, checkout, parts, async () => {
    const files = await filesBelow(join(checkout.folder, applyFolder(target)), /\.(ya?ml|json)$/);
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    return await objectsOf(renderer, texts.join('\n---\n'));
  });
  const capabilities = await cluster.capabilities();
  for (const application of await cluster.list(ARGOCD, 'Application', target.argocdNamespace)) {
    const source = partOf(partOf(application.spec).source);
    const path = String(source.path);
    if (application.metadata.name === root.name || !path.startsWith(`${folderOf(target)}/`)) continue;
    if (application.metadata.deletionTimestamp !== undefined) {
      await takeAway(application, parts);
      continue;
    }
    const namespace = String(partOf(partOf(application.spec).destination).namespace);
    await sync(referenceOf(application), namespace, checkout, parts, async () => {
      const chart = join(checkout.folder, normalize(path));
      const helm = partOf(source.helm);
      const values = await valuesOf(helm, chart, checkout.folder);
      const release = typeof helm.releaseName === 'string' ? helm.releaseName : application.metadata.name;
      const yaml = await helmAsArgocd(renderer, { chart, release, namespace, values }, capabilities);
      return await objectsOf(renderer, yaml);
    });
  }
}

const folderOf = (target: Target): string => applyFolder(target).replace(/\/apply$/, '');

/** An Application that goes takes along what it made, as its finalizer asks; then nothing holds it any more. */
async function takeAway(
  application: KubernetesObject,
  { target, cluster, onEvent }: ArgocdParts,
): Promise<void> {
  const { finalizers } = application.metadata;
  if (!Array.isArray(finalizers) || !finalizers.includes(FINALIZER)) return;
  for (const { kind, name } of await removeGone(cluster, resourcesOf(partOf(application.status)), [])) {
    onEvent({ kind: 'removed', target: target.name, object: `${kind}/${name}` });
  }
  const others = finalizers.filter((each) => each !== FINALIZER);
  await cluster.writeFinalizers(referenceOf(application), others, MANAGER);
}

async function valuesOf(helm: JsonObject, chart: string, root: string): Promise<string[]> {
  const values: string[] = [];
  for (const file of Array.isArray(helm.valueFiles) ? helm.valueFiles : []) {
    const path = join(chart, String(file));
    if (!path.startsWith(`${root}/`))
      throw new Error(`value file ${String(file)} is outside of the repository`);
    try {
      values.push(await readFile(path, 'utf8'));
    } catch (error) {
      if (helm.ignoreMissingValueFiles !== true) throw error;
    }
  }
  if (isJsonObject(helm.valuesObject)) values.push(formatJson(helm.valuesObject));
  else if (typeof helm.values === 'string') values.push(helm.values);
  return values;
}

async function sync(
  reference: ObjectReference,
  namespace: string,
  { commit }: Checkout,
  { target, cluster, onEvent }: ArgocdParts,
  render: () => Promise<readonly KubernetesObject[]>,
): Promise<void> {
  const application = await cluster.get(reference);
  const status = partOf(application?.status);
  const at = now();
  const revision = { status: 'Synced', revision: commit };
  try {
    const objects = await tracked(await render(), reference.name, namespace, cluster);
    const digest = createHash('sha256').update(formatJson(objects)).digest('hex');
    if (status.standInDigest === digest) {
      // Nothing to sync: only what was compared moves on.
      await cluster.writeStatus(reference, { sync: revision }, MANAGER);
      return;
    }
    if (application !== undefined) {
      const running = { phase: 'Running', startedAt: at, syncResult: { revision: commit } };
      await cluster.writeStatus(reference, { operationState: running }, MANAGER);
    }
    const applied = await applyAll(cluster, objects, MANAGER, namespace);
    for (const { kind, name } of await removeGone(cluster, resourcesOf(status), applied)) {
      onEvent({ kind: 'removed', target: target.name, object: `${kind}/${name}` });
    }
    const history = Array.isArray(status.history) ? status.history : [];
    await cluster.writeStatus(
      reference,
      {
        standInDigest: digest,
        sync: revision,
        health: { status: 'Healthy' },
        operationState: {
          phase: 'Succeeded',
          startedAt: at,
          finishedAt: at,
          syncResult: { revision: commit },
        },
        history: [...history.slice(-9), { id: history.length, revision: commit, deployedAt: at }],
        resources: applied.map(({ apiVersion, kind, metadata }) => ({
          group: groupOf(apiVersion),
          version: apiVersion.slice(apiVersion.indexOf('/') + 1),
          kind,
          name: metadata.name,
          status: 'Synced',
          ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        })),
      },
      MANAGER,
    );
    onEvent({ kind: 'applied', target: target.name, commit, objects: applied.length });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    onEvent({ kind: 'failed', target: target.name, what: `Application/${reference.name}`, message });
    if (application === undefined) return;
    const operationState = {
      phase: 'Failed',
      message,
      startedAt: at,
      finishedAt: at,
      syncResult: { revision: commit },
    };
    await cluster.writeStatus(
      reference,
      // Some of it may be in the cluster: what is declared next is synced, what was synced before, too.
      { standInDigest: null, sync: { ...revision, status: 'OutOfSync' }, operationState },
      MANAGER,
    );
  }
}

/** argo-cd, util/argo/resource_tracking.go: `<application>:<group>/<kind>:<namespace>/<name>`. */
async function tracked(
  objects: readonly KubernetesObject[],
  application: string,
  namespace: string,
  cluster: ClusterClient,
): Promise<readonly KubernetesObject[]> {
  return await Promise.all(
    objects.map(async (object) => {
      const { apiVersion, kind, metadata } = object;
      // A kind that is defined by the same sync is not served yet: then its own namespace says enough.
      const isNamespaced = await cluster.isNamespaced(apiVersion, kind).catch(() => true);
      const place = isNamespaced ? (metadata.namespace ?? namespace) : namespace;
      const id = `${application}:${groupOf(apiVersion)}/${kind}:${place}/${metadata.name}`;
      return withLabels(object, {}, { 'argocd.argoproj.io/tracking-id': id });
    }),
  );
}

function resourcesOf(status: JsonObject): readonly ObjectReference[] {
  const resources = Array.isArray(status.resources) ? status.resources.filter(isJsonObject) : [];
  return resources.map(({ group, version, kind, namespace, name }) => ({
    apiVersion: group ? `${String(group)}/${String(version)}` : String(version),
    kind: String(kind),
    name: String(name),
    ...(typeof namespace === 'string' ? { namespace } : {}),
  }));
}
