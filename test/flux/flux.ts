import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { KubernetesObject } from '../../lib/objects/objects.ts';
import type { ControlPlaneParts } from '../../local/control-plane/control-plane.ts';
import { findDeployers } from '../../local/control-plane/deployers.ts';
import { openServers } from '../../local/control-plane/processes.ts';
import { type ClusterClient, openCluster } from '../../local/deployer/cluster-client.ts';
import { cacheFolder } from '../../local/tools.ts';
import { type TestControlPlane, testControlPlane } from '../control-plane.ts';
import { playSourceController } from './source-controller.ts';

const PATIENCE_MS = 120_000;
const POLL_MS = 200;

/** A real API server with Flux's own helm-controller and kustomize-controller, which may do everything, as they do. */
export interface FluxCluster {
  readonly plane: TestControlPlane;
  readonly cluster: ClusterClient;
  /** Makes a repository on this machine the source of the `GitRepository` in that namespace. */
  follow(namespace: string, bare: string): Promise<void>;
  /** The value once it is there. @throws after two minutes, with what the controllers said last */
  until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T>;
  end(): Promise<void>;
}

export async function fluxCluster(
  parts: ControlPlaneParts = 'controllers',
  audited?: 'audited',
): Promise<FluxCluster> {
  const found = findDeployers(cacheFolder());
  if (found === undefined) throw new Error('the controllers are not in the cache');
  const plane = await testControlPlane(parts, audited);
  const ending = new AbortController();
  const folder = join(plane.folder, 'flux');
  const servers = await openServers(folder);
  const sources: { stop(): Promise<void>; troubles: readonly string[] }[] = [];
  const end = async () => {
    for (const source of sources) await source.stop();
    ending.abort();
    await servers.stop();
    await plane.end();
  };
  try {
    const files = found.fluxDefinitions.flatMap((file) => ['-f', file]);
    await plane.kubectl(['apply', '--server-side', ...files]);
    await plane.kubectl(['wait', '--for=condition=Established', ...files, '--timeout=60s']);
    await plane.kubectl(['create', 'namespace', 'flux-system']);
    const scratch = join(folder, 'scratch');
    await mkdir(scratch, { recursive: true });
    const environment = {
      PATH: process.env.PATH ?? '',
      KUBECONFIG: plane.kubeconfig,
      HOME: scratch,
      TMPDIR: scratch,
      RUNTIME_NAMESPACE: 'flux-system',
    };
    for (const [name, file] of [
      ['helm-controller', found.helmController],
      ['kustomize-controller', found.kustomizeController],
    ] as const) {
      const command = join(folder, name);
      await symlink(file, command);
      const argv = ['--metrics-addr=0', '--health-addr=127.0.0.1:0', '--log-encoding=json'];
      await servers.start(name, command, argv, environment);
    }
    const cluster = await openCluster(plane.kubeconfig, undefined, ending.signal);
    return {
      plane,
      cluster,
      async follow(namespace, bare) {
        sources.push(await playSourceController(cluster, namespace, bare, scratch));
      },
      async until(what, look) {
        for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
          const value = await look();
          if (value !== undefined && value !== false) return value;
          if (Date.now() > deadline) {
            const said = await Promise.all(
              ['helm-controller', 'kustomize-controller'].map((name) => tailOf(folder, name)),
            );
            throw new Error(
              [`in vain: ${what}`, ...sources.flatMap(({ troubles }) => troubles), ...said].join('\n'),
            );
          }
        }
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

const tailOf = async (folder: string, name: string): Promise<string> =>
  `${name}:\n${(await readFile(join(folder, `${name}.log`), 'utf8').catch(() => '')).slice(-3000)}`;

const conditions = z.object({
  conditions: z
    .array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }))
    .default([]),
});

/** The condition of an object that says whether it is as it should be. */
export const readyOf = (object: KubernetesObject | undefined) =>
  conditions.parse(object?.status ?? {}).conditions.find(({ type }) => type === 'Ready');
export type Ready = NonNullable<ReturnType<typeof readyOf>>;
