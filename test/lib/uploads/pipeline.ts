import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { untoldOf } from '../../../lib/alerts/outbox.ts';
import type { RenderRequest, RenderResponse } from '../../../lib/charts/render-request.ts';
import type { Command, Verb } from '../../../lib/commands/command.ts';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import type {
  Doorbell,
  ObjectCreated,
  ReadRequest,
  ReplayRequested,
} from '../../../lib/messages/messages.ts';
import { type DeliverParts, deliverUploads } from '../../../lib/uploads/delivering/deliver.ts';
import { type ReceiveParts, receiveUpload } from '../../../lib/uploads/receiving/receive.ts';
import { commandKey } from '../../../lib/uploads/record/keys.ts';
import { readRecord } from '../../../lib/uploads/record/record.ts';
import { type SweepEvent, sweep } from '../../../lib/uploads/sweep.ts';
import { gitServer } from '../repository/server.ts';
import { commandOf, standInSts } from './commanding.ts';
import { memoryQueue, memoryStore, memoryTable } from './doubles.ts';

/** A chart package as `helm package` makes it. */
export async function chartPackage(
  name: string,
  version: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const archive = pack();
  const all = {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    'templates/settings.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  colour: {{ .Values.colour | default "blue" }}\n',
    ...files,
  };
  for (const [path, text] of Object.entries(all))
    archive.entry({ name: `${name}/${path}`, mode: 0o644 }, text);
  archive.finalize();
  return buffer(archive.pipe(createGzip()));
}

export const ACCEPTED: RenderResponse = {
  schema: 1,
  kind: 'rendered',
  render: digestOf(''),
  warnings: [],
};

/** receive-upload, deliver-uploads and sweep over a real Git server, with the narrow interfaces in memory. */
export async function pipeline(
  options: {
    readonly target?: Partial<ConfigInput['targets'][number]>;
    /** More of them, beside `staging`. */
    readonly targets?: ConfigInput['targets'];
    /** More of them, beside `cluster`. */
    readonly repositories?: ConfigInput['repositories'];
    readonly judge?: (request: RenderRequest) => RenderResponse | Promise<RenderResponse>;
  } = {},
) {
  const git = await gitServer();
  const config = parseConfig({
    repositories: [
      { name: 'cluster', url: git.url, credential: { kind: 'token', secret: 'write' } },
      ...(options.repositories ?? []),
    ],
    targets: [
      {
        name: 'staging',
        repository: 'cluster',
        deployer: 'flux',
        namespaces: ['shop'],
        ...options.target,
      },
      ...(options.targets ?? []),
    ],
  });
  const table = memoryTable();
  let clock = Date.parse('2026-11-21T12:00:00Z');
  const uploads = memoryStore(() => new Date(clock));
  const content = memoryStore();
  const queues = {
    received: memoryQueue<ObjectCreated>(),
    doorbell: memoryQueue<Doorbell>(),
    reads: memoryQueue<ReadRequest>(),
  };
  const asked: RenderRequest[] = [];
  const secrets = new Map([['write', git.credential.token]]);
  const logged: string[] = [];
  const sts = standInSts();
  const parts: ReceiveParts & DeliverParts = {
    installation: 'test',
    bucket: 'charts',
    config,
    table,
    uploads,
    content,
    state: memoryStore(),
    doorbell: queues.doorbell,
    reads: queues.reads,
    sts,
    secrets: { read: async (id) => secrets.get(id) ?? '' },
    render: {
      async invoke(payload) {
        const request = payload as RenderRequest;
        asked.push(request);
        return (await options.judge?.(request)) ?? ACCEPTED;
      },
    },
    scratch: join(git.folder, 'scratch'),
    now: () => new Date(clock),
    pause: async () => {},
    log: (event, details) => logged.push(JSON.stringify({ event, ...details })),
  };
  let sequencer = 0x10;

  const pipe = {
    git,
    parts,
    table,
    uploads,
    queues,
    sts,
    asked,
    secrets,
    logged,
    /** Puts an object and gives its event, which nobody has seen yet. */
    put(key: string, body: Buffer | string, metadata: Record<string, string> = {}): ObjectCreated {
      clock += 1000;
      sequencer += 1;
      const versionId = uploads.upload(key, body, metadata);
      return {
        'detail-type': 'Object Created',
        time: new Date(clock).toISOString(),
        detail: {
          bucket: { name: 'charts' },
          object: { key, 'version-id': versionId, sequencer: sequencer.toString(16) },
        },
      };
    },
    receive: (event: ObjectCreated | ReplayRequested, by = parts) => receiveUpload(event, by),
    /** What a person sends to have it taken again. */
    replayOf({ detail }: ObjectCreated): ReplayRequested {
      clock += 1;
      return { 'detail-type': 'Replay Requested', time: new Date(clock).toISOString(), detail };
    },
    deliver: (by = parts) => deliverUploads({ schema: 1, repository: 'cluster', branch: 'main' }, by),
    async upload(key: string, body: Buffer | string, metadata: Record<string, string> = {}) {
      const event = pipe.put(key, body, metadata);
      await pipe.receive(event);
      await pipe.deliver();
      return event;
    },
    async chart(version: string, files: Readonly<Record<string, string>> = {}, release = 'web') {
      const bytes = await chartPackage('web', version, files);
      return pipe.put(`staging/shop/${release}/web-${version}.tgz`, bytes);
    },
    /** Puts a command, signed now by who may; nobody has seen it yet. */
    command(verb: Verb, changed: Partial<Command> = {}): ObjectCreated {
      const asked = commandOf(verb, new Date(clock + 1000), changed);
      return pipe.put(commandKey(asked), JSON.stringify(asked));
    },
    record: ({ detail: { object } }: ObjectCreated) => readRecord(table, object.key, object['version-id']),
    tags: ({ detail: { object } }: ObjectCreated) => uploads.tagsOf(object.key, object['version-id']),
    alerts: (): readonly Alert[] => [...table.items.values()].flatMap(untoldOf),
    sweep: (kind: SweepEvent['sweep'] = 'minutes') =>
      sweep({ schema: 1, sweep: kind }, { ...parts, received: queues.received }),
    later(seconds: number) {
      clock += seconds * 1000;
    },
    /** What lies open: received or waiting. */
    open: () =>
      [...table.items.values()].filter(({ pk }) => pk === 'received' || /^(waiting|commands)#/.test(pk))
        .length,
    /** Parts to which the Git host is down: nobody listens there. */
    withoutHost: () => pipe.withHost('http://127.0.0.1:1/none.git'),
    /** Parts to which the repository is somewhere else. */
    withHost(url: string) {
      const repositories = config.repositories.map((one) => ({ ...one, url }));
      return { ...parts, config: { ...config, repositories } };
    },
    stop: () => git.stop(),
  };
  return pipe;
}
export type Pipeline = Awaited<ReturnType<typeof pipeline>>;
