import {
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
} from '../../../lib/objects/objects.ts';
import { stepOf, UNORDERED } from './generate.ts';
import { isTemplateLabel } from './left-alone.ts';
import type { ListNode, Node } from './openapi.ts';
import { canonical, field, index, type Place, same, valueAt, within } from './places.ts';

/** One thing that is other after than before. */
export interface Fact {
  readonly what: 'gone' | 'came' | 'differs' | 'reordered' | 'list';
  readonly place: Place;
  readonly before?: Json;
  readonly after?: Json;
  /** The outermost atomic node that holds it: no deeper is anything owned. */
  readonly atomic?: Place;
}

const ANY: Node = { kind: 'any' };
const IDENTITY = new Set(['apiVersion', 'kind', 'status']);
const OF_METADATA = new Set(['labels', 'annotations', 'finalizers', 'ownerReferences']);
/** Written by controllers and the server whenever a workload changes. */
const BOOKKEEPING =
  /^f:(deployment\.kubernetes\.io\/|deprecated\.daemonset\.template\.generation$|endpoints\.kubernetes\.io\/managed-by$|kubernetes\.io\/metadata\.name$)/;

/** What differs between two states of an object, by the schema's own idea of lists. */
export function factsOf(before: KubernetesObject, after: KubernetesObject, node: Node | undefined): Fact[] {
  const facts: Fact[] = [];
  compare(contentOf(before), contentOf(after), node ?? ANY, [], undefined, facts);
  return facts.filter(({ place }) => !BOOKKEEPING.test(place.at(-1) ?? ''));
}

/** What is compared: everything but what identifies the object and what the server keeps. */
export function contentOf(object: KubernetesObject): JsonObject {
  const metadata: Record<string, Json> = {};
  for (const [name, value] of Object.entries(object.metadata))
    if (OF_METADATA.has(name)) metadata[name] = value as Json;
  const content: Record<string, Json> = { metadata };
  for (const [name, value] of Object.entries(object))
    if (!IDENTITY.has(name) && name !== 'metadata') content[name] = value as Json;
  return content;
}

function compare(
  before: Json | undefined,
  after: Json | undefined,
  node: Node,
  place: Place,
  atomic: Place | undefined,
  facts: Fact[],
): void {
  if (same(before, after)) return;
  const held = atomic === undefined ? {} : { atomic };
  if (after === undefined || before === undefined) {
    const values = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
    facts.push({ what: after === undefined ? 'gone' : 'came', place, ...values, ...held });
    return;
  }
  if (isJsonObject(before) && isJsonObject(after)) {
    const inside =
      atomic ?? ((node.kind === 'struct' || node.kind === 'map') && node.atomic ? place : undefined);
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const inner =
        node.kind === 'struct' ? (node.fields[name]?.() ?? ANY) : node.kind === 'map' ? node.values : ANY;
      compare(before[name], after[name], inner, [...place, field(name)], inside, facts);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(before, after, node.kind === 'list' ? node : ATOMIC, place, atomic, facts);
    return;
  }
  facts.push({ what: 'differs', place, before, after, ...held });
}

const ATOMIC: ListNode = { kind: 'list', items: ANY, type: 'atomic', keys: [], mergeKey: undefined };

function compareLists(
  before: readonly Json[],
  after: readonly Json[],
  node: ListNode,
  place: Place,
  atomic: Place | undefined,
  facts: Fact[],
): void {
  const byStep = (items: readonly Json[]) =>
    new Map(items.map((each, at) => [stepOf(node, each, at), each] as const));
  const [was, is] = [byStep(before), byStep(after)];
  const repeated = was.size < before.length || is.size < after.length;
  // Item by item where there are as many, unless they only stand in another order.
  if (
    node.type === 'atomic' &&
    before.length === after.length &&
    !UNORDERED.test(place.at(-1)?.slice(2) ?? '') &&
    !same([...before].map(canonical).sort(), [...after].map(canonical).sort())
  ) {
    for (const [at, was] of before.entries())
      compare(was, after[at], node.items, [...place, index(at)], atomic ?? place, facts);
    return;
  }
  if (node.type === 'atomic' || repeated) {
    facts.push({ what: 'list', place, before, after, atomic: atomic ?? place });
    return;
  }
  for (const step of new Set([...was.keys(), ...is.keys()]))
    compare(was.get(step), is.get(step), node.items, [...place, step], atomic, facts);
  const common = (map: Map<string, Json>, other: Map<string, Json>) =>
    [...map.keys()].filter((step) => other.has(step)).join();
  if (/^f:(env|initContainers)$/.test(place.at(-1) ?? '') && common(was, is) !== common(is, was))
    facts.push({ what: 'reordered', place, before, after });
}

/** A finding, as far as it is looked at here. */
export interface SeenFinding {
  readonly verdict: string;
  readonly place: Place;
  readonly at: string;
  readonly manager?: string | undefined;
  readonly operation?: string | undefined;
  readonly likely?: string | undefined;
}

export interface Expectation {
  readonly verdict: 'changed' | 'added' | 'missing';
  /** The finding lies at or below this place … */
  readonly from: Place;
  /** … and at or above this one; for lists that are compared as a whole, anywhere in it. */
  readonly to: Place;
  readonly inside: boolean;
  /** Who is named: a manager; `nobody`; `any` where it does not follow from what was done. */
  readonly by: { readonly manager: string; readonly operation: string } | 'nobody' | 'any';
  /** What is said of nobody. */
  readonly words?: RegExp;
}

/** How the mutation was made, as far as the attribution follows from it. */
export interface Writing {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly deployer: boolean;
  /** Nobody is recorded: the record was taken away, or there was none (the server begins none with an update). */
  readonly stripped: boolean;
}

/**
 * What must be found for one fact; undefined where Git is silent and so must the check be: a default that took the
 * place of what was there.
 */
export function expectationOf(
  fact: Fact,
  declared: KubernetesObject,
  after: KubernetesObject,
  writing: Writing,
): Expectation | undefined {
  const wanted = contentOf(folded(declared)) as Json;
  const { place } = fact;
  const root = undeclaredRoot(wanted, place);
  const owned = ownersOf(after, fact.atomic ?? place);
  // Who owned nothing but what has gone is recorded no more; nor is anybody after a write by a version that does not
  // convert (the server begins the record anew, empty).
  const unrecorded = writing.stripped || recordOf(after).length === 0;
  const by: Expectation['by'] = unrecorded
    ? 'nobody'
    : fact.what === 'gone'
      ? fact.atomic !== undefined && owned.length > 0
        ? { manager: writing.manager, operation: writing.operation }
        : owned.length > 0
          ? 'any'
          : 'nobody'
      : { manager: writing.manager, operation: writing.operation };
  const words = unrecorded ? /absent or was cleared/ : /a deletion leaves no author/;
  if (root !== undefined) {
    if (fact.what === 'gone' || (writing.stripped && isTemplateLabel(after, place))) return undefined;
    // Declared as null, a field is the deployer's in the record whatever is in it: whose that is, nobody can tell. A
    // map's keys, and items that have keys, are recorded by themselves.
    const isNull =
      valueAt(wanted, root) === null &&
      !isJsonObject(valueAt(after as unknown as Json, root) ?? null) &&
      !holdsRecorded(after, root);
    const own = writing.deployer && !writing.stripped;
    const verdict = own && !isNull ? 'changed' : 'added';
    return { verdict, from: root, to: place, inside: true, by: own && isNull ? 'any' : by, words };
  }
  const list = fact.what === 'list';
  // Declared as empty, so that whatever came into it is not declared.
  if (fact.what === 'came' && isEmptyCollection(valueAt(wanted, place))) {
    const verdict = writing.deployer && !writing.stripped ? 'changed' : 'added';
    return { verdict, from: place, to: place, inside: true, by, words };
  }
  if (list && same(valueAt(wanted, place), fact.after)) return undefined;
  const added = list && isAddition(fact.before as readonly Json[], fact.after as readonly Json[]);
  const verdict = added && !(writing.deployer && !writing.stripped) ? 'added' : 'changed';
  const reordered = fact.what === 'reordered' ? 'any' : by;
  return { verdict, from: place, to: place, inside: list || fact.what === 'came', by: reordered, words };
}

const isEmptyCollection = (value: Json | undefined): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/**
 * Whether Git declares no more than a name and empty collections: whether anything of them is ever recorded depends on
 * how it was applied, and afterwards nobody can tell.
 */
export const declaresNothing = (declared: KubernetesObject): boolean => {
  const { metadata, ...content } = contentOf(folded(declared));
  return [...Object.values(metadata as JsonObject), ...Object.values(content)].every(
    (value) => value === null || isEmptyCollection(value),
  );
};

/** `data` of a Secret as the server keeps it: `stringData` folded in, and a key without a value empty. */
export function folded(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Secret' || !(isJsonObject(object.stringData) || isJsonObject(object.data)))
    return object;
  const data: Record<string, Json> = {};
  for (const [name, value] of Object.entries(isJsonObject(object.data) ? object.data : {}))
    data[name] = value ?? '';
  for (const [name, value] of Object.entries(isJsonObject(object.stringData) ? object.stringData : {}))
    data[name] = Buffer.from(String(value ?? '')).toString('base64');
  const { stringData: _folded, ...rest } = object;
  return { ...rest, data } as unknown as KubernetesObject;
}

/** The shallowest place on the way that Git does not declare; undefined where it declares them all. */
export function undeclaredRoot(declared: Json, place: Place): Place | undefined {
  for (let depth = 1; depth <= place.length; depth++) {
    const value = valueAt(declared, place.slice(0, depth));
    if (value === undefined || value === null) return place.slice(0, depth);
  }
  return undefined;
}

/** Whether every item of before is still there in order, and others, or other fields, beside them. */
function isAddition(before: readonly Json[], after: readonly Json[]): boolean {
  if (after.length === before.length) return before.every((was, at) => covers(was, after[at] ?? null));
  let next = 0;
  for (const each of after) if (next < before.length && covers(before[next] ?? null, each)) next++;
  return next === before.length;
}

function covers(before: Json, after: Json): boolean {
  if (isJsonObject(before) && isJsonObject(after))
    return Object.entries(before).every(
      ([name, value]) => after[name] !== undefined && covers(value, after[name]),
    );
  if (Array.isArray(before) && Array.isArray(after)) return isAddition(before, after);
  return same(before, after);
}

/** Managers recorded for a place, read from managedFields by its own steps. */
export function ownersOf(object: KubernetesObject, place: Place): string[] {
  return recordedAt(object, place).map(({ manager }) => manager);
}

/** Who is recorded for a place, and for what of it. */
function recordedAt(object: KubernetesObject, place: Place): { manager: string; node: Json }[] {
  const entries = object.metadata.managedFields;
  if (!Array.isArray(entries)) return [];
  return (entries as readonly JsonObject[]).flatMap(({ manager, fieldsV1 }) => {
    let node: Json | undefined = fieldsV1;
    for (const step of place) node = isJsonObject(node) ? node[step] : undefined;
    return node === undefined ? [] : [{ manager: String(manager ?? ''), node }];
  });
}

/** Whether somebody is recorded for an item of a list, and not for the list alone. */
const holdsRecorded = (object: KubernetesObject, place: Place): boolean =>
  recordedAt(object, place).some(
    ({ node }) => isJsonObject(node) && Object.keys(node).some((key) => key !== '.'),
  );

/** The entries of `managedFields`. */
export const recordOf = (object: KubernetesObject | undefined): readonly unknown[] => {
  const record = object?.metadata.managedFields;
  return Array.isArray(record) ? record : [];
};

/** Whether the finding answers the expectation, and if not, in which respect. */
export function answers(finding: SeenFinding, expected: Expectation): 'yes' | 'elsewhere' | string {
  const place = asNamed(finding.place);
  const [from, to] = [asNamed(expected.from), asNamed(expected.to)];
  const between = within(place, from) && within(to, place);
  const below = expected.inside && within(place, from);
  if (!between && !below) return 'elsewhere';
  if (finding.verdict !== expected.verdict) return `verdict ${finding.verdict}, not ${expected.verdict}`;
  if (expected.by === 'any') return 'yes';
  if (expected.by === 'nobody') {
    if (finding.manager !== undefined) return `attributed to ${finding.manager}, not to nobody`;
    return expected.words?.test(finding.likely ?? '') === false ? `said: ${finding.likely}` : 'yes';
  }
  const { manager, operation } = expected.by;
  return finding.manager === manager && finding.operation === operation
    ? 'yes'
    : `attributed to ${finding.manager} ${finding.operation}, not to ${manager} ${operation}`;
}

/** The server keeps the old name of a Pod's account and the new one alike (PodSpec, `serviceAccount` is deprecated). */
const asNamed = (place: Place): Place =>
  place.map((step) => (step === field('serviceAccount') ? field('serviceAccountName') : step));

/** A place of the judge's in this oracle's steps. */
export function placeOf(path: readonly { readonly kind: string; readonly [name: string]: unknown }[]): Place {
  return path.map((step) => {
    switch (step.kind) {
      case 'field':
        return field(String(step.name));
      case 'key':
        return `k:${JSON.stringify(Object.fromEntries(Object.entries(step.keys as object).sort(([a], [b]) => (a < b ? -1 : 1))))}`;
      case 'value':
        return `v:${JSON.stringify(step.value)}`;
      default:
        return index(Number(step.index));
    }
  });
}
