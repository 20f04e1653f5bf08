import type { Target } from '../../lib/config/config.ts';
import {
  type JsonObject,
  type KubernetesObject,
  type ObjectReference,
  partOf,
} from '../../lib/objects/objects.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { DeployerEvent } from './events.ts';
import type { Renderer } from './rendering.ts';

export interface FluxParts {
  readonly target: Target;
  readonly cluster: ClusterClient;
  readonly renderer: Renderer;
  readonly onEvent: (event: DeployerEvent) => void;
}

export const REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

/** Whether somebody changed or asked for an object since it was last looked at, as its status says. */
export const wasTouched = (object: KubernetesObject): boolean =>
  statusOf(object).observedGeneration !== object.metadata.generation ||
  (annotation(object, REQUESTED_AT) ?? null) !== (statusOf(object).lastHandledReconcileAt ?? null);

/** A Ready condition as Flux's controllers write it. */
export function ready(status: 'True' | 'False', reason: string, message: string, generation: unknown) {
  return {
    type: 'Ready',
    status,
    reason,
    message: message.slice(0, 4096),
    observedGeneration: generation,
    lastTransitionTime: now(),
  };
}

/** What Flux's controllers say for as long as they apply: what is read meanwhile may be of two revisions. */
export const atWork = (generation: unknown) => ({
  conditions: [
    {
      type: 'Reconciling',
      status: 'True',
      reason: 'Progressing',
      message: 'Reconciliation in progress',
      observedGeneration: generation,
      lastTransitionTime: now(),
    },
  ],
});

/** As Kubernetes writes times: UTC, whole seconds. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

export const statusOf = ({ status }: KubernetesObject): JsonObject => partOf(status);
export const annotation = (object: KubernetesObject | undefined, name: string): string | undefined =>
  object?.metadata.annotations?.[name];

/** Says what was removed. */
export function announceRemoved(removed: readonly ObjectReference[], { target, onEvent }: FluxParts): void {
  for (const { kind, name } of removed)
    onEvent({ kind: 'removed', target: target.name, object: `${kind}/${name}` });
}
