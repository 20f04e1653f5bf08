import type { IncomingMessage } from 'node:http';

/** What a call is answered with; `content-length` is set by whoever writes it. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Buffer | string;
}

/** An error that S3 has a code for. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const noSuchKey = (headers: Readonly<Record<string, string>> = {}) =>
  new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', headers);

export const notImplemented = (request: IncomingMessage, query: URLSearchParams) =>
  new S3Error(
    501,
    'NotImplemented',
    `The local installation has no ${request.method} with ?${[...query.keys()].join('&')}.`,
  );

export const xmlAnswer = (body: string, headers: Answer['headers'] = {}): Answer => ({
  headers: { 'content-type': 'application/xml', ...headers },
  body,
});
