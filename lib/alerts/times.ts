/** `2026-11-21 12:40 UTC`: one zone for all who read the same alert. */
export const formatTime = (iso: string): string => {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? 'unknown'
    : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `40 s`, `12 min`, `3 h 05 min`, `2 d 4 h`. */
export function formatDuration(fromIso: string, toIso: string): string {
  const span = Math.max(0, Date.parse(toIso) - Date.parse(fromIso)) || 0;
  if (span < MINUTE) return `${Math.round(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY)
    return `${Math.floor(span / HOUR)} h ${String(Math.floor((span % HOUR) / MINUTE)).padStart(2, '0')} min`;
  const hours = Math.floor((span % DAY) / HOUR);
  return `${Math.floor(span / DAY)} d${hours === 0 ? '' : ` ${hours} h`}`;
}
