import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { addressOf, whyRefused } from '../../lib/loopback/guard.ts';
import { parseJson } from '../../lib/objects/json.ts';
import { type AccessKeys, isSignedWith } from './keys.ts';
import { answerJson, INVOCATION, invoke, type ServiceAnswer, type ServiceContents } from './services.ts';
import { answerSts } from './sts.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface Services extends ServiceContents {
  readonly keys: AccessKeys;
  readonly account: string;
  readonly s3: Serve;
  readonly dynamodb: Serve;
  /** SQS and SNS. */
  readonly messaging: Serve;
  /** Told after each write to a table: what DynamoDB Streams would do. */
  readonly onTableWrite: () => void;
}

const SMALL_REQUEST_BYTES = 6 * 1024 * 1024;
const WRITES = /^DynamoDB_20120810\.(PutItem|UpdateItem|DeleteItem|BatchWriteItem)$/;

/**
 * One address for all of AWS, as `aws --endpoint-url` expects it: the protocol says which service is meant.
 * Refused before anything is read: what a web page could send, and what is not signed with this installation's key.
 * @param port called at each request, since 0 becomes a port only when it listens
 */
export function awsEndpoint(services: Services, port: () => number): Server {
  return createServer((request, response) => {
    const refusal =
      whyRefused(request, port()) ??
      (isSignedWith(services.keys, request)
        ? undefined
        : 'The AWS access key is not the one of this installation: see .local/env');
    if (refusal !== undefined) return refuse(request, response, refusal);
    // What is of our own origin is no cross-origin request; no part behind may answer it as one.
    delete request.headers.origin;
    route(services, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { connection: 'close' });
      response.end(JSON.stringify({ message: String(error) }));
    });
  });
}

async function route(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target.startsWith('DynamoDB_')) {
    if (WRITES.test(target)) response.once('finish', services.onTableWrite);
    return services.dynamodb(request, response);
  }
  if (target.startsWith('AmazonSQS.')) return services.messaging(request, response);
  if (target !== '')
    return answerService(request, response, (body) => ofTarget(services, target, body.toString('utf8')));
  if (isForSts(request))
    return answerService(request, response, (body) =>
      answerSts(
        { method: request.method ?? '', url: request.url ?? '', headers: singleHeaders(request), body },
        services.keys,
        services.account,
      ),
    );
  const form = String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  if (request.method === 'POST' && request.url === '/' && form) return services.messaging(request, response);
  const [, name] = INVOCATION.exec(addressOf(request).pathname) ?? [];
  if (name !== undefined && request.method === 'POST') {
    return answerService(request, response, (body) =>
      invoke(decodeURIComponent(name), body.toString('utf8'), services),
    );
  }
  return services.s3(request, response);
}

/** By the service that the signature is for; and what presigns a query of STS for another is told so by STS. */
function isForSts({ method, url = '', headers }: IncomingMessage): boolean {
  if (!/^\/(\?|$)/.test(url)) return false;
  if (/\/sts\/aws4_request\b/.test(headers.authorization ?? '')) return true;
  return method === 'GET' && /[?&]Action=/.test(url);
}

const singleHeaders = ({ headers }: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );

function ofTarget(services: Services, target: string, body: string) {
  return (
    answerJson(target, parseJson(body) as Record<string, unknown>, services) ?? {
      status: 501,
      body: JSON.stringify({
        __type: 'UnknownOperationException',
        message: `the local installation has no ${target}`,
      }),
    }
  );
}

async function answerService(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (body: Buffer) => ServiceAnswer | Promise<ServiceAnswer>,
): Promise<void> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > SMALL_REQUEST_BYTES) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    parts.push(part);
  }
  const { status, headers, body } = await answer(Buffer.concat(parts));
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
  response.end(body);
}

/** In the form that the caller's SDK reads: S3's XML or JSON. */
function refuse(request: IncomingMessage, response: ServerResponse, why: string): void {
  const json = request.headers['x-amz-target'] !== undefined;
  response.writeHead(403, {
    'content-type': json ? 'application/x-amz-json-1.1' : 'application/xml',
    // The body was not read: the connection cannot carry another request.
    connection: 'close',
  });
  response.end(
    json
      ? JSON.stringify({ __type: 'AccessDeniedException', message: why })
      : `<Error><Code>AccessDenied</Code><Message>${why}</Message></Error>`,
  );
}
