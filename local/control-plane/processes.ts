import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as z from 'zod';

/**
 * Servers that are never left behind. Three things see to that:
 *   - they stay in our process group, so that Ctrl-C in a terminal reaches them too;
 *   - a watcher (a shell that reads a pipe from us) kills them when the pipe closes, even if we were killed by SIGKILL;
 *   - their ids are recorded beside their data, and the next start ends what is still there.
 * A process is only ever killed by its id *and* a command line that names our folder: ids are used again.
 */
const STOP_MS = 1000;
const POLL_MS = 50;
const LOG_TAIL = 2000;

const WATCHER = `
folder=$0 ids=
while read -r id; do ids="$ids $id"; done
for id in $ids; do
  if [ -r "/proc/$id/cmdline" ]; then line=$(tr '\\0' ' ' < "/proc/$id/cmdline"); else line=$(ps -p "$id" -o args= 2>/dev/null); fi
  case "$line" in *"$folder"*) kill -KILL "$id" 2>/dev/null ;; esac
done
`;

const record = z.object({ owner: z.number().int(), children: z.array(z.number().int()) });

export class ServerFailed extends Error {
  override readonly name = 'ServerFailed';
}

export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

export interface Server {
  readonly name: string;
  /** @throws ServerFailed with the end of its log, once it has exited by itself */
  check(): Promise<void>;
}

export interface Servers {
  /** Starts a server. Its command line must name `folder`; its output goes to `<folder>/<name>.log`. */
  start(
    name: string,
    command: string,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<Server>;
  /** Ends all of them: SIGTERM, and SIGKILL after a second. */
  stop(): Promise<void>;
}

/**
 * Servers whose data lies in `folder`. Ends those that a killed process left running there.
 * @throws FolderInUse if another living process runs servers there
 */
export async function openServers(folder: string): Promise<Servers> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const recordFile = join(folder, 'processes.json');
  await endLeftovers(folder, recordFile);

  const watcher = spawn('/bin/sh', ['-c', WATCHER, folder], {
    // In a group of its own, or Ctrl-C would end it first.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  // A watcher that is gone is no reason to fail: the record is still there.
  watcher.on('error', () => {});
  watcher.stdin.on('error', () => {});
  (watcher.stdin as typeof watcher.stdin & { unref(): void }).unref();

  const children: { child: ChildProcess; exited: Promise<void> }[] = [];
  return {
    async start(name, command, args, environment) {
      const logFile = join(folder, `${name}.log`);
      const log = openSync(logFile, 'w', 0o600);
      const child = spawn(command, [...args], {
        stdio: ['ignore', log, log],
        ...(environment === undefined ? {} : { env: { ...environment } }),
      });
      closeSync(log);
      let ended: string | undefined;
      const exited = new Promise<void>((resolve) => {
        child.once('exit', (code, signal) => {
          ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
          resolve();
        });
        child.once('error', (error) => {
          ended = error.message;
          resolve();
        });
      });
      child.unref();
      children.push({ child, exited });
      if (child.pid !== undefined) {
        watcher.stdin.write(`${child.pid}\n`);
        const ids = children.flatMap(({ child: { pid } }) => (pid === undefined ? [] : [pid]));
        await writeFile(recordFile, JSON.stringify({ owner: process.pid, children: ids }), { mode: 0o600 });
      }
      return {
        name,
        async check() {
          if (ended === undefined) return;
          const tail = (await readFile(logFile, 'utf8').catch(() => '')).slice(-LOG_TAIL);
          throw new ServerFailed(`${name} ended (${ended}); the end of ${logFile}:\n${tail}`);
        },
      };
    },
    async stop() {
      for (const { child } of children) child.kill('SIGTERM');
      const all = Promise.all(children.map(({ exited }) => exited));
      // Referenced while we wait, or the event loop could end before they have.
      await Promise.race([all, sleep(STOP_MS)]);
      for (const { child } of children) if (child.exitCode === null) child.kill('SIGKILL');
      await Promise.race([all, sleep(STOP_MS)]);
      watcher.stdin.end();
      await rm(recordFile, { force: true });
    },
  };
}

async function endLeftovers(folder: string, recordFile: string): Promise<void> {
  const text = await readFile(recordFile, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const parsed = record.safeParse(safeJson(text));
  if (!parsed.success) return;
  const { owner, children } = parsed.data;
  const ours: number[] = [];
  for (const id of children) if ((await commandLine(id))?.includes(folder)) ours.push(id);
  if (ours.length > 0 && /node/.test((await commandLine(owner)) ?? '')) {
    throw new FolderInUse(
      `process ${owner} runs a control plane in ${folder}: end it first, or use another folder`,
    );
  }
  for (const id of ours) signal(id, 'SIGKILL');
  for (const id of ours) while ((await commandLine(id))?.includes(folder)) await sleep(POLL_MS);
  await rm(recordFile, { force: true });
}

/** The command line of a living process, or undefined. */
async function commandLine(id: number): Promise<string | undefined> {
  const fromProc = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => undefined);
  if (fromProc !== undefined) return fromProc.replaceAll('\0', ' ');
  if (process.platform === 'linux') return undefined;
  return promisify(execFile)('ps', ['-p', String(id), '-o', 'args=']).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

const signal = (id: number, name: NodeJS.Signals): void => {
  try {
    process.kill(id, name);
  } catch {
    // It has ended by itself meanwhile.
  }
};

const safeJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
