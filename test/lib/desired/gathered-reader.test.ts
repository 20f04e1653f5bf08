import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CommitReader } from '../../../lib/desired/commit-reader.ts';
import { gatheredReader } from '../../../lib/desired/gathered-reader.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { type ClusterRepository, clusterRepository } from '../../fixtures/cluster-repository.ts';

const ROOT = 'fairlead/staging';
const FILES = {
  'README.md': 'outside',
  'fairlead/stagingx/apply/a.yaml': 'another target',
  ...Object.fromEntries(
    ['a', 'b', 'c'].flatMap((name) => [
      [`${ROOT}/releases/shop/${name}/chart/Chart.yaml`, `name: ${name}`],
      [`${ROOT}/releases/shop/${name}/chart/templates/x.yaml`, `x: ${name}`],
      [`${ROOT}/releases/shop/${name}/values.yaml`, `v: ${name}`],
    ]),
  ),
};

describe('a commit that is read in few calls', () => {
  let repository: ClusterRepository;
  let folder: string;
  let clone: CommitReader;
  let commit: string;
  const calls: string[] = [];

  before(async () => {
    repository = await clusterRepository();
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    commit = await repository.commit(FILES);
    const opened = await openClone({ url: repository.url, branch: 'main', folder: join(folder, 'c.git') });
    await opened.fetchTip();
    const counted =
      <Argv extends unknown[], Result>(name: string, call: (...argv: Argv) => Promise<Result>) =>
      (...argv: Argv) => {
        calls.push(name);
        return call(...argv);
      };
    clone = {
      fetchTip: opened.fetchTip,
      list: counted('list', opened.list),
      treeId: counted('treeId', opened.treeId),
      treeIds: counted('treeIds', opened.treeIds),
      blobs: counted('blobs', opened.blobs),
    };
  });
  after(async () => {
    await repository.remove();
    await rm(folder, { recursive: true });
  });

  test('says what the commit itself says, inside the folder and outside', async () => {
    const gathered = gatheredReader(clone, ROOT);
    const folders = ['', 'fairlead', ROOT, `${ROOT}/releases/shop/a`, `${ROOT}/none`, 'fairlead/stagingx'];
    for (const path of folders) {
      assert.deepEqual(await gathered.list(commit, path), await clone.list(commit, path), path);
    }
    const places = [
      ROOT,
      `${ROOT}/releases/shop/b/chart`,
      `${ROOT}/releases/shop/b/values.yaml`,
      `${ROOT}/no`,
    ];
    for (const path of [...places, 'README.md', 'fairlead/stagingx/apply']) {
      assert.equal(await gathered.treeId(commit, path), await clone.treeId(commit, path), path);
    }
    for (const { id, path } of await clone.list(commit, '')) {
      assert.deepEqual(await gathered.blobs([id]), await clone.blobs([id]), path);
    }
  });

  test('asks Git as often for a hundred releases as for one', async () => {
    const gathered = gatheredReader(clone, ROOT);
    calls.length = 0;
    for (const name of ['a', 'b', 'c']) {
      const chart = `${ROOT}/releases/shop/${name}/chart`;
      assert.ok((await gathered.treeId(commit, chart)) !== undefined);
      const entries = await gathered.list(commit, chart);
      assert.deepEqual(entries.map(({ path }) => path).sort(), ['Chart.yaml', 'templates/x.yaml']);
      const read = await gathered.blobs(entries.map(({ id }) => id));
      assert.equal(read.size, 2);
      const id = (await gathered.treeId(commit, `${ROOT}/releases/shop/${name}/values.yaml`)) ?? '';
      assert.equal((await gathered.blobs([id])).get(id)?.toString(), `v: ${name}`);
    }
    assert.deepEqual(calls.sort(), ['blobs', 'blobs', 'list', 'treeIds']);
  });

  test('where all of it at once cannot be read, what is asked for is read alone, and says why not', async () => {
    const gathered = gatheredReader(
      {
        ...clone,
        blobs: (ids) => (ids.length > 1 ? Promise.reject(new Error('too large')) : clone.blobs(ids)),
      },
      ROOT,
    );
    const entries = await gathered.list(commit, `${ROOT}/releases/shop/a/chart`);
    assert.equal((await gathered.blobs([entries[0]?.id ?? ''])).size, 1);
    await assert.rejects(gathered.blobs(entries.map(({ id }) => id)), /too large/);
  });
});
