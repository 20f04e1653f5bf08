import { Agent, request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { close, listen } from '../../../lib/loopback/listen.ts';

/** What goes wrong with one request: before the server has seen it, or after it has done the work. */
export type Fault =
  | { readonly kind: 'refused'; readonly work: 'not done' | 'done' }
  | { readonly kind: 'cut'; readonly work: 'not done' | 'done' }
  /** The connection ends at once, and the server gets the request only now: who asked has gone on meanwhile. */
  | { readonly kind: 'late'; readonly milliseconds: number }
  /** The connection ends in the middle of the answer. */
  | { readonly kind: 'half' }
  | { readonly kind: 'hangs'; readonly work: 'not done' | 'done' }
  /** Who asked is killed. */
  | { readonly kind: 'kill'; readonly work: 'not done' | 'done' };

export type Service = 's3' | 'dynamodb' | 'sqs' | 'lambda' | 'ssm' | 'sts' | 'git';

export interface Asked {
  readonly service: Service;
  /** `PutItem`, `POST git-receive-pack`, … */
  readonly what: string;
  readonly path: string;
  /** The worker, where its user agent says so. */
  readonly worker: string | undefined;
}

export interface ProxyParts {
  /** Where to: a port of this machine. */
  readonly port: number;
  readonly serviceOf: (request: IncomingMessage) => Pick<Asked, 'service' | 'what'>;
  readonly decide: (asked: Asked) => Fault | undefined;
  readonly kill: (asked: Asked) => void;
  /** Told before a request goes on: others may be faster. */
  readonly before?: (asked: Asked) => Promise<void>;
  /** Told before the connection of a late request ends, and before the server gets it. */
  readonly late?: (asked: Asked) => Promise<void>;
  readonly lateArrives?: (asked: Asked, arrive: () => Promise<void>) => Promise<void>;
  /** Told after the server has done its work, where who asked does not get to know. */
  readonly unnoticed?: (asked: Asked) => Promise<void>;
}

const HANG_MILLISECONDS = 1200;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Stands before a server and does to its answers what networks and services do. Returns its port. */
export async function startProxy(parts: ProxyParts): Promise<{ port: number; stop(): Promise<void> }> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    serve(parts, agent, request, response).catch(() => response.destroy());
  });
  server.on('clientError', (_, socket) => socket.destroy());
  const port = await listen(server, 0, 'the fault proxy', '--port');
  return {
    port,
    async stop() {
      await close(server);
      agent.destroy();
    },
  };
}

async function serve(
  { port, serviceOf, decide, kill, before, late, lateArrives, unnoticed }: ProxyParts,
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await whole(request);
  const asked: Asked = {
    ...serviceOf(request),
    path: request.url ?? '/',
    worker: /\bapp\/([a-z-]+-\d+)/.exec(String(request.headers['user-agent'] ?? ''))?.[1],
  };
  await before?.(asked);
  const fault = decide(asked);
  const forward = () => forwarded(port, agent, request, body);
  const work = async () => {
    await forward();
    await unnoticed?.(asked);
  };
  switch (fault?.kind) {
    case undefined:
      return send(response, await forward());
    case 'refused':
      if (fault.work === 'done') await work();
      return send(response, refusal(asked));
    case 'cut':
      if (fault.work === 'done') await work();
      response.destroy();
      return;
    case 'late':
      await late?.(asked);
      response.destroy();
      await sleep(fault.milliseconds);
      await (lateArrives === undefined ? work() : lateArrives(asked, work));
      return;
    case 'half': {
      const answer = await forward();
      response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length + 1 });
      response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => response.destroy());
      return;
    }
    case 'hangs':
      if (fault.work === 'done') await work();
      await sleep(HANG_MILLISECONDS);
      response.destroy();
      return;
    case 'kill':
      if (fault.work === 'done') await work();
      kill(asked);
      response.destroy();
      return;
  }
}

function forwarded(port: number, agent: Agent, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const {
    connection: _c,
    'transfer-encoding': _t,
    'content-length': _l,
    expect: _e,
    ...headers
  } = request.headers;
  return new Promise((resolve, reject) => {
    const outgoing = ask(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: request.method,
        path: request.url,
        headers: { ...headers, host: `127.0.0.1:${port}`, 'content-length': body.length },
      },
      (answer) => {
        whole(answer).then((bytes) => {
          const { connection: _1, 'transfer-encoding': _2, 'content-length': _3, ...kept } = answer.headers;
          resolve({ status: answer.statusCode ?? 500, headers: kept, body: bytes });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const length = status === 204 || status === 304 ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

let turns = 0;

/** As each service words it; in turns a failure and a throttling. */
function refusal({ service }: Asked): Answer {
  turns += 1;
  const throttled = turns % 2 === 0;
  const json = (status: number, type: string): Answer => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': type },
    body: Buffer.from(JSON.stringify({ __type: type, message: 'a fault of the suite' })),
  });
  const text = (status: number, type: string, body: string): Answer => ({
    status,
    headers: { 'content-type': type },
    body: Buffer.from(body),
  });
  switch (service) {
    case 's3': {
      const [status, code] = throttled ? [503, 'SlowDown'] : [500, 'InternalError'];
      return text(
        Number(status),
        'application/xml',
        `<Error><Code>${code}</Code><Message>a fault</Message></Error>`,
      );
    }
    case 'dynamodb':
      return throttled
        ? json(400, 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException')
        : json(500, 'com.amazonaws.dynamodb.v20120810#InternalServerError');
    case 'sqs':
      return throttled ? json(400, 'com.amazonaws.sqs#RequestThrottled') : json(503, 'ServiceUnavailable');
    case 'lambda':
      return throttled ? json(429, 'TooManyRequestsException') : json(500, 'ServiceException');
    case 'ssm':
      return throttled ? json(400, 'ThrottlingException') : json(500, 'InternalServerError');
    case 'sts': {
      // Of whom JSON is asked (STS API, "Common Error Types").
      const [status, code] = throttled ? [400, 'Throttling'] : [500, 'InternalFailure'];
      return text(Number(status), 'application/json', JSON.stringify({ Error: { Code: code } }));
    }
    case 'git':
      return text(throttled ? 503 : 500, 'text/plain', 'a fault of the suite\n');
  }
}

/** AWS's protocols say in the request which service is meant. */
export function awsService({ headers, method, url = '' }: IncomingMessage): Pick<Asked, 'service' | 'what'> {
  const target = String(headers['x-amz-target'] ?? '');
  const what = target.split('.')[1] ?? '';
  if (target.startsWith('DynamoDB_')) return { service: 'dynamodb', what };
  if (target.startsWith('AmazonSQS.')) return { service: 'sqs', what };
  if (target !== '') return { service: 'ssm', what };
  if (url.startsWith('/2015-03-31/functions/')) return { service: 'lambda', what: 'Invoke' };
  if (/^\/\?(.*&)?Action=/.test(url)) return { service: 'sts', what: 'GetCallerIdentity' };
  return { service: 's3', what: `${method} ${url.includes('tagging') ? 'tagging' : 'object'}` };
}

/** What `Asked.what` is for a push. */
export const PUSH = 'POST git-receive-pack';
/** It asks where the branches are. */
export const PUSH_BEGINS = 'GET git-receive-pack refs';

export const gitService = ({ method, url = '' }: IncomingMessage): Pick<Asked, 'service' | 'what'> => ({
  service: 'git',
  what: `${method} ${/git-(upload|receive)-pack/.exec(url)?.[0] ?? ''}${method === 'GET' ? ' refs' : ''}`,
});

/** '': of no repository. */
export const repositoryOf = (path: string): string => /^\/([a-z]+)\.git\//.exec(path)?.[1] ?? '';
