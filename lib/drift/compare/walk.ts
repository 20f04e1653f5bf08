import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { ANY, type MapSchema, type Schema, type StructSchema } from '../schema.ts';
import { sameDuration } from './durations.ts';
import { sameAsAbsent, zeroOf } from './emptiness.ts';
import { isCanonicalQuantity, sameQuantity } from './quantity.ts';
import { sameNumber, sameScalar } from './scalars.ts';
import type { Parents, Visitor } from './visitor.ts';

/** Compares one declared value with the live one under its schema. */
export function walk(
  desired: Json,
  found: Json | undefined,
  schema: Schema,
  parents: Parents,
  visitor: Visitor,
): void {
  if (desired === found || visitor.done) return;
  // Go writes nil lists and maps as null.
  const live = found === null && !(schema.custom && schema.nullable) ? undefined : found;
  if (desired === null) {
    if (schema.custom && schema.nullable && schema.kind !== 'any') walkNull(live, schema, parents, visitor);
    else if (live !== undefined && live !== null) visitor.undeclared(live, schema, parents);
    return;
  }
  if (live === undefined) {
    if (!sameAsAbsent(desired, schema, visitor.rewritten)) visitor.changed(desired, undefined);
    return;
  }
  if (isLeftToDefault(desired, live, schema, parents, visitor)) return;
  switch (schema.kind) {
    case 'struct':
      if (isJsonObject(desired) && isJsonObject(live)) walkStruct(desired, live, schema, visitor);
      else walkAny(desired, live, visitor);
      break;
    case 'map':
      if (isJsonObject(desired) && isJsonObject(live)) walkMap(desired, live, schema, visitor);
      else walkAny(desired, live, visitor);
      break;
    case 'list':
      if (Array.isArray(desired) && Array.isArray(live)) visitor.compare.list(desired, live, schema, visitor);
      else walkAny(desired, live, visitor);
      break;
    case 'scalar':
      if (!sameScalar(desired, live, schema) && !sameRewritten(desired, live, visitor))
        visitor.changed(desired, live);
      break;
    case 'any':
      walkAny(desired, live, visitor);
      break;
  }
}

/** Declaring this is the same as leaving the field out, and live is what it then is. */
const isLeftToDefault = (desired: Json, live: Json, schema: Schema, parents: Parents, visitor: Visitor) =>
  sameAsAbsent(desired, schema, visitor.rewritten) &&
  visitor.compare.isDefault(live, schema, parents, visitor.root) &&
  (!schema.custom || visitor.writtenBy === 'own-controller');

/**
 * Null is a value of its own where a definition lets it: the server stores it, and puts no default in its place
 * (k8s.io/apiextensions-apiserver, pkg/apiserver/schema/defaulting). Whoever applies from the client's side, and typed
 * controllers, leave it out.
 */
function walkNull(live: Json | undefined, schema: Schema, parents: Parents, visitor: Visitor): void {
  const isLeftOut =
    live === undefined || live === null || visitor.compare.isDefault(live, schema, parents, visitor.root);
  if (!isLeftOut || visitor.keepsNull) visitor.changed(null, live);
}

function walkStruct(desired: JsonObject, live: JsonObject, schema: StructSchema, visitor: Visitor): void {
  const { trail } = visitor;
  if (schema.atomic) trail.enterAtomic();
  const parents = { desired, live };
  for (const name of Object.keys(desired)) {
    // Not in the schema: pruned when it was applied, with a warning (a typo in a chart), and no drift.
    const field = schema.fields.get(name) ?? (schema.keepsUnknown ? ANY : undefined);
    if (field === undefined) continue;
    trail.enter(name);
    walk(desired[name] ?? null, own(live, name), field, parents, visitor);
    trail.leave();
  }
  for (const name of Object.keys(live)) {
    if (Object.hasOwn(desired, name) || visitor.done) continue;
    tellUndeclared(name, live[name] ?? null, schema.fields.get(name) ?? ANY, parents, visitor);
  }
}

function walkMap(desired: JsonObject, live: JsonObject, schema: MapSchema, visitor: Visitor): void {
  const { trail } = visitor;
  if (schema.atomic) trail.enterAtomic();
  const parents = { desired, live };
  const { values } = schema;
  for (const name of Object.keys(desired)) {
    const declared = desired[name] ?? null;
    // Go writes an empty byte slice as null.
    const found = own(live, name) === null && !values.custom ? zeroOf(values) : own(live, name);
    // A null entry is stored as its type's zero value, or dropped by a client-side apply.
    if (declared === null && (found === undefined || found === null)) continue;
    trail.enter(name);
    if (found === undefined) visitor.changed(declared, undefined);
    else
      walk(declared === null && !values.custom ? zeroOf(values) : declared, found, values, parents, visitor);
    trail.leave();
  }
  for (const name of Object.keys(live)) {
    if (Object.hasOwn(desired, name) || visitor.done) continue;
    tellUndeclared(name, live[name] ?? null, values, parents, visitor);
  }
}

/** Without a schema: granular in objects, atomic in lists, as the API server deduces ownership there. */
function walkAny(desired: Json, live: Json, visitor: Visitor): void {
  if (isJsonObject(desired) && isJsonObject(live)) {
    const parents = { desired, live };
    for (const name of Object.keys(desired)) {
      visitor.trail.enter(name);
      walk(desired[name] ?? null, own(live, name), ANY, parents, visitor);
      visitor.trail.leave();
    }
    for (const name of Object.keys(live)) {
      if (!Object.hasOwn(desired, name)) tellUndeclared(name, live[name] ?? null, ANY, parents, visitor);
    }
    return;
  }
  if (Array.isArray(desired) && Array.isArray(live)) {
    visitor.compare.list(desired, live, ANY_LIST, visitor);
    return;
  }
  if (sameNumber(desired, live) || sameRewritten(desired, live, visitor)) return;
  if (typeof desired === 'string' && typeof live === 'string' && sameDuration(desired, live)) return;
  visitor.changed(desired, live);
}

const ANY_LIST = { ...ANY, kind: 'list', items: ANY, match: { kind: 'atomic' } } as const;

function tellUndeclared(name: string, live: Json, schema: Schema, parents: Parents, visitor: Visitor): void {
  visitor.trail.enter(name);
  visitor.undeclared(live, schema, parents);
  visitor.trail.leave();
}

/** A typed controller writes quantities in the one spelling that Go has for each. */
const sameRewritten = (desired: Json, live: Json, visitor: Visitor): boolean =>
  visitor.rewritten &&
  isScalar(desired) &&
  typeof live === 'string' &&
  isCanonicalQuantity(live) &&
  sameQuantity(desired, live, 'quantity') &&
  visitor.writtenBy !== 'others';

const isScalar = (value: Json): boolean => typeof value === 'string' || typeof value === 'number';

const own = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;
