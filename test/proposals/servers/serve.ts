import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call as the server heard it. */
export interface Heard {
  readonly method: string;
  /** Decoded parts of the path below the API. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Path and query as they came. */
  readonly url: string;
}

export interface Said {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What goes wrong with the next calls, in order: each is used up by one call that `of` lets through. */
export type Fault = { readonly of?: (heard: Heard) => boolean } & (
  | {
      readonly kind: 'says';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly text: string;
    }
  /** The call is carried out, and its answer is lost. */
  | { readonly kind: 'loses-answer' }
  | { readonly kind: 'hangs-up' }
);

/** A host's API on this machine. @param root what its paths begin with, as `/api/v3` */
export async function serveApi(root: string, answer: (heard: Heard, at: string) => Said) {
  const faults: Fault[] = [];
  const heard: Heard[] = [];
  /** Calls that another server of the test answers, which is the same one at the host. */
  const elsewhere: { readonly begins: string; readonly api: string }[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://here');
    const body = (await buffer(request)).toString('utf8');
    const below = url.pathname.startsWith(`${root}/`) ? url.pathname.slice(root.length + 1) : undefined;
    const call: Heard = {
      method: request.method ?? '',
      path: below === undefined ? ['', 'outside'] : below.split('/').map(decodeURIComponent),
      query: url.searchParams,
      headers: request.headers,
      body,
      url: request.url ?? '',
    };
    heard.push(call);
    const other = elsewhere.find(({ begins }) => url.pathname.startsWith(`${root}${begins}`));
    if (other !== undefined) {
      const { authorization = '' } = request.headers;
      const passed = await fetch(`${other.api}${url.pathname.slice(root.length)}`, {
        method: call.method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === '' ? {} : { body }),
      });
      response.writeHead(passed.status, { 'content-type': 'application/json' }).end(await passed.text());
      return;
    }
    const at = faults.findIndex(({ of }) => of === undefined || of(call));
    const [fault] = at === -1 ? [] : faults.splice(at, 1);
    if (fault?.kind === 'hangs-up') return void request.socket.destroy();
    if (fault?.kind === 'says') {
      response.writeHead(fault.status, fault.headers).end(fault.text);
      return;
    }
    const { status, body: said, headers } = answer(call, api);
    if (fault?.kind === 'loses-answer') return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(said === undefined ? '' : JSON.stringify(said));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const api = `http://127.0.0.1:${port}${root}`;
  return {
    api,
    faults,
    heard,
    elsewhere,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const jsonOf = (text: string): Record<string, unknown> => {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  return { ...value };
};
