import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { request } from 'undici';
import type { Connection } from './connection.ts';

/** A GET's answer, whatever its status; or why there was none. */
export type Reading =
  | { readonly kind: 'read'; readonly status: number; readonly text: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface Reader {
  get(path: string, accept?: string): Promise<Reading>;
}

const ATTEMPTS = 4;
const BACKOFF_MS = 200;
/** A server that asks for more is not waited for: there is a next check. */
const LONGEST_WAIT_MS = 10_000;
const UNPACKED_BYTES = 256 * 1024 * 1024;
/** Too many requests (API priority and fairness), and what a restarting server or a load balancer says. */
const RETRIED = new Set([429, 500, 502, 503, 504]);

/**
 * A server that hangs in the middle of a check answers none of its lists, and each would wait out its time: together
 * longer than a function may run. After so many in a row the rest is not asked for.
 */
const UNREACHABLE_IN_A_ROW = 4;

/** Reads through one connection; what is worth asking again is asked again, as `Retry-After` says. */
export function readerOf(connection: Connection): Reader {
  let unanswered: Reading[] = [];
  const ask = async (path: string, accept: string): Promise<Reading> => {
    for (let attempt = 1; ; attempt++) {
      const { reading, waitMs } = await once(connection, path, accept, attempt);
      if (waitMs === undefined || attempt === ATTEMPTS) return reading;
      await sleep(waitMs);
    }
  };
  return {
    async get(path, accept = 'application/json') {
      const last = unanswered[UNREACHABLE_IN_A_ROW - 1];
      if (last !== undefined) return last;
      const reading = await ask(path, accept);
      unanswered = reading.kind === 'unreachable' ? [...unanswered, reading] : [];
      return reading;
    },
  };
}

async function once(
  { url, headers, dispatcher }: Connection,
  path: string,
  accept: string,
  attempt: number,
): Promise<{ reading: Reading; waitMs?: number }> {
  const backoffMs = BACKOFF_MS * 2 ** (attempt - 1) * (1 + Math.random());
  try {
    const answer = await request(`${url}${path}`, {
      dispatcher,
      method: 'GET',
      headers: { ...headers, accept, 'accept-encoding': 'gzip' },
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const text =
      answer.headers['content-encoding'] === 'gzip'
        ? await promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(bytes, {
            maxOutputLength: UNPACKED_BYTES,
          })
        : bytes;
    const reading: Reading = { kind: 'read', status: answer.statusCode, text: text.toString('utf8') };
    if (!RETRIED.has(answer.statusCode)) return { reading };
    const asked = Number(answer.headers['retry-after']) * 1000;
    return { reading, waitMs: Number.isNaN(asked) ? backoffMs : Math.min(asked, LONGEST_WAIT_MS) };
  } catch (error) {
    const reading: Reading = { kind: 'unreachable', reason: `${url}: ${causeOf(error)}` };
    return isPassing(error) ? { reading, waitMs: backoffMs } : { reading };
  }
}

/** A connection that broke off under us (a load balancer's idle time, a server that restarts): worth another try. */
const isPassing = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'].includes(codeOf(error) ?? '');

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

/** What happened, in words: Node puts the reason of a failed connection to several addresses into `errors`. */
function causeOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const known = WORDS[codeOf(inner) ?? ''];
  if (known !== undefined) return known;
  return inner instanceof Error ? inner.message : String(inner);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'no answer (connection timed out)',
  UND_ERR_CONNECT_TIMEOUT: 'no answer (connection timed out)',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not by the authority that is configured',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not by the authority that is configured',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not by the authority that is configured',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};
