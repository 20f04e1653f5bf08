import type { Json, JsonObject } from '../../../objects/objects.ts';

/** What Kubernetes or a well-known controller writes into objects that others declare: one line a case. */
export interface PlatformWriter {
  readonly kinds: readonly string[];
  /** A step a field, `*` for any item or key, a trailing `*` for a prefix. */
  readonly at: readonly (readonly string[])[];
  /** Field managers it comes through; none given: anyone but a person. */
  readonly managers?: readonly string[];
  /**
   * What the API server puts in after the record of writers is made, so that nobody owns it. Left out: everything of
   * an entry that names no managers.
   */
  readonly unrecorded?: (value: Json) => boolean;
  /** Also when a person's tool owns it: benign by itself. */
  readonly byAnyone?: true;
  /** Only in such an object, or for such a value, or where Git declares the object so. */
  readonly when?: (root: JsonObject, value: Json, declared: JsonObject) => boolean;
  readonly reason: string;
}

export const annotation = (...names: string[]) => names.map((name) => ['metadata', 'annotations', name]);
export const label = (...names: string[]) => names.map((name) => ['metadata', 'labels', name]);
export const spec = (...fields: string[]) => fields.map((field) => ['spec', ...field.split('.')]);
export const template = (...steps: string[]) => [
  ['spec', 'template', ...steps],
  ['spec', 'jobTemplate', 'spec', 'template', ...steps],
];

export const EVERY: readonly string[] = ['*'];
export const WORKLOADS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Rollout',
];
