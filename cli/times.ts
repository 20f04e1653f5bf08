import { UsageError } from './command.ts';

const UNIT_SECONDS = { m: 60, h: 3600, d: 86_400 } as const;

/** A time as people type it: a span back from now (`45m`, `12h`, `7d`), or a date. @throws UsageError */
export function timeOf(option: string, text: string, now: Date): Date {
  const span = /^(\d{1,9})([mhd])$/.exec(text);
  const seconds = Object.entries(UNIT_SECONDS).find(([unit]) => unit === span?.[2])?.[1];
  if (span !== null && seconds !== undefined)
    return new Date(now.getTime() - Number(span[1]) * seconds * 1000);
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(
      `${option} is a span (45m, 12h, 7d) or a date (2026-11-21, 2026-11-21T15:00Z), not "${text}"`,
    );
  return time;
}
