import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import * as clients from '../../lib/aws/clients.ts';
import { close, listen } from '../../lib/loopback/listen.ts';
import { type Handler, INVOCATION, invoke } from '../../local/aws/services.ts';
import { pump } from '../../local/pump.ts';
import { ownCpuSeconds } from './processes.ts';

/**
 * One part of the line in a process of its own, as each has one when deployed, so that it can be told what each costs:
 * the embedded AWS, the Git host, or a function, whose bundle is loaded at its first call.
 */
export type PartOptions =
  | {
      readonly kind: 'aws';
      readonly folder: string;
      readonly parameters: readonly (readonly [string, string])[];
      readonly secrets: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'git'; readonly folder: string; readonly repositories: readonly string[] }
  | {
      readonly kind: 'polling';
      readonly name: string;
      readonly bundle: string;
      readonly queueUrl: string;
      readonly batchSize: number;
    }
  | { readonly kind: 'invoked'; readonly name: string; readonly bundle: string };

/** What a part tells: its addresses once it serves, each push, when it begins and ends to work, what it has used. */
export type Told =
  | {
      readonly told: 'serving';
      readonly addresses: Readonly<Record<string, string>>;
      readonly environment?: Readonly<Record<string, string | undefined>>;
    }
  | { readonly told: 'pushed' }
  | { readonly told: 'calls'; readonly running: number }
  | { readonly told: 'error'; readonly message: string }
  | { readonly told: 'used'; readonly cpuSeconds: number; readonly peakMib: number };

export type Asked = { readonly ask: 'use' } | { readonly ask: 'stop' };

const tell = (told: Told): void => {
  process.send?.(told);
};

const ending = new AbortController();
let stop: () => Promise<unknown> = async () => ending.abort();

async function start(options: PartOptions): Promise<void> {
  const onError = (name: string, error: unknown) =>
    tell({ told: 'error', message: `${name}: ${error instanceof Error ? error.stack : String(error)}` });
  switch (options.kind) {
    case 'aws': {
      // Where it is needed: a function's memory is measured too.
      const { startAws } = await import('../../local/aws/aws.ts');
      const aws = await startAws({
        folder: options.folder,
        port: 0,
        contents: {
          functions: new Map(),
          parameters: new Map(options.parameters),
          secrets: new Map(options.secrets),
          onEvent: () => {},
        },
        onTableWrite: () => {},
      });
      stop = aws.stop;
      return tell({ told: 'serving', addresses: aws.queues, environment: aws.environment });
    }
    case 'git': {
      const { startGit } = await import('../../local/git.ts');
      const git = await startGit({
        folder: options.folder,
        port: 0,
        repositories: options.repositories.map((name) => ({ name, branch: 'main' })),
        onPush: () => tell({ told: 'pushed' }),
      });
      stop = git.stop;
      return tell({ told: 'serving', addresses: { url: git.url, token: git.pushToken } });
    }
    case 'polling': {
      const { name, queueUrl, batchSize } = options;
      const handler = called(options.bundle);
      void pump(clients.sqs(process.env), { name, queueUrl, batchSize, handler }, onError, ending.signal);
      return tell({ told: 'serving', addresses: {} });
    }
    case 'invoked': {
      const contents = {
        functions: new Map([[options.name, called(options.bundle)]]),
        parameters: new Map(),
        secrets: new Map(),
        onEvent: () => {},
      };
      const server = createServer(async (request, response) => {
        const [, name = ''] = INVOCATION.exec(request.url ?? '') ?? [];
        const { status, headers, body } = await invoke(
          name,
          (await buffer(request)).toString('utf8'),
          contents,
        );
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
      });
      const port = await listen(server, 0, options.name, '');
      stop = () => close(server);
      return tell({ told: 'serving', addresses: { url: `http://127.0.0.1:${port}` } });
    }
  }
}

/** A function by its bundle, loaded when it is called first, as Lambda does. */
function called(bundle: string): Handler {
  let loading: Promise<{ handler: Handler }> | undefined;
  let running = 0;
  return async (event) => {
    tell({ told: 'calls', running: ++running });
    try {
      loading ??= import(pathToFileURL(bundle).href);
      return await (await loading).handler(event);
    } finally {
      tell({ told: 'calls', running: --running });
    }
  };
}

process.on('message', (message: PartOptions | Asked) => {
  if ('kind' in message) {
    start(message).catch((error: unknown) => tell({ told: 'error', message: String(error) }));
  } else if (message.ask === 'use') {
    tell({ told: 'used', cpuSeconds: ownCpuSeconds(), peakMib: process.resourceUsage().maxRSS / 1024 });
  } else {
    void stop().finally(() => process.exit(0));
  }
});
process.on('disconnect', () => process.exit(0));
