import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import * as clients from '../../lib/aws/clients.ts';
import { type Connection, findConnection } from '../connection.ts';
import type { InboxEntry } from '../page/inbox.ts';
import type { PageState } from '../page/page.ts';
import { tools } from '../tools.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const POLL_MS = 250;

/** A step that was not seen in time, or was seen otherwise. */
export class Unseen extends Error {
  override readonly name = 'Unseen';
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a user has: a terminal, git, kubectl, the AWS API, and the page. Nothing that only the inside knows. */
export interface World {
  readonly folder: string;
  /** Starts the installation as `npm start` does. */
  start(): Promise<Connection>;
  stop(): Promise<void>;
  /** @throws Unseen before the start */
  connection(): Connection;
  run(command: string, argv: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ran>;
  fairlead(...argv: string[]): Promise<Ran>;
  /** Lines pasted into a shell that has kubectl and the cluster's kubeconfig. */
  shell(lines: string): Promise<Ran>;
  /** @throws Unseen if kubectl fails */
  kubectl(...argv: string[]): Promise<string>;
  /** In the clone of the cluster repository. @throws Unseen if git fails */
  git(...argv: string[]): Promise<string>;
  page(): Promise<PageState>;
  inbox(matches: (entry: InboxEntry) => boolean): Promise<InboxEntry | undefined>;
  stored(key: string): Promise<{ body: Buffer; tags: ReadonlyMap<string, string> }>;
  /** Until something is there. @throws Unseen after the seconds */
  until<Seen>(
    what: string,
    timeoutSeconds: number,
    look: () => Promise<Seen | undefined | false>,
  ): Promise<Seen>;
  /** The last lines that the installation printed and logged. */
  tail(): Promise<string>;
}

export function observe(folder: string, signal: AbortSignal): World {
  const data = join(folder, 'data');
  const clone = join(folder, 'clone');
  let child: ChildProcess | undefined;
  let printed = '';
  let connection: Connection | undefined;

  const connected = (): Connection => {
    if (connection === undefined) throw new Unseen('the installation has not started');
    return connection;
  };
  const gitEnvironment = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada Person',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada Person',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  };

  const world: World = {
    folder,
    connection: connected,
    async start() {
      const argv = ['--data', data, '--port', '0', '--check-every', '3'];
      child = spawn(process.execPath, [join(ROOT, 'local', 'start.ts'), ...argv], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (part: Buffer) => {
          printed += part.toString('utf8');
        });
      }
      connection = await world.until('the installation', 30, async () => {
        if (child?.exitCode !== null) throw new Unseen('the installation has ended at its start');
        return /^Try:/m.test(printed) && (await findConnection(data));
      });
      return connection;
    },
    async stop() {
      if (child === undefined || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const [code] = await ended;
      child = undefined;
      if (code !== 0) throw new Unseen(`the installation ended with ${code} when it was stopped`);
    },
    async run(command, argv, environment = process.env) {
      signal.throwIfAborted();
      const started = spawn(command, [...argv], {
        cwd: ROOT,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output = { stdout: '', stderr: '' };
      started.stdout.on('data', (part: Buffer) => {
        output.stdout += part.toString('utf8');
      });
      started.stderr.on('data', (part: Buffer) => {
        output.stderr += part.toString('utf8');
      });
      const [code] = (await once(started, 'close')) as [number | null];
      return { code, ...output };
    },
    fairlead: (...argv) =>
      world.run(process.execPath, [join(ROOT, 'cli', 'fairlead.mjs'), ...argv], {
        ...process.env,
        FAIRLEAD_DATA: data,
      }),
    async shell(lines) {
      const path = `${dirname((await tools()).kubectl)}:${process.env.PATH}`;
      const environment = { ...process.env, PATH: path, KUBECONFIG: connected().kubeconfig };
      return await world.run('sh', ['-e', '-c', lines], environment);
    },
    async kubectl(...argv) {
      const { kubeconfig } = connected();
      const ran = await world.run((await tools()).kubectl, ['--kubeconfig', kubeconfig, ...argv]);
      if (ran.code !== 0) throw new Unseen(`kubectl ${argv.join(' ')}: ${ran.stderr.trim()}`);
      return ran.stdout;
    },
    async git(...argv) {
      const credentials = `credential.helper=store --file=${join(data, 'git-credentials')}`;
      const place = argv[0] === 'clone' ? [clone] : [];
      const where = argv[0] === 'clone' ? [] : ['-C', clone];
      const ran = await world.run('git', [...where, '-c', credentials, ...argv, ...place], gitEnvironment);
      if (ran.code !== 0) throw new Unseen(`git ${argv.join(' ')}: ${ran.stderr.trim()}`);
      return ran.stdout.trim();
    },
    async page() {
      const url = new URL(connected().page);
      const answer = await fetch(new URL('/state.json', url), {
        headers: { authorization: `Bearer ${url.searchParams.get('token')}` },
        signal,
      });
      return (await answer.json()) as PageState;
    },
    inbox: async (matches) => (await world.page()).inbox.find(matches),
    async stored(key) {
      const { environment } = connected();
      const s3 = clients.s3(environment);
      const Bucket = environment.FAIRLEAD_UPLOAD_BUCKET;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
      const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: key }));
      return {
        body: Buffer.from((await Body?.transformToByteArray()) ?? []),
        tags: new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value])),
      };
    },
    async until(what, timeoutSeconds, look) {
      const deadline = Date.now() + timeoutSeconds * 1000;
      for (;;) {
        signal.throwIfAborted();
        const seen = await look();
        if (seen !== undefined && seen !== false) return seen;
        if (Date.now() > deadline) throw new Unseen(`not seen within ${timeoutSeconds} s: ${what}`);
        await sleep(POLL_MS, undefined, { signal });
      }
    },
    async tail() {
      const log = await readFile(join(data, 'functions.log'), 'utf8').catch(() => '');
      const last = (text: string) => text.trim().split('\n').slice(-25).join('\n');
      return `--- printed\n${last(printed)}\n--- logged\n${last(log)}`;
    },
  };
  return world;
}
