import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type Json } from '../../../lib/objects/objects.ts';
import {
  type Case,
  kinds,
  leavesIn,
  objectOf,
  type PlaceIn,
  type Shape,
  schemasOf,
  stored,
} from './generated-kinds.ts';
import { judge, put, said } from './judging.ts';
import { holds } from './property-runs.ts';

const verdict = ({ shape }: Case, desired: Json, live: Json): string[] =>
  said(judge(objectOf(desired), objectOf(live), { schemas: schemasOf(shape) })).sort();

const inSync = (each: Case, desired: Json, live: Json): void =>
  assert.deepEqual(verdict(each, desired, live), []);

/** With one place of what is declared, where there is any. */
const placed = kinds.chain((each): fc.Arbitrary<{ each: Case; leaf: PlaceIn | undefined }> => {
  const leaves = leavesIn(each.spec, each.shape, 'spec');
  return leaves.length === 0
    ? fc.constant({ each, leaf: undefined })
    : fc.constantFrom(...leaves).map((leaf) => ({ each, leaf }));
});

test('what is declared and what the server stores of it are in sync', () => {
  holds(kinds, (each) => inSync(each, each.spec, stored(each.spec, each.shape)));
});

test('a custom resource is in sync with itself', () => {
  holds(kinds, (each) => {
    const live = stored(each.spec, each.shape);
    inSync(each, live, structuredClone(live));
  });
});

test('the order of its keys means nothing', () => {
  holds(kinds, (each) => inSync(each, each.spec, reversed(stored(each.spec, each.shape))));
});

test('the order of sets and of items with keys means nothing', () => {
  holds(kinds, (each) => inSync(each, each.spec, turned(stored(each.spec, each.shape), each.shape)));
});

test('a default that is declared and one that is left to the server are the same', () => {
  holds(placed, ({ each, leaf }) => {
    const live = stored(each.spec, each.shape);
    inSync(each, stored(each.spec, each.shape), live);
    if (leaf === undefined) return;
    const changed = put(live, leaf.path, otherThan(leaf));
    assert.deepEqual(verdict(each, each.spec, changed), verdict(each, live, changed));
  });
});

test('null where it is no value and nothing are the same', () => {
  holds(kinds, (each) => {
    const nulls = withNulls(each.spec, each.shape);
    const live = stored(each.spec, each.shape);
    assert.deepEqual(stored(nulls, each.shape), live);
    inSync(each, nulls, live);
  });
});

test('a value that is changed is one finding, at its path', () => {
  holds(placed, ({ each, leaf }) => {
    if (leaf === undefined) return;
    const live = put(stored(each.spec, each.shape), leaf.path, otherThan(leaf));
    assert.deepEqual(verdict(each, each.spec, live), [`changed ${leaf.at}`]);
    assert.deepEqual(verdict(each, each.spec, turned(reversed(live), each.shape)), [`changed ${leaf.at}`]);
  });
});

test('a value that is taken away is one finding, unless the default is the same', () => {
  holds(placed, ({ each, leaf }) => {
    const field = leaf?.path.at(-1);
    if (leaf === undefined || typeof field !== 'string') return;
    const live = stored(put(each.spec, leaf.path, undefined), each.shape);
    const back = leaf.path.reduce<Json | undefined>(
      (node, step) => (node as Record<string | number, Json> | undefined)?.[step],
      live,
    );
    assert.deepEqual(verdict(each, each.spec, live), back === leaf.value ? [] : [`changed ${leaf.at}`]);
  });
});

test('a value that is put where nothing is declared is one finding, unless it is the default', () => {
  holds(fc.tuple(kinds, fc.nat()), ([each, number]) => {
    const live = stored(each.spec, each.shape);
    const free = leavesIn(live, each.shape, 'spec').filter(
      (leaf) => !leavesIn(each.spec, each.shape, 'spec').some(({ at }) => at === leaf.at),
    );
    const leaf = free[number % Math.max(1, free.length)];
    if (leaf === undefined) return;
    assert.deepEqual(verdict(each, each.spec, put(live, leaf.path, otherThan(leaf))), [`added ${leaf.at}`]);
  });
});

/** Another value of its type, that no equality takes for the same. */
function otherThan({ value, shape }: PlaceIn): Json {
  if (shape.is === 'flag') return value !== true;
  return typeof value === 'number' ? value + 1000 : `${value}~`;
}

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, entry]) => [key, reversed(entry)]),
  );
}

/** Sets and lists whose items have keys, the other way round. */
function turned(value: Json, shape: Shape | undefined): Json {
  switch (shape?.is) {
    case 'struct':
      return Object.fromEntries(
        Object.entries(value as Record<string, Json>).map(([field, entry]) => [
          field,
          turned(entry, shape.fields[field]),
        ]),
      );
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Record<string, Json>).map(([key, entry]) => [
          key,
          turned(entry, shape.values),
        ]),
      );
    case 'list':
      return (value as readonly Json[]).map((item) => turned(item, shape.items));
    case 'keyed':
      return (value as readonly Readonly<Record<string, Json>>[])
        .map((item) =>
          Object.fromEntries(
            Object.entries(item).map(([field, entry]) => [field, turned(entry, shape.fields[field])]),
          ),
        )
        .toReversed();
    case 'set':
      return (value as readonly Json[]).toReversed();
    default:
      return value;
  }
}

/** The same with null in every field that is left out and cannot hold one. */
function withNulls(value: Json, shape: Shape): Json {
  switch (shape.is) {
    case 'struct':
      return fieldsWithNulls(value as Record<string, Json>, shape.fields);
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Record<string, Json>).map(([key, entry]) => [
          key,
          withNulls(entry, shape.values),
        ]),
      );
    case 'list':
      return (value as readonly Json[]).map((item) => withNulls(item, shape.items));
    case 'keyed':
      return (value as readonly Record<string, Json>[]).map((item) => fieldsWithNulls(item, shape.fields));
    default:
      return value;
  }
}

function fieldsWithNulls(value: Record<string, Json>, fields: Readonly<Record<string, Shape>>): Json {
  const made: Record<string, Json> = { ...value };
  for (const [field, shape] of Object.entries(fields)) {
    const declared = value[field];
    if (declared !== undefined) made[field] = withNulls(declared, shape);
    else if (!('nullable' in shape && shape.nullable)) made[field] = null;
  }
  return made;
}
