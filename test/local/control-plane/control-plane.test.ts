import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../../../local/control-plane/control-plane.ts';
import { cacheFolder } from '../../../local/tools.ts';
import { testControlPlane } from '../../control-plane.ts';
import { requirement } from '../../requirements.ts';

const inTemporaryFolder = async (work: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const running = (plane: ControlPlane) => {
  if (plane.kind === 'unavailable') throw new Error(`${plane.reason}: ${plane.howTo}`);
  return plane;
};

/** Ids of processes whose command line names the folder. */
async function processesOf(folder: string): Promise<readonly number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const named = await Promise.all(
    ids.map(async (id) => {
      const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      return line.includes(folder) && !line.startsWith('/bin/sh') ? [Number(id)] : [];
    }),
  );
  return named.flat();
}

describe('a control plane on this machine', requirement('control-plane'), () => {
  const options = { cacheFolder: cacheFolder(), missing: 'give-up' } as const;

  test('what was written is there after a restart, and old kubeconfigs keep their authority', async () => {
    const plane = await testControlPlane();
    try {
      await plane.kubectl(['create', 'namespace', 'kept']);
      const token = (await plane.kubectl(['config', 'view', '--raw', '-o', 'json'])).match(
        /certificate-authority-data": "([^"]+)/,
      )?.[1];
      await plane.stop();
      const again = running(await startControlPlane({ ...options, dataFolder: join(plane.folder, 'data') }));
      try {
        assert.match(await plane.kubectl(['get', 'namespaces', '-o', 'name']), /namespace\/kept/);
        assert.match(await readFile(again.kubeconfig, 'utf8'), new RegExp(token ?? 'none'));
      } finally {
        await again.stop();
      }
    } finally {
      await plane.end();
    }
  });

  test('after stop() no process of it is left', async () => {
    await inTemporaryFolder(async (folder) => {
      const plane = running(await startControlPlane({ ...options, dataFolder: folder }));
      assert.equal((await processesOf(folder)).length, 2);
      await plane.stop();
      assert.deepEqual(await processesOf(folder), []);
    });
  });

  test('no process is left when the one that started it is killed by SIGKILL, and its data can be used again', async () => {
    await inTemporaryFolder(async (folder) => {
      const program = `
        const { startControlPlane } = await import(process.env.MODULE);
        const plane = await startControlPlane(JSON.parse(process.env.OPTIONS));
        console.log(plane.kind);
        setInterval(() => {}, 1000);
      `;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          MODULE: join(import.meta.dirname, '../../../local/control-plane/control-plane.ts'),
          OPTIONS: JSON.stringify({ ...options, dataFolder: folder }),
        },
      });
      try {
        for await (const line of createInterface(parent.stdout)) {
          assert.equal(line, 'running');
          break;
        }
        assert.equal((await processesOf(folder)).length, 2);
      } finally {
        parent.kill('SIGKILL');
      }
      while ((await processesOf(folder)).length > 0) await sleep(50);
      const again = running(await startControlPlane({ ...options, dataFolder: folder }));
      await again.stop();
    });
  });

  test('a server that a dead process left behind is ended by the next start', async () => {
    await inTemporaryFolder(async (folder) => {
      // As after a SIGKILL of the watcher too: a living process that names the folder, recorded, without an owner.
      const left = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const script = join(folder, 'left-behind.sh');
      await writeFile(script, '#!/bin/sh\nwhile :; do sleep 1; done\n');
      await chmod(script, 0o755);
      const leftover = spawn(script, { stdio: 'ignore' });
      const ended = new Promise((resolve) => leftover.once('exit', (_code, signal) => resolve(signal)));
      await writeFile(
        join(folder, 'processes.json'),
        JSON.stringify({ owner: 2 ** 30, children: [leftover.pid, left.pid] }),
      );
      const plane = running(await startControlPlane({ ...options, dataFolder: folder }));
      try {
        assert.equal(await ended, 'SIGKILL');
        // Recorded, but its command line does not name the folder any more: another process by that id.
        assert.equal(left.exitCode, null);
        assert.equal(left.signalCode, null);
      } finally {
        await plane.stop();
        left.kill();
      }
    });
  });

  test('a folder that a living process uses is not taken from it', async () => {
    await inTemporaryFolder(async (folder) => {
      const first = running(await startControlPlane({ ...options, dataFolder: folder }));
      try {
        const second = await startControlPlane({ ...options, dataFolder: folder });
        assert.equal(second.kind, 'unavailable');
        assert.match(
          second.kind === 'unavailable' ? second.reason : '',
          new RegExp(`process ${process.pid} `),
        );
        assert.equal((await processesOf(folder)).length, 2);
      } finally {
        await first.stop();
      }
    });
  });

  test('a start that is aborted leaves nothing and says so', async () => {
    await inTemporaryFolder(async (folder) => {
      const stopping = new AbortController();
      const plane = await startControlPlane({
        ...options,
        dataFolder: folder,
        signal: stopping.signal,
        onProgress: () => setTimeout(() => stopping.abort(), 300),
      });
      assert.equal(plane.kind, 'unavailable');
      assert.deepEqual(await processesOf(folder), []);
    });
  });

  test('keys and kubeconfigs can be read by their owner alone', async () => {
    await inTemporaryFolder(async (folder) => {
      const plane = running(await startControlPlane({ ...options, dataFolder: folder }));
      await plane.stop();
      const secret = [
        plane.kubeconfig,
        ...(await readdir(join(folder, 'keys'))).map((name) => join(folder, 'keys', name)),
      ].filter((file) => file.endsWith('.key') || file === plane.kubeconfig);
      assert.ok(secret.length >= 6);
      for (const file of secret) assert.equal((await stat(file)).mode & 0o077, 0, file);
    });
  });
});

describe('where its binaries come from', () => {
  let before_: string | undefined;
  before(() => {
    before_ = process.env.KUBEBUILDER_ASSETS;
  });
  after(() => {
    if (before_ === undefined) delete process.env.KUBEBUILDER_ASSETS;
    else process.env.KUBEBUILDER_ASSETS = before_;
  });

  test('KUBEBUILDER_ASSETS goes before everything, and a wrong one is said', async () => {
    await inTemporaryFolder(async (folder) => {
      process.env.KUBEBUILDER_ASSETS = folder;
      const plane = await startControlPlane({ dataFolder: join(folder, 'data'), cacheFolder: cacheFolder() });
      assert.equal(plane.kind, 'unavailable');
      assert.match(
        plane.kind === 'unavailable' ? plane.reason : '',
        /KUBEBUILDER_ASSETS is .* does not hold/,
      );
      delete process.env.KUBEBUILDER_ASSETS;
    });
  });

  test('without binaries, and told to give up, it says how to get them', async () => {
    await inTemporaryFolder(async (folder) => {
      delete process.env.KUBEBUILDER_ASSETS;
      const plane = await startControlPlane({
        dataFolder: join(folder, 'data'),
        cacheFolder: folder,
        missing: 'give-up',
      });
      assert.equal(plane.kind, 'unavailable');
      assert.match(plane.kind === 'unavailable' ? plane.howTo : '', /fetch\.ts/);
    });
  });
});
