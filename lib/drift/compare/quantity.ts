/** Quantities as exact rationals: apimachinery/pkg/api/resource/quantity.go. */

const SYNTAX = /^([-+]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][-+]?\d+)?$/;
const POWERS_OF_1024 = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const POWERS_OF_10: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
/** Beyond this a quantity is capped anyway (2^63-1), and an exponent would cost memory. */
const EXPONENT_MAXIMUM = 64;

interface Rational {
  readonly numerator: bigint;
  /** A power of ten. */
  readonly denominator: bigint;
}

/** The exact value, or undefined where the text is no quantity. */
function parseQuantity(value: unknown): Rational | undefined {
  const parts = SYNTAX.exec(typeof value === 'string' ? value.trim() : String(value));
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = parts;
  if (whole === '' && fraction === '') return undefined;
  let numerator = BigInt(whole + fraction);
  let tens = -fraction.length;
  const binary = POWERS_OF_1024.indexOf(suffix);
  if (binary >= 0) numerator *= 1024n ** BigInt(binary + 1);
  else if (suffix.length > 1) tens += Number(suffix.slice(1));
  else tens += POWERS_OF_10[suffix] ?? 0;
  if (Math.abs(tens) > EXPONENT_MAXIMUM) return undefined;
  if (sign === '-') numerator = -numerator;
  return tens >= 0
    ? { numerator: numerator * 10n ** BigInt(tens), denominator: 1n }
    : { numerator, denominator: 10n ** BigInt(-tens) };
}

/** What is finer is rounded up when it is stored: every quantity is kept in billionths, a ResourceList's in thousandths. */
const FINEST = { quantity: 1_000_000_000n, resource: 1000n } as const;

/**
 * Whether two spellings are one quantity. Of a ResourceList `0.1m` is `1m` too (pkg/apis/core/v1/defaults.go,
 * SetDefaults_ResourceList); elsewhere, as in the targets of an autoscaler, it is a tenth of it.
 */
export function sameQuantity(desired: unknown, live: unknown, as: keyof typeof FINEST): boolean {
  if (desired === live) return true;
  const left = parseQuantity(desired);
  const right = parseQuantity(live);
  if (left === undefined || right === undefined) return false;
  if (left.numerator * right.denominator === right.numerator * left.denominator) return true;
  return roundedUp(left, FINEST[as]) === roundedUp(right, FINEST[as]);
}

const CANONICAL = /^-?(0|[1-9]\d*)(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE])|e(-?[1-9]\d*))?$/;

/**
 * Whether Go itself would write a quantity so (`CanonicalizeBytes`): no fraction, and the largest suffix that leaves
 * none. `8.1` is no such spelling (it is `8100m`), nor is `1000` (`1k`).
 */
export function isCanonicalQuantity(text: string): boolean {
  const [matched, mantissa = '', binary, decimal, exponent] = CANONICAL.exec(text) ?? [];
  if (matched === undefined) return false;
  if (mantissa === '0') return matched === '0';
  if (binary !== undefined) return binary === 'Ei' || BigInt(mantissa) % 1024n !== 0n;
  if (exponent !== undefined && Number(exponent) % 3 !== 0) return false;
  return decimal === 'E' || !mantissa.endsWith('000');
}

/** In parts of one, away from zero. */
function roundedUp({ numerator, denominator }: Rational, parts: bigint): bigint {
  const scaled = numerator * parts;
  const whole = scaled / denominator;
  if (whole * denominator === scaled) return whole;
  return numerator > 0n ? whole + 1n : whole - 1n;
}
