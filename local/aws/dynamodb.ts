import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import dynalite from 'dynalite';

/** A socket's path has at most 108 bytes (unix(7)); some are taken by what is appended. */
const SOCKET_PATH = 80;
/** For requests at work when it closes: they take milliseconds, and one whose sender is gone never ends. */
const DRAIN_MS = 500;
const POLL_MS = 5;

export interface Dynamodb {
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Answers what is at work, refuses what comes, and closes the store, so that the next start finds it whole. */
  close(): Promise<void>;
}

/** dynalite on a folder, behind our own endpoint. */
export async function openDynamodb(path: string): Promise<Dynamodb> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  // Of starts that were killed.
  for (const name of await readdir(path)) {
    if (name.startsWith('socket-')) await rm(join(path, name), { recursive: true, force: true });
  }
  const server = dynalite({
    path: join(path, 'store'),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  // It closes its store only as a server that listened: on a socket in a folder that none but this user can enter.
  const folder = await mkdtemp(join(path.length < SOCKET_PATH ? path : tmpdir(), 'socket-'));
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(join(folder, 's'), resolve),
  );
  const working = new Set<ServerResponse>();
  let state: 'open' | 'closing' = 'open';
  return {
    serve(request, response) {
      if (state === 'closing') {
        response.writeHead(503, { connection: 'close' }).end();
        return;
      }
      // Not its events: a connection that was cut has none, while its request is still at work.
      working.add(response);
      const end = response.end.bind(response);
      response.end = ((...given: Parameters<typeof end>) => {
        working.delete(response);
        return end(...given);
      }) as typeof response.end;
      server.emit('request', request, response);
    },
    async close() {
      state = 'closing';
      const deadline = Date.now() + DRAIN_MS;
      while (working.size > 0 && Date.now() < deadline) await sleep(POLL_MS);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
