import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isReachableHost, lookupWithin, type Network, NOT_REACHABLE } from '../desired/outside/reachable.ts';

export interface Post {
  readonly url: string;
  readonly network: Network;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the look-up of the name to the status of the answer. */
  readonly deadlineMilliseconds?: number;
}

export type Posted =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: string }
  /** In words for people: names the host, and nothing else of the address. `silent`: within the time there was. */
  | { readonly kind: 'failed' | 'silent'; readonly reason: string };

export const POST_MILLISECONDS = 5000;
/** Bytes of an answer that are let come, so that whoever answers is not cut off; none of it is kept. */
const ANSWER_BYTES = 16 * 1024;

/**
 * One POST to the outside. The answer is its status, and nobody waits for what comes after it; redirects are not
 * followed, and the address that is connected to is one that was judged. No proxy, no cookie.
 */
export async function post(asked: Post): Promise<Posted> {
  const { url, network, headers, body, deadlineMilliseconds = POST_MILLISECONDS } = asked;
  const { protocol, hostname, host } = new URL(url);
  if (!isReachableHost(hostname, network)) return failed(notReachable(host));
  const isPlain = protocol === 'http:' && network === 'private';
  if (protocol !== 'https:' && !isPlain) return failed(`${host} would be spoken to over ${protocol}//`);
  const deadline = AbortSignal.timeout(deadlineMilliseconds);
  return await new Promise((resolve) => {
    const request = (isPlain ? requestHttp : requestHttps)(url, {
      method: 'POST',
      agent: false,
      signal: deadline,
      lookup: lookupWithin(network),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'fairlead',
        ...headers,
      },
    });
    const fail = (error?: Error & { readonly code?: string }) =>
      resolve(
        deadline.aborted
          ? { kind: 'silent', reason: `${host} did not answer within ${deadlineMilliseconds / 1000} seconds` }
          : failed(inWords(error, host)),
      );
    request.on('error', fail);
    // An answer that is none (a protocol switched to, a connection closed early) ends here.
    request.on('close', () => fail());
    request.on('response', (answer) => {
      // Whatever comes after it: this says whether it was taken.
      const { 'retry-after': retryAfter } = answer.headers;
      resolve({
        kind: 'answered',
        status: answer.statusCode ?? 0,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      });
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_BYTES) request.destroy();
      });
      answer.on('error', () => {});
    });
    request.end(body);
  });
}

function inWords(error: (Error & { readonly code?: string }) | undefined, host: string): string {
  if (error?.code === NOT_REACHABLE) return notReachable(host);
  return `${host} does not answer (${error?.code ?? 'the connection ended'})`;
}

const notReachable = (host: string): string =>
  `${host} is at an address that a webhook may not be at: not of the internet, or an instance's own`;
const failed = (reason: string): Posted => ({ kind: 'failed', reason });
