import type { Json, KubernetesObject } from '../objects/objects.ts';
import type { Answer } from './answers.ts';
import type { Discovery, ServedKind } from './discovery.ts';

export interface ListOptions {
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** A cluster, read-only: nothing here sends anything but GET. */
export interface Cluster {
  /** As people know it: the context's or the cluster's name. */
  readonly name: string;
  /** `v1.35.4-eks-113cf36`. */
  version(): Promise<Answer<string>>;
  discover(): Promise<Answer<Discovery>>;
  /** The OpenAPI v3 document of a group-version (`apps/v1`, `v1`), cached by the hash that the cluster gives it. */
  openapi(groupVersion: string): Promise<Answer<Json | undefined>>;
  /** All objects of a kind. Secrets come sealed, and without Helm's own. */
  list(kind: ServedKind, options?: ListOptions): Promise<Answer<readonly KubernetesObject[]>>;
  close(): Promise<void>;
}
