import * as z from 'zod';
import { formatBootstrap } from '../../lib/bootstrap/bootstrap.ts';
import { FLUX } from '../../lib/bootstrap/flux.ts';
import type { ConfigInput, Target } from '../../lib/config/config.ts';
import { deployerNamespace, FLUX_NAMES, helmReleaseName } from '../../lib/repository/layout.ts';
import { chartPackage, type Pipeline, pipeline } from '../lib/uploads/pipeline.ts';
import { type FluxCluster, fluxCluster, type Ready, readyOf } from './flux.ts';

const snapshot = z.object({
  /** Helm's revision. */
  version: z.number(),
  chartVersion: z.string(),
  status: z.string(),
  lastDeployed: z.string(),
});
const releaseStatus = z.object({
  observedGeneration: z.number().optional(),
  history: z.array(snapshot).default([]),
  failures: z.number().default(0),
  storageNamespace: z.string().optional(),
});

/** A target as it is set up with `npx fairlead bootstrap`, whose deliveries Flux's controllers apply. */
export interface FluxTarget {
  readonly pipe: Pipeline;
  readonly flux: FluxCluster;
  readonly target: Target;
  /** Uploads and delivers a chart; what is judged is not the question here. */
  chart(place: string, version: string, files?: Readonly<Record<string, string>>): Promise<void>;
  release(place: string): Promise<{
    readonly ready: Ready | undefined;
    readonly status: z.output<typeof releaseStatus>;
  }>;
  /** Until Helm has deployed that version of the chart. */
  deployed(place: string, version: string): Promise<z.output<typeof snapshot>>;
  /** Until it was refused or failed. @returns what helm-controller says */
  failed(place: string): Promise<string>;
  applied(): Promise<(Ready & { readonly revision: string }) | undefined>;
  end(): Promise<void>;
}

export async function fluxTarget(
  input: Partial<ConfigInput['targets'][number]>,
  audited?: 'audited',
): Promise<FluxTarget> {
  const flux = await fluxCluster('controllers', audited);
  const pipe = await pipeline({ target: input });
  const end = async () => {
    await flux.end();
    await pipe.stop();
  };
  try {
    const [target] = pipe.parts.config.targets;
    if (target === undefined) throw new Error('a configuration without a target');
    const namespace = deployerNamespace(target);
    const repository = { url: pipe.git.url, readCredential: { kind: 'none' } } as const;
    const text = formatBootstrap({ target, repository, secrets: 'no-secrets' });
    await flux.plane.kubectl(['apply', '-f', '-'], text);
    await flux.follow(namespace, pipe.git.bare);

    const nameOf = (place: string) => {
      const [at = '', release = ''] = place.split('/');
      return helmReleaseName({ namespace: at, release });
    };
    const release = async (place: string) => {
      const object = await flux.cluster.get({
        apiVersion: FLUX.helmRelease,
        kind: 'HelmRelease',
        namespace,
        name: nameOf(place),
      });
      return { ready: readyOf(object), status: releaseStatus.parse(object?.status ?? {}) };
    };
    return {
      pipe,
      flux,
      target,
      release,
      async chart(place, version, files) {
        await pipe.upload(
          `${target.name}/${place}/web-${version}.tgz`,
          await chartPackage('web', version, files),
        );
      },
      deployed: (place, version) =>
        flux.until(`${place} at ${version}`, async () => {
          const { ready, status } = await release(place);
          const [latest] = status.history;
          return ready?.status === 'True' && latest?.chartVersion === version ? latest : undefined;
        }),
      failed: (place) =>
        flux.until(`${place} to fail`, async () => {
          const { ready } = await release(place);
          // Before helm has tried, it waits for its chart.
          return ready?.status === 'False' && /^(Install|Upgrade)Failed$/.test(ready.reason) && ready.message;
        }),
      async applied() {
        const object = await flux.cluster.get({
          apiVersion: FLUX.kustomization,
          kind: 'Kustomization',
          namespace,
          name: FLUX_NAMES.kustomization,
        });
        const ready = readyOf(object);
        const status = object?.status as { lastAttemptedRevision?: string } | undefined;
        return ready === undefined ? undefined : { ...ready, revision: status?.lastAttemptedRevision ?? '' };
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
