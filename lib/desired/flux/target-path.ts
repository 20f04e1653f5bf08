import { isJsonObject, type Json } from '../../objects/objects.ts';

/** What stands in the way of placing a value, in words for people; undefined where it was placed. */
export type Placed = string | undefined;

/** Values that are still being put together. Parts of one may be parts of another, as in Go's maps. */
export interface GrowingValues {
  [name: string]: Json;
}

type Step = string | number;
/** helm's own bound (pkg/strvals, MaxIndex) is 65536; nobody's list is as long. */
const MAX_INDEX = 1000;

/**
 * Puts a value at a `targetPath` into the values, which it changes (fluxcd/pkg, chartutil/values.go, ReplacePathValue;
 * helm, pkg/strvals): a path of names and indexes, and what `--set` would make of the text.
 */
export function placeAt(values: GrowingValues, path: string, value: string, form: 'set' | 'literal'): Placed {
  const [first, ...rest] = stepsOf(path) ?? [];
  if (typeof first !== 'string') return `targetPath "${path}" is none that Fairlead reads`;
  const leaf = form === 'literal' ? value : typed(value);
  if (leaf === undefined)
    return `what goes to targetPath "${path}" uses helm's --set syntax, which Fairlead does not read`;
  values[first] = put(own(values, first), rest, leaf);
  return undefined;
}

/** `a.b\.c[0].d`; undefined for what is none. */
function stepsOf(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (const part of path.split(/(?<!\\)\./)) {
    const [, escaped = '', indexes = ''] = /^((?:[^[\]\\]|\\.)+)((?:\[\d{1,5}\])*)$/.exec(part) ?? [];
    const name = escaped.replace(/\\(.)/g, '$1');
    // Values are plain objects: these names would reach what all objects share.
    if (name === '' || ['__proto__', 'constructor', 'prototype'].includes(name)) return undefined;
    steps.push(name);
    for (const [, index = ''] of indexes.matchAll(/\[(\d+)\]/g)) {
      if (Number(index) > MAX_INDEX) return undefined;
      steps.push(Number(index));
    }
  }
  return steps;
}

/** Quoted text is that text; anything else is typed, unless it holds what --set gives a meaning of its own. */
function typed(value: string): Json | undefined {
  const isQuoted = ["'", '"'].some((quote) => value.startsWith(quote) && value.endsWith(quote));
  const text = isQuoted ? value.replace(/^['"]+|['"]+$/g, '') : value;
  if (/[,{}[\]\\=]/.test(text)) return undefined;
  if (isQuoted) return text;
  // helm, pkg/strvals/parser.go, typedVal.
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  if (/^null$/i.test(text)) return null;
  if (text === '0') return 0;
  return /^-?[1-9]\d{0,14}$/.test(text) ? Number(text) : text;
}

/** The value with the leaf in it: a mapping that is there stays the same mapping. */
function put(into: Json | undefined, [step, ...rest]: readonly Step[], leaf: Json): Json {
  if (step === undefined) return leaf;
  if (typeof step === 'number') {
    const items: Json[] = Array.isArray(into) ? [...into] : [];
    while (items.length <= step) items.push(null);
    items[step] = put(items[step], rest, leaf);
    return items;
  }
  const mapping: GrowingValues = isJsonObject(into) ? into : {};
  mapping[step] = put(own(mapping, step), rest, leaf);
  return mapping;
}

const own = (values: GrowingValues, name: string): Json | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;
