import fc from 'fast-check';
import { type Schemas, schemasFrom } from '../../../lib/drift/drift.ts';
import { isJsonObject, type Json, type KubernetesObject } from '../../../lib/objects/objects.ts';

/** A definition's schema of one field, as far as these tests make them up. */
export type Shape =
  | { readonly is: 'text'; readonly nullable: boolean; readonly default?: string }
  | { readonly is: 'whole'; readonly nullable: boolean; readonly default?: number }
  | { readonly is: 'flag'; readonly nullable: boolean; readonly default?: boolean }
  | { readonly is: 'limit' }
  | {
      readonly is: 'struct';
      readonly atomic: boolean;
      readonly open: boolean;
      /** Made where it is absent: `default: {}`. */
      readonly made: boolean;
      readonly fields: Readonly<Record<string, Shape>>;
    }
  | { readonly is: 'map'; readonly atomic: boolean; readonly values: Shape }
  | { readonly is: 'list'; readonly items: Shape }
  | { readonly is: 'set' }
  /** Items with a key, and a second one that is `TCP` where it is left out. */
  | { readonly is: 'keyed'; readonly fields: Readonly<Record<string, Shape>> };
export type Struct = Extract<Shape, { is: 'struct' }>;

const NAMES = ['alpha', 'beta', 'gamma', 'delta'] as const;
const name = fc.constantFrom(...NAMES);
const KEYS = ['a', 'b', 'c', 'd', 'e'] as const;

const withDefault = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.constant({}),
    value.map((made) => ({ default: made })),
  );
const leaf: fc.Arbitrary<Shape> = fc.oneof(
  fc
    .tuple(fc.boolean(), withDefault(fc.constantFrom('', 'x')))
    .map(([nullable, more]) => ({ is: 'text' as const, nullable, ...more })),
  fc
    .tuple(fc.boolean(), withDefault(fc.constantFrom(0, 3)))
    .map(([nullable, more]) => ({ is: 'whole' as const, nullable, ...more })),
  fc
    .tuple(fc.boolean(), withDefault(fc.boolean()))
    .map(([nullable, more]) => ({ is: 'flag' as const, nullable, ...more })),
  fc.constant({ is: 'limit' as const }),
  fc.constant({ is: 'set' as const }),
);
const fieldsOf = (shape: fc.Arbitrary<Shape>) =>
  fc.dictionary(name, shape, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
const structOf = (shape: fc.Arbitrary<Shape>): fc.Arbitrary<Struct> =>
  fc.record({
    is: fc.constant('struct' as const),
    atomic: fc.boolean(),
    open: fc.boolean(),
    made: fc.boolean(),
    fields: fieldsOf(shape),
  });
const shapeTo = (depth: number): fc.Arbitrary<Shape> => {
  if (depth === 0) return leaf;
  const inner = shapeTo(depth - 1);
  return fc.oneof(
    { arbitrary: leaf, weight: 3 },
    { arbitrary: structOf(inner), weight: 3 },
    {
      arbitrary: fc.record({ is: fc.constant('map' as const), atomic: fc.boolean(), values: inner }),
      weight: 1,
    },
    { arbitrary: fc.record({ is: fc.constant('list' as const), items: inner }), weight: 1 },
    { arbitrary: fc.record({ is: fc.constant('keyed' as const), fields: fieldsOf(inner) }), weight: 1 },
  );
};
const root = structOf(shapeTo(3)).map((struct) => ({ ...struct, atomic: false, open: false }));

const text = fc.stringMatching(/^[a-z0-9 .:/-]{0,6}$/);
const entries = (shape: fc.Arbitrary<Json>) =>
  fc.dictionary(fc.constantFrom(...KEYS), shape, { maxKeys: 3, noNullPrototype: true });

/** What somebody may declare of it. Never null: that is put in where a property is about it. */
function declaredOf(shape: Shape): fc.Arbitrary<Json> {
  switch (shape.is) {
    case 'text':
      return text;
    case 'whole':
      return fc.integer({ min: -9, max: 9 });
    case 'flag':
      return fc.boolean();
    case 'limit':
      return fc.oneof<fc.Arbitrary<Json>[]>(fc.integer({ min: 0, max: 99 }), text);
    case 'struct':
      return structValue(shape.fields);
    case 'map':
      return entries(declaredOf(shape.values));
    case 'list':
      return fc.array(declaredOf(shape.items), { maxLength: 3 });
    case 'set':
      return fc.uniqueArray(text, { maxLength: 4 });
    case 'keyed':
      return fc.uniqueArray(
        fc
          .tuple(
            fc.constantFrom(...KEYS),
            fc.constantFrom('TCP', 'UDP', undefined),
            structValue(shape.fields),
          )
          .map(([key, protocol, value]) => ({
            key,
            ...(protocol === undefined ? {} : { protocol }),
            ...(value as object),
          })),
        { selector: ({ key, protocol = 'TCP' }) => `${key} ${protocol}`, maxLength: 3 },
      ) as fc.Arbitrary<Json>;
  }
}

const structValue = (fields: Readonly<Record<string, Shape>>): fc.Arbitrary<Json> =>
  fc
    .record(Object.fromEntries(Object.entries(fields).map(([field, shape]) => [field, declaredOf(shape)])), {
      requiredKeys: [],
      noNullPrototype: true,
    })
    .map((value) => value as Json);

/** A definition of one kind and what Git declares of it. */
export interface Case {
  readonly shape: Struct;
  readonly spec: Json;
}
export const kinds: fc.Arbitrary<Case> = root.chain((shape) =>
  declaredOf(shape).map((spec) => ({ shape, spec })),
);

export const objectOf = (spec: Json): KubernetesObject => ({
  apiVersion: 'made.up.test/v1',
  kind: 'Thing',
  metadata: { name: 'it', namespace: 'default' },
  spec: spec as never,
});

/** As the API server would publish it. */
export const schemasOf = (shape: Struct): Schemas =>
  schemasFrom([
    {
      components: {
        schemas: {
          'test.up.made.v1.Thing': {
            type: 'object',
            properties: { spec: raw(shape) },
            'x-kubernetes-group-version-kind': [{ group: 'made.up.test', version: 'v1', kind: 'Thing' }],
          },
        },
      },
    },
  ]);

type Raw = Readonly<Record<string, unknown>>;

function raw(shape: Shape): Raw {
  switch (shape.is) {
    case 'text':
    case 'whole':
    case 'flag': {
      const type = { text: 'string', whole: 'integer', flag: 'boolean' }[shape.is];
      return {
        type,
        ...(shape.nullable ? { nullable: true } : {}),
        ...(shape.default === undefined ? {} : { default: shape.default }),
      };
    }
    case 'limit':
      return { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
    case 'struct':
      return {
        type: 'object',
        properties: rawFields(shape.fields),
        ...(shape.made ? { default: {} } : {}),
        ...(shape.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
        ...(shape.open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
      };
    case 'map':
      return {
        type: 'object',
        additionalProperties: raw(shape.values),
        ...(shape.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      };
    case 'list':
      return { type: 'array', items: raw(shape.items) };
    case 'set':
      return { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
    case 'keyed':
      return {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['key', 'protocol'],
        items: {
          type: 'object',
          properties: {
            key: { type: 'string' },
            protocol: { type: 'string', default: 'TCP' },
            ...rawFields(shape.fields),
          },
        },
      };
  }
}

const rawFields = (fields: Readonly<Record<string, Shape>>): Raw =>
  Object.fromEntries(Object.entries(fields).map(([field, shape]) => [field, raw(shape)]));

/**
 * What the API server makes of a declared value: nulls dropped where they are no value, defaults put in from the outside
 * in (k8s.io/apiextensions-apiserver, pkg/apiserver/schema/defaulting/algorithm.go).
 */
export function stored(value: Json, shape: Shape): Json {
  switch (shape.is) {
    case 'struct':
      return isJsonObject(value) ? storedFields(value, shape.fields) : value;
    case 'keyed':
      return Array.isArray(value)
        ? value.map((item: Json) =>
            isJsonObject(item)
              ? {
                  ...storedFields(item, shape.fields),
                  key: item.key ?? null,
                  protocol: item.protocol ?? 'TCP',
                }
              : item,
          )
        : value;
    case 'map':
      return isJsonObject(value)
        ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, stored(entry, shape.values)]))
        : value;
    case 'list':
      return Array.isArray(value) ? value.map((item: Json) => stored(item, shape.items)) : value;
    case 'text':
    case 'whole':
    case 'flag':
    case 'limit':
    case 'set':
      return value;
  }
}

function storedFields(
  value: Readonly<Record<string, Json>>,
  fields: Readonly<Record<string, Shape>>,
): Json & object {
  const made: Record<string, Json> = {};
  for (const [field, entry] of Object.entries(value)) {
    const shape = fields[field];
    if (shape === undefined) made[field] = entry;
    else if (entry !== null) made[field] = stored(entry, shape);
    else if ('nullable' in shape && shape.nullable) made[field] = null;
  }
  for (const [field, shape] of Object.entries(fields)) {
    if (Object.hasOwn(made, field)) continue;
    if (shape.is === 'struct' && shape.made) made[field] = stored({}, shape);
    else if ('default' in shape && shape.default !== undefined) made[field] = shape.default;
  }
  return made;
}

/** One place in a value: how a finding names it, and where it lies. */
export interface PlaceIn {
  readonly at: string;
  readonly path: readonly (string | number)[];
  readonly value: Json;
  readonly shape: Shape;
}

/** Every scalar that is declared and that is no key of a list's item and no item of a set. */
export function leavesIn(value: Json, shape: Shape, at: string, path: PlaceIn['path'] = []): PlaceIn[] {
  switch (shape.is) {
    case 'struct':
      return Object.entries(value as Record<string, Json>).flatMap(([field, entry]) =>
        leavesIn(entry, shape.fields[field] as Shape, `${at}.${field}`, [...path, field]),
      );
    case 'map':
      return Object.entries(value as Record<string, Json>).flatMap(([key, entry]) =>
        leavesIn(entry, shape.values, `${at}.${key}`, [...path, key]),
      );
    case 'list':
      return (value as readonly Json[]).flatMap((item, index) =>
        leavesIn(item, shape.items, `${at}[${index}]`, [...path, index]),
      );
    case 'keyed':
      return (value as readonly Readonly<Record<string, Json>>[]).flatMap((item, index) =>
        Object.entries(item).flatMap(([field, entry]) =>
          field === 'key' || field === 'protocol'
            ? []
            : leavesIn(
                entry,
                shape.fields[field] as Shape,
                `${at}[key=${item.key},protocol=${item.protocol ?? 'TCP'}].${field}`,
                [...path, index, field],
              ),
        ),
      );
    case 'set':
      return [];
    case 'text':
    case 'whole':
    case 'flag':
    case 'limit':
      return value === null ? [] : [{ at, path, value, shape }];
  }
}
