import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { ANSWER_BYTES, CUT, type HttpClient, httpClient, SILENT, TOO_LARGE } from './http.ts';
import { inOneLine } from './words.ts';

/** A GET's answer, whatever its status; or why there was none. */
export type Reading =
  | { readonly kind: 'read'; readonly status: number; readonly text: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** It was answered with more than is held in memory. */
  | { readonly kind: 'too-large'; readonly reason: string }
  /** This run has asked, or waited, as much as one may. */
  | { readonly kind: 'spent'; readonly reason: string };

export interface Reader {
  get(path: string, accept?: string): Promise<Reading>;
  close(): void;
}

/**
 * What one run may cost a cluster, and take. A check of 200,000 objects of 60 kinds asks 500 times; where nothing may be
 * listed in the whole cluster, it is the kinds times the namespaces.
 */
export interface Budget {
  /** Retries among them. */
  readonly requests: number;
  /** Milliseconds that all retries together wait: a server that says "later" is heard, and not for ever. */
  readonly waitingMs: number;
  /** Milliseconds from the first request; the function that checks ends after five minutes. */
  readonly wholeMs: number;
}
export const BUDGET: Budget = { requests: 5_000, waitingMs: 60_000, wholeMs: 240_000 };

const ATTEMPTS = 4;
const BACKOFF_MS = 200;
/** A server that asks for more is not waited for: there is a next check. */
const LONGEST_WAIT_MS = 10_000;
/** Too many requests (API priority and fairness), and what a restarting server or a load balancer says. */
const RETRIED = new Set([429, 500, 502, 503, 504]);

/**
 * A server that hangs in the middle of a check answers none of its lists, and each would wait out its time: together
 * longer than a function may run. After so many in a row the rest is not asked for.
 */
const UNREACHABLE_IN_A_ROW = 4;

/** Reads through one connection; what is worth asking again is asked again, as `Retry-After` says. */
export function readerOf(connection: Connection, budget: Budget = BUDGET): Reader {
  const client = httpClient(connection);
  let unanswered: Reading[] = [];
  let requests = 0;
  let waitedMs = 0;
  let begunAt: number | undefined;

  /** Why no more may be asked. */
  const spent = (): Reading | undefined => {
    begunAt ??= performance.now();
    if (requests >= budget.requests)
      return { kind: 'spent', reason: `not asked: one check makes at most ${budget.requests} requests` };
    if (performance.now() - begunAt >= budget.wholeMs)
      return { kind: 'spent', reason: `not asked: one check takes at most ${budget.wholeMs / 1000} seconds` };
    return undefined;
  };

  const ask = async (path: string, accept: string): Promise<Reading> => {
    for (let attempt = 1; ; attempt++) {
      const over = spent();
      if (over !== undefined) return over;
      requests++;
      const { reading, waitMs } = await once(client, connection.url, path, accept, attempt);
      if (waitMs === undefined || attempt === ATTEMPTS || waitedMs + waitMs > budget.waitingMs)
        return reading;
      waitedMs += waitMs;
      await sleep(waitMs);
    }
  };
  return {
    async get(path, accept = 'application/json') {
      const last = unanswered[UNREACHABLE_IN_A_ROW - 1];
      if (last !== undefined) return last;
      const reading = await ask(path, accept);
      if (reading.kind !== 'spent')
        unanswered = reading.kind === 'unreachable' ? [...unanswered, reading] : [];
      return reading;
    },
    close: () => client.close(),
  };
}

async function once(
  client: HttpClient,
  url: string,
  path: string,
  accept: string,
  attempt: number,
): Promise<{ reading: Reading; waitMs?: number }> {
  const backoffMs = BACKOFF_MS * 2 ** (attempt - 1) * (1 + Math.random());
  try {
    const { status, retryAfter, body } = await client.get(path, accept);
    const reading: Reading = { kind: 'read', status, text: body.toString('utf8') };
    if (!RETRIED.has(status)) return { reading };
    return { reading, waitMs: waitOf(retryAfter) ?? backoffMs };
  } catch (error) {
    if (codeOf(error) === TOO_LARGE) {
      const reason = `the cluster answered with more than ${ANSWER_BYTES / 1024 / 1024} MiB at once`;
      return { reading: { kind: 'too-large', reason } };
    }
    const reading: Reading = { kind: 'unreachable', reason: `${url}: ${causeOf(error)}` };
    return isPassing(error) ? { reading, waitMs: backoffMs } : { reading };
  }
}

/** RFC 9110, 10.2.3: seconds, or a date. Milliseconds, at most as long as we wait. */
function waitOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
}

/** A connection that broke off under us (a load balancer's idle time, a server that restarts): worth another try. */
const isPassing = (error: unknown): boolean => ['ECONNRESET', 'EPIPE', CUT].includes(codeOf(error) ?? '');

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

const CAUSE = 200;

/** What happened, in words: Node puts the reason of a failed connection to several addresses into `errors`. */
function causeOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const known = WORDS[codeOf(inner) ?? ''];
  if (known !== undefined) return known;
  return inOneLine(inner instanceof Error ? inner.message : String(inner), CAUSE);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'no answer (connection timed out)',
  EHOSTUNREACH: 'no way leads there (host unreachable)',
  ENETUNREACH: 'no way leads there (network unreachable)',
  [SILENT]: 'no answer in time',
  [CUT]: 'the answer stopped in the middle',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not by the authority that is configured',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not by the authority that is configured',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not by the authority that is configured',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names',
};
