import type { VariableSource } from './flux-kustomization.ts';

/**
 * `${VARIABLES}` as kustomize-controller fills them in after the build (fluxcd/pkg, kustomize/kustomize_varsub.go;
 * envsubst/parse, envsubst/funcs.go). Variables that are not known are empty, as its default is.
 */
export type Substituted =
  | { readonly kind: 'substituted'; readonly text: string }
  /** Then kustomize-controller fails as well. In words for people. */
  | { readonly kind: 'failed'; readonly reason: string };

const NAME = /^[_A-Za-z][_A-Za-z0-9]*$/;
/** Characters of what may come out. */
const LENGTH = 20 * 1024 * 1024;
/** A default within a default within … is nobody's intention. */
const DEPTH = 20;

export type Variables = (name: string) => string;

/**
 * The variables of `postBuild`. What a Secret may hold has the placeholder as its value, unless a later source has it.
 * @returns the names that cannot be, or none: then nothing is filled in
 */
export function variablesOf(
  sources: readonly VariableSource[],
  placeholder: string,
):
  | { readonly kind: 'variables'; readonly of: Variables }
  | { readonly kind: 'invalid'; readonly name: string } {
  const known = new Map<string, string | undefined>();
  let hasSecret = false;
  for (const source of sources) {
    if (source.kind === 'secret') {
      // Where nobody knows which it holds, it may hold any of those that came before, and wins over them.
      hasSecret ||= source.names === undefined;
      for (const name of source.names ?? known.keys()) known.set(name, undefined);
      continue;
    }
    for (const [name, value] of Object.entries(source.values)) {
      if (!NAME.test(name)) return { kind: 'invalid', name };
      known.set(name, value.replaceAll('\n', ''));
    }
  }
  return {
    kind: 'variables',
    of: (name) => known.get(name) ?? (hasSecret || known.has(name) ? placeholder : ''),
  };
}

export function substituted(text: string, variables: Variables): Substituted {
  try {
    return { kind: 'substituted', text: new Substitution(text, variables).run() };
  } catch (error) {
    if (!(error instanceof BadSubstitution)) throw error;
    return { kind: 'failed', reason: error.message };
  }
}

class BadSubstitution extends Error {
  override readonly name = 'BadSubstitution';
}

const IDENTIFIER = /[\p{L}\p{Nd}_]/u;

/** A reader of the text, from left to right; each method begins after what it was called for. */
class Substitution {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;
  #length = 0;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  run(): string {
    const parts: string[] = [];
    while (this.#at < this.#text.length) {
      const dollar = this.#text.indexOf('$', this.#at);
      if (dollar < 0) {
        parts.push(this.#counted(this.#text.slice(this.#at)));
        break;
      }
      parts.push(this.#counted(this.#text.slice(this.#at, dollar)));
      this.#at = dollar;
      if (this.#text.startsWith('$$', dollar)) {
        // The first escapes the second, which then stands for itself.
        parts.push('$');
        this.#at += 2;
      } else if (this.#text.startsWith('${', dollar)) {
        this.#at += 2;
        parts.push(this.#counted(this.#expression(0)));
      } else {
        parts.push('$');
        this.#at += 1;
      }
    }
    return parts.join('');
  }

  /** What stands for `${…}`, of which the first two characters are read. */
  #expression(depth: number): string {
    if (depth > DEPTH)
      throw new BadSubstitution('a variable has a default within a default within a default …');
    if (this.#next() === '#') {
      this.#at++;
      const name = this.#identifier('a variable has no name');
      this.#close();
      return String(Buffer.byteLength(this.#variables(name)));
    }
    const name = this.#identifier(
      '"${" is followed by no name of a variable (write "$${" for the characters)',
    );
    const value = this.#variables(name);
    switch (this.#next()) {
      case '}':
        this.#at++;
        return value;
      case ':':
        return '=-?+'.includes(this.#text[this.#at + 1] ?? '.')
          ? this.#orDefault(value, 2, depth)
          : this.#part(value, depth);
      case '=':
        return this.#orDefault(value, 1, depth);
      case ',':
      case '^':
        return this.#cased(value);
      case '/':
        return this.#replaced(value, depth);
      case '#':
      case '%':
        return this.#trimmed(value, depth);
      default:
        throw new BadSubstitution(`"\${${name}" has no closing brace`);
    }
  }

  /** All four operators give the default where the value is empty (lookupFunc). */
  #orDefault(value: string, operator: number, depth: number): string {
    this.#at += operator;
    let other = '';
    while (this.#next() !== '}') {
      if (this.#at >= this.#text.length) throw new BadSubstitution('a default has no closing brace');
      other += this.#word(/[}]/, depth);
    }
    this.#at++;
    return value === '' ? other : value;
  }

  /** Up to one of the characters, or an expression that stands there. */
  #word(ends: RegExp, depth: number): string {
    if (this.#text.startsWith('${', this.#at)) {
      this.#at += 2;
      return this.#expression(depth + 1);
    }
    const from = this.#at;
    while (this.#at < this.#text.length && !this.#text.startsWith('${', this.#at)) {
      if (ends.test(this.#text[this.#at] ?? '')) break;
      this.#at++;
    }
    return this.#counted(this.#text.slice(from, this.#at));
  }

  #part(value: string, depth: number): string {
    this.#at++;
    // Flux's own reader steps back by the bytes of this one.
    if (this.#next() > '\u007f') throw new BadSubstitution(`"\${…:" is followed by "${this.#next()}"`);
    const position = Number.parseInt(this.#number(this.#filled(this.#word(/[:}]/, depth))), 10);
    let length: number | undefined;
    if (this.#next() === ':') {
      while (this.#next() === ':') this.#at++;
      length = Number.parseInt(this.#number(this.#filled(this.#word(/[}]/, depth))), 10);
    }
    this.#close();
    if (Number.isNaN(position) || Number.isNaN(length)) return value;
    const bytes = Buffer.from(value);
    const from = position < 0 ? Math.max(0, bytes.length + position) : position;
    if (length === undefined) return bytes.subarray(from).toString();
    const to = length < 0 ? bytes.length + length : from + length;
    return to < from ? '' : bytes.subarray(from, to).toString();
  }

  /** What an operator works with must be there; that it stands for nothing is no matter. */
  #filled(word: string): string {
    const before = this.#text[this.#at - 1] ?? '';
    if (word === '' && before !== '}')
      throw new BadSubstitution('an operator of a variable has nothing to work with');
    return word;
  }

  /** strconv.Atoi, or nothing. */
  #number(text: string): string {
    return /^[-+]?\d{1,15}$/.test(text) ? text : '';
  }

  #cased(value: string): string {
    const operator = this.#text[this.#at] ?? '';
    this.#at++;
    const whole = this.#next() === operator;
    if (whole) this.#at++;
    this.#close();
    const change = (text: string) => (operator === ',' ? text.toLowerCase() : text.toUpperCase());
    if (whole) return change(value);
    const [first = ''] = value;
    return change(first) + value.slice(first.length);
  }

  #replaced(value: string, depth: number): string {
    this.#at++;
    const how = /[/#%]/.test(this.#next()) ? this.#next() : '';
    this.#at += how.length;
    const pattern = this.#filled(this.#escapedWord('/', depth));
    if (this.#next() !== '/') throw new BadSubstitution('a replacement has no second part');
    while (this.#next() === '/') this.#at++;
    const by = this.#next() === '}' ? undefined : this.#escapedWord('}', depth);
    this.#close();
    switch (how) {
      case '/':
        return this.#counted(value.split(pattern).join(by ?? ''));
      case '#':
        return by !== undefined && value.startsWith(pattern) ? by + value.slice(pattern.length) : value;
      case '%':
        return by !== undefined && value.endsWith(pattern)
          ? value.slice(0, value.length - pattern.length) + by
          : value;
      default:
        return value.replace(pattern, () => by ?? '');
    }
  }

  /** `\/` and `\\` stand for what they escape, `$$` for `$`. */
  #escapedWord(end: string, depth: number): string {
    if (this.#text.startsWith('${', this.#at)) return this.#word(/[}]/, depth);
    let word = '';
    while (this.#at < this.#text.length && this.#next() !== end) {
      if (this.#text.startsWith('${', this.#at)) break;
      if (/^(\\[/\\]|\$\$)/.test(this.#text.slice(this.#at, this.#at + 2))) this.#at++;
      word += this.#next();
      this.#at++;
    }
    return word;
  }

  /** Only patterns without wildcards are filled in here: what Go's matcher makes of the others is not repeated. */
  #trimmed(value: string, depth: number): string {
    const operator = this.#next();
    this.#at++;
    if (this.#next() === operator) this.#at++;
    const pattern = this.#filled(this.#word(/[}]/, depth));
    this.#close();
    if (/[*?[\]\\]/.test(pattern))
      throw new BadSubstitution(
        `a variable is trimmed by the pattern "${pattern}", which Fairlead does not do`,
      );
    if (operator === '#') return value.startsWith(pattern) ? value.slice(pattern.length) : value;
    return value.endsWith(pattern) ? value.slice(0, value.length - pattern.length) : value;
  }

  #identifier(otherwise: string): string {
    const from = this.#at;
    while (IDENTIFIER.test(this.#next())) this.#at += this.#next().length;
    if (this.#at === from) throw new BadSubstitution(otherwise);
    return this.#text.slice(from, this.#at);
  }

  #next(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #close(): void {
    if (this.#next() !== '}') throw new BadSubstitution('a variable has no closing brace');
    this.#at++;
  }

  #counted(part: string): string {
    this.#length += part.length;
    if (this.#length > LENGTH)
      throw new BadSubstitution('the variables make the manifests larger than 20 MiB');
    return part;
  }
}
