/**
 * Kubernetes objects as data: JSON without loss, and what identifies an object.
 * Pure; everything else may import it.
 */

/** JSON as Kubernetes means it. Integers beyond 2^53 are `bigint`, so that two of them never collapse into one. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** An object with the three things that every Kubernetes object has. The rest is JSON. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [key: string]: unknown;
}

/** What identifies an object in one cluster. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value if it is an object, else an empty one: for reading what a cluster or a file may have left out. */
export const partOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

export function referenceOf(object: KubernetesObject): ObjectReference {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** `apps/v1` → `apps`; `v1` → the empty string, as Kubernetes writes the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** One string an object, the same for every version of its kind: `apps/Deployment/shop/web`. */
export function identityOf(reference: ObjectReference): string {
  return `${groupOf(reference.apiVersion)}/${reference.kind}/${reference.namespace ?? ''}/${reference.name}`;
}

/** As people write it: `Deployment/web`, with the namespace where it is not the one in view. */
export function formatReference(reference: ObjectReference, inNamespace?: string): string {
  const place =
    reference.namespace !== undefined && reference.namespace !== inNamespace
      ? ` in ${reference.namespace}`
      : '';
  return `${reference.kind}/${reference.name}${place}`;
}
