import { type OutputUnit, type Schema, type SchemaDraft, Validator } from '@cfworker/json-schema';
import { isJsonObject, type Json } from '../../objects/objects.ts';
import { type Reason, reason } from '../reasons.ts';
import { unreadablePatterns, withLinearPatterns } from './linear-patterns.ts';

export interface ValuesToValidate {
  /** Path of the chart whose schema it is, ending in `/`; empty for the release's own. */
  readonly path: string;
  /** Text of values.schema.json. */
  readonly schema: string;
  /** What helm made of the chart's and the given values, as JSON; absent if only the schema is checked. */
  readonly values?: Json;
}

/** Reasons of one schema: more help nobody. */
const REASONS_SHOWN = 20;

const PATTERN_PROBLEM =
  'a pattern in it is none that helm reads (RE2: no looking ahead or back, no reference to a group)';

/** The metaschemas that validators know by heart. */
const METASCHEMAS: readonly { readonly pattern: RegExp; readonly draft: SchemaDraft }[] = [
  { pattern: /^https?:\/\/json-schema\.org\/draft-0?4\/schema#?$/, draft: '4' },
  { pattern: /^https?:\/\/json-schema\.org\/draft-0?[67]\/schema#?$/, draft: '7' },
  { pattern: /^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/, draft: '2019-09' },
  { pattern: /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/, draft: '2020-12' },
  { pattern: /^https?:\/\/json-schema\.org\/schema#?$/, draft: '2020-12' },
];
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef', '$id', '$schema'] as const;

/** A worker's task: one schema, and the values against it, without a loader: nothing is fetched or read. */
export function validateValues({ path, schema: text, values }: ValuesToValidate): readonly Reason[] {
  const place = { file: `${path}values.schema.json` };
  let schema: Json;
  try {
    schema = JSON.parse(text);
  } catch {
    return [reason('values-schema-invalid', { problem: 'it is not JSON' }, place)];
  }
  if (!isJsonObject(schema) && typeof schema !== 'boolean')
    return [reason('values-schema-invalid', { problem: 'a schema is an object' }, place)];
  const foreign = foreignReferences(schema);
  if (foreign.length > 0)
    return foreign.map(({ keyword, pointer }) =>
      reason('values-schema-reference', { keyword }, { ...place, pointer }),
    );
  const unreadable = unreadablePatterns(schema, REASONS_SHOWN);
  if (unreadable.length > 0)
    return unreadable.map((pointer) =>
      reason('values-schema-invalid', { problem: PATTERN_PROBLEM }, { ...place, pointer }),
    );
  if (values === undefined) return [];
  try {
    const draft = METASCHEMAS.find(({ pattern }) =>
      pattern.test(String(isJsonObject(schema) ? schema.$schema : '')),
    )?.draft;
    const validator = new Validator(schema as Schema | boolean, draft ?? '2020-12', false);
    const { errors } = withLinearPatterns(() => validator.validate(withoutBigInts(values)));
    return specific(errors)
      .slice(0, REASONS_SHOWN)
      .map((error) =>
        reason(
          'values-violate-schema',
          { problem: problemOf(error) },
          { file: `${path}values.yaml`, pointer: error.instanceLocation.slice(1) },
        ),
      );
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return [
      reason('values-schema-invalid', { problem: 'a reference or pattern in it does not resolve' }, place),
    ];
  }
}

function foreignReferences(schema: Json): { keyword: string; pointer: string }[] {
  const found: { keyword: string; pointer: string }[] = [];
  const walk = (value: Json, pointer: string): void => {
    if (found.length >= REASONS_SHOWN) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, `${pointer}/${index}`);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const keyword of REFERENCES) {
      const reference = value[keyword];
      if (typeof reference !== 'string' || reference.startsWith('#')) continue;
      if (METASCHEMAS.some(({ pattern }) => pattern.test(reference))) continue;
      found.push({ keyword, pointer: `${pointer}/${keyword}` });
    }
    for (const [key, entry] of Object.entries(value))
      walk(entry, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  };
  walk(schema, '');
  return found;
}

/** The errors that say what is wrong, not those of the keywords around them. */
const AROUND = new Set([
  'properties',
  'patternProperties',
  'items',
  'prefixItems',
  '$ref',
  '$dynamicRef',
  '$recursiveRef',
  'allOf',
  'dependentSchemas',
  'then',
  'else',
  'if',
]);
const specific = (errors: readonly OutputUnit[]): OutputUnit[] => {
  const inner = errors.filter(
    ({ keyword, error }) =>
      !AROUND.has(keyword) && !(keyword === 'additionalProperties' && /does not match/.test(error)),
  );
  return inner.length > 0 ? inner : [...errors];
};

/** In our words: the validator's own print the value. */
function problemOf({ keyword, error }: OutputUnit): string {
  const [first, second] = [...error.matchAll(/"([^"]*)"/g)].map(([, quoted]) => quoted);
  switch (keyword) {
    case 'type':
      return `it is of type ${first}, not ${second}`;
    case 'required':
      return `"${first}" is missing`;
    default:
      return `it does not satisfy "${keyword}"`;
  }
}

function withoutBigInts(value: Json): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigInts);
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withoutBigInts(entry)]));
  return value;
}
