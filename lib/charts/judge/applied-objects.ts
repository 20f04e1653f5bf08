import type { OpenApiDocument } from '../../drift/openapi.ts';
import { parseJson } from '../../objects/json.ts';
import type { JsonObject, KubernetesObject } from '../../objects/objects.ts';
import { type KindSchemas, kindSchemasOf, type SchemaFault } from './apply-schema.ts';

export interface ObjectsToApply {
  readonly objects: readonly KubernetesObject[];
  /** Text of the cluster's document of each group-version, with the hash that names it. */
  readonly documents: Readonly<Record<string, { readonly hash: string; readonly text: string }>>;
}

/** Compiled in this worker, by hash: the next release is of the same kinds. */
const known = new Map<string, KindSchemas>();
const KNOWN = 60;

/** A worker's task: for each object what the cluster would find wrong in it; undefined where it knows no such kind. */
export function checkApply({
  objects,
  documents,
}: ObjectsToApply): readonly (readonly SchemaFault[] | undefined)[] {
  const schemasOf = (apiVersion: string): KindSchemas | undefined => {
    const document = documents[apiVersion];
    if (document === undefined) return undefined;
    const before = known.get(document.hash);
    if (before !== undefined) return before;
    if (known.size >= KNOWN) known.clear();
    const made = unlessMalformed(() => kindSchemasOf(parseJson(document.text) as OpenApiDocument));
    known.set(document.hash, made ?? NOTHING);
    return made;
  };
  return objects.map((object) =>
    unlessMalformed(() =>
      schemasOf(object.apiVersion)?.check(object.apiVersion, object as unknown as JsonObject),
    ),
  );
}

const NOTHING: KindSchemas = { check: () => undefined };

/** A cluster may serve anything as its schemas. What is none says nothing about objects, and holds up no upload. */
function unlessMalformed<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    // Too deep or too large: the worker's limits are answered where it was asked.
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}
