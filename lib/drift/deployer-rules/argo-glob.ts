import { RE2JS } from 're2js';

const PATTERN = 256;

/** In what the glob libraries of Argo CD differ. */
export interface GlobDialect {
  /** What stands at `at` for wildcards, as an expression, and how many characters they are; undefined: no wildcard. */
  wildcard(pattern: string, at: number): { readonly expression: string; readonly length: number } | undefined;
  /** What begins a class that holds all others. */
  readonly negation: RegExp;
  /** Where the end of a class is looked for, counted from its bracket. */
  readonly closesFrom: 1 | 2;
}

/** gobwas/glob without separators. */
const ANYWHERE: GlobDialect = {
  wildcard: (pattern, at) => {
    if (pattern[at] === '*') return { expression: '.*', length: 1 };
    return pattern[at] === '?' ? { expression: '.', length: 1 } : undefined;
  },
  negation: /^!/,
  closesFrom: 1,
};

/**
 * A glob as Argo CD has them (gobwas/glob without separators): `*` and `**` any characters, `?` one, `[abc]`, `[!a-z]`,
 * `{one,other}`, `\` before a character that is meant as it is. A pattern that cannot be read matches nothing.
 */
export function argoGlobMatches(pattern: string, value: string): boolean {
  if (!/[*?[\]{}\\!]/.test(pattern)) return pattern === value;
  if (pattern.length > PATTERN) return false;
  return globTest(pattern, ANYWHERE)?.(value) ?? false;
}

/** A glob as a test of whole texts, in linear time; undefined where it cannot be read. */
export function globTest(pattern: string, dialect: GlobDialect): ((text: string) => boolean) | undefined {
  const expression = expressionOf(pattern, dialect);
  if (expression === undefined) return undefined;
  try {
    const compiled = RE2JS.compile(expression, RE2JS.DOTALL);
    return (text) => compiled.matches(text);
  } catch {
    // A brace that is not closed makes an expression that does not compile.
    return undefined;
  }
}

function expressionOf(pattern: string, { wildcard, negation, closesFrom }: GlobDialect): string | undefined {
  let expression = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    const wild = wildcard(pattern, at);
    if (wild !== undefined) {
      expression += wild.expression;
      at += wild.length - 1;
    } else if (character === '{') {
      depth++;
      expression += '(?:';
    } else if (character === '}') {
      depth--;
      expression += ')';
    } else if (character === ',' && depth > 0) expression += '|';
    else if (character === '[') {
      const end = pattern.indexOf(']', at + closesFrom);
      if (end < 0) return undefined;
      const inside = pattern.slice(at + 1, end);
      const isNot = negation.test(inside);
      expression += `[${isNot ? '^' : ''}${(isNot ? inside.slice(1) : inside).replace(/[\\^[\]]/g, '\\$&')}]`;
      at = end;
    } else if (character === '\\') expression += RE2JS.quote(pattern[++at] ?? '');
    else expression += RE2JS.quote(character);
  }
  return expression;
}
