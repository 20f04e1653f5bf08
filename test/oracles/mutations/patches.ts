import { formatJson } from '../../../lib/objects/json.ts';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
} from '../../../lib/objects/objects.ts';
import type { Edit } from './generate.ts';
import type { Node } from './openapi.ts';
import { at, key, keysOf, type Place, same } from './places.ts';

/** One edit in the words of each kind of patch. */

export function jsonPatch(before: KubernetesObject, { pointer, value }: Edit): string {
  const root = before as unknown as Json;
  const last = pointer.at(-1) ?? '';
  const parent = at(root, pointer.slice(0, -1));
  const appended = Array.isArray(parent) && typeof last === 'number' && last >= parent.length;
  const tokens = appended ? [...pointer.slice(0, -1), '-'] : pointer;
  const path = tokens.map((each) => `/${String(each).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  if (value === undefined) return formatJson([{ op: 'remove', path }]);
  const op = Array.isArray(parent) && !appended ? 'replace' : 'add';
  return formatJson([{ op, path, value }]);
}

/** RFC 7386: what differs; lists as a whole. */
export function mergePatch(before: Json, after: Json): Json {
  if (!isJsonObject(before) || !isJsonObject(after)) return after;
  const patch: Record<string, Json> = {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const was = before[name];
    if (was === undefined) patch[name] = value;
    else if (!same(was, value)) patch[name] = mergePatch(was, value);
  }
  return patch;
}

/** Kubernetes' own: lists with a merge key item by item. Undefined where the edit cannot be said in it. */
export function strategicPatch(before: Json, after: Json, node: Node): Json | undefined {
  if (isJsonObject(before) && isJsonObject(after)) {
    const patch: Record<string, Json> = {};
    for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null;
    for (const [name, value] of Object.entries(after)) {
      const was = before[name];
      if (same(was, value)) continue;
      const inner =
        node.kind === 'struct' ? node.fields[name]?.() : node.kind === 'map' ? node.values : undefined;
      if (inner === undefined) return undefined;
      const part = was === undefined ? value : strategicPatch(was, value, inner);
      if (part === undefined) return undefined;
      patch[name] = part;
    }
    return patch;
  }
  if (Array.isArray(before) && Array.isArray(after) && node.kind === 'list') {
    if (node.mergeKey === undefined) return node.type === 'atomic' ? after : undefined;
    return mergedList(before, after, node.mergeKey, node.items);
  }
  return after;
}

function mergedList(
  before: readonly Json[],
  after: readonly Json[],
  name: string,
  items: Node,
): Json | undefined {
  const keyed = (list: readonly Json[]) =>
    new Map(list.flatMap((each) => (isJsonObject(each) ? [[formatJson(each[name] ?? null), each]] : [])));
  const [was, is] = [keyed(before), keyed(after)];
  if (was.size < before.length || is.size < after.length) return undefined;
  const patch: Json[] = [];
  for (const [id, each] of was) {
    const now = is.get(id);
    if (now === undefined) patch.push({ $patch: 'delete', [name]: each[name] ?? null });
    else if (!same(each, now)) {
      const part = strategicPatch(each, now, items);
      if (!isJsonObject(part)) return undefined;
      patch.push({ ...part, [name]: each[name] ?? null });
    }
  }
  for (const [id, each] of is) if (!was.has(id)) patch.push(each);
  // Only the order differs: it has no words for that.
  return patch.length === 0 ? undefined : patch;
}

/**
 * The smallest object whose server-side apply makes the edit: the way to it with the keys of the lists on it; from an
 * atomic node on everything. Undefined for a removal.
 */
export function applyPatch(
  after: KubernetesObject,
  { pointer, value }: Edit,
  node: Node | undefined,
): KubernetesObject | undefined {
  if (value === undefined || node === undefined) return undefined;
  const { apiVersion, kind, metadata } = after;
  const identity = {
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  };
  const body = partial(after as unknown as Json, pointer, node);
  if (!isJsonObject(body)) return undefined;
  const { metadata: more, ...rest } = body;
  return {
    ...rest,
    apiVersion,
    kind,
    metadata: { ...(isJsonObject(more) ? more : {}), ...identity },
  } as KubernetesObject;
}

function partial(value: Json, pointer: readonly (string | number)[], node: Node): Json {
  const [token, ...rest] = pointer;
  if (token === undefined) return value;
  if (Array.isArray(value) && typeof token === 'number') {
    const items = value as readonly Json[];
    const wanted = items[token];
    if (node.kind !== 'list' || node.type === 'atomic' || wanted === undefined) return value;
    if (node.type === 'set' || !isJsonObject(wanted)) return [wanted];
    const inner = partial(wanted, rest, node.items);
    return [{ ...(isJsonObject(inner) ? inner : {}), ...keysOf(wanted, node.keys) }];
  }
  if (!isJsonObject(value) || node.kind === 'any') return value;
  if ((node.kind === 'struct' || node.kind === 'map') && node.atomic) return value;
  const inner =
    node.kind === 'struct' ? node.fields[token]?.() : node.kind === 'map' ? node.values : undefined;
  const found = value[token];
  if (inner === undefined || found === undefined) return value;
  return { [token]: partial(found, rest, inner) };
}

/** The name of the item that a place leads through, `k:{"name":"web"}`. */
export function nameAt(place: Place, depth: number): string | undefined {
  const step = place[depth];
  if (step === undefined || !step.startsWith('k:')) return undefined;
  const { name } = JSON.parse(step.slice(2)) as JsonObject;
  return typeof name === 'string' && step === key({ name }) ? name : undefined;
}
