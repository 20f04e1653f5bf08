import { RE2JS } from 're2js';
import { isJsonObject, type Json } from '../../objects/objects.ts';

/*
 * Patterns in schemas, as helm reads them: its validator compiles them with Go's regexp, which knows RE2's syntax only
 * (nothing that looks around or back) and takes time linear in the text, whatever the pattern.
 */

const compile = (pattern: string): RE2JS => RE2JS.compile(pattern);

/** What schemas make of `new RegExp(pattern)`: as much of it as a validator uses. */
class LinearPattern {
  readonly #compiled: RE2JS;

  /** @throws what no RE2 engine can read */
  constructor(pattern: string) {
    this.#compiled = compile(pattern);
  }

  test(text: string): boolean {
    return this.#compiled.test(text);
  }
}

/**
 * Runs what compiles patterns from outside. The validator has no place for an engine of one's own: it asks for the
 * global `RegExp`, which is another one until `act` returns. Literals are not touched by it.
 */
export function withLinearPatterns<Result>(act: () => Result): Result {
  const ours = globalThis.RegExp;
  const known = new Map<string, LinearPattern>();
  // The validator makes its patterns anew for each value.
  const remembered = function remembered(pattern: string): LinearPattern {
    const made = known.get(pattern) ?? new LinearPattern(pattern);
    known.set(pattern, made);
    return made;
  };
  globalThis.RegExp = remembered as unknown as RegExpConstructor;
  try {
    return act();
  } finally {
    globalThis.RegExp = ours;
  }
}

const SCHEMAS: ReadonlySet<string> = new Set([
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
const NAMED_SCHEMAS: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** JSON pointers of the patterns that helm could not compile, at most `limit`: it refuses such a schema whole. */
export function unreadablePatterns(schema: Json, limit: number): string[] {
  const found: string[] = [];
  const check = (pattern: string, pointer: string): void => {
    try {
      compile(pattern);
    } catch {
      found.push(pointer);
    }
  };
  const walk = (value: Json, pointer: string): void => {
    if (found.length >= limit) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, `${pointer}/${index}`);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const [keyword, entry] of Object.entries(value)) {
      const at = `${pointer}/${keyword}`;
      if (keyword === 'pattern' && typeof entry === 'string') check(entry, at);
      else if (SCHEMAS.has(keyword)) walk(entry, at);
      else if (NAMED_SCHEMAS.has(keyword) && isJsonObject(entry))
        for (const [name, inner] of Object.entries(entry)) {
          const place = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
          if (keyword === 'patternProperties') check(name, place);
          walk(inner, place);
        }
    }
  };
  walk(schema, '');
  return found;
}
