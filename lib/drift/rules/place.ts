import { formatJson } from '../../objects/json.ts';
import type { Json } from '../../objects/objects.ts';
import type { Path, PathStep } from '../verdicts.ts';
import { globMatches } from './glob.ts';
import { RULE_LIMITS } from './rule.ts';

/**
 * Places inside objects as rules name them: a JSON pointer (RFC 6901, so `~1` is a slash in a name and `~0` a tilde)
 * whose list items are named by what they hold, in brackets, and never by their index.
 *
 * | step | matches |
 * |---|---|
 * | `spec`, `app.kubernetes.io~1name` | the field, or the key of a map |
 * | `*`, `example.com~1*` | any name; any name that begins so |
 * | `"a/b*"` | exactly that name: JSON's double quotes take every character as it is |
 * | `containers[name=web]`, `ports[port=80,protocol=TCP]` | the items of the list with these keys |
 * | `containers[name=istio-*]`, `containers[name="a,b"]` | by glob; exactly |
 * | `finalizers[=example.com/x]` | the item of a list of plain values |
 * | `containers[*]` | every item of the list, whatever it is named by |
 *
 * A place covers all that lies below it.
 */
export type Place = readonly PlaceStep[];

type PlaceStep =
  | { readonly kind: 'name'; readonly is: Text }
  | { readonly kind: 'any-item' }
  | { readonly kind: 'keys'; readonly keys: readonly (readonly [name: string, is: Text])[] }
  | { readonly kind: 'value'; readonly is: Text };

type Text =
  | { readonly kind: 'glob'; readonly pattern: string }
  | { readonly kind: 'exact'; readonly text: string };

/** A path that is none. The message says why, and what to write instead. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError';
}

/** @throws PlaceError */
export function parsePlace(text: string): Place {
  if (text.length > RULE_LIMITS.path)
    throw new PlaceError(`a path has at most ${RULE_LIMITS.path} characters`);
  const reader = new Reader(text);
  const steps: PlaceStep[] = [];
  if (reader.isAtEnd) throw new PlaceError('a path begins with "/"; to mean whole objects, leave it out');
  while (!reader.isAtEnd) {
    if (!reader.takes('/')) throw reader.wrong('a path begins with "/", and so does each of its names');
    steps.push({ kind: 'name', is: nameOf(reader) });
    while (reader.takes('[')) steps.push(itemOf(reader));
    if (steps.length > RULE_LIMITS.steps)
      throw new PlaceError(`a path has at most ${RULE_LIMITS.steps} steps`);
  }
  return steps;
}

/** Whether a finding at `path` lies there or below. What is named by its index has no keys: only `[*]` covers it. */
export function covers(place: Place, path: Path): boolean {
  if (place.length > path.length) return false;
  return place.every((step, index) => {
    const found = path[index];
    return found !== undefined && stepMatches(step, found);
  });
}

function stepMatches(step: PlaceStep, found: PathStep): boolean {
  switch (step.kind) {
    case 'name':
      return found.kind === 'field' && textMatches(step.is, found.name);
    case 'any-item':
      return found.kind !== 'field';
    case 'keys':
      return (
        found.kind === 'key' &&
        step.keys.every(([name, is]) => {
          const value = Object.hasOwn(found.keys, name) ? found.keys[name] : undefined;
          return value !== undefined && textMatches(is, plain(value));
        })
      );
    case 'value':
      return found.kind === 'value' && textMatches(step.is, plain(found.value));
  }
}

const textMatches = (is: Text, text: string): boolean =>
  is.kind === 'exact' ? is.text === text : globMatches(is.pattern, text);

/** Key fields are strings and numbers: a rule names both as they are written. */
const plain = (value: Json): string => (typeof value === 'string' ? value : formatJson(value));

/** The path of a finding as a rule names it: exactly that place, except for items that have no name but an index. */
export const placeOfPath = (path: Path): string => path.map(writtenStep).join('');

function writtenStep(step: PathStep): string {
  switch (step.kind) {
    case 'field':
      return `/${writtenName(step.name)}`;
    case 'key':
      return `[${Object.entries(step.keys)
        .map(([name, value]) => `${name}=${writtenValue(plain(value))}`)
        .join(',')}]`;
    case 'value':
      return `[=${writtenValue(plain(step.value))}]`;
    case 'index':
      return '[*]';
  }
}

const writtenName = (name: string): string =>
  name === '' || /[*[\]"\s]|^(\d+|-)$/.test(name)
    ? JSON.stringify(name)
    : name.replaceAll('~', '~0').replaceAll('/', '~1');
const writtenValue = (value: string): string =>
  value === '' || /[*[\]",=\s]/.test(value) ? JSON.stringify(value) : value;

function nameOf(reader: Reader): Text {
  const quoted = reader.quoted();
  if (quoted !== undefined) return { kind: 'exact', text: quoted };
  const written = reader.until(/[/[]/);
  if (written === '') throw reader.wrong('a name is missing');
  if (/[\]"]/.test(written)) throw reader.wrong(`"${written}": brackets and quotes in a name want quotes`);
  if (/~(?![01])/.test(written)) throw reader.wrong('"~" is written "~0", and "/" in a name "~1"');
  if (/^(\d+|-)$/.test(written)) throw reader.wrong(BY_INDEX(written));
  return { kind: 'glob', pattern: written.replaceAll('~1', '/').replaceAll('~0', '~') };
}

function itemOf(reader: Reader): PlaceStep {
  if (reader.takes('*]')) return { kind: 'any-item' };
  if (reader.takes('=')) {
    const is = textOf(reader);
    if (!reader.takes(']')) throw reader.wrong('"]" is missing');
    return { kind: 'value', is };
  }
  const keys: [string, Text][] = [];
  do {
    const name = reader.until(/[=,\]]/);
    if (!reader.takes('='))
      throw reader.wrong(
        /^\d+$/.test(name) ? BY_INDEX(name) : 'an item is named by its keys, as in [name=web], or [*]',
      );
    if (name === '') throw reader.wrong('the name of a key is missing');
    keys.push([name, textOf(reader)]);
  } while (reader.takes(','));
  if (!reader.takes(']')) throw reader.wrong('"]" is missing');
  return { kind: 'keys', keys };
}

function textOf(reader: Reader): Text {
  const quoted = reader.quoted();
  return quoted === undefined
    ? { kind: 'glob', pattern: reader.until(/[,\]]/) }
    : { kind: 'exact', text: quoted };
}

const BY_INDEX = (index: string): string =>
  `"${index}" is an index, which slips when an item goes: name items by their keys, as in containers[name=web], or ` +
  `take all with [*]; a map's key is quoted, as in data/"0"`;

/** The text of a path, and how far it has been read. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  takes(what: string): boolean {
    if (!this.#text.startsWith(what, this.#at)) return false;
    this.#at += what.length;
    return true;
  }

  until(end: RegExp): string {
    const rest = this.#text.slice(this.#at);
    const found = rest.search(end);
    const taken = found < 0 ? rest : rest.slice(0, found);
    this.#at += taken.length;
    return taken;
  }

  /** A JSON string, if one begins here. */
  quoted(): string | undefined {
    if (this.#text[this.#at] !== '"') return undefined;
    for (let end = this.#at + 1; end < this.#text.length; end++) {
      if (this.#text[end] === '\\') end++;
      else if (this.#text[end] === '"') {
        const written = this.#text.slice(this.#at, end + 1);
        this.#at = end + 1;
        return unquoted(written) ?? this.#fail('the quotes hold no JSON string');
      }
    }
    return this.#fail('a quote is not closed');
  }

  wrong(message: string): PlaceError {
    return new PlaceError(`${message} (at character ${this.#at + 1})`);
  }

  #fail(message: string): never {
    throw this.wrong(message);
  }
}

function unquoted(written: string): string | undefined {
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
