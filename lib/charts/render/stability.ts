import {
  identityOf,
  isJsonObject,
  type Json,
  type KubernetesObject,
  referenceOf,
} from '../../objects/objects.ts';
import type { NamePattern } from '../render-request.ts';

/** An object of one render, with the template that it came from. */
export interface Sourced {
  readonly object: KubernetesObject;
  readonly source: string;
}

export type Stable<Entry extends Sourced> = Entry & {
  /** JSON pointers that differ between renders; `''`: the whole object is in only some of them. */
  readonly unstable: readonly string[];
  /** Those of them that only some renders hold. */
  readonly sometimes?: readonly string[];
  /** What its names have in common, where they differ. */
  readonly unstableName?: NamePattern;
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
  const found = new Map<Entry, Differing>(first.map((entry) => [entry, new Differing(entry)]));
  const keyed = new Map(first.map((entry) => [identity(entry), entry]));
  for (const other of others) {
    const unmatched: Entry[] = [];
    const seen = new Set<Entry>();
    for (const entry of other) {
      const like = keyed.get(identity(entry));
      if (like === undefined) unmatched.push(entry);
      else {
        seen.add(like);
        found.get(like)?.from(entry);
      }
    }
    const missing = new Set([...keyed.values()].filter((entry) => !seen.has(entry)));
    for (const entry of unmatched) {
      const like = [...missing].find((candidate) => kindred(candidate) === kindred(entry));
      if (like !== undefined) {
        missing.delete(like);
        found.get(like)?.from(entry);
        continue;
      }
      found.set(entry, new Differing(entry).onlySometimes());
      keyed.set(identity(entry), entry);
    }
    for (const entry of missing) found.get(entry)?.onlySometimes();
  }
  return [...found].map(([entry, differing]) => ({ ...entry, ...differing.said() }));
}

/** What differs between the renders of one object. */
class Differing {
  readonly #entry: Sourced;
  readonly #names: Set<string>;
  readonly #places = new Map<string, 'always' | 'sometimes'>();

  constructor(entry: Sourced) {
    this.#entry = entry;
    this.#names = new Set([entry.object.metadata.name]);
  }

  from({ object }: Sourced): void {
    this.#names.add(object.metadata.name);
    differences(this.#entry.object as unknown as Json, object as unknown as Json, '', (pointer, held) => {
      if (held === 'sometimes' || !this.#places.has(pointer)) this.#places.set(pointer, held);
    });
  }

  onlySometimes(): this {
    this.#places.set(WHOLE, 'sometimes');
    return this;
  }

  said() {
    const pointers = [...this.#places.keys()].sort();
    const sometimes = pointers.filter(
      (pointer) => pointer !== WHOLE && this.#places.get(pointer) === 'sometimes',
    );
    return {
      unstable: pointers,
      ...(sometimes.length === 0 ? {} : { sometimes }),
      ...(this.#names.size < 2 ? {} : { unstableName: patternOf([...this.#names]) }),
    };
  }
}

/** The longest beginning and end that all names share, which do not overlap in any. */
function patternOf(names: readonly string[]): NamePattern {
  const shortest = Math.min(...names.map(({ length }) => length));
  const [first = ''] = names;
  let starts = 0;
  while (starts < shortest && names.every((name) => name[starts] === first[starts])) starts++;
  let ends = 0;
  while (
    ends < shortest - starts &&
    names.every((name) => name[name.length - 1 - ends] === first[first.length - 1 - ends])
  )
    ends++;
  return { starts: first.slice(0, starts), ends: first.slice(first.length - ends) };
}

const identity = ({ object }: Sourced): string => identityOf(referenceOf(object));
const kindred = ({ object, source }: Sourced): string =>
  `${object.apiVersion} ${object.kind} ${object.metadata.namespace ?? ''} ${source}`;

/** Tells of pointers at which two values differ: leaves, keys that only one has, lists of different length as a whole. */
function differences(
  a: Json,
  b: Json,
  pointer: string,
  tell: (pointer: string, held: 'always' | 'sometimes') => void,
): void {
  if (a === b) return;
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [index, item] of a.entries()) differences(item, b[index] ?? null, `${pointer}/${index}`, tell);
    return;
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const [left, right] = [a[key], b[key]];
      if (left === undefined || right === undefined) tell(at, 'sometimes');
      else differences(left, right, at, tell);
    }
    return;
  }
  tell(pointer, 'always');
}
