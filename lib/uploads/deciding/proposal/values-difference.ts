import { MASKED, withoutCredentials } from '../../../objects/credentials.ts';
import { isJsonObject, type Json } from '../../../objects/objects.ts';
import { parseYamlDocuments } from '../../../objects/yaml.ts';
import { at, differencesOf, formatSteps, shown } from './difference.ts';

/** What values say now and would say, a line each path; credentials masked by their looks and the names they stand under. */
export function valuesDifference(before: string | undefined, after: string): readonly string[] {
  const [old, new_] = [valuesIn(before ?? ''), valuesIn(after)];
  if (old === undefined || new_ === undefined) return ['+ (they cannot be read as YAML)'];
  const [shownOld, shownNew] = [masked(old), masked(new_)];
  return differencesOf(old, new_).flatMap((one) => {
    const path = formatSteps(one.steps);
    return [
      ...(one.before === undefined ? [] : [`- ${path}: ${shown(at(shownOld, one.steps))}`]),
      ...(one.after === undefined ? [] : [`+ ${path}: ${shown(at(shownNew, one.steps))}`]),
    ];
  });
}

function valuesIn(text: string): Json | undefined {
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind !== 'parsed') return undefined;
  return parsed.documents[0]?.value ?? {};
}

/**
 * Everything below a name of credentials is one (`secrets.database`, `tokens[0]`), and a number is, too: values are free
 * in how they are nested, other than what a cluster holds.
 */
function masked(value: Json, below: 'credentials' | 'others' = 'others'): Json {
  if (typeof value === 'number' || typeof value === 'bigint') return masked(String(value), below);
  if (typeof value === 'string') {
    if (value !== '' && below === 'credentials') return MASKED;
    return withoutCredentials(value, '');
  }
  if (Array.isArray(value)) return value.map((entry) => masked(entry, below));
  if (!isJsonObject(value)) return value;
  const { name: own } = value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      // A variable's name stands beside its value.
      const called = name === 'value' && typeof own === 'string' ? own : name;
      return [name, masked(entry, isCredentialName(called) ? 'credentials' : below)];
    }),
  );
}

const isCredentialName = (name: string): boolean => withoutCredentials('x', name) === MASKED;
