import type { RenderedObject } from '../charts/render-request.ts';
import { isJsonObject, type Json, type KubernetesObject, type ObjectReference } from '../objects/objects.ts';
import { comparison } from './compare/comparison.ts';
import { METADATA } from './compare/metadata.ts';
import { contentOf, declaresNothing, metadataOf } from './compare/normal.ts';
import { attributionOf } from './ownership/attribution.ts';
import type { Owners } from './ownership/owners.ts';
import { formatPath } from './path.ts';
import { ANY, type Schema } from './schema.ts';
import type { Finding, Path } from './verdicts.ts';

const metadata = (name: string): Path => [
  { kind: 'field', name: 'metadata' },
  { kind: 'field', name },
];

/** A finding if the object is being deleted: held by a finalizer, it otherwise compares equal. */
export function deletionOf(object: ObjectReference, live: KubernetesObject): Finding[] {
  const since = live.metadata.deletionTimestamp;
  if (typeof since !== 'string') return [];
  const path = metadata('deletionTimestamp');
  const note = `being deleted since ${since}`;
  return [{ verdict: 'changed', object, path, at: formatPath(path), live: since, secret: false, note }];
}

/**
 * Rule 6: a finding if the deployer, who must own the object, has no entry in its record of writers. It loses its entry
 * rightly where nothing that it applied holds any more: that is told by what was changed.
 */
export function foreignOf(
  object: ObjectReference,
  { role, object: desired }: RenderedObject,
  live: KubernetesObject,
  schema: Schema,
  owners: Owners,
  deployers: ReadonlySet<string>,
): Finding[] {
  const { writers } = owners;
  if (role !== 'applied' || writers.some(({ manager }) => deployers.has(manager))) return [];
  // Nothing to own: a ServiceAccount that is only a name has no entry.
  if (writers.length === 0 && declaresNothing(desired)) return [];
  const root = live as unknown as Json;
  const kept =
    holdsSome(metadataOf(desired), metadataOf(live), METADATA, root) ||
    holdsSome(contentOf(desired), contentOf(live), schema, root);
  if (writers.length > 0 && !kept) return [];
  const path = metadata('managedFields');
  const note =
    writers.length === 0
      ? 'the record of writers is absent or was cleared'
      : `not written by the deployer (${[...deployers].join(', ')}): created by another, or its record was taken away`;
  // Who writes only its status did not make it.
  const makers = writers.filter(({ subresource }) => subresource === undefined);
  const attribution = attributionOf(makers.length > 0 ? makers : writers, deployers, owners, false);
  return [{ verdict: 'changed', object, path, at: formatPath(path), secret: false, attribution, note }];
}

/** Whether a declared value that can have an owner of its own is still as declared. */
function holdsSome(desired: Json, live: Json | undefined, schema: Schema, root: Json): boolean {
  if (desired === null || live === undefined || live === null) return false;
  switch (schema.kind) {
    case 'struct':
    case 'map':
    case 'any': {
      if (!isJsonObject(desired) || !isJsonObject(live) || (schema.kind !== 'any' && schema.atomic)) break;
      return Object.entries(desired).some(([name, value]) => {
        const inner =
          schema.kind === 'struct' ? schema.fields.get(name) : schema.kind === 'map' ? schema.values : ANY;
        return inner !== undefined && holdsSome(value, live[name], inner, root);
      });
    }
    case 'list': {
      const { match, items } = schema;
      if (!Array.isArray(desired) || !Array.isArray(live)) break;
      if (match.kind === 'set')
        return desired.some((item: Json) => live.some((other: Json) => isSame(item, other, items, root)));
      if (match.kind !== 'map') break;
      // An item that is there by its keys has its deployer for an owner; keys that are left out are defaults.
      return desired.some((item: Json) => live.some((other: Json) => hasKeys(item, other, match.keys)));
    }
    case 'scalar':
      break;
  }
  return isSame(desired, live, schema, root);
}

const hasKeys = (item: Json, other: Json, names: readonly string[]): boolean =>
  isJsonObject(item) &&
  isJsonObject(other) &&
  names.every((name) => item[name] === undefined || item[name] === other[name]);

const isSame = (desired: Json, live: Json, schema: Schema, root: Json): boolean =>
  isJsonObject(root) && comparison.holds(desired, live, schema, { desired: undefined, live: {} }, root);
