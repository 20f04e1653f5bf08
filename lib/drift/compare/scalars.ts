import type { Json } from '../../objects/objects.ts';
import { SEALED_PREFIX } from '../../objects/secrets.ts';
import type { ScalarSchema } from '../schema.ts';
import { sameDuration } from './durations.ts';
import { sameQuantity } from './quantity.ts';

/** Whether a declared scalar holds, under its type's own equality. */
export function sameScalar(desired: Json, live: Json, schema: ScalarSchema): boolean {
  if (desired === live) return true;
  switch (schema.format) {
    case 'quantity':
    case 'resource':
      return sameQuantity(desired, live, schema.format);
    case 'byte':
      return typeof desired === 'string' && typeof live === 'string' && sameBytes(desired, live);
    case 'date-time':
      return typeof desired === 'string' && typeof live === 'string' && sameMoment(desired, live);
    case 'int-or-string':
    case 'plain':
      return sameNumber(desired, live) || (schema.custom && isDurationOf(desired, live));
  }
}

const isDurationOf = (desired: Json, live: Json): boolean =>
  typeof desired === 'string' && typeof live === 'string' && sameDuration(desired, live);

/** An integer beyond 2^53 is a `bigint` on one side and, where the server keeps a float, a number on the other. */
export const sameNumber = (desired: Json, live: Json): boolean =>
  (typeof desired === 'bigint' || typeof live === 'bigint') &&
  typeof desired !== 'string' &&
  typeof live !== 'string' &&
  String(desired) === String(live);

/** Decoded bytes: line breaks in base64 mean nothing. Sealed values are compared as they are. */
function sameBytes(desired: string, live: string): boolean {
  if (desired.startsWith(SEALED_PREFIX) || live.startsWith(SEALED_PREFIX)) return desired === live;
  return (
    Buffer.from(desired, 'base64').equals(Buffer.from(live, 'base64')) && isBase64(desired) && isBase64(live)
  );
}

const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/\r\n]*=*[\r\n]*$/.test(text);

/** metav1.Time keeps seconds. */
function sameMoment(desired: string, live: string): boolean {
  const seconds = (text: string) => Math.floor(Date.parse(text) / 1000);
  return seconds(desired) === seconds(live);
}

/** Go's zero value. */
export const isZero = (value: Json): boolean => value === '' || value === 0 || value === false;
