import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { addressOf, whyRefused } from '../lib/loopback/guard.ts';
import { close, listen } from '../lib/loopback/listen.ts';
import type { PageSource } from './state.ts';

export interface PageServer {
  /** With the token of this start: opening it once lets this browser in. */
  readonly url: string;
  readonly port: number;
  /** Something that is shown has changed: everybody who looks is sent the new state soon. */
  changed(): void;
  stop(): Promise<void>;
}

export interface PageServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly source: PageSource;
  /** What a person typed to start it: `npm start`. Who comes without a token is told. */
  readonly startedBy: string;
  /** What chooses another port when it stands before one. */
  readonly otherwise: string;
  /** Told when somebody begins to look, and when nobody does any more. */
  readonly onWatched?: (watched: 'by somebody' | 'by nobody') => void;
  readonly onError: (error: unknown) => void;
}

/** Changes that come together are shown together. */
const GATHER_MS = 100;
/** Cookies know no ports: two pages on one machine have two names. */
const cookieOf = (port: number): string => `fairlead-page-${port}`;
/** An incident's key: names of Kubernetes and of the installation, none of which is long. */
const KEY_CHARACTERS = 2000;

const FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/parts.js': { file: 'parts.js', type: 'text/javascript; charset=utf-8' },
  '/incidents.js': { file: 'incidents.js', type: 'text/javascript; charset=utf-8' },
  '/release-history.js': { file: 'release-history.js', type: 'text/javascript; charset=utf-8' },
  '/findings.js': { file: 'findings.js', type: 'text/javascript; charset=utf-8' },
  '/inbox.js': { file: 'inbox.js', type: 'text/javascript; charset=utf-8' },
  '/style.css': { file: 'style.css', type: 'text/css; charset=utf-8' },
  '/inbox.css': { file: 'inbox.css', type: 'text/css; charset=utf-8' },
  '/incidents.css': { file: 'incidents.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
};

/** What the published package has to hold beside its code (cli/package/bundle.ts). */
export const STATIC = new URL('static/', import.meta.url);

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/**
 * The page, on the loopback address alone, for the browser that has the token of this start. State comes as
 * server-sent events, the alerts of an incident when they are asked for. It can only be looked at: nothing here changes
 * anything, and nothing but GET is answered.
 * @throws PortTaken
 */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { source, startedBy, onWatched = () => {}, onError } = options;
  const token = randomBytes(24).toString('hex');
  const watchers = new Set<ServerResponse>();
  let gathering: NodeJS.Timeout | undefined;
  let port = options.port;

  const message = (): string => `data: ${JSON.stringify(source.state())}\n\n`;
  const show = () => {
    gathering = undefined;
    if (watchers.size === 0) return;
    const now = message();
    for (const watcher of watchers) watcher.write(now);
  };
  const changed = () => {
    gathering ??= setTimeout(show, GATHER_MS);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, type: string, body: string | Buffer, more = {}) => {
      response.writeHead(status, { ...HEADERS, 'content-type': type, ...more });
      response.end(body);
    };
    const json = (status: number, value: unknown) =>
      answer(status, 'application/json', JSON.stringify(value));
    const refusal = whyRefused(request, port);
    if (refusal !== undefined) return answer(403, 'text/plain', `${refusal}\n`);
    if (request.method !== 'GET') return answer(405, 'text/plain', 'this page can only be read\n');
    const url = addressOf(request);
    if (equal(url.searchParams.get('token') ?? '', token)) {
      // The token leaves the address bar and the history for a cookie that scripts and other sites do not get.
      return answer(303, 'text/plain', '', {
        location: '/',
        'set-cookie': `${cookieOf(port)}=${token}; HttpOnly; SameSite=Strict; Path=/`,
      });
    }
    // The icon is asked for without cookies by some browsers, and says nothing.
    if (url.pathname !== '/icon.svg' && !isLetIn(request, cookieOf(port), token)) {
      return answer(
        401,
        'text/plain; charset=utf-8',
        `Open the address that "${startedBy}" printed: it lets this browser in, until the next start.\n`,
      );
    }
    const file = Object.hasOwn(FILES, url.pathname) ? FILES[url.pathname] : undefined;
    if (file !== undefined) return answer(200, file.type, await readFile(new URL(file.file, STATIC)));
    switch (url.pathname) {
      case '/state.json':
        return json(200, source.state());
      case '/incident.json': {
        const key = url.searchParams.get('key') ?? '';
        const found = key.length > KEY_CHARACTERS ? undefined : await timeline(key);
        return found === undefined ? json(404, { key }) : json(200, found);
      }
      case '/events':
        return watch(response);
      default:
        return answer(404, 'text/plain', 'no such page\n');
    }
  }

  /** What cannot be read now is said on the page, and is no end of it. */
  async function timeline(key: string): Promise<unknown> {
    try {
      return await source.timeline(key);
    } catch (error) {
      onError(error);
      return { key, alerts: [], problem: error instanceof Error ? error.message : String(error) };
    }
  }

  function watch(response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(message());
    watchers.add(response);
    if (watchers.size === 1) onWatched('by somebody');
    response.once('close', () => {
      watchers.delete(response);
      if (watchers.size === 0) onWatched('by nobody');
    });
  }

  port = await listen(server, options.port, 'the page', options.otherwise);
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    port,
    changed,
    async stop() {
      clearTimeout(gathering);
      await close(server);
    },
  };
}

function isLetIn(request: IncomingMessage, name: string, token: string): boolean {
  const cookies = (request.headers.cookie ?? '').split(/;\s*/);
  const given = cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return equal(given ?? bearer ?? '', token);
}

function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
