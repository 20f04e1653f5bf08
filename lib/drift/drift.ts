import type { RenderedObject } from '../charts/render-request.ts';
import type { KubernetesObject, ObjectReference } from '../objects/objects.ts';
import type { Schemas } from './schema.ts';
import type { ObjectVerdict } from './verdicts.ts';

export type Deployer = 'flux' | 'argocd' | 'none';

/** What the cluster answered for one object. */
export type Found =
  | { readonly kind: 'found'; readonly object: KubernetesObject }
  | { readonly kind: 'absent' }
  /** Discovery answered, and there is no such kind. */
  | { readonly kind: 'not-served' }
  /** 403, time-out, discovery failed: no verdict. `rule`: what would grant it. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly rule?: string };

/** The live side of one release (or of a target's manifests). */
export interface LiveView {
  find(reference: ObjectReference): Found;
  /** Candidates for `extra`: objects that carry ownership marks of this release. */
  readonly owned: readonly KubernetesObject[];
}

export interface Judgement {
  readonly desired: readonly RenderedObject[];
  readonly live: LiveView;
  readonly schemas: Schemas;
  readonly deployer: Deployer;
  /** The Helm release; absent for a target's own manifests. */
  readonly release?: { readonly namespace: string; readonly name: string };
}

/** The verdict of each object that carries one (hooks and tests do not), and of orphans. */
export function judgeSet(judgement: Judgement): ObjectVerdict[] {
  void judgement;
  throw new Error('not built yet');
}
