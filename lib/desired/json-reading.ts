import { isJsonObject, type Json, type JsonObject } from '../objects/objects.ts';

/** The string, if it is one that is not empty. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The list, or none. */
export const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value : []);

/** The object under these names, if there is one. */
export function at(value: JsonObject | undefined, ...names: readonly string[]): JsonObject | undefined {
  let found: unknown = value;
  for (const name of names) found = isJsonObject(found) ? found[name] : undefined;
  return isJsonObject(found) ? found : undefined;
}

/** Nothing is in it: null, an empty list or an empty object. */
export const isEmpty = (value: Json | undefined): boolean =>
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0);

/** As the API server stores a custom resource: a field that is null is not there. Null items of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, entry]) => (entry === null ? [] : [[name, withoutNulls(entry)]])),
  );
}
