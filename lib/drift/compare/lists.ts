import { canonicalJson, formatJson } from '../../objects/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../objects/objects.ts';
import { keysOf } from '../path.ts';
import type { ListSchema, Schema } from '../schema.ts';
import { zeroOf } from './emptiness.ts';
import type { Visitor } from './visitor.ts';

type Items = readonly Json[];

export const ORDER_NOTE = 'order differs';

/** Compares two lists: by keys, as sets, or item by item, as the schema says that their items are told apart. */
export function walkList(desired: Items, live: Items, schema: ListSchema, visitor: Visitor): void {
  const { match } = schema;
  switch (match.kind) {
    case 'map':
      if (desired.every(isJsonObject) && live.every(isJsonObject))
        walkKeyed(desired, live, schema, match.keys, visitor);
      else walkOrdered(desired, live, schema, visitor);
      break;
    case 'set':
      walkSet(desired, live, schema, visitor);
      break;
    case 'unordered':
      visitor.trail.enterAtomic();
      walkUnordered(desired, live, schema, visitor);
      break;
    case 'atomic':
      visitor.trail.enterAtomic();
      walkOrdered(desired, live, schema, visitor);
      break;
  }
}

interface KeyedItem {
  readonly item: JsonObject;
  readonly index: number;
  readonly keys: Readonly<Record<string, Json>>;
}

function walkKeyed(
  desired: readonly JsonObject[],
  live: readonly JsonObject[],
  schema: ListSchema,
  names: readonly string[],
  visitor: Visitor,
): void {
  const defaults = keyDefaults(schema.items, names);
  const keyed = (items: readonly JsonObject[]) => {
    const map = new Map<string, KeyedItem>();
    items.forEach((item, index) => {
      const keys = keysOf(item, names, defaults);
      // The last of a repeated key wins.
      map.set(identity(keys, names), { item, index, keys });
    });
    return map;
  };
  const wanted = keyed(desired);
  const found = keyed(live);
  // Duplicate env names are legal and ordered. Where the live side has one each, an apply has collapsed them.
  if (found.size < live.length) {
    // Told apart by their place, they have no owners of their own.
    visitor.trail.enterAtomic();
    walkOrdered(desired, live, schema, visitor);
    return;
  }

  const gone: KeyedItem[] = [];
  const common: string[] = [];
  for (const [key, entry] of wanted) {
    const counterpart = found.get(key);
    if (counterpart === undefined) {
      gone.push(entry);
      continue;
    }
    common.push(key);
    walkItem(entry, counterpart.item, counterpart.keys, schema, visitor);
  }
  const added = [...found].filter(([key]) => !wanted.has(key)).map(([, entry]) => entry);
  for (const entry of gone) {
    // A changed key field is a change, not a removal and an addition.
    const renamed = added.findIndex(({ item }) => item.name !== undefined && item.name === entry.item.name);
    const [counterpart] = renamed < 0 ? [] : added.splice(renamed, 1);
    if (counterpart !== undefined) walkItem(entry, counterpart.item, counterpart.keys, schema, visitor);
    else {
      visitor.trail.enterItem({ kind: 'key', keys: entry.keys }, entry.index);
      visitor.changed(entry.item, undefined);
      visitor.trail.leave();
    }
  }
  for (const { item, keys } of added) {
    visitor.trail.enterItem({ kind: 'key', keys }, -1);
    visitor.undeclared(item, schema.items, { desired: undefined, live: item });
    visitor.trail.leave();
  }
  if (isOrdered(visitor.trail.field)) {
    const position = new Map([...found.keys()].map((key, index) => [key, index]));
    const places = common.map((key) => position.get(key) ?? 0);
    if (places.some((place, index) => index > 0 && place < (places[index - 1] ?? 0)))
      visitor.changed(desired, live, ORDER_NOTE);
  }
}

function walkItem(
  entry: KeyedItem,
  live: JsonObject,
  keys: KeyedItem['keys'],
  schema: ListSchema,
  visitor: Visitor,
): void {
  visitor.trail.enterItem({ kind: 'key', keys }, entry.index);
  visitor.compare.value(entry.item, live, schema.items, { desired: entry.item, live }, visitor);
  visitor.trail.leave();
}

/** Where the order of keyed items has a meaning: variables refer to earlier ones, containers start in turn. */
const isOrdered = (field: string | undefined): boolean => field === 'env' || field === 'initContainers';

function keyDefaults(items: Schema, names: readonly string[]): ReadonlyMap<string, Json> {
  const defaults = new Map<string, Json>();
  if (items.kind !== 'struct') return defaults;
  for (const name of names) {
    const field = items.fields.get(name);
    const value = field?.default ?? (field?.known?.kind === 'value' ? field.known.values[0] : undefined);
    if (value !== undefined) defaults.set(name, value);
  }
  return defaults;
}

function identity(keys: Readonly<Record<string, Json>>, names: readonly string[]): string {
  const [only] = names;
  if (names.length === 1 && only !== undefined && typeof keys[only] === 'string') return keys[only];
  return names.map((name) => formatJson(keys[name] ?? null)).join(' ');
}

function walkSet(desired: Items, live: Items, schema: ListSchema, visitor: Visitor): void {
  const wanted = new Set(desired.map((item) => canonicalJson(item ?? zeroOf(schema.items))));
  const found = new Set(live.map((item) => canonicalJson(item)));
  desired.forEach((item, index) => {
    if (found.has(canonicalJson(item ?? zeroOf(schema.items)))) return;
    visitor.trail.enterItem({ kind: 'value', value: item }, index);
    visitor.changed(item, undefined);
    visitor.trail.leave();
  });
  for (const item of live) {
    if (wanted.has(canonicalJson(item))) continue;
    visitor.trail.enterItem({ kind: 'value', value: item }, -1);
    visitor.undeclared(item, schema.items, { desired: undefined, live: {} });
    visitor.trail.leave();
  }
}

function walkUnordered(desired: Items, live: Items, schema: ListSchema, visitor: Visitor): void {
  const left = live.map((item, index) => ({ item, index }));
  const unmatched: number[] = [];
  desired.forEach((item, index) => {
    const at = left.findIndex((candidate) => holdsItem(item, candidate.item, schema, visitor));
    if (at < 0) unmatched.push(index);
    else left.splice(at, 1);
  });
  if (unmatched.length === 0 && left.length === 0) return;
  if (unmatched.length === left.length) {
    unmatched.forEach((index, at) => {
      walkAt(desired[index] ?? null, left[at]?.item, index, schema, visitor);
    });
  } else if (unmatched.length === 0)
    for (const { item, index } of left) tellAdded(item, index, schema, visitor);
  else visitor.changed(desired, live);
}

/** Item by item; where the lengths differ, what lies beside a still complete list is an addition. */
function walkOrdered(desired: Items, live: Items, schema: ListSchema, visitor: Visitor): void {
  if (desired.length === live.length) {
    const differing = desired.flatMap((item, index) =>
      item === live[index] || holdsItem(item, live[index] ?? null, schema, visitor) ? [] : [index],
    );
    if (differing.length > 1 && isReordered(desired, live)) visitor.changed(desired, live, ORDER_NOTE);
    else
      for (const index of differing)
        walkAt(desired[index] ?? null, live[index] ?? null, index, schema, visitor);
    return;
  }
  if (live.length > desired.length) {
    const added: number[] = [];
    let next = 0;
    live.forEach((item, index) => {
      const wanted = desired[next];
      if (next < desired.length && holdsItem(wanted ?? null, item, schema, visitor)) next++;
      else added.push(index);
    });
    if (next === desired.length) {
      for (const index of added) tellAdded(live[index] ?? null, index, schema, visitor);
      return;
    }
  }
  visitor.changed(desired, live);
}

function walkAt(
  item: Json,
  live: Json | undefined,
  index: number,
  schema: ListSchema,
  visitor: Visitor,
): void {
  visitor.trail.enterItem({ kind: 'index', index }, index);
  const wanted = item === null ? zeroOf(schema.items) : item;
  visitor.compare.value(wanted, live, schema.items, parentsOf(wanted, live), visitor);
  visitor.trail.leave();
}

function tellAdded(item: Json, index: number, schema: ListSchema, visitor: Visitor): void {
  visitor.trail.enterItem({ kind: 'index', index }, -1);
  visitor.undeclared(item, schema.items, parentsOf(undefined, item));
  visitor.trail.leave();
}

const holdsItem = (item: Json, live: Json, schema: ListSchema, visitor: Visitor): boolean =>
  visitor.compare.holds(
    item === null ? zeroOf(schema.items) : item,
    live,
    schema.items,
    parentsOf(item, live),
    visitor.root,
  );

const parentsOf = (desired: Json | undefined, live: Json | undefined) => ({
  desired: isJsonObject(desired) ? desired : undefined,
  live: isJsonObject(live) ? live : {},
});

function isReordered(desired: Items, live: Items): boolean {
  const sorted = (items: Items) => items.map(canonicalJson).sort().join('\n');
  return sorted(desired) === sorted(live);
}
