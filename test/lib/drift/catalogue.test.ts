import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { requirement, sharedFolder } from '../../requirements.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'oracles', 'catalogue.ts');

for (const file of ['drift-catalogue.json', 'gitops-engine'])
  test(`the recorded cases of ${file} are judged right`, requirement('shared'), () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [PROGRAM, join(sharedFolder(), 'cases', file)],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stdout + stderr);
    assert.equal((JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { wrong: number }).wrong, 0);
  });
