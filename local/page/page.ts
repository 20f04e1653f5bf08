import * as clients from '../../lib/aws/clients.ts';
import type { Config } from '../../lib/config/config.ts';
import { startPageServer } from '../../page/server.ts';
import type { PageState as InstallationState } from '../../page/state.ts';
import type { LocalAws } from '../aws/aws.ts';
import type { PutEvent } from '../aws/services.ts';
import type { ClusterState } from '../cluster.ts';
import type { GitServer } from '../git.ts';
import type { Notice } from '../installation.ts';
import { pump } from '../pump.ts';
import { type InboxEntry, openInbox } from './inbox.ts';
import { type TableView, tableReader } from './model.ts';

/** What the page shows beside an installation where that is local: its parts, and each alert as people would get it. */
export interface PageState extends InstallationState {
  readonly cluster: ClusterState;
  readonly repositories: readonly { readonly name: string; readonly url: string }[];
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

/** Writes that come together are read together. */
const GATHER_MS = 100;
const ACTIVITY = 50;

/**
 * The page of a local installation. It can only be looked at: nothing on it changes anything.
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
  const { aws, config } = options;
  const onError = (error: unknown) => options.onError('page', error);
  const reader = tableReader(aws.environment, config);
  const activity: Activity[] = [];
  let cluster: ClusterState = { kind: 'starting', progress: 'starting' };
  let table: TableView = await reader.read();
  const inbox = await openInbox(options.dataFolder, () => server.changed());

  const server = await startPageServer({
    port: options.port,
    startedBy: 'npm start',
    otherwise: 'npm start -- --page-port',
    onError,
    source: {
      timeline: reader.timeline,
      state: (): PageState => ({
        installation: config.installation,
        cluster,
        repositories: config.repositories.map(({ name, url }) => ({ name, url })),
        bucket: aws.buckets.upload.name,
        endpoint: aws.url,
        ...table,
        inbox: inbox.entries(),
        activity,
      }),
    },
  });

  let gathering: NodeJS.Timeout | undefined;
  // One after the other: an older reading never takes the place of a newer one.
  let reading = Promise.resolve();
  const read = async () => {
    table = await reader.read();
    server.changed();
  };
  const tableWritten = () => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      reading = reading.then(read).catch(onError);
    }, GATHER_MS);
  };

  const ending = new AbortController();
  const receiving = pump(
    clients.sqs(aws.environment),
    { name: 'inbox', queueUrl: aws.queues.inbox, batchSize: 10, handler: inbox.receive },
    options.onError,
    ending.signal,
  );
  const said = (part: string, text: string, kind: Activity['kind'] = 'said') => {
    activity.unshift({ at: new Date().toISOString(), part, text, kind });
    activity.splice(ACTIVITY);
  };
  return {
    url: server.url,
    port: server.port,
    tableWritten,
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
      server.changed();
    },
    eventPut(event) {
      inbox.put(event).catch(onError);
    },
    async stop() {
      ending.abort();
      clearTimeout(gathering);
      await Promise.all([server.stop(), receiving, reading]);
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
