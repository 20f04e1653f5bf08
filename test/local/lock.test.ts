import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataFolderInUse, lockFolder } from '../../local/lock.ts';

const lock = join(import.meta.dirname, '..', '..', 'local', 'lock.ts');

test('a data folder is taken by one, until it is given back or its holder ends in any way but a kill', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-lock-'));
  context.after(() => rm(folder, { recursive: true }));

  const unlock = await lockFolder(folder);
  await assert.rejects(lockFolder(folder), DataFolderInUse);
  await unlock();
  assert.deepEqual(await readdir(folder), []);

  const source = `const { lockFolder } = await import(${JSON.stringify(lock)});
    await lockFolder(${JSON.stringify(folder)});
    process.exit(3);`;
  assert.equal(spawnSync(process.execPath, ['--input-type=module', '-e', source]).status, 3);
  assert.deepEqual(await readdir(folder), []);
});
