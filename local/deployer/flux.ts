import { join } from 'node:path';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import type { Target } from '../../lib/config/config.ts';
import { type ObjectReference, partOf } from '../../lib/objects/objects.ts';
import { applyFolder, deployerNamespace, FLUX_NAMES } from '../../lib/repository/layout.ts';
import { applyAll } from './applying.ts';
import type { Checkout } from './checkout.ts';
import {
  annotation,
  announceRemoved,
  atWork,
  type FluxParts,
  REQUESTED_AT,
  ready,
  wasTouched,
} from './flux-objects.ts';
import { reconcileReleases, wantsAttention } from './helm-controller.ts';
import { inventoried, inventoryOf, removeGone } from './inventory.ts';
import { filesBelow, kustomize, objectsOf } from './rendering.ts';

const KUSTOMIZE_MANAGER = 'kustomize-controller';

/**
 * Does what Flux's controllers do: `apply/` applied whole on each commit, as kustomize-controller does, then each
 * release brought up to it. It does not fight drift by itself.
 */
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
    if (partOf(kustomization?.spec).suspend === true) {
      await cluster.writeStatus(reference, observed, KUSTOMIZE_MANAGER);
      return true;
    }
    await cluster.writeStatus(reference, atWork(observed.observedGeneration), KUSTOMIZE_MANAGER);
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
      announceRemoved(await removeGone(cluster, inventoried(release), []), parts);
    }
    announceRemoved(removed, parts);
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
