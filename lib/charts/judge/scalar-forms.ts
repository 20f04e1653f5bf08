import type { Json } from '../../objects/objects.ts';

/** How Kubernetes reads scalars that have a form of their own: whether a value has it. */

/** apimachinery/pkg/api/resource/quantity.go. A number is one, too. */
export const isQuantity = (value: Json): boolean =>
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  (typeof value === 'string' &&
    /^[-+]?(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][-+]?\d+)?$/.test(value.trim()));

const INTEGERS = {
  int32: { smallest: -(2n ** 31n), largest: 2n ** 31n - 1n },
  int64: { smallest: -(2n ** 63n), largest: 2n ** 63n - 1n },
} as const;

/** What a value should be that is no whole number of this format (`int32`, else 64 bits). */
export function integerFault(value: Json, format: string | undefined): string | undefined {
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isWhole) return 'a whole number';
  const { smallest, largest } = INTEGERS[format === 'int32' ? 'int32' : 'int64'];
  const exact = BigInt(value as number | bigint);
  return exact < smallest || exact > largest ? 'a smaller whole number' : undefined;
}

/** Go's time.RFC3339, fractions of a second allowed. */
export const isTimestamp = (value: string): boolean =>
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[-+]\d{2}:\d{2})$/.test(
    value,
  );
