import { formatJson } from '../../../lib/objects/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/objects/objects.ts';

/**
 * Places inside an object, for an oracle that must not lean on what it judges: nothing here comes from lib/drift.
 * A step is text: `f:name` a field or map key, `k:{"name":"web"}` an item of a list with keys, `v:"x"` an item of a
 * set, `i:2` an item by its index.
 */
export type Place = readonly string[];

export const field = (name: string): string => `f:${name}`;
export const index = (at: number): string => `i:${at}`;
export const item = (value: Json): string => `v:${formatJson(value)}`;
export const key = (keys: JsonObject): string =>
  `k:${formatJson(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`;

/** What a key field is when it is left out (core/v1: protocols are TCP, names empty). */
const keyDefault = (name: string): Json => (name === 'protocol' ? 'TCP' : '');

export const keysOf = (value: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, value[name] ?? keyDefault(name)]));

/** The JSON pointer's tokens of a place in this object; undefined where it has none. */
export function pointerOf(root: Json, place: Place): (string | number)[] | undefined {
  const pointer: (string | number)[] = [];
  let node: Json | undefined = root;
  for (const step of place) {
    const token = tokenOf(node, step);
    if (token === undefined) return undefined;
    node = childOf(node, token);
    if (node === undefined) return undefined;
    pointer.push(token);
  }
  return pointer;
}

export function valueAt(root: Json, place: Place): Json | undefined {
  const pointer = pointerOf(root, place);
  return pointer === undefined ? undefined : at(root, pointer);
}

export function at(root: Json, pointer: readonly (string | number)[]): Json | undefined {
  let node: Json | undefined = root;
  for (const token of pointer) node = childOf(node, token);
  return node;
}

function childOf(node: Json | undefined, token: string | number): Json | undefined {
  if (Array.isArray(node)) return typeof token === 'number' ? node[token] : undefined;
  return isJsonObject(node) && Object.hasOwn(node, token) ? node[token] : undefined;
}

function tokenOf(node: Json | undefined, step: string): string | number | undefined {
  const rest = step.slice(2);
  if (step.startsWith('f:')) return rest;
  if (!Array.isArray(node)) return undefined;
  const items = node as readonly Json[];
  if (step.startsWith('i:')) return Number(rest);
  const matches = step.startsWith('v:')
    ? (value: Json) => formatJson(value) === rest
    : (value: Json) => {
        if (!isJsonObject(value)) return false;
        const wanted = JSON.parse(rest) as JsonObject;
        return key(keysOf(value, Object.keys(wanted))) === step;
      };
  const found = items.findIndex(matches);
  return found < 0 ? undefined : found;
}

/** A copy of the object with a value put at a pointer, or taken out where it is undefined. Makes what is on the way. */
export function withValue(root: Json, pointer: readonly (string | number)[], value: Json | undefined): Json {
  const [token, ...rest] = pointer;
  if (token === undefined) return value ?? null;
  if (Array.isArray(root) && typeof token === 'number') {
    const items = [...(root as readonly Json[])];
    if (rest.length > 0) items[token] = withValue(items[token] ?? {}, rest, value);
    else if (value === undefined) items.splice(token, 1);
    else items[token] = value;
    return items;
  }
  const object = isJsonObject(root) ? root : {};
  if (rest.length === 0 && value === undefined) {
    const { [token]: _gone, ...left } = object;
    return left;
  }
  const inner = rest.length === 0 ? (value ?? null) : withValue(object[token] ?? {}, rest, value);
  return { ...object, [token]: inner };
}

/** Whether `place` is `ancestor` or lies in it. */
export const within = (place: Place, ancestor: Place): boolean =>
  ancestor.length <= place.length && ancestor.every((step, depth) => step === place[depth]);

export const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonical(a) === canonical(b));

export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join()}]`;
  if (!isJsonObject(value)) return formatJson(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${canonical(entry)}`).join()}}`;
}

/** As findings say it: `spec.ports[port=80,protocol=TCP].name`, `metadata.labels['a.example/b']`. */
export const format = (place: Place): string => {
  let text = '';
  for (const step of place) {
    const rest = step.slice(2);
    if (step.startsWith('f:'))
      text += /^[$\w-]+$/.test(rest) ? `${text === '' ? '' : '.'}${rest}` : `['${rest}']`;
    else if (step.startsWith('k:')) {
      const keys = Object.entries(JSON.parse(rest) as JsonObject);
      text += `[${keys.map(([name, value]) => `${name}=${typeof value === 'string' ? value : formatJson(value)}`).join()}]`;
    } else text += `[${rest}]`;
  }
  return text;
};
