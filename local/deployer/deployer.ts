import type { Target } from '../../lib/config/config.ts';
import type { Tools } from '../tools.ts';

/** What the stand-in for Flux and Argo CD says as it works. */
export type DeployerEvent =
  | { readonly kind: 'applied'; readonly target: string; readonly commit: string; readonly objects: number }
  | { readonly kind: 'removed'; readonly target: string; readonly object: string }
  | { readonly kind: 'failed'; readonly target: string; readonly what: string; readonly message: string };

export interface DeployerOptions {
  readonly targets: readonly Target[];
  /** Where to clone from, by the repository's name in the configuration; credentials apart from the URL. */
  readonly repositories: ReadonlyMap<
    string,
    { readonly url: string; readonly credential?: { readonly username: string; readonly token: string } }
  >;
  /** Path of a kubeconfig file, and the context in it (default: its current one). */
  readonly kubeconfig: string;
  readonly context?: string;
  readonly tools: Tools;
  /** Writable folder of its own. */
  readonly folder: string;
  readonly onEvent: (event: DeployerEvent) => void;
  readonly signal?: AbortSignal;
}

export interface RunningDeployer {
  /** Brings the cluster to the tip of each target's branch; what fails is an event and a status, not an exception. */
  applyNow(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDeployer(_options: DeployerOptions): Promise<RunningDeployer> {
  throw new Error('not built yet');
}
