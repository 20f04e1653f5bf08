import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../../objects/objects.ts';

/**
 * The desired object as the API server would take it: `stringData` of a Secret folded into `data`, where it wins
 * (pkg/apis/core/v1/conversion.go).
 */
export function asApplied(desired: KubernetesObject): KubernetesObject {
  if (desired.kind !== 'Secret' || desired.apiVersion !== 'v1' || !isJsonObject(desired.stringData))
    return desired;
  const { stringData, ...rest } = desired;
  const data: Record<string, Json> = isJsonObject(rest.data) ? { ...rest.data } : {};
  for (const [name, value] of Object.entries(stringData as JsonObject))
    data[name] = Buffer.from(value === null ? '' : String(value)).toString('base64');
  return { ...rest, apiVersion: desired.apiVersion, kind: desired.kind, metadata: desired.metadata, data };
}

/** What Git may carry and nobody applies: the server's own, and `status`, which is a subresource. */
const NOT_DECLARED = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** What is compared of an object beside its metadata. */
export function contentOf(object: KubernetesObject): JsonObject {
  const content: Record<string, Json> = {};
  for (const [name, value] of Object.entries(object))
    if (!NOT_DECLARED.has(name)) content[name] = value as Json;
  return content;
}

const METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** What is compared of its metadata; all else identifies it or is the server's. */
export function metadataOf(object: KubernetesObject): JsonObject {
  const metadata: Record<string, Json> = {};
  for (const name of METADATA) {
    const value = object.metadata[name] as Json | undefined;
    if (value !== undefined) metadata[name] = value;
  }
  return metadata;
}

/** Whether the object is nothing but its name: then nobody can own a field of it. */
export const declaresNothing = (object: KubernetesObject): boolean =>
  [...Object.values(contentOf(object)), ...Object.values(metadataOf(object))].every(
    (value) => value === null || (typeof value === 'object' && Object.keys(value).length === 0),
  );
