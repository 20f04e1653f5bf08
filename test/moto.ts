import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pythonProgram } from './requirements.ts';

const PATIENCE_MS = 60_000;

/** An AWS account by people who know none of our code (`requirement('moto')`). */
export async function startMoto() {
  const port = await freePort();
  const moto = spawn(pythonProgram('moto_server') ?? 'moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  const ended = once(moto, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + PATIENCE_MS;
  const answers = () =>
    fetch(`${url}/moto-api/data.json`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (moto.exitCode !== null || Date.now() > until) throw new Error('moto does not answer');
    await sleep(100);
  }
  return {
    url,
    async stop(): Promise<void> {
      moto.kill('SIGKILL');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
