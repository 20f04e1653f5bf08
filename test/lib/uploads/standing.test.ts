import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { openClone } from '../../../lib/repository/clone.ts';
import { GitFailed } from '../../../lib/repository/git.ts';
import { findInHistory } from '../../../lib/repository/history.ts';
import { readStanding, readStandingOf } from '../../../lib/uploads/deciding/standing.ts';
import { pipeline } from './pipeline.ts';

/** A merge below the tip: its commit is known here, and its trees are not. */
test('what an older commit holds is fetched; where that fails it says so, and nothing else is taken for it', async (context) => {
  const { git, stop } = await pipeline();
  context.after(stop);
  const merge = git.commit({ 'shop/web/Chart.yaml': 'version: 1.0.0\n' }, 'Merge');
  git.commit({ 'shop/web/Chart.yaml': 'version: 2.0.0\n' }, 'Later');
  const tip = git.commit({ 'elsewhere.txt': 'x\n' }, 'Elsewhere');
  const place = ['shop/web/'];
  const clone = await openClone({
    url: git.url,
    branch: 'main',
    credential: git.credential,
    folder: join(git.folder, 'standing.git'),
  });
  assert.equal((await clone.fetchTip())?.id, tip);
  assert.ok((await findInHistory(clone, tip, [{ commit: merge, base: undefined }])).has(merge));
  await assert.rejects(readStanding(clone, merge, place), GitFailed);

  const pointAt = (url: string) =>
    execFileSync('git', ['config', 'remote.origin.url', url], { cwd: clone.folder });
  pointAt(`${git.url}-that-is-away`);
  await assert.rejects(readStandingOf(clone, tip, merge, place), GitFailed);
  pointAt(git.url);

  const then = await readStandingOf(clone, tip, merge, place);
  const id = git.git('rev-parse', `${merge}:shop/web/Chart.yaml`);
  assert.deepEqual([...then], [['shop/web/Chart.yaml', { mode: '100644', id }]]);
  const now = await readStandingOf(clone, tip, tip, place);
  assert.notDeepEqual([...now], [...then]);
});
