import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../../objects/objects.ts';
import type { YamlDocument } from '../../objects/yaml.ts';
import { type Place, type Reason, reason } from '../reasons.ts';

/** An object as a file declares it, with its place for reasons. Plain data: it crosses from the worker. */
export interface Declared {
  readonly object: KubernetesObject;
  readonly place: Place;
}

export interface DeclaredObjects {
  readonly objects: readonly Declared[];
  readonly reasons: readonly Reason[];
}

/** Lists in lists deeper than this are nobody's intention. */
const LIST_DEPTH = 8;

/** The objects of a document: a `List` (or any `*List` with items) is what it lists. */
export function declaredIn(document: YamlDocument, file: string): DeclaredObjects {
  const objects: Declared[] = [];
  const reasons: Reason[] = [];
  const placeOf = (pointer: string, suffix: string): Place => ({
    file,
    line: document.lineOf(`${pointer}${suffix}`) ?? document.lineOf(pointer) ?? document.line,
    ...(pointer === '' ? {} : { pointer }),
  });
  const read = (value: Json, pointer: string, depth: number): void => {
    if (isList(value) && depth < LIST_DEPTH) {
      for (const [index, item] of value.items.entries()) read(item, `${pointer}/items/${index}`, depth + 1);
      return;
    }
    const missing = missingIn(value);
    if (missing !== undefined) reasons.push(reason('object-incomplete', { missing }, placeOf(pointer, '')));
    else objects.push({ object: value as unknown as KubernetesObject, place: placeOf(pointer, '/kind') });
  };
  read(document.value, '', 0);
  return { objects, reasons };
}

const isList = (value: Json): value is JsonObject & { readonly items: readonly Json[] } =>
  isJsonObject(value) &&
  typeof value.kind === 'string' &&
  value.kind.endsWith('List') &&
  Array.isArray(value.items) &&
  // A custom kind may be called so: then it has a name of its own.
  !(isJsonObject(value.metadata) && typeof value.metadata.name === 'string');

/** The first of what every object has and this one lacks; a label or annotation that is no text breaks every reader. */
function missingIn(value: Json): string | undefined {
  if (!isJsonObject(value)) return 'fields (it is no mapping)';
  if (!isFilled(value.apiVersion)) return 'apiVersion';
  if (!isFilled(value.kind)) return 'kind';
  const { metadata } = value;
  if (!isJsonObject(metadata)) return 'metadata';
  const { name } = metadata;
  if (typeof name === 'boolean' || typeof name === 'number' || typeof name === 'bigint')
    return 'metadata.name that is text (quote it)';
  if (!isFilled(name)) return 'metadata.name';
  if (
    metadata.namespace !== undefined &&
    metadata.namespace !== null &&
    typeof metadata.namespace !== 'string'
  )
    return 'metadata.namespace that is text';
  for (const field of ['labels', 'annotations'] as const) {
    const entries = metadata[field];
    if (entries === undefined || entries === null) continue;
    if (!isJsonObject(entries)) return `metadata.${field} that is a mapping`;
    if (Object.values(entries).some((entry) => entry !== null && typeof entry !== 'string'))
      return `metadata.${field} whose values are all text (quote numbers and booleans)`;
  }
  return undefined;
}

const isFilled = (value: Json | undefined): boolean => typeof value === 'string' && value !== '';

/** A Secret with values in clear: not one that SOPS has encrypted, nor one without values. */
export function isPlainSecret(object: KubernetesObject): boolean {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return false;
  const values = [object.data, object.stringData].flatMap((field) =>
    isJsonObject(field) ? Object.values(field) : [],
  );
  return values.some((value) => typeof value === 'string' && value !== '' && !value.startsWith('ENC['));
}
