import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store, type VersionedStore } from '../../lib/aws/objects.ts';
import { dynamoTable, type Table } from '../../lib/aws/table.ts';
import type { UploadState } from '../../lib/uploads/record/record.ts';
import { type LocalAws, startAws, TABLE } from '../../local/aws/aws.ts';
import { writeConnection } from '../../local/connection.ts';

/** The stores of an installation without its functions: what they would have done, a test says. */
export interface StandIn {
  readonly folder: string;
  readonly aws: LocalAws;
  readonly table: Table;
  /** SSM's: what is put in is found by the next command. */
  readonly parameters: Map<string, string>;
  readonly store: VersionedStore;
  /** As `writeConnection` says it, and as a shell in AWS would have it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Writes what becomes of the newest version of a key: its record, and its tags. */
  end(key: string, state: UploadState, tags: Readonly<Record<string, string>>): Promise<void>;
  /** The same with the next version that is uploaded. */
  endNext(key: string, state: UploadState, tags: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

const POLL_MS = 20;

/** @param secrets by name, in its Secrets Manager */
export async function standIn(secrets: ReadonlyMap<string, string> = new Map()): Promise<StandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
  const parameters = new Map<string, string>();
  const aws = await startAws({
    folder,
    port: 0,
    contents: { functions: new Map(), parameters, secrets, onEvent: () => {} },
    onTableWrite: () => {},
  });
  const environment = {
    ...(aws.environment as Record<string, string>),
    [VARIABLES.uploadBucket]: aws.buckets.upload.name,
    [VARIABLES.table]: TABLE,
    [VARIABLES.receiveQueue]: aws.queues.receive,
    [VARIABLES.readQueue]: aws.queues.read,
    [VARIABLES.stateBucket]: aws.buckets.state.name,
  };
  parameters.set('/fairlead/test/addresses/upload-bucket', aws.buckets.upload.name);
  parameters.set('/fairlead/test/addresses/table', TABLE);
  parameters.set('/fairlead/test/addresses/receive-queue', aws.queues.receive);
  parameters.set('/fairlead/test/addresses/read-queue', aws.queues.read);
  parameters.set('/fairlead/test/addresses/state-bucket', aws.buckets.state.name);
  await writeConnection(folder, {
    schema: 1,
    pid: process.pid,
    page: 'http://127.0.0.1:1/',
    environment,
    repositories: {},
    gitToken: 'token',
    kubeconfig: join(folder, 'kubeconfig'),
  });
  const table = dynamoTable(clients.dynamodb(aws.environment), TABLE);
  const store = s3Store(clients.s3(aws.environment), aws.buckets.upload.name);
  const newest = (key: string) => aws.buckets.upload.find(key);

  const end: StandIn['end'] = async (key, state, tags) => {
    const versionId = newest(key)?.versionId ?? '';
    const upload = { key, versionId, eventTime: AT, sequencer: '1', receivedAt: AT };
    const item = { pk: `upload#${key}`, sk: versionId, schema: 1, version: 1, ...upload, ...state };
    await table.put(item, 'absent');
    await store.mergeTags(key, versionId, tags);
  };
  return {
    folder,
    aws,
    table,
    parameters,
    store,
    environment,
    end,
    async endNext(key, state, tags) {
      const known = newest(key)?.versionId;
      while (newest(key) === undefined || newest(key)?.versionId === known)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      await end(key, state, tags);
    },
    async stop() {
      await aws.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const AT = '2026-11-21T12:00:00.000Z';
