import { formatJson } from '../../../objects/json.ts';
import { isJsonObject, type Json } from '../../../objects/objects.ts';

/** Names and places in lists, from the root. */
export type Steps = readonly (string | number)[];

export interface Difference {
  readonly steps: Steps;
  /** Absent: it is not there on that side. */
  readonly before?: Json;
  readonly after?: Json;
}

/** More are not looked for: nobody reads them. */
const DIFFERENCES = 2000;
/** Deeper is one difference. */
const DEPTH = 64;

/** Where two values differ: as deep as both have the same kind of thing. */
export function differencesOf(before: Json | undefined, after: Json | undefined): readonly Difference[] {
  const found: Difference[] = [];
  gather(before, after, [], found);
  return found;
}

function gather(before: Json | undefined, after: Json | undefined, steps: Steps, found: Difference[]): void {
  if (found.length >= DIFFERENCES || isSame(before, after)) return;
  if (steps.length < DEPTH && isJsonObject(before) && isJsonObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      gather(own(before, name), own(after, name), [...steps, name], found);
    return;
  }
  if (steps.length < DEPTH && Array.isArray(before) && Array.isArray(after)) {
    for (const [one, other, step] of pairs(before, after)) gather(one, other, [...steps, step], found);
    return;
  }
  found.push({
    steps,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
}

const own = (value: Readonly<Record<string, Json>>, name: string): Json | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined;

const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  one === other || (one !== undefined && other !== undefined && formatJson(one) === formatJson(other));

type Pair = readonly [before: Json | undefined, after: Json | undefined, step: string | number];

/** Entries with a name are told apart by it, as Kubernetes does with containers and variables; others by their place. */
function pairs(before: readonly Json[], after: readonly Json[]): readonly Pair[] {
  const [one, other] = [byName(before), byName(after)];
  if (one !== undefined && other !== undefined)
    return [...new Set([...one.keys(), ...other.keys()])].map((name) => [
      one.get(name),
      other.get(name),
      `[${name}]`,
    ]);
  const length = Math.max(before.length, after.length);
  return Array.from({ length }, (_, at) => [before[at], after[at], at]);
}

function byName(entries: readonly Json[]): ReadonlyMap<string, Json> | undefined {
  const named = new Map<string, Json>();
  for (const entry of entries) {
    const name = isJsonObject(entry) ? entry.name : undefined;
    if (typeof name !== 'string' || named.has(name)) return undefined;
    named.set(name, entry);
  }
  return named;
}

/** `spec.template.spec.containers[web].image`; names that are no words in quotes. */
export const formatSteps = (steps: Steps): string =>
  steps
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (step.startsWith('[')) return step;
      const plain = /^[\w-]+$/.test(step);
      return plain ? `${index > 0 ? '.' : ''}${step}` : `[${formatJson(step)}]`;
    })
    .join('') || '(the whole)';

/** What stands at these steps in a value of the same shape; undefined where it has none. */
export function at(value: Json | undefined, steps: Steps): Json | undefined {
  let here = value;
  for (const step of steps) {
    if (Array.isArray(here)) {
      here =
        typeof step === 'number'
          ? (here[step] as Json | undefined)
          : (here as readonly Json[]).find((entry) => isJsonObject(entry) && `[${entry.name}]` === step);
    } else if (isJsonObject(here) && typeof step === 'string') here = own(here, step);
    else return undefined;
  }
  return here;
}

/** On one line. */
export const shown = (value: Json | undefined): string =>
  value === undefined ? '(nothing)' : typeof value === 'string' ? value : formatJson(value);
