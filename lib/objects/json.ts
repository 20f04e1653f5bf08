import type { Json } from './objects.ts';

/**
 * JSON text → value, integers beyond 2^53 as `bigint`.
 * The slow, lossless way is taken only where the text holds 16 digits in a row.
 * @throws SyntaxError as `JSON.parse` does
 */
export function parseJson(text: string): Json {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, context?: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

/** Value → JSON text, `bigint` as the integer it is (never as a string). Keys in the order they have. */
export function formatJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) =>
      typeof entry === 'bigint'
        ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(`${entry}`)
        : entry,
    indent,
  );
}

/** Value → JSON text with keys sorted: the same value gives the same bytes, which is what digests are taken of. */
export function canonicalJson(value: unknown): string {
  return formatJson(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // A null prototype, so that a key named __proto__ stays a key.
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).sort()) copy[key] = sorted((value as Record<string, unknown>)[key]);
  return copy;
}
