import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBinaries } from './build.ts';
import { downloadBinaries } from './download.ts';
import type { NodeBinaries } from './nodes/nodes.ts';

/** Built from source by build.ts: what everything runs on, and one older minor that verdicts are held against. */
export const KUBERNETES = ['1.35.4', '1.33.13'] as const;
export type KubernetesVersion = (typeof KUBERNETES)[number];
export const BUILT_VERSION: KubernetesVersion = KUBERNETES[0];
/** The newest of that minor that the envtest releases have. */
const DOWNLOADED_VERSION = '1.35.0';

/** Paths of executables. */
export interface Binaries {
  readonly kind: 'found';
  readonly apiServer: string;
  readonly etcd: string;
  /** Only where they were built. */
  readonly controllerManager?: string;
  readonly nodes?: NodeBinaries;
}

export interface Wanted {
  readonly cacheFolder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly missing?: 'get' | 'give-up';
  readonly kubernetes?: KubernetesVersion;
}

export type Missing = { readonly kind: 'unavailable'; readonly reason: string; readonly howTo: string };

/**
 * kube-apiserver and etcd for this machine: `KUBEBUILDER_ASSETS` (as Go's envtest reads it), the cache, a download
 * of the envtest archive, a build from source where Go is present.
 */
export async function findBinaries(wanted: Wanted): Promise<Binaries | Missing> {
  const given = process.env.KUBEBUILDER_ASSETS;
  if (given) {
    return (
      (await inFolder(given)) ?? {
        kind: 'unavailable',
        reason: `KUBEBUILDER_ASSETS is ${given}, which does not hold kube-apiserver and etcd`,
        howTo: 'set it to a folder that does, or unset it',
      }
    );
  }
  const folderOf = (version: string) => join(wanted.cacheFolder, 'control-plane', version);
  const { kubernetes = BUILT_VERSION } = wanted;
  const isNewest = kubernetes === BUILT_VERSION;
  for (const version of isNewest ? [BUILT_VERSION, DOWNLOADED_VERSION] : [kubernetes]) {
    const cached = await inFolder(folderOf(version));
    if (cached !== undefined) return cached;
  }

  const reasons: string[] = [];
  if (wanted.missing !== 'give-up') {
    for (const [get, version] of [
      ...(isNewest ? ([[downloadBinaries, DOWNLOADED_VERSION]] as const) : []),
      [buildBinaries, kubernetes] as const,
    ]) {
      const folder = folderOf(version);
      const got = await get({ ...wanted, version, folder });
      if (got.kind === 'got') {
        const found = await inFolder(folder);
        if (found !== undefined) return found;
        reasons.push(`${folder} does not hold kube-apiserver and etcd`);
      } else {
        reasons.push(got.reason);
      }
      if (wanted.signal?.aborted) break;
    }
  }
  return {
    kind: 'unavailable',
    reason: ['kube-apiserver and etcd are not on this machine', ...reasons].join('; '),
    howTo:
      'run "npx node local/control-plane/fetch.ts" with a network or with Go 1.25 or newer, ' +
      'or set KUBEBUILDER_ASSETS to a folder that holds kube-apiserver and etcd',
  };
}

async function inFolder(folder: string): Promise<Binaries | undefined> {
  const pathOf = (name: string) => join(folder, name);
  const [apiServer, etcd] = [pathOf('kube-apiserver'), pathOf('etcd')];
  const controllerManager = pathOf('kube-controller-manager');
  const nodes: NodeBinaries = { scheduler: pathOf('kube-scheduler'), kwok: pathOf('kwok') };
  if (!((await executable(apiServer)) && (await executable(etcd)))) return undefined;
  return {
    kind: 'found',
    apiServer,
    etcd,
    ...((await executable(controllerManager)) ? { controllerManager } : {}),
    ...((await executable(nodes.scheduler)) && (await executable(nodes.kwok)) ? { nodes } : {}),
  };
}

const executable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
