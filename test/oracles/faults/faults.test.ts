import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tools } from '../../../local/tools.ts';
import { bundleWorkers } from './bundles.ts';
import { installClock } from './clock.ts';
import { startGitProcess } from './git-process.ts';
import { runSeed } from './run.ts';
import { removeFolder, Workers } from './workers.ts';

/** Two small runs of `npm run faults`. A failing one says where its log and repositories are kept. */
const RUNS = [
  { seed: 1, commands: 'none' },
  { seed: 2, commands: 'given' },
] as const;
const UPLOADS = { least: 8, most: 12 };

const bundles = await mkdtemp(join(tmpdir(), 'fairlead-faults-'));
let workers: Workers;
const git = startGitProcess();

before(async () => {
  installClock();
  await bundleWorkers(bundles);
  workers = new Workers(bundles, { 'receive-upload': 2, 'deliver-uploads': 2, sweep: 1 });
});

after(async () => {
  await workers.stop();
  git.stop();
  await removeFolder(bundles);
});

test('the promise holds for every upload and command while workers die, services fail and others push', async () => {
  const rendered = new Map<string, unknown>();
  const { folder: toolsFolder } = await tools();
  let faults = 0;
  for (const { seed, commands } of RUNS) {
    const result = await runSeed(seed, {
      workers,
      git,
      tools: toolsFolder,
      rendered,
      keep: 'on violation',
      commands,
      uploads: UPLOADS,
    });
    assert.deepEqual(result.violations, [], `kept in ${result.folder}; seed ${seed}, commands ${commands}`);
    faults += result.faults + result.kills;
  }
  assert.ok(faults > 0, 'nothing went wrong: then this shows nothing');
});
