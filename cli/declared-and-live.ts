import { oneLine } from '../lib/alerts/plain.ts';
import { HIDDEN, shownObject } from '../lib/alerts/shown-values.ts';
import { maskedFinding } from '../lib/drift/masked-finding.ts';
import type { Finding, PathStep } from '../lib/drift/verdicts.ts';
import { canonicalJson } from '../lib/objects/json.ts';
import { isJsonObject, type Json, type KubernetesObject } from '../lib/objects/objects.ts';

/** A value whose parts may be set. Maps, not objects: a key that a cluster brings may be called anything. */
type Tree = Exclude<Json, object> | null | Tree[] | Map<string, Tree>;

/**
 * An object as Git declares it, and as findings say that it is in the cluster: what else may differ (defaults, what the
 * platform fills in) differs in neither. No value in it that people must not see.
 */
export function declaredAndLive(
  object: KubernetesObject,
  findings: readonly Finding[],
): { readonly declared: Tree; readonly live: Tree } {
  const declared = treeOf(shownObject(object) as unknown as Json);
  const shown = findings.map(shownFinding);
  for (const { path, desired } of shown) {
    if (desired !== undefined) put(declared, path, treeOf(desired));
  }
  const live = structuredClone(declared);
  for (const { path, live: value } of shown) put(live, path, value === undefined ? undefined : treeOf(value));
  return { declared, live };
}

interface Shown {
  readonly path: readonly PathStep[];
  readonly desired?: Json;
  readonly live?: Json;
}

/** A Secret's finding says only that a value differs. */
function shownFinding(finding: Finding): Shown {
  const { path, verdict } = finding;
  if (!finding.secret) {
    const masked = maskedFinding(finding);
    const { desired } = masked;
    const live = desired === masked.live && typeof desired === 'string' ? `${desired}: changed` : masked.live;
    return {
      path,
      ...(desired === undefined ? {} : { desired }),
      ...(live === undefined ? {} : { live }),
    };
  }
  return verdict === 'added'
    ? { path, live: HIDDEN }
    : { path, desired: HIDDEN, live: HIDDEN.replace('>', ', changed>') };
}

function treeOf(value: Json): Tree {
  if (Array.isArray(value)) return value.map((entry: Json) => treeOf(entry));
  // Each line by itself: a text of several lines stays one, whatever else is in it.
  if (typeof value === 'string') return value.split('\n').map(oneLine).join('\n');
  if (!isJsonObject(value)) return value as Exclude<Json, object>;
  return new Map(Object.entries(value).map(([key, entry]) => [key, treeOf(entry)]));
}

/** Sets what is at the path, or takes it away; what is missing on the way there is made. */
function put(root: Tree, path: readonly PathStep[], value: Tree | undefined): void {
  let place = root;
  for (const [at, step] of path.entries()) {
    const next = path[at + 1];
    if (next === undefined) {
      putStep(place, step, value);
      return;
    }
    let below = getStep(place, step);
    if (below === undefined || below === null || typeof below !== 'object') {
      if (value === undefined) return;
      below = next.kind === 'field' ? new Map() : [];
      putStep(place, step, below);
      // A new item of a list has the keys that it is known by.
      if (step.kind === 'key' && below instanceof Map) {
        for (const [key, entry] of Object.entries(step.keys)) below.set(key, treeOf(entry));
      }
    }
    place = below;
  }
}

function getStep(place: Tree, step: PathStep): Tree | undefined {
  if (step.kind === 'field') return place instanceof Map ? place.get(step.name) : undefined;
  if (!Array.isArray(place)) return undefined;
  const at = indexOf(place, step);
  return at < 0 ? undefined : place[at];
}

function putStep(place: Tree, step: PathStep, value: Tree | undefined): void {
  if (step.kind === 'field') {
    if (!(place instanceof Map)) return;
    if (value === undefined) place.delete(step.name);
    else place.set(step.name, value);
    return;
  }
  if (!Array.isArray(place)) return;
  const at = indexOf(place, step);
  if (value === undefined) {
    if (at >= 0) place.splice(at, 1);
  } else if (at >= 0) place[at] = value;
  else place.push(value);
}

function indexOf(list: readonly Tree[], step: Exclude<PathStep, { kind: 'field' }>): number {
  switch (step.kind) {
    case 'index':
      return step.index < list.length ? step.index : -1;
    case 'value':
      return list.findIndex((item) => plainOf(item) === canonicalJson(step.value));
    case 'key': {
      const keys = Object.entries(step.keys);
      const has = (item: Tree, whereAbsent: boolean) =>
        item instanceof Map &&
        keys.every(([key, value]) =>
          item.has(key) ? plainOf(item.get(key) ?? null) === canonicalJson(value) : whereAbsent,
        );
      const exact = list.findIndex((item) => has(item, false));
      // A key that Git leaves to its default is in the path all the same.
      return exact >= 0 ? exact : list.findIndex((item) => has(item, true));
    }
  }
}

const plainOf = (tree: Tree): string => canonicalJson(jsonOf(tree));

const jsonOf = (tree: Tree): unknown =>
  tree instanceof Map
    ? Object.fromEntries([...tree].map(([key, value]) => [key, jsonOf(value)]))
    : Array.isArray(tree)
      ? tree.map(jsonOf)
      : tree;
