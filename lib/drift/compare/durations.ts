/** Go's time.Duration as text: time.ParseDuration and Duration.String. */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const PART = /(\d+)(?:\.(\d+))?(ns|us|µs|ms|s|m|h)/y;

/** Nanoseconds, or undefined where the text is no duration. */
export function parseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0n;
  if (unsigned === '' || unsigned.length > 64) return undefined;
  let total = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < unsigned.length) {
    const part = PART.exec(unsigned);
    if (part === null) return undefined;
    const [, whole = '0', fraction = '', unit = 's'] = part;
    const size = UNITS[unit] ?? 0n;
    total += BigInt(whole) * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
  }
  return negative ? -total : total;
}

/**
 * Whether the live text is Go's own spelling of the desired one (`60m` → `1h0m0s`), or the shorter one that some
 * controllers write (`1h`).
 */
export function sameDuration(desired: string, live: string): boolean {
  if (!/\d[a-zµ]/.test(live)) return false;
  const left = parseDuration(desired);
  return left !== undefined && left === parseDuration(live);
}
