import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { DIRECT, isUntrusted, type Outward, OutwardUnusable, type Way } from '../../outward/outward.ts';
import { isReachableHost, lookupWithin, type Network, NOT_REACHABLE } from './reachable.ts';

export interface Download {
  readonly url: string;
  readonly network: Network;
  /** Bytes of the answer. */
  readonly maxBytes: number;
  readonly accept?: string;
  /** Sent to the host of `url` and to no other. */
  readonly authorization?: string;
  /** Default: hosts are reached as they are. */
  readonly outward?: Outward | undefined;
}

export type Downloaded =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly body: Buffer;
      /** After redirects: what relative addresses in the answer are relative to. */
      readonly url: string;
    }
  /** In words for people. */
  | { readonly kind: 'failed'; readonly reason: string };

/** From the first byte asked for to the last one read, redirects among them. */
const DEADLINE_MILLISECONDS = 30_000;
const REDIRECTS = 5;
/** Bytes of an answer that is no success: only its status is of use. */
const REFUSAL_BYTES = 16 * 1024;

/**
 * One GET from outside: bounded in size and time, no cookie, no compression (a small answer stays small), through a
 * proxy only where the configuration names one: then that one decides which addresses a name may lead to.
 * Redirects are followed to addresses that may be reached, never from https to http, and without the credential where
 * they lead to another host.
 */
export async function download(asked: Download): Promise<Downloaded> {
  const deadline = AbortSignal.timeout(DEADLINE_MILLISECONDS);
  let { url } = asked;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const against = refusal(url, asked);
    if (against !== undefined) return { kind: 'failed', reason: against };
    const isSameHost = new URL(url).host === new URL(asked.url).host;
    const { authorization, ...open } = asked;
    const way = await wayTo(url, asked);
    if ('reason' in way) return way;
    const answer = await get(
      way,
      { ...open, url, ...(isSameHost && authorization !== undefined ? { authorization } : {}) },
      deadline,
    );
    if (answer.kind === 'failed' || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    const { location = '' } = answer.headers;
    if (!URL.canParse(location, url)) return failed(`${hostOf(url)} redirects to no address`);
    url = new URL(location, url).href;
  }
  return failed(`${hostOf(asked.url)} redirects more than ${REDIRECTS} times`);
}

function refusal(url: string, { url: first, network }: Download): string | undefined {
  if (!URL.canParse(url)) return 'it is no address';
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return `the address at ${hostname} holds a user or a password`;
  const isPlain = protocol === 'http:' && network === 'private' && first.startsWith('http:');
  if (protocol !== 'https:' && !isPlain)
    return `${hostname} would be spoken to over ${protocol}// and not https`;
  return isReachableHost(hostname, network) ? undefined : notReachable(hostname);
}

const notReachable = (host: string): string =>
  `${host} is at an address that is not of the internet: a chart source with network: "private" allows it`;

async function wayTo(
  url: string,
  { outward = DIRECT }: Download,
): Promise<Way | Extract<Downloaded, { kind: 'failed' }>> {
  try {
    return await outward.agentFor(url);
  } catch (error) {
    if (error instanceof OutwardUnusable) return { kind: 'failed', reason: error.message };
    throw error;
  }
}

function get({ agent, by }: Way, asked: Download, deadline: AbortSignal): Promise<Downloaded> {
  const { url, network, maxBytes, accept, authorization } = asked;
  const host = hostOf(url);
  return new Promise((resolve) => {
    const fail = (reason: string) => resolve(failed(reason));
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, {
      method: 'GET',
      agent,
      signal: deadline,
      ...(by === 'proxy' ? {} : { lookup: lookupWithin(network) }),
      headers: {
        accept: accept ?? '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'fairlead',
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    request.on('error', (error) => fail(inWords(error, host, deadline)));
    request.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      const limit = status === 200 ? maxBytes : REFUSAL_BYTES;
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('error', (error) => fail(inWords(error, host, deadline)));
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > limit && status === 200) {
          fail(`${host} answers with more than ${maxBytes} bytes`);
          request.destroy();
        } else if (size <= limit) chunks.push(chunk);
      });
      answer.on('end', () =>
        resolve({ kind: 'answered', status, headers: answer.headers, body: Buffer.concat(chunks), url }),
      );
    });
    request.end();
  });
}

function inWords(error: Error & { readonly code?: string }, host: string, deadline: AbortSignal): string {
  if (deadline.aborted) return `${host} did not answer within ${DEADLINE_MILLISECONDS / 1000} seconds`;
  if (error.code === NOT_REACHABLE) return notReachable(host);
  if (isUntrusted(error.code))
    return `the certificate of ${host} is signed by an authority that is not trusted here: put its certificate (PEM) into the secret of gitNetwork.caBundle`;
  return `${host} does not answer (${error.code ?? 'the connection broke'})`;
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'the address');
const failed = (reason: string): Downloaded => ({ kind: 'failed', reason });
