import { RE2JS } from 're2js';

const PATTERN = 256;

/**
 * A glob as Argo CD has them (gobwas/glob without separators): `*` and `**` any characters, `?` one, `[abc]`, `[!a-z]`,
 * `{one,other}`, `\` before a character that is meant as it is. A pattern that cannot be read matches nothing.
 */
export function argoGlobMatches(pattern: string, value: string): boolean {
  if (!/[*?[\]{}\\!]/.test(pattern)) return pattern === value;
  if (pattern.length > PATTERN) return false;
  try {
    return RE2JS.compile(expressionOf(pattern), RE2JS.DOTALL).matches(value);
  } catch {
    return false;
  }
}

/** Anything not closed makes an expression that does not compile: then it matches nothing, as there. */
function expressionOf(pattern: string): string {
  let expression = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    if (character === '*') expression += '.*';
    else if (character === '?') expression += '.';
    else if (character === '{') {
      depth++;
      expression += '(?:';
    } else if (character === '}') {
      depth--;
      expression += ')';
    } else if (character === ',' && depth > 0) expression += '|';
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 1);
      if (end < 0) return '(';
      const inside = pattern.slice(at + 1, end);
      const isNot = inside.startsWith('!');
      expression += `[${isNot ? '^' : ''}${(isNot ? inside.slice(1) : inside).replace(/[\\^[\]]/g, '\\$&')}]`;
      at = end;
    } else if (character === '\\') {
      at++;
      expression += RE2JS.quote(pattern[at] ?? '');
    } else expression += RE2JS.quote(character);
  }
  return expression;
}
