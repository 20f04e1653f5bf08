import { withoutCredentials } from '../../../objects/credentials.ts';
import { isJsonObject, type Json } from '../../../objects/objects.ts';
import { parseYamlDocuments } from '../../../objects/yaml.ts';
import { at, differencesOf, formatSteps, shown } from './difference.ts';

/** What values say now and would say, a line each path; credentials masked by their looks and their names. */
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

/** A number under the name of a password is one, too. */
const masked = (value: Json): Json => withoutCredentials(withTexts(value), '');

function withTexts(value: Json): Json {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(withTexts);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withTexts(entry)]));
}
