import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as clients from '../../lib/aws/clients.ts';
import type { Config } from '../../lib/config/config.ts';
import { addressOf, whyRefused } from '../../lib/loopback/guard.ts';
import { close, listen } from '../../lib/loopback/listen.ts';
import type { LocalAws } from '../aws/aws.ts';
import type { PutEvent } from '../aws/services.ts';
import type { ClusterState } from '../cluster.ts';
import type { GitServer } from '../git.ts';
import type { Notice } from '../installation.ts';
import { pump } from '../pump.ts';
import { type InboxEntry, openInbox } from './inbox.ts';
import { type TableView, tableReader } from './model.ts';

/** Everything that the page shows; sent whole whenever something of it has changed. */
export interface PageState extends TableView {
  readonly installation: string;
  readonly cluster: ClusterState;
  readonly repositories: readonly { readonly name: string; readonly url: string }[];
  readonly bucket: string;
  readonly endpoint: string;
  readonly inbox: readonly InboxEntry[];
  /** What the stand-in for the deployer and the parts said, newest first. */
  readonly activity: readonly Activity[];
}

export interface Activity {
  /** ISO. */
  readonly at: string;
  readonly part: string;
  readonly text: string;
  readonly kind: 'said' | 'failed';
}

export interface Page {
  /** With the token of this start: opening it once lets this browser in. */
  readonly url: string;
  readonly port: number;
  tableWritten(): void;
  noticed(notice: Notice): void;
  eventPut(event: PutEvent): void;
  stop(): Promise<void>;
}

/** Changes that come together are shown together. */
const GATHER_MS = 100;
const ACTIVITY = 50;
/** Cookies know no ports: two installations on one machine have two names. */
const cookieOf = (port: number): string => `fairlead-page-${port}`;

const FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/parts.js': { file: 'parts.js', type: 'text/javascript; charset=utf-8' },
  '/style.css': { file: 'style.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
};

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
 * The page and its state, which it gets as server-sent events. It can only be looked at: nothing on it changes anything.
 * @throws PortTaken
 */
export async function startPage(options: {
  readonly port: number;
  readonly dataFolder: string;
  readonly aws: LocalAws;
  readonly git: GitServer;
  readonly config: Config;
  readonly onError: (part: string, error: unknown) => void;
}): Promise<Page> {
  const { aws, config, onError } = options;
  const token = randomBytes(24).toString('hex');
  const readTable = tableReader(aws.environment, config);
  const watchers = new Set<ServerResponse>();
  const activity: Activity[] = [];
  let cluster: ClusterState = { kind: 'starting', progress: 'starting' };
  let table: TableView = await readTable();

  let gathering: NodeJS.Timeout | undefined;
  let stale = false;
  const changed = (what: 'table' | 'other') => {
    stale ||= what === 'table';
    gathering ??= setTimeout(() => {
      gathering = undefined;
      show().catch((error: unknown) => onError('page', error));
    }, GATHER_MS);
  };
  const inbox = await openInbox(options.dataFolder, () => changed('other'));

  const state = (): PageState => ({
    installation: config.installation,
    cluster,
    repositories: config.repositories.map(({ name, url }) => ({ name, url })),
    bucket: aws.buckets.upload.name,
    endpoint: aws.url,
    ...table,
    inbox: inbox.entries(),
    activity,
  });
  async function show(): Promise<void> {
    if (stale) {
      stale = false;
      table = await readTable();
    }
    const message = toMessage(state());
    for (const watcher of watchers) watcher.write(message);
  }

  const ending = new AbortController();
  let port = options.port;
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      onError('page', error);
      response.destroy();
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, type: string, body: string | Buffer, more = {}) => {
      response.writeHead(status, { ...HEADERS, 'content-type': type, ...more });
      response.end(body);
    };
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
    const file = FILES[url.pathname];
    // The icon is asked for without cookies by some browsers, and says nothing.
    if (url.pathname !== '/icon.svg' && !isLetIn(request, cookieOf(port), token)) {
      return answer(
        401,
        'text/plain; charset=utf-8',
        'Open the address that "npm start" printed: it lets this browser in, until the next start.\n',
      );
    }
    if (file !== undefined) {
      return answer(200, file.type, await readFile(new URL(`static/${file.file}`, import.meta.url)));
    }
    if (url.pathname === '/state.json') return answer(200, 'application/json', JSON.stringify(state()));
    if (url.pathname !== '/events') return answer(404, 'text/plain', 'no such page\n');
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(toMessage(state()));
    watchers.add(response);
    response.once('close', () => watchers.delete(response));
  }

  port = await listen(server, options.port, 'the page', 'npm start -- --page-port');
  const receiving = pump(
    clients.sqs(aws.environment),
    { name: 'inbox', queueUrl: aws.queues.inbox, batchSize: 10, handler: inbox.receive },
    onError,
    ending.signal,
  );
  const said = (part: string, text: string, kind: Activity['kind'] = 'said') => {
    activity.unshift({ at: new Date().toISOString(), part, text, kind });
    activity.splice(ACTIVITY);
  };
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    port,
    tableWritten: () => changed('table'),
    noticed(notice) {
      switch (notice.kind) {
        case 'cluster':
          cluster = notice.state;
          break;
        case 'deployer':
          said('deployer', ...describe(notice.event));
          break;
        case 'error':
          said(notice.part, notice.message, 'failed');
          break;
      }
      changed('other');
    },
    eventPut(event) {
      inbox.put(event).catch((error: unknown) => onError('page', error));
    },
    async stop() {
      ending.abort();
      clearTimeout(gathering);
      await Promise.all([close(server), receiving]);
    },
  };
}

type DeployerNotice = Extract<Notice, { kind: 'deployer' }>['event'];

function describe(event: DeployerNotice): [text: string, kind?: Activity['kind']] {
  switch (event.kind) {
    case 'applied':
      return [`${event.target}: ${event.objects} objects applied at ${event.commit.slice(0, 7)}`];
    case 'removed':
      return [`${event.target}: removed ${event.object}`];
    case 'failed':
      return [`${event.target}: ${event.what}: ${event.message}`, 'failed'];
  }
}

const toMessage = (state: PageState): string => `data: ${JSON.stringify(state)}\n\n`;

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
