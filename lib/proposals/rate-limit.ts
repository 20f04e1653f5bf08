import type { IncomingHttpHeaders } from 'node:http';

/** Where a host does not say how long (GitHub, "Rate limits for the REST API": at least a minute). Milliseconds. */
const UNSAID_WAIT = 60_000;
/** Whatever a host says: an answer that is wrong is not to stop deliveries for a year. Milliseconds. */
const LONGEST_WAIT = 3_600_000;
const SHORTEST_WAIT = 1_000;

export interface Limited {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What the host says of it. */
  readonly words: string;
}

/**
 * Whether a host refuses a call because there were too many, and when the next may be made; undefined where it is
 * refused for another reason. GitHub says so by 403 or 429, `retry-after` or `x-ratelimit-remaining: 0` with
 * `x-ratelimit-reset`, or by words alone (its secondary limits); GitLab by 429, `retry-after`, `ratelimit-reset`;
 * Bitbucket by 429. A fault of a server may have a `retry-after`, too (RFC 9110, 10.2.3).
 */
export function nextCall({ status, headers, words }: Limited, now: Date): Date | undefined {
  const after = secondsFrom(headers['retry-after'], now);
  const spent =
    text(headers['x-ratelimit-remaining']) === '0' || text(headers['ratelimit-remaining']) === '0';
  const limited =
    status === 429 ||
    (status === 403 && (after !== undefined || spent || /rate limit|abuse detection/i.test(words))) ||
    (status === 503 && after !== undefined);
  if (!limited) return undefined;
  const reset = spent || status === 429 ? untilReset(headers, now) : undefined;
  const wait = after ?? reset ?? UNSAID_WAIT;
  return new Date(now.getTime() + Math.min(Math.max(wait, SHORTEST_WAIT), LONGEST_WAIT));
}

/** Seconds, or a date (RFC 9110, 10.2.3). Milliseconds from now. */
function secondsFrom(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : at - now.getTime();
}

/** Seconds since 1970, at GitHub and GitLab. Milliseconds from now. */
function untilReset(headers: IncomingHttpHeaders, now: Date): number | undefined {
  const reset = text(headers['x-ratelimit-reset']) ?? text(headers['ratelimit-reset']);
  return reset !== undefined && /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 - now.getTime() : undefined;
}

const text = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
