import { isJsonObject, type Json } from '../../objects/objects.ts';
import type { Reach, ReachStep } from './reach.ts';

/** Longer expressions than this compute something. */
const CHARACTERS = 1024;

/**
 * What a jq path expression names, for the part of the language that only names (jq manual, "Path Expressions"):
 * `.a`, `."a"`, `.["a"]`, `[]`, `[0]`, `?`, and `| select(…)` over `==`, `!=`, `startswith`, `endswith`, `and`, `or`.
 * Undefined for what computes (`..`, `to_entries`, variables, functions): it is not understood, and names nothing.
 */
export function reachOfJq(expression: string): Reach | undefined {
  if (expression.length > CHARACTERS) return undefined;
  const tokens = tokensOf(expression);
  if (tokens === undefined) return undefined;
  const parser = new Parser(tokens);
  try {
    const reach = parser.pipe();
    return parser.isAtEnd && reach.length > 0 ? reach : undefined;
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

type Token =
  | { readonly kind: 'mark'; readonly text: string }
  /** `.name` */
  | { readonly kind: 'field'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: Json };

const TOKEN =
  /\s*(?:(\.[A-Za-z_]\w*)|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|!=|\.\.|[.[\]()|?]))/y;

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (found === null) return undefined;
    const [, field, string, number, word, mark] = found;
    if (field !== undefined) tokens.push({ kind: 'field', text: field.slice(1) });
    else if (string !== undefined) {
      const value = stringOf(string);
      if (value === undefined) return undefined;
      tokens.push({ kind: 'literal', value });
    } else if (number !== undefined) tokens.push({ kind: 'literal', value: Number(number) });
    else if (word !== undefined) tokens.push(wordOf(word));
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
  }
  return tokens;
}

/** A string of JSON; `\(…)` in it is jq's interpolation, which computes. */
function stringOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function wordOf(word: string): Token {
  switch (word) {
    case 'true':
    case 'false':
      return { kind: 'literal', value: word === 'true' };
    case 'null':
      return { kind: 'literal', value: null };
    default:
      return { kind: 'word', text: word };
  }
}

type Holds = (value: Json) => boolean;

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** `.a[] | select(…) | .b` */
  pipe(): Reach {
    const steps: ReachStep[] = [];
    do {
      if (this.#takesWord('select')) {
        this.#wants('(');
        const holds = this.#either();
        this.#wants(')');
        steps.push({ kind: 'where', holds });
      } else steps.push(...this.#path());
    } while (this.#takes('|'));
    return steps;
  }

  #path(): ReachStep[] {
    const steps: ReachStep[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind === 'field') {
        this.#at++;
        steps.push({ kind: 'field', name: token.text });
      } else if (this.#takes('.')) {
        const next = this.#tokens[this.#at];
        if (next?.kind === 'literal' && typeof next.value === 'string') {
          this.#at++;
          steps.push({ kind: 'field', name: next.value });
        } else if (steps.length > 0 && !this.#is('[')) throw new NotUnderstood();
        else if (steps.length === 0 && !this.#is('[')) return steps;
      } else if (this.#is('[') && (steps.length > 0 || this.#isAfterDot())) {
        this.#at++;
        steps.push(this.#bracket());
      } else if (steps.length > 0 && this.#takes('?')) {
        // What is not there is named by nothing: there is no error to suppress.
      } else break;
    }
    if (steps.length === 0) throw new NotUnderstood();
    return steps;
  }

  #isAfterDot(): boolean {
    const before = this.#tokens[this.#at - 1];
    return before?.kind === 'mark' && before.text === '.';
  }

  #bracket(): ReachStep {
    if (this.#takes(']')) return { kind: 'each' };
    const token = this.#tokens[this.#at++];
    this.#wants(']');
    if (token?.kind !== 'literal') throw new NotUnderstood();
    if (typeof token.value === 'string') return { kind: 'field', name: token.value };
    if (typeof token.value === 'number' && Number.isInteger(token.value) && token.value >= 0)
      return { kind: 'index', index: token.value };
    throw new NotUnderstood();
  }

  #either(): Holds {
    let left = this.#both();
    while (this.#takesWord('or')) {
      const [one, other] = [left, this.#both()];
      left = (value) => one(value) || other(value);
    }
    return left;
  }

  #both(): Holds {
    let left = this.#condition();
    while (this.#takesWord('and')) {
      const [one, other] = [left, this.#condition()];
      left = (value) => one(value) && other(value);
    }
    return left;
  }

  /** `.name == "x"`, `.name | startswith("x")`, `(…)` */
  #condition(): Holds {
    if (this.#takes('(')) {
      const inner = this.#either();
      this.#wants(')');
      return inner;
    }
    const valueAt = plainPath(this.#is('.') && this.#isWhole() ? this.#whole() : this.#path());
    if (this.#takes('==')) {
      const wanted = this.#literal();
      return (value) => valueAt(value) === wanted;
    }
    if (this.#takes('!=')) {
      const wanted = this.#literal();
      return (value) => valueAt(value) !== wanted;
    }
    this.#wants('|');
    const isStart = this.#takesWord('startswith');
    if (!isStart && !this.#takesWord('endswith')) throw new NotUnderstood();
    this.#wants('(');
    const part = this.#literal();
    this.#wants(')');
    if (typeof part !== 'string') throw new NotUnderstood();
    return (value) => {
      const text = valueAt(value);
      return typeof text === 'string' && (isStart ? text.startsWith(part) : text.endsWith(part));
    };
  }

  /** `.` alone: the value itself. */
  #isWhole(): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'mark' && next.text !== '[';
  }

  #whole(): ReachStep[] {
    this.#at++;
    return [];
  }

  #literal(): Json {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'literal') throw new NotUnderstood();
    return token.value;
  }

  #is(mark: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'mark' && token.text === mark;
  }

  #takes(mark: string): boolean {
    if (!this.#is(mark)) return false;
    this.#at++;
    return true;
  }

  #takesWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text !== word) return false;
    this.#at++;
    return true;
  }

  #wants(mark: string): void {
    if (!this.#takes(mark)) throw new NotUnderstood();
  }
}

/** The one value that a path inside a condition names; jq's null where there is none. */
function plainPath(steps: readonly ReachStep[]): (value: Json) => Json {
  if (steps.some(({ kind }) => kind === 'each' || kind === 'where')) throw new NotUnderstood();
  return (value) => {
    let here: Json = value;
    for (const wanted of steps) {
      if (wanted.kind === 'field')
        here = isJsonObject(here) && Object.hasOwn(here, wanted.name) ? (here[wanted.name] ?? null) : null;
      else if (wanted.kind === 'index')
        here = Array.isArray(here) ? ((here as readonly Json[])[wanted.index] ?? null) : null;
    }
    return here;
  };
}
