import { isJsonObject, type Json } from '../../objects/objects.ts';

/** A shorter value is a word like any other; hiding it would hide the message. Characters. */
const MASKED_LENGTH = 6;
const MASK = '•••';
/** Leaves that are hidden; more would take longer than the render. */
const LEAVES = 20_000;

/**
 * Hides every leaf of the values in a text, also where it stands quoted, encoded, in capitals or line by line: schema errors and
 * `fail` print passwords.
 */
export function maskFor(values: readonly Json[]): (text: string) => string {
  const hidden = new Set<string>();
  const gather = (value: Json): void => {
    if (hidden.size > LEAVES) return;
    if (Array.isArray(value)) value.forEach(gather);
    else if (isJsonObject(value)) Object.values(value).forEach(gather);
    else if (value !== null && typeof value !== 'boolean') {
      const text = String(value);
      for (const form of [
        text,
        text.toUpperCase(),
        text.toLowerCase(),
        JSON.stringify(text).slice(1, -1),
        Buffer.from(text).toString('base64'),
        ...text.split('\n'),
      ])
        if (form.trim().length >= MASKED_LENGTH) hidden.add(form.trim());
    }
  };
  values.forEach(gather);
  const longestFirst = [...hidden].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, leaf) => masked.replaceAll(leaf, MASK), text);
}
