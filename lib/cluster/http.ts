import type { IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { createGunzip } from 'node:zlib';
import type { Connection } from './connection.ts';

/** Connections at once: enough to overlap waiting with parsing, few enough for the cluster's fair queuing. */
const CONNECTIONS = 6;
/** Also how long an answer may pause in its middle. */
const SILENCE_MS = 30_000;
/** However steadily it drips. */
const WHOLE_MS = 120_000;
/** Packed or not. A page that is larger is asked for in smaller ones. */
export const ANSWER_BYTES = 64 * 1024 * 1024;

/** A GET's answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

/** What kept a GET from being answered; `code` as Node names it, or one of ours. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
export const TOO_LARGE = 'TOO_LARGE';
export const SILENT = 'SILENT';
export const CUT = 'CUT';

/**
 * Sends nothing but GET, over a few connections that are kept: each costs a TLS handshake. Of Node's own client, which
 * needs no loading.
 */
export interface HttpClient {
  /** @throws NoAnswer */
  get(path: string, accept: string): Promise<HttpAnswer>;
  close(): void;
}

export function httpClient({ url, headers, tls, proxy }: Connection): HttpClient {
  const isTls = url.startsWith('https:');
  const options = {
    keepAlive: true,
    maxSockets: CONNECTIONS,
    // Only what the kubeconfig says: variables of this process lead clients of AWS and Git, not these.
    ...(proxy === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxy, HTTP_PROXY: proxy } }),
  };
  const plain = isTls ? undefined : plainHttp();
  const agent = plain === undefined ? new TlsAgent({ ...options, ...tls }) : new plain.Agent(options);
  const request = plain?.request ?? tlsRequest;
  const base = new URL(url);
  const prefix = base.pathname === '/' ? '' : base.pathname;
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
  return {
    get: (path, accept) =>
      new Promise((resolve, reject) => {
        const asked = request({
          agent,
          protocol: base.protocol,
          hostname: base.hostname.replace(/^\[|\]$/g, ''),
          ...(base.port === '' ? {} : { port: base.port }),
          path: `${prefix}${path}`,
          method: 'GET',
          headers: { ...sent, accept, 'accept-encoding': 'gzip' },
          timeout: SILENCE_MS,
        });
        const whole = setTimeout(() => asked.destroy(new NoAnswer(SILENT, 'no answer in time')), WHOLE_MS);
        asked.once('timeout', () => asked.destroy(new NoAnswer(SILENT, 'no answer in time')));
        asked.once('error', reject);
        asked.once('close', () => clearTimeout(whole));
        asked.once('response', (answer) => {
          read(answer).then(
            (body) => {
              resolve({
                status: answer.statusCode ?? 0,
                retryAfter: answer.headers['retry-after'],
                body,
              });
            },
            (error: Error) => {
              asked.destroy();
              reject(error);
            },
          );
        });
        asked.end();
      }),
    close: () => agent.destroy(),
  };
}

/** Only where it is asked for: to import it costs 40 ms, for a WebSocket that nobody opens. */
const plainHttp = () => process.getBuiltinModule('node:http');

/** The whole body, unpacked. What is cut off in the middle is no answer. */
async function read(answer: IncomingMessage): Promise<Buffer> {
  const isPacked = answer.headers['content-encoding'] === 'gzip';
  const stream = isPacked ? answer.pipe(createGunzip()) : answer;
  const cut = new Promise<never>((_resolve, reject) => {
    answer.once('aborted', () => reject(new NoAnswer(CUT, 'the answer stopped in the middle')));
    answer.once('error', reject);
  });
  const whole = (async () => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES)
        throw new NoAnswer(TOO_LARGE, `the answer has more than ${ANSWER_BYTES / 1024 / 1024} MiB`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  })();
  return await Promise.race([whole, cut]);
}
