/**
 * What the bundle uses and Node 20 or 22 lack, as the language's specification has it. Bundled before everything else
 * (cli/package/bundle.ts); where a thing is there, nothing is touched.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';

type Iteratee<Item, Result> = (item: Item, index: number) => Result;

function lend(owner: object, name: string, value: unknown): void {
  if (name in owner) return;
  Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}

lend(Array, 'fromAsync', async <Item>(items: AsyncIterable<Item> | Iterable<Item>): Promise<Item[]> => {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
});

function groupBy<Item, Key>(items: Iterable<Item>, keyOf: Iteratee<Item, Key>): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
lend(Map, 'groupBy', groupBy);
lend(Object, 'groupBy', <Item>(items: Iterable<Item>, keyOf: Iteratee<Item, PropertyKey>) => {
  const groups: Record<PropertyKey, Item[]> = Object.create(null);
  for (const [key, group] of groupBy(items, keyOf)) groups[key] = group;
  return groups;
});

lend(Promise, 'withResolvers', () => {
  let resolve: unknown;
  let reject: unknown;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
});

/** Every character but letters, digits and `_` by its code, which is a correct escape everywhere in a pattern. */
lend(RegExp, 'escape', (text: string): string =>
  text.replace(/[^A-Za-z0-9_]|^[A-Za-z0-9]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  }),
);

// An iterator's own methods.
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
const lazily: Readonly<Record<string, (items: Iterable<unknown>, given: never) => Iterable<unknown>>> = {
  *map(items, change: Iteratee<unknown, unknown>) {
    let index = 0;
    for (const item of items) yield change(item, index++);
  },
  *filter(items, isWanted: Iteratee<unknown, boolean>) {
    let index = 0;
    for (const item of items) if (isWanted(item, index++)) yield item;
  },
  *flatMap(items, change: Iteratee<unknown, Iterable<unknown>>) {
    let index = 0;
    for (const item of items) yield* change(item, index++);
  },
  *take(items, count: number) {
    let left = count;
    if (left <= 0) return;
    for (const item of items) {
      yield item;
      if (--left <= 0) return;
    }
  },
  *drop(items, count: number) {
    let left = count;
    for (const item of items) if (left-- <= 0) yield item;
  },
};
for (const [name, method] of Object.entries(lazily)) {
  lend(iterators, name, function (this: Iterable<unknown>, given: never) {
    return method(this, given);
  });
}
for (const name of ['some', 'every', 'find', 'reduce', 'forEach']) {
  lend(iterators, name, function (this: Iterable<unknown>, ...given: unknown[]) {
    return Reflect.apply(Reflect.get(Array.prototype, name), [...this], given);
  });
}
lend(iterators, 'toArray', function (this: Iterable<unknown>) {
  return [...this];
});

const ofSets: Readonly<Record<string, (own: Set<unknown>, other: Set<unknown>) => unknown>> = {
  union: (own, other) => new Set([...own, ...other.keys()]),
  intersection: (own, other) => new Set([...own].filter((item) => other.has(item))),
  difference: (own, other) => new Set([...own].filter((item) => !other.has(item))),
  isSubsetOf: (own, other) => [...own].every((item) => other.has(item)),
  isSupersetOf: (own, other) => [...other.keys()].every((item) => own.has(item)),
  isDisjointFrom: (own, other) => [...own].every((item) => !other.has(item)),
};
for (const [name, method] of Object.entries(ofSets)) {
  lend(Set.prototype, name, function (this: Set<unknown>, other: Set<unknown>) {
    return method(this, other);
  });
}

// Where a worker does not tell its processor time, only the clock bounds it (lib/charts/files/limited.ts).
lend(Worker.prototype, 'cpuUsage', () => Promise.reject(new Error('this Node does not tell')));

/**
 * JSON whose integers are read and written as they stand: JSON.parse gives a reviver the source of a number, and
 * JSON.rawJSON writes one. A number is smuggled through as a text that nobody can guess.
 */
if (!('rawJSON' in JSON)) {
  const mark = `fairlead-${randomBytes(16).toString('hex')}:`;
  const marked = new RegExp(`"${mark}([^"]*)"`, 'g');
  const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
  const { parse, stringify } = JSON;
  type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;
  type Replacer = (this: unknown, key: string, value: unknown) => unknown;

  JSON.parse = ((text: string, reviver?: Reviver) => {
    if (reviver === undefined || reviver.length < 3) return parse(text, reviver as never);
    parse(text);
    const held = text.replace(TOKENS, (token) => (token.startsWith('"') ? token : `"${mark}${token}"`));
    return parse(held, function (this: unknown, key: string, value: unknown) {
      const isNumber = typeof value === 'string' && value.startsWith(mark);
      if (!isNumber) return reviver.call(this, key, value, {});
      const source = value.slice(mark.length);
      return reviver.call(this, key, Number(source), { source });
    });
  }) as typeof parse;

  class RawJson {
    readonly rawJSON: string;
    constructor(text: string) {
      parse(text);
      this.rawJSON = text;
    }
  }
  Object.assign(JSON, { rawJSON: (text: string) => new RawJson(text) });
  JSON.stringify = ((value: unknown, replacer?: Replacer | string[], indent?: number) => {
    if (typeof replacer !== 'function') return stringify(value, replacer, indent);
    let isRaw = false;
    const text = stringify(
      value,
      function (this: unknown, key: string, entry: unknown) {
        const shown = replacer.call(this, key, entry);
        if (!(shown instanceof RawJson)) return shown;
        isRaw = true;
        return `${mark}${shown.rawJSON}`;
      },
      indent,
    );
    return isRaw ? text.replace(marked, '$1') : text;
  }) as typeof stringify;
}
