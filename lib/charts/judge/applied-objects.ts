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
    const made = kindSchemasOf(parseJson(document.text) as OpenApiDocument);
    known.set(document.hash, made);
    return made;
  };
  return objects.map((object) =>
    schemasOf(object.apiVersion)?.check(object.apiVersion, object as unknown as JsonObject),
  );
}
