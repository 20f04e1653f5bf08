import * as clients from '../../../lib/aws/clients.ts';
import { type Environment, VARIABLES } from '../../../lib/aws/environment.ts';
import { pump } from '../../../local/pump.ts';

/**
 * The three functions that touch an upload, in a process of their own: what it and its children take is measured from
 * outside. It is told by its parent what to do; everything else goes over the wire, as deployed.
 */
export type ToLine =
  | { readonly kind: 'start'; readonly environment: Readonly<Record<string, string>> }
  | {
      readonly kind: 'invoke';
      readonly id: number;
      readonly function: 'render-release' | 'send-alerts';
      readonly event: unknown;
    }
  /** Let go of what is not used, so that a case begins with what the process needs. */
  | { readonly kind: 'rest'; readonly id: number };

export type FromLine =
  | { readonly kind: 'started' }
  | { readonly kind: 'answered'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'threw'; readonly id: number; readonly message: string }
  /** A handler threw: its message comes again, and a queue would retry it to its end. */
  | { readonly kind: 'failed'; readonly function: string; readonly message: string };

const tell = (message: FromLine): void => void process.send?.(message);
const handlers = new Map<string, (event: unknown) => Promise<unknown>>();
const ending = new AbortController();

/** Read late: the libraries below read variables where they are loaded. */
async function start(environment: Environment): Promise<void> {
  Object.assign(process.env, environment);
  const { receiveUpload } = await import('../../../functions/receive-upload.ts');
  const { deliverUploads } = await import('../../../functions/deliver-uploads.ts');
  const { renderRelease } = await import('../../../functions/render-release.ts');
  const { sendAlerts } = await import('../../../functions/send-alerts.ts');
  const each = (name: string): Environment => ({
    ...environment,
    [VARIABLES.scratch]: `${environment[VARIABLES.scratch]}/${name}`,
  });
  handlers.set('render-release', renderRelease(each('render-release')));
  handlers.set('send-alerts', sendAlerts(each('send-alerts')));
  const sqs = clients.sqs(environment);
  const failed = (name: string, error: unknown) =>
    tell({
      kind: 'failed',
      function: name,
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  const take = (
    name: string,
    queueUrl: string | undefined,
    handler: (event: unknown) => Promise<unknown>,
  ): void => void pump(sqs, { name, queueUrl: queueUrl ?? '', batchSize: 1, handler }, failed, ending.signal);
  take('receive-upload', environment[VARIABLES.receiveQueue], receiveUpload(each('receive-upload')));
  take('deliver-uploads', environment[VARIABLES.doorbellQueue], deliverUploads(each('deliver-uploads')));
  tell({ kind: 'started' });
}

async function obey(order: ToLine): Promise<void> {
  switch (order.kind) {
    case 'start':
      return start(order.environment);
    case 'rest':
      globalThis.gc?.();
      return tell({ kind: 'answered', id: order.id, result: null });
    case 'invoke':
      try {
        const result = await handlers.get(order.function)?.(order.event);
        tell({ kind: 'answered', id: order.id, result: result ?? null });
      } catch (error) {
        tell({
          kind: 'threw',
          id: order.id,
          message: error instanceof Error ? error.message : String(error),
        });
      }
  }
}

process.on('message', (order: ToLine) => void obey(order));
process.on('disconnect', () => process.exit(0));
