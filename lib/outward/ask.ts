import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Outward } from './outward.ts';

export interface Asked {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first byte asked for to the last one read. */
  readonly milliseconds: number;
  /** Of the answer; more breaks it off. */
  readonly maxBytes: number;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** More came than `maxBytes`. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/**
 * One call and its whole answer; redirects are answers.
 * @throws OutwardUnusable, AnswerTooLong, or why there is no answer
 */
export async function ask(
  { url, method, headers, body, milliseconds, maxBytes }: Asked,
  outward: Outward,
): Promise<Answered> {
  const { agent } = await outward.agentFor(url);
  return await new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, {
      method,
      agent,
      signal: AbortSignal.timeout(milliseconds),
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
    });
    request.on('error', reject);
    request.on('response', (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('error', reject);
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= maxBytes) parts.push(part);
        else {
          reject(new AnswerTooLong('the answer is too long'));
          request.destroy();
        }
      });
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(parts).toString('utf8'),
        }),
      );
    });
    request.end(body);
  });
}
