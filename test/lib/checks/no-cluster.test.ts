import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeCheckConfig } from '../../../lib/checks/check-config.ts';
import { runCheck } from '../../../lib/checks/run-check.ts';
import { readVerdict } from '../../../lib/checks/verdict-items.ts';
import { openapiCache } from '../../../lib/cluster/openapi.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { memoryTable } from '../uploads/doubles.ts';

test('a target without a cluster is not checked, and says so to whoever waits for a rollout', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const state = folderStore(folder);
  const table = memoryTable();
  const config = parseConfig({
    repositories: [{ name: 'cluster', url: 'https://git.example/cluster.git' }],
    targets: [{ name: 'staging', repository: 'cluster', deployer: 'none', namespaces: ['shop'] }],
  });
  await writeCheckConfig(state, config, 'staging');
  const commit = 'c'.repeat(40);
  const request = { schema: 1, target: 'staging', commit, sequence: 1, desired: digestOf('') } as const;
  const parts = { state, table, openapi: openapiCache(state), now: () => new Date('2026-11-21T12:00:00Z') };
  assert.equal((await runCheck(request, parts)).kind, 'dropped');
  const verdict = await readVerdict(table, 'staging', 'target');
  assert.deepEqual([verdict?.verdict, verdict?.checks, verdict?.commit], ['unknown', 'none', commit]);
  assert.match(verdict?.reason ?? '', /names no cluster for target staging/);
});
