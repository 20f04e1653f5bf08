import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startControlPlane } from './control-plane/control-plane.ts';
import { cacheFolder } from './tools.ts';

/** Which cluster the targets have. */
export type ClusterChoice =
  /** The local control plane, with the stand-in for the deployer. */
  | { readonly kind: 'local' }
  /** One that is there already. Nothing is written to it, unless the stand-in is asked for with a context by name. */
  | {
      readonly kind: 'given';
      readonly kubeconfig: string;
      readonly context?: string;
      readonly standIn: 'on' | 'off';
    };

export type ClusterState =
  | { readonly kind: 'starting'; readonly progress: string }
  | { readonly kind: 'running'; readonly version: string }
  | { readonly kind: 'given'; readonly kubeconfig: string; readonly context?: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly howTo: string };

/** Where the cluster will be, known before it is there. */
export interface ClusterPlace {
  readonly kubeconfig: string;
  readonly context?: string;
}

export async function placeOf(choice: ClusterChoice, dataFolder: string): Promise<ClusterPlace> {
  switch (choice.kind) {
    case 'given':
      return {
        kubeconfig: resolve(choice.kubeconfig),
        ...(choice.context === undefined ? {} : { context: choice.context }),
      };
    case 'local': {
      const kubeconfig = join(dataFolder, 'kubeconfig');
      // Of the last start: it names a port that may be another's by now.
      await rm(kubeconfig, { force: true });
      return { kubeconfig };
    }
  }
}

export interface ClusterParts {
  readonly choice: ClusterChoice;
  readonly place: ClusterPlace;
  readonly dataFolder: string;
  readonly announce: (state: ClusterState) => void;
  /** Called once it serves. */
  readonly onServing: (standIn: 'on' | 'off') => Promise<void>;
  /** What stops it, as soon as there is something to stop. */
  readonly keep: (stop: () => Promise<void>) => void;
  readonly signal: AbortSignal;
}

/** Brings it up, which may take minutes where its binaries must first be had; never throws. */
export async function bringUpCluster(parts: ClusterParts): Promise<ClusterState> {
  const { announce, signal } = parts;
  try {
    const { state, standIn } = await serving(parts);
    if (signal.aborted) return state;
    announce(state);
    if (state.kind !== 'unavailable') await parts.onServing(standIn);
    return state;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const state: ClusterState = { kind: 'unavailable', reason, howTo: 'start again; --fresh begins anew' };
    if (!signal.aborted) announce(state);
    return state;
  }
}

async function serving({ choice, place, dataFolder, announce, keep, signal }: ClusterParts) {
  if (choice.kind === 'given') {
    return { state: { kind: 'given', ...place }, standIn: choice.standIn } as const;
  }
  const plane = await startControlPlane({
    dataFolder: join(dataFolder, 'control-plane'),
    cacheFolder: cacheFolder(),
    onProgress: (progress) => announce({ kind: 'starting', progress }),
    signal,
    parts: 'controllers',
    missing: 'get',
  });
  if (plane.kind === 'unavailable') return { state: plane, standIn: 'off' } as const;
  keep(() => plane.stop());
  await copyFile(plane.kubeconfig, place.kubeconfig);
  return { state: { kind: 'running', version: plane.version }, standIn: 'on' } as const;
}
