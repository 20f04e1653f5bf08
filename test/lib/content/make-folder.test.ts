import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeFolder } from '../../../lib/content/make-folder.ts';

describe('a folder is made', () => {
  let base: string;
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  });
  after(() => rm(base, { recursive: true, force: true }));

  test('with those that it lies in, by many at once, and is there already', async () => {
    for (let round = 0; round < 40; round++) {
      const paths = Array.from({ length: 12 }, (_, at) =>
        join(base, String(round), 'a', 'b', at % 2 === 0 ? 'c' : `d${at}`),
      );
      await Promise.all(paths.map((path) => makeFolder(path)));
      for (const path of paths) assert.ok((await stat(path)).isDirectory());
    }
    await makeFolder(base);
    await makeFolder(join(base, 'own'), 0o700);
    assert.equal((await stat(join(base, 'own'))).mode & 0o777, 0o700);
  });

  test('but not below a file, nor in a folder that takes none in', async () => {
    await writeFile(join(base, 'file'), '');
    await assert.rejects(makeFolder(join(base, 'file', 'a', 'b')), { code: 'ENOTDIR' });
    await assert.rejects(makeFolder(join(base, 'file')), { code: 'EEXIST' });
    if (existsSync('/proc/self'))
      await assert.rejects(makeFolder('/proc/fairlead/a'), { code: 'ENOENT', path: '/proc/fairlead' });
  });
});
