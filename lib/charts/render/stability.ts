import {
  identityOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  referenceOf,
} from '../../objects/objects.ts';

/** An object of one render, with the template that it came from. */
export interface Sourced {
  readonly object: KubernetesObject;
  readonly source: string;
}

export type Stable<Entry extends Sourced> = Entry & {
  /** JSON pointers that differ between renders; `''`: the whole object is in only some of them. */
  readonly unstable: readonly string[];
};

/** The pointer of the whole object. */
const WHOLE = '';

/**
 * The objects of the first render with the paths at which the others differ, and the objects that only others hold.
 * An object without its like in another render is matched by kind and template: its name is what is unstable then.
 */
export function unstableIn<Entry extends Sourced>(
  first: readonly Entry[],
  others: readonly (readonly Entry[])[],
): Stable<Entry>[] {
  const found = new Map<Entry, Set<string>>(first.map((entry) => [entry, new Set()]));
  const keyed = new Map(first.map((entry) => [identity(entry), entry]));
  for (const other of others) {
    const unmatched: Entry[] = [];
    const seen = new Set<Entry>();
    for (const entry of other) {
      const like = keyed.get(identity(entry));
      if (like === undefined) unmatched.push(entry);
      else {
        seen.add(like);
        differences(like.object as unknown as Json, entry.object as unknown as Json, '', found.get(like));
      }
    }
    const missing = new Set([...keyed.values()].filter((entry) => !seen.has(entry)));
    for (const entry of unmatched) {
      const like = [...missing].find((candidate) => kindred(candidate) === kindred(entry));
      if (like !== undefined) {
        missing.delete(like);
        differences(like.object as unknown as Json, entry.object as unknown as Json, '', found.get(like));
        continue;
      }
      found.set(entry, new Set([WHOLE]));
      keyed.set(identity(entry), entry);
    }
    for (const entry of missing) found.get(entry)?.add(WHOLE);
  }
  return [...found].map(([entry, pointers]) => ({ ...entry, unstable: [...pointers].sort() }));
}

const identity = ({ object }: Sourced): string => identityOf(referenceOf(object));
const kindred = ({ object, source }: Sourced): string =>
  `${object.apiVersion} ${object.kind} ${object.metadata.namespace ?? ''} ${source}`;

/** Pointers at which two values differ: leaves, keys that only one has, lists of different length as a whole. */
function differences(a: Json, b: Json, pointer: string, into: Set<string> | undefined): void {
  if (a === b) return;
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [index, item] of a.entries()) differences(item, b[index] ?? null, `${pointer}/${index}`, into);
    return;
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const [left, right] = [a[key], b[key]];
      if (left === undefined || right === undefined) into?.add(at);
      else differences(left, right, at, into);
    }
    return;
  }
  into?.add(pointer);
}
