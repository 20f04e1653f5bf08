import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../lib/config/config.ts';
import type { Tools } from '../tools.ts';
import { applyAsArgocd } from './argocd.ts';
import { bootstrap } from './bootstrap.ts';
import { type Checkout, checkOut } from './checkout.ts';
import { type ClusterClient, openCluster } from './cluster-client.ts';
import type { DeployerEvent } from './events.ts';
import { applyAsFlux, askedFor } from './flux.ts';
import { reconcileReleases } from './helm-controller.ts';
import type { Renderer } from './rendering.ts';

export type { DeployerEvent } from './events.ts';

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

/** How often it looks whether somebody changed or annotated its objects, which the real controllers watch. */
const WATCH_MS = 2000;

/**
 * The stand-in for Flux and Argo CD: applies what Git declares below `apply/`, with the real helm, the marks and the
 * status of those controllers. One thing at a time; a wish that comes meanwhile is granted once, afterwards.
 */
export async function startDeployer(options: DeployerOptions): Promise<RunningDeployer> {
  const ending = new AbortController();
  const signal =
    options.signal === undefined ? ending.signal : AbortSignal.any([ending.signal, options.signal]);
  const folder = resolve(options.folder);
  const scratch = join(folder, 'scratch');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const cluster = await openCluster(options.kubeconfig, options.context, signal);
  const { tools, kubeconfig, context } = options;
  const renderer: Renderer = { tools, kubeconfig, context, scratch, signal };
  const targets = options.targets.map(
    (target) => new TargetDeployer(target, { ...options, folder }, cluster, renderer, signal),
  );

  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    running = running.then(work);
    return running;
  };
  const applyNow = (): Promise<void> => {
    next ??= inTurn(async () => {
      next = undefined;
      for (const target of targets) if (!signal.aborted) await target.apply();
    });
    return next;
  };
  const watch = async () => {
    while (!signal.aborted) {
      await sleep(WATCH_MS, undefined, { signal });
      await inTurn(async () => {
        for (const target of targets) await target.attend();
      });
    }
  };
  // Ends with the signal, and with nothing else.
  const watching = watch().catch(() => {});

  return {
    applyNow,
    async stop() {
      ending.abort();
      await Promise.all([watching, running]);
    },
  };
}

/** One target: its checkout, and what was made for it in the cluster. */
class TargetDeployer {
  readonly #target: Target;
  readonly #options: DeployerOptions;
  readonly #cluster: ClusterClient;
  readonly #renderer: Renderer;
  readonly #signal: AbortSignal;
  #checkout: Checkout | undefined;

  constructor(
    target: Target,
    options: DeployerOptions,
    cluster: ClusterClient,
    renderer: Renderer,
    signal: AbortSignal,
  ) {
    this.#target = target;
    this.#options = options;
    this.#cluster = cluster;
    this.#renderer = renderer;
    this.#signal = signal;
  }

  async apply(): Promise<void> {
    const target = this.#target;
    const repository = this.#options.repositories.get(target.repository);
    if (repository === undefined) return;
    await this.#telling(async () => {
      await bootstrap(this.#cluster, target, repository.url);
      this.#checkout = await checkOut({
        ...repository,
        branch: target.branch,
        folder: join(this.#options.folder, 'checkouts', target.name),
        signal: this.#signal,
      });
      if (this.#checkout === undefined) return;
      switch (target.deployer) {
        case 'flux':
          return await applyAsFlux(this.#checkout, this.#parts());
        case 'argocd':
          return await applyAsArgocd(this.#checkout, this.#parts());
        case 'none':
          // Nobody deploys it; people do, with helm.
          return;
      }
    });
  }

  /** Works if somebody changed or annotated an object of Flux's, with the commit that is checked out already. */
  async attend(): Promise<void> {
    if (this.#target.deployer !== 'flux' || this.#checkout === undefined) return;
    const checkout = this.#checkout;
    let asked: Awaited<ReturnType<typeof askedFor>>;
    try {
      asked = await askedFor(this.#parts());
    } catch {
      // The cluster is away: it is looked at again soon, and what is wrong is said when something is to be applied.
      return;
    }
    if (asked === 'apply') await this.#telling(() => applyAsFlux(checkout, this.#parts()));
    if (asked === 'reconcile') await this.#telling(() => reconcileReleases(checkout, this.#parts()));
  }

  #parts() {
    const { onEvent } = this.#options;
    return { target: this.#target, cluster: this.#cluster, renderer: this.#renderer, onEvent };
  }

  async #telling(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#options.onEvent({ kind: 'failed', target: this.#target.name, what: 'deploying', message });
    }
  }
}
