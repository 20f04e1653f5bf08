import { RE2JS } from 're2js';

/** Characters of a pattern. */
const PATTERN_LENGTH = 1024;

export const isGlob = (path: string): boolean => /[*?[{]/.test(path);

/**
 * A pattern of value files as a test of paths (bmatcuk/doublestar): `*` and `?` stay in their folder, `**` is any number
 * of folders, `[abc]`, `{one,other}`. Undefined for what is none.
 */
export function valueFilesGlob(pattern: string): ((path: string) => boolean) | undefined {
  if (pattern.length > PATTERN_LENGTH) return undefined;
  let expression = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const character = pattern[at] ?? '';
    if (rest.startsWith('**/')) {
      expression += '(?:[^/]+/)*';
      at += 2;
    } else if (rest === '**') {
      expression += '.*';
      at++;
    } else if (character === '*') expression += '[^/]*';
    else if (character === '?') expression += '[^/]';
    else if (character === '{') {
      depth++;
      expression += '(?:';
    } else if (character === '}') {
      depth--;
      expression += ')';
    } else if (character === ',' && depth > 0) expression += '|';
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) return undefined;
      const inside = pattern.slice(at + 1, end);
      const isNot = /^[!^]/.test(inside);
      expression += `[${isNot ? '^' : ''}${(isNot ? inside.slice(1) : inside).replace(/[\\^[\]]/g, '\\$&')}]`;
      at = end;
    } else if (character === '\\') expression += RE2JS.quote(pattern[++at] ?? '');
    else expression += RE2JS.quote(character);
  }
  try {
    const compiled = RE2JS.compile(expression, RE2JS.DOTALL);
    return (path) => compiled.matches(path);
  } catch {
    return undefined;
  }
}
