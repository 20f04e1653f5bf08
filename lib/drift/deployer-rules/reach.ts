import { isJsonObject, type Json } from '../../objects/objects.ts';
import type { Path, PathStep } from '../verdicts.ts';

/**
 * A place as deployers name it in their ignore rules: by position in the document. What an index or a condition means
 * is only known with the documents in hand, the one of Git and the one of the cluster: the deployer takes what it names
 * out of both.
 */
export type Reach = readonly ReachStep[];

export type ReachStep =
  /** A field; a number is an item of a list, where there is one (RFC 6901). */
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  /** Every item of a list, every value of a map. */
  | { readonly kind: 'each' }
  /** Goes on only where it holds. */
  | { readonly kind: 'where'; readonly holds: (value: Json) => boolean };

/** The same object as Git declares it and as it is. */
export interface Sides {
  readonly desired: Json | undefined;
  readonly live: Json | undefined;
}

/** Nodes of a difference that are looked into when it is taken apart. */
const NODES = 10_000;

/**
 * Whether all of a difference at `path` lies in what the places name: at or below one of them, or, for what Git does
 * not declare, each of its parts.
 */
export function isReached(places: readonly Reach[], path: Path, sides: Sides): boolean {
  let nodes = 0;
  const reached = (at: Path, value: Json | undefined): boolean => {
    if (++nodes > NODES) return false;
    if (places.some((place) => reaches(place, at, sides))) return true;
    if (!isJsonObject(value)) return false;
    const entries = Object.entries(value);
    return (
      entries.length > 0 && entries.every(([name, inner]) => reached([...at, { kind: 'field', name }], inner))
    );
  };
  const end = path.reduce(step, sides);
  // What Git declares and is not there is one difference, whatever lies in it.
  return reached(path, end.desired === undefined ? end.live : undefined);
}

/** At `path` or above it. */
function reaches(place: Reach, path: Path, sides: Sides): boolean {
  let here = sides;
  let at = 0;
  for (const wanted of place) {
    if (wanted.kind === 'where') {
      if (![here.desired, here.live].some((value) => value !== undefined && wanted.holds(value)))
        return false;
      continue;
    }
    const found = path[at++];
    if (found === undefined || !isNamed(wanted, found, here)) return false;
    here = step(here, found);
  }
  return true;
}

function isNamed(wanted: Exclude<ReachStep, { kind: 'where' }>, found: PathStep, here: Sides): boolean {
  switch (wanted.kind) {
    case 'each':
      return true;
    case 'field':
      return found.kind === 'field' && found.name === wanted.name;
    case 'index':
      return isAt(wanted.index, found, here);
    case 'token':
      return found.kind === 'field'
        ? found.name === wanted.token
        : /^\d+$/.test(wanted.token) && isAt(Number(wanted.token), found, here);
  }
}

/** Of an index the deployer means another item in each document, if they differ: it takes both out. */
const isAt = (index: number, found: PathStep, { desired, live }: Sides): boolean =>
  found.kind !== 'field' &&
  [desired, live].some((list) => Array.isArray(list) && indexIn(list, found) === index);

const step = ({ desired, live }: Sides, to: PathStep): Sides => ({
  desired: childOf(desired, to),
  live: childOf(live, to),
});

function childOf(value: Json | undefined, to: PathStep): Json | undefined {
  if (to.kind === 'field')
    return isJsonObject(value) && Object.hasOwn(value, to.name) ? value[to.name] : undefined;
  return Array.isArray(value) ? value[indexIn(value, to)] : undefined;
}

/** Where the item is, -1 where it is not. A key that the item leaves out is its default. */
function indexIn(list: readonly Json[], to: Exclude<PathStep, { kind: 'field' }>): number {
  switch (to.kind) {
    case 'index':
      return to.index < list.length ? to.index : -1;
    case 'value':
      return list.indexOf(to.value);
    case 'key':
      return list.findIndex(
        (item) =>
          isJsonObject(item) &&
          Object.entries(to.keys).every(
            ([name, value]) => !Object.hasOwn(item, name) || item[name] === value,
          ) &&
          Object.keys(to.keys).some((name) => Object.hasOwn(item, name)),
      );
  }
}

/** RFC 6901; undefined for what is none. The empty one is the whole document. */
export function reachOfPointer(pointer: string): Reach | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => ({ kind: 'token', token: token.replaceAll('~1', '/').replaceAll('~0', '~') }));
}
