import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { formatBootstrap } from '../../../lib/bootstrap/bootstrap.ts';
import { FLUX } from '../../../lib/bootstrap/flux.ts';
import type { Target } from '../../../lib/config/config.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { deployerNamespace, FLUX_NAMES, helmReleaseName } from '../../../lib/repository/layout.ts';
import { type FluxCluster, readyOf } from '../../flux/flux.ts';
import { type Deploying, nameOf, type Release } from './deploying.ts';
import type { Place } from './package.ts';

const PATIENCE_MS = 420_000;
const POLL_MS = 500;

const reconciled = z.object({
  lastHandledReconcileAt: z.string().optional(),
  lastAppliedRevision: z.string().optional(),
});
const deployed = z.object({
  observedGeneration: z.number().optional(),
  lastHandledForceAt: z.string().optional(),
  history: z.array(z.object({ chartVersion: z.string() })).default([]),
});

/** Flux's own helm-controller and kustomize-controller, which follow the repository. */
export async function deployingByFlux(
  flux: FluxCluster,
  target: Target,
  bare: string,
  tip: () => Promise<string>,
): Promise<Deploying> {
  const namespace = deployerNamespace(target);
  const repository = {
    url: 'https://git.example.com/cluster.git',
    readCredential: { kind: 'none' },
  } as const;
  await flux.plane.kubectl(
    ['apply', '-f', '-'],
    formatBootstrap({ target, repository, secrets: 'no-secrets' }),
  );
  // Charts of all kinds: what bootstrap grants is not the question here.
  await flux.plane.kubectl([
    ...['create', 'clusterrolebinding', 'packages', '--clusterrole=cluster-admin'],
    `--serviceaccount=${namespace}:${FLUX_NAMES.applyServiceAccount}`,
    `--serviceaccount=${namespace}:${FLUX_NAMES.releasesServiceAccount}`,
  ]);
  await flux.follow(namespace, bare);

  const release = (place: Place): Promise<KubernetesObject | undefined> =>
    flux.cluster.get({
      apiVersion: FLUX.helmRelease,
      kind: 'HelmRelease',
      namespace,
      name: helmReleaseName(place),
    });
  const kustomization = () =>
    flux.cluster.get({
      apiVersion: FLUX.kustomization,
      kind: 'Kustomization',
      namespace,
      name: FLUX_NAMES.kustomization,
    });
  const annotate = (type: string, name: string, ...annotations: readonly string[]) =>
    flux.plane.kubectl(['annotate', '--overwrite', '-n', namespace, `${type}/${name}`, ...annotations]);

  /** Until each is as wanted and quiet. @returns by release: what is in the way */
  const until = async (
    releases: readonly Release[],
    isThere: (object: KubernetesObject, release: Release) => boolean,
  ): Promise<Map<string, string>> => {
    const deadline = Date.now() + PATIENCE_MS;
    for (let before = ''; ; await sleep(POLL_MS)) {
      const objects = await Promise.all(releases.map(({ place }) => release(place)));
      const waiting = new Map<string, string>();
      for (const [index, each] of releases.entries()) {
        const object = objects[index];
        const ready = readyOf(object);
        if (object === undefined || ready?.status !== 'True' || !isThere(object, each))
          waiting.set(nameOf(each.place), `${ready?.reason ?? 'none'}: ${ready?.message ?? 'not there'}`);
      }
      const now = objects.map((object) => object?.metadata.resourceVersion).join();
      const hasFailed = [...waiting.values()].every((why) => /^(Install|Upgrade)Failed/.test(why));
      if ((now === before && hasFailed) || Date.now() > deadline) return waiting;
      before = now;
    }
  };
  const reconcile = async () => {
    const at = new Date().toISOString();
    await annotate(
      'kustomization.kustomize.toolkit.fluxcd.io',
      FLUX_NAMES.kustomization,
      `reconcile.fluxcd.io/requestedAt=${at}`,
    );
    await flux.until('the Kustomization to be reconciled', async () => {
      const object = await kustomization();
      return (
        reconciled.parse(object?.status ?? {}).lastHandledReconcileAt === at &&
        readyOf(object)?.status === 'True'
      );
    });
  };
  return {
    async deploy(releases) {
      const commit = await tip();
      await flux.until('the commit to be applied', async () => {
        const object = await kustomization();
        return reconciled.parse(object?.status ?? {}).lastAppliedRevision === `main@sha1:${commit}`;
      });
      return until(releases, ({ metadata, status: said }, { revision }) => {
        const { observedGeneration, history } = deployed.parse(said ?? {});
        return (
          observedGeneration === metadata.generation && history[0]?.chartVersion === versionOf(revision.files)
        );
      });
    },
    async repair(releases) {
      await reconcile();
      const at = new Date().toISOString();
      for (const { place } of releases)
        await annotate(
          'helmrelease',
          helmReleaseName(place),
          `reconcile.fluxcd.io/requestedAt=${at}`,
          `reconcile.fluxcd.io/forceAt=${at}`,
        );
      return until(releases, ({ status: said }) => deployed.parse(said ?? {}).lastHandledForceAt === at);
    },
    // They end with their control plane.
    stop: async () => {},
  };
}

const versionOf = (files: Readonly<Record<string, string>>): string =>
  /^version: *(\S+)$/m.exec(files['Chart.yaml'] ?? '')?.[1] ?? '';
