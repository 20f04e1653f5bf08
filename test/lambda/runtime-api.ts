import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { close, listen } from '../../lib/loopback/listen.ts';

/** What a runtime says of an error (Lambda guide, "Using the Lambda runtime API", Invocation error). */
const runtimeError = z
  .object({ errorType: z.string(), errorMessage: z.string(), stackTrace: z.array(z.string()) })
  .transform(({ errorType, errorMessage }) => ({ errorType, errorMessage }));

export type Invoked =
  | { readonly kind: 'response'; readonly answer: unknown }
  | { readonly kind: 'error'; readonly errorType: string; readonly errorMessage: string };

export interface RuntimeApi {
  /** What AWS_LAMBDA_RUNTIME_API is set to. */
  readonly address: string;
  /** Gives the runtime an event, and waits for what it makes of it. One at a time, as Lambda does. */
  invoke(event: unknown): Promise<Invoked>;
  /** The runtime is gone: nobody is to wait for it. */
  ended(how: string): void;
  stop(): Promise<void>;
}

const PATH =
  /^\/2018-06-01\/runtime\/(?:invocation\/(next)|invocation\/([^/]+)\/(response|error)|(init)\/error)$/;

/** Lambda's runtime API of one execution environment. */
export async function startRuntimeApi(functionArn: string, timeoutMs: number): Promise<RuntimeApi> {
  const waiting: { readonly id: string; readonly event: unknown }[] = [];
  const settle = new Map<string, (invoked: Invoked) => void>();
  let asking: ServerResponse | undefined;
  let gone: Invoked | undefined;

  const hand = (): void => {
    const [next] = waiting;
    if (asking === undefined || next === undefined) return;
    waiting.shift();
    asking.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': next.id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': `Root=1-${randomBytes(4).toString('hex')}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=1`,
    });
    asking.end(JSON.stringify(next.event));
    asking = undefined;
  };
  const finish = (invoked: Invoked): void => {
    gone = invoked;
    for (const done of settle.values()) done(invoked);
    settle.clear();
  };

  const server = createServer((request, response) => {
    const [, next, id = '', what, init] = PATH.exec(request.url ?? '') ?? [];
    if (next !== undefined) {
      asking = response;
      return hand();
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
      response.writeHead(202).end('{"status":"OK"}');
      if (init !== undefined) return finish({ kind: 'error', ...runtimeError.parse(body) });
      const done = settle.get(id);
      settle.delete(id);
      done?.(
        what === 'response'
          ? { kind: 'response', answer: body }
          : { kind: 'error', ...runtimeError.parse(body) },
      );
    });
  });
  const port = await listen(server, 0, 'the runtime API', 'a test');
  return {
    address: `127.0.0.1:${port}`,
    invoke: (event) =>
      new Promise((resolve) => {
        if (gone !== undefined) return resolve(gone);
        const id = randomUUID();
        settle.set(id, resolve);
        waiting.push({ id, event });
        hand();
      }),
    ended: (how) => finish({ kind: 'error', errorType: 'Runtime.ExitError', errorMessage: how }),
    async stop() {
      asking?.destroy();
      await close(server);
    },
  };
}
