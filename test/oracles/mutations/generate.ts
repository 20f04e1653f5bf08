import {
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
} from '../../../lib/objects/objects.ts';
import { isUnfilledDefault, leftAlone } from './left-alone.ts';
import type { ListNode, Node } from './openapi.ts';
import { field, index, item, key, keysOf, type Place, same, withValue } from './places.ts';
import { below, guessOf, itemOf, keyName, pick, type Random } from './values.ts';

/** What can be done to an object, by the schema of its kind and what is in it. */
export const SORTS = [
  'change declared',
  'change default',
  'remove field',
  'remove false',
  'add scalar',
  'add list',
  'add map',
  'add struct',
  'add item',
  'remove item',
  'reorder',
  'add key',
  'change key',
  'remove key',
  'change list key',
] as const;
export type Sort = (typeof SORTS)[number] | 'security' | 'delete' | 'recreate' | 'hold and delete' | 'own';

/** One edit that could be made, told apart from others of its sort by its place in the schema. */
export interface Candidate {
  readonly sort: Sort;
  readonly place: Place;
  readonly schemaPlace: string;
  /** The whole object after the edit; another guess each attempt. Undefined: no more guesses. */
  edit(random: Random, attempt: number): Edit | undefined;
}

/** A place, and what is put there; undefined: it is taken out. */
export interface Edit {
  readonly pointer: readonly (string | number)[];
  readonly value: Json | undefined;
}

/** What runs, and with which rights. */
const SECURITY =
  /^(privileged|runAs\w+|capabilities|add|hostPath|hostNetwork|hostPID|hostIPC|allowPrivilegeEscalation|readOnlyRootFilesystem|serviceAccountName|automountServiceAccountToken|rules|verbs|resources|apiGroups|subjects|roleRef|seccompProfile|appArmorProfile|procMount|securityContext|supplementalGroups|sysctls|image|command|envFrom|externalIPs|policyTypes|ingress|egress|failurePolicy|caBundle)$/;

/** So many children of a list or map are looked into: definitions have thousands. */
const CHILDREN = 12;
const METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'];
const SERVERS_OWN = new Set(['apiVersion', 'kind', 'metadata', 'status', 'stringData']);

/**
 * Every edit that the schema offers for this object. `declared`: as it was applied; `owner`: a reference to something
 * that is there, without which the object would be collected as garbage.
 */
export function candidatesOf(
  declared: KubernetesObject,
  live: KubernetesObject,
  node: Node | undefined,
  random: Random,
  owner?: JsonObject,
): Candidate[] {
  const found: Candidate[] = [];
  const walk = new Walk(found, random, live);
  const root = node?.kind === 'struct' ? node.fields : {};
  if (owner !== undefined && live.metadata.ownerReferences === undefined)
    walk.owned([field('metadata'), field('ownerReferences')], owner);
  const metadata = root.metadata?.();
  if (metadata?.kind === 'struct') {
    const place: Place = [field('metadata')];
    for (const name of METADATA) {
      const inner = metadata.fields[name]?.();
      const present = (live.metadata as JsonObject)[name];
      if (inner === undefined || name === 'ownerReferences') continue;
      const wanted = (declared.metadata as JsonObject)[name];
      const tokens = ['metadata', name];
      if (present === undefined) walk.missing([...place, field(name)], tokens, name, inner);
      else walk.node([...place, field(name)], tokens, name, inner, wanted, present, true);
    }
  }
  for (const [name, make] of Object.entries(root)) {
    if (SERVERS_OWN.has(name)) continue;
    const present = live[name] as Json | undefined;
    if (present === undefined) walk.missing([field(name)], [name], name, make());
    else walk.node([field(name)], [name], name, make(), declared[name] as Json | undefined, present, true);
  }
  return found
    .filter(({ place }) => !leftAlone(declared, live, place))
    .map((candidate) => ({
      ...candidate,
      edit(random, attempt) {
        const edit = candidate.edit(random, attempt);
        const isNothing = isUnfilledDefault(live.kind, candidate.place, edit?.value);
        return isNothing ? candidate.edit(random, attempt + 1) : edit;
      },
    }));
}

/** Left out of Git, or null there, a number of replicas says something only where it is zero (drift.md, ownership 0). */
const UNDECLARED_REPLICAS = 0;

class Walk {
  readonly #found: Candidate[];
  readonly #random: Random;
  readonly #live: KubernetesObject;

  constructor(found: Candidate[], random: Random, live: KubernetesObject) {
    this.#found = found;
    this.#random = random;
    this.#live = live;
  }

  #offer(sort: Sort, place: Place, edit: Candidate['edit']): void {
    const names = place.filter((step) => step.startsWith('f:')).map((step) => step.slice(2));
    const schemaPlace = place.map((step) => (step.startsWith('f:') ? step.slice(2) : '*')).join('.');
    const sensitive = SECURITY.test(names.at(-1) ?? '') && sort !== 'change key' && sort !== 'remove key';
    this.#found.push({ sort: sensitive ? 'security' : sort, place, schemaPlace, edit });
  }

  /** Given an owner, it goes when that one goes. */
  owned(place: Place, owner: JsonObject): void {
    this.#offer('add list', place, (_random, attempt) =>
      attempt === 0 ? { pointer: ['metadata', 'ownerReferences'], value: [owner] } : undefined,
    );
  }

  /** A field of the schema that the object has not. */
  missing(place: Place, pointer: readonly (string | number)[], name: string, node: Node): void {
    const sort: Sort =
      node.kind === 'list'
        ? 'add list'
        : node.kind === 'map'
          ? 'add map'
          : node.kind === 'struct'
            ? 'add struct'
            : 'add scalar';
    this.#offer(sort, place, (random, attempt) => {
      if (name === 'replicas' && place.length === 2) return { pointer, value: UNDECLARED_REPLICAS };
      const value =
        name === 'finalizers' && place.length === 2
          ? ['mutated.example/hold']
          : guessOf(node, name, undefined, random, attempt);
      return isEmpty(value) ? undefined : { pointer, value };
    });
  }

  node(
    place: Place,
    pointer: readonly (string | number)[],
    name: string,
    node: Node,
    declared: Json | undefined,
    live: Json,
    removable: boolean,
  ): void {
    const isDeclared = declared !== undefined && declared !== null;
    if (isDeclared && removable && pointer.length > 1 && (declared === false || !isEmpty(live)))
      this.#offer(declared === false ? 'remove false' : 'remove field', place, (_random, attempt) =>
        attempt === 0 ? { pointer, value: undefined } : undefined,
      );
    switch (node.kind) {
      case 'scalar':
      case 'any':
        if (node.kind === 'any' && typeof live === 'object') return;
        this.#offer(isDeclared ? 'change declared' : 'change default', place, (random, attempt) => {
          const value = this.#leaf(place, node, name, declared, live, random, attempt);
          return value === undefined || same(value, live) ? undefined : { pointer, value };
        });
        break;
      case 'struct':
        if (isJsonObject(live)) this.#struct(place, pointer, node, isDeclared ? declared : undefined, live);
        break;
      case 'map':
        if (isJsonObject(live))
          this.#map(place, pointer, name, node.values, isDeclared ? declared : undefined, live);
        break;
      case 'list':
        if (Array.isArray(live)) this.#list(place, pointer, name, node, declared, live as readonly Json[]);
        break;
    }
  }

  #leaf(
    place: Place,
    node: Node,
    name: string,
    declared: Json | undefined,
    live: Json,
    random: Random,
    attempt: number,
  ): Json | undefined {
    // Declared, beyond any scaler's bounds.
    if (place.length === 2 && name === 'replicas')
      return (declared ?? null) === null ? UNDECLARED_REPLICAS : 1000 + attempt;
    const value = guessOf(node, name, live, random, attempt);
    return isEmpty(value) && value !== false && value !== 0 ? undefined : value;
  }

  #struct(
    place: Place,
    pointer: readonly (string | number)[],
    node: Extract<Node, { kind: 'struct' }>,
    declared: Json | undefined,
    live: JsonObject,
  ): void {
    const wanted = isJsonObject(declared) ? declared : {};
    for (const [name, make] of Object.entries(node.fields)) {
      const inner = [...place, field(name)];
      const present = live[name];
      if (isKey(place, name)) continue;
      if (present === undefined) {
        // A sample of a definition's schemas: each node has forty fields.
        if (this.#live.kind !== 'CustomResourceDefinition' || this.#random() < 0.2)
          this.missing(inner, [...pointer, name], name, make());
      } else this.node(inner, [...pointer, name], name, make(), wanted[name], present, true);
    }
  }

  #map(
    place: Place,
    pointer: readonly (string | number)[],
    name: string,
    values: Node,
    declared: Json | undefined,
    live: JsonObject,
  ): void {
    const wanted = isJsonObject(declared) ? declared : {};
    this.#offer('add key', place, (random, attempt) => ({
      pointer: [...pointer, mapKey(name, random)],
      value: guessOf(values, name, undefined, random, attempt),
    }));
    for (const [entry, value] of sample(Object.entries(live), this.#random)) {
      const inner = [...place, field(entry)];
      const at = [...pointer, entry];
      if (values.kind === 'scalar') {
        this.#offer('change key', inner, (random, attempt) => {
          const changed = guessOf(values, name, value, random, attempt);
          return same(changed, value) ? undefined : { pointer: at, value: changed };
        });
        if (wanted[entry] !== undefined)
          this.#offer('remove key', inner, (_random, attempt) =>
            attempt === 0 ? { pointer: at, value: undefined } : undefined,
          );
      } else this.node(inner, at, entry, values, wanted[entry], value, true);
    }
  }

  #list(
    place: Place,
    pointer: readonly (string | number)[],
    name: string,
    node: ListNode,
    declared: Json | undefined,
    live: readonly Json[],
  ): void {
    const wanted = Array.isArray(declared) ? (declared as readonly Json[]) : [];
    this.#offer('add item', place, (random, attempt) => {
      const made =
        name === 'finalizers' && place.length === 2
          ? 'mutated.example/hold'
          : itemOf(node, name, live.at(-1), random, attempt);
      return live.some((present) => same(present, made)) || isEmpty(made)
        ? undefined
        : { pointer: [...pointer, live.length], value: made };
    });
    const ordered = node.type === 'atomic' || /^(env|initContainers)$/.test(name);
    if (ordered && wanted.length > 1 && !same(live[0], live.at(-1)) && !UNORDERED.test(name))
      this.#offer('reorder', place, (_random, attempt) =>
        attempt === 0 ? { pointer, value: [...live].reverse() } : undefined,
      );
    for (const [at, value] of sample([...live.entries()], this.#random)) {
      const step = stepOf(node, value, at);
      const counterpart = wanted.find((each, position) => stepOf(node, each, position) === step);
      if (counterpart !== undefined && live.length > 0)
        this.#offer('remove item', [...place, step], (_random, attempt) =>
          attempt === 0 ? { pointer: [...pointer, at], value: undefined } : undefined,
        );
      if (node.type === 'set') continue;
      this.node(
        [...place, step],
        [...pointer, at],
        name.replace(/s$/, ''),
        node.items,
        counterpart,
        value,
        false,
      );
      if (node.type !== 'map' || counterpart === undefined || !isJsonObject(value)) continue;
      const items = node.items.kind === 'struct' ? node.items.fields : {};
      for (const keyField of node.keys) {
        const inner = items[keyField]?.();
        const present = value[keyField];
        if (inner === undefined || present === undefined) continue;
        this.#offer('change list key', [...place, step, field(keyField)], (random, attempt) => {
          const changed = guessOf(inner, keyField, present, random, attempt);
          return same(changed, present) ? undefined : { pointer: [...pointer, at, keyField], value: changed };
        });
      }
    }
  }
}

/** Compared in any order: the servers of old gave these back in another one. */
export const UNORDERED = /^(metrics|subsets|addresses|notReadyAddresses)$/;

export function stepOf(node: ListNode, value: Json, at: number): string {
  if (node.type === 'map' && isJsonObject(value)) return key(keysOf(value, node.keys));
  return node.type === 'set' ? item(value) : index(at);
}

/** Whether the field is the key of the item that holds it: that one is changed as a sort of its own. */
function isKey(place: Place, name: string): boolean {
  const last = place.at(-1) ?? '';
  return last.startsWith('k:') && Object.hasOwn(JSON.parse(last.slice(2)) as object, name);
}

const mapKey = (name: string, random: Random): string => {
  const made = keyName(random);
  if (name === 'limits' || name === 'requests') return 'ephemeral-storage';
  return name === 'hard'
    ? `count/${made}.example`
    : name === 'annotations'
      ? `mutated.example/${made}`
      : made;
};

function sample<T>(items: readonly T[], random: Random): readonly T[] {
  if (items.length <= CHILDREN) return items;
  return Array.from({ length: CHILDREN }, () => items[below(random, items.length)] as T).filter(
    (each, at, all) => all.indexOf(each) === at,
  );
}

const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  (typeof value === 'object' && Object.values(value as object).every((inner) => isEmpty(inner as Json)));

export const edited = (object: KubernetesObject, { pointer, value }: Edit): KubernetesObject =>
  withValue(object as unknown as Json, pointer, value) as unknown as KubernetesObject;

/** One of the candidates: every sort in turn, and in it a place of the schema that was tried least. */
export function choose(
  candidates: readonly Candidate[],
  kind: string,
  tried: ReadonlyMap<string, number>,
  random: Random,
): Candidate | undefined {
  const bySort = Map.groupBy(candidates, ({ sort }) => sort);
  const sort = pick(random, [...bySort.keys()]);
  const offered = sort === undefined ? [] : (bySort.get(sort) ?? []);
  const times = (candidate: Candidate) => tried.get(triedKey(kind, candidate)) ?? 0;
  const least = Math.min(...offered.map(times));
  return pick(
    random,
    offered.filter((candidate) => times(candidate) === least),
  );
}

export const triedKey = (kind: string, { sort, schemaPlace }: Candidate): string =>
  `${kind} ${sort} ${schemaPlace}`;
