import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openClone } from '../../../lib/repository/clone.ts';
import {
  CommitOutsideSlot,
  type CommitPlan,
  makeCommits,
  pushCommit,
  quoted,
} from '../../../lib/repository/commit.ts';
import { givenToken } from '../../../lib/repository/credentials.ts';
import { GitFailed } from '../../../lib/repository/git.ts';
import { findInHistory } from '../../../lib/repository/history.ts';
import { gitIn, gitServer, type TestGit } from './server.ts';

const planOf = (path: string, text: string, more: Partial<CommitPlan> = {}): CommitPlan => ({
  message: `Write ${path}`,
  files: new Map([[path, { mode: 0o644, data: Buffer.from(text) }]]),
  within: [path],
  ...more,
});

describe('a clone', () => {
  let server: TestGit;
  let count = 0;
  const clone = (more: Partial<Parameters<typeof openClone>[0]> = {}) =>
    openClone({
      url: server.url,
      branch: 'main',
      credential: server.credential,
      folder: join(server.folder, `clone-${++count}`),
      ...more,
    });

  before(async () => {
    server = await gitServer();
    server.commit({ 'a/b/one.txt': 'one', 'a/b/two.txt': 'two', 'a/c.txt': 'three', 'top.txt': 'top' });
  });
  after(() => server.stop());

  test('fetches the tip, lists folders and reads files in one fetch, without having had any', async () => {
    const opened = await clone();
    const tip = await opened.fetchTip();
    assert.equal(tip?.id, server.tip());
    assert.ok(Math.abs(Date.parse(tip.committedAt) - Date.now()) < 3_600_000);
    const files = await opened.list(tip.id, 'a');
    assert.deepEqual(
      files.map(({ path, mode }) => [path, mode]),
      [
        ['b/one.txt', '100644'],
        ['b/two.txt', '100644'],
        ['c.txt', '100644'],
      ],
    );
    const contents = await opened.blobs(files.map(({ id }) => id));
    assert.deepEqual(
      files.map(({ id }) => contents.get(id)?.toString()),
      ['one', 'two', 'three'],
    );
    assert.equal((await opened.list(tip.id, '')).length, 4);
    assert.deepEqual(await opened.list(tip.id, 'absent'), []);
    assert.equal(await opened.treeId(tip.id, 'a'), server.git('rev-parse', 'main:a'));
    assert.equal(await opened.treeId(tip.id, 'absent'), undefined);
  });

  test('has no branch where there is none, in a repository with and without commits', async () => {
    assert.equal(await (await clone({ branch: 'nowhere' })).fetchTip(), undefined);
    const empty = join(server.folder, 'empty.git');
    gitIn(server.folder, 'init', '--quiet', '--bare', empty);
    const opened = await clone({ url: empty, credential: undefined });
    assert.equal(await opened.fetchTip(), undefined);
    const [commit = ''] = await makeCommits(opened, undefined, [planOf('x.txt', 'x')], new Date());
    assert.deepEqual(await pushCommit(opened, commit, undefined), { kind: 'pushed' });
    assert.equal((await opened.fetchTip())?.id, commit);
  });

  test('reads a repository by its path, also one that does not know partial clones', async () => {
    const opened = await clone({ url: server.bare, credential: undefined });
    gitIn(server.bare, 'config', 'uploadpack.allowFilter', 'false');
    const tip = await opened.fetchTip();
    gitIn(server.bare, 'config', 'uploadpack.allowFilter', 'true');
    const [file] = await opened.list(tip?.id ?? '', 'a/b');
    assert.equal((await opened.blobs([file?.id ?? ''])).get(file?.id ?? '')?.toString(), 'one');
  });

  test('is thrown away and made anew when anything about it is odd', async () => {
    const folder = join(server.folder, 'warm');
    await (await clone({ folder })).fetchTip();
    const break_ = [
      () => rmSync(join(folder, 'HEAD')),
      () => writeFileSync(join(folder, 'shallow.lock'), ''),
      () => writeFileSync(join(folder, 'refs', 'remotes', 'origin', 'tip'), 'f'.repeat(40)),
      () => writeFileSync(join(folder, 'config'), '[core'),
      () => {
        for (const name of readdirSync(join(folder, 'objects', 'pack')))
          rmSync(join(folder, 'objects', 'pack', name));
      },
    ];
    for (const damage of break_) {
      damage();
      const opened = await clone({ folder });
      const tip = await opened.fetchTip();
      assert.equal(tip?.id, server.tip(), damage.toString());
      assert.equal((await opened.list(tip.id, 'a')).length, 3, damage.toString());
    }
  });

  test('is made anew before what deliveries leave in it fills the disk', async () => {
    const opened = await clone();
    await opened.fetchTip();
    const pack = join(opened.folder, 'objects', 'pack', 'pack-left.pack');
    for (const [bytes, kept] of [
      [128 * 1024 * 1024, true],
      [257 * 1024 * 1024, false],
    ] as const) {
      // Sparse: of that size, and nothing on the disk.
      writeFileSync(pack, '');
      truncateSync(pack, bytes);
      await clone({ folder: opened.folder });
      assert.equal(existsSync(pack), kept);
    }
  });

  test('commits one upon the other, keeps modes, replaces a folder whole, and pushes once', async () => {
    const opened = await clone();
    const base = (await opened.fetchTip())?.id;
    const commits = await makeCommits(
      opened,
      base,
      [
        planOf('a/b/new.txt', 'new', { replaces: 'a/b', within: ['a/b/'] }),
        {
          message: 'A script',
          within: ['run "it"\\ü.sh'],
          files: new Map([['run "it"\\ü.sh', { mode: 0o755, data: Buffer.from('done\ncommit x\n') }]]),
        },
      ],
      new Date(),
    );
    assert.equal(commits.length, 2);
    assert.deepEqual(await pushCommit(opened, commits[1] ?? '', base), { kind: 'pushed' });
    assert.equal(server.tip(), commits[1]);
    assert.deepEqual(server.git('ls-tree', '-r', '--name-only', 'main:a').split('\n'), [
      'b/new.txt',
      'c.txt',
    ]);
    assert.match(server.git('-c', 'core.quotePath=false', 'ls-tree', 'main'), /100755 blob \w+\t"run/);
    assert.equal(server.git('fsck', '--strict', '--no-dangling', '--no-progress'), '');
  });

  test('never pushes a commit that touches more than its slot', async () => {
    const opened = await clone();
    const base = (await opened.fetchTip())?.id;
    for (const plan of [
      planOf('elsewhere.txt', 'x', { within: ['a/'] }),
      planOf('a/.git/config', 'x', { within: ['a/'] }),
      planOf('a/new.txt', 'x', { replaces: 'a/b', within: ['a/new.txt'] }),
    ]) {
      await assert.rejects(makeCommits(opened, base, [plan], new Date()), (error) => {
        assert.ok(error instanceof CommitOutsideSlot || error instanceof GitFailed, String(error));
        return true;
      });
    }
  });

  test('is told that the branch moved: forward, back, or away', async () => {
    const opened = await clone();
    const base = (await opened.fetchTip())?.id ?? '';
    const [commit = ''] = await makeCommits(opened, base, [planOf('raced.txt', 'x')], new Date());
    const foreign = server.commit({ 'foreign.txt': 'first' });
    assert.deepEqual(await pushCommit(opened, commit, base), { kind: 'moved', by: 'git' });
    // Wound back: ours would be a fast-forward that brings the removed commit back.
    server.git('update-ref', 'refs/heads/main', `${base}^`, foreign);
    assert.deepEqual(await pushCommit(opened, commit, base), { kind: 'moved', by: 'git' });
    assert.equal(server.tip(), server.git('rev-parse', `${base}^`));
    server.git('update-ref', 'refs/heads/main', foreign);
  });

  test('is told what a hook refuses', async () => {
    const opened = await clone();
    const base = (await opened.fetchTip())?.id ?? '';
    const [commit = ''] = await makeCommits(opened, base, [planOf('refused.txt', 'x')], new Date());
    server.hook('echo "we do not take this" >&2; exit 1');
    const outcome = await pushCommit(opened, commit, base);
    server.hook('exit 0');
    assert.equal(outcome.kind, 'refused-content');
    assert.match('says' in outcome ? outcome.says : '', /we do not take this/);
  });

  test('finds a commit that was pushed long before the tip, and none that was not', async () => {
    const opened = await clone();
    const base = (await opened.fetchTip())?.id ?? '';
    const [pushed = ''] = await makeCommits(opened, base, [planOf('pushed.txt', 'x')], new Date());
    assert.equal((await pushCommit(opened, pushed, base)).kind, 'pushed');
    server.commits(80);
    const later = await clone();
    const tip = (await later.fetchTip())?.id ?? '';
    const never = 'a'.repeat(40);
    const found = await findInHistory(later, tip, [
      { commit: pushed, base },
      { commit: never, base },
    ]);
    assert.deepEqual([...found], [pushed]);
    // The deepened clone goes on to work.
    const [next = ''] = await makeCommits(later, tip, [planOf('next.txt', 'x')], new Date());
    assert.equal((await pushCommit(later, next, tip)).kind, 'pushed');
    assert.equal((await later.fetchTip())?.id, next);
  });

  test('blocks, and says why, where the credential is wrong or the host is down', async () => {
    const opened = await clone({ credential: givenToken('x', 'planted-token-4711') });
    const base = (await opened.fetchTip())?.id ?? '';
    const [commit = ''] = await makeCommits(opened, base, [planOf('nope.txt', 'x')], new Date());
    const outcome = await pushCommit(opened, commit, base);
    assert.equal(outcome.kind, 'blocked');
    assert.doesNotMatch(JSON.stringify(outcome), /planted-token-4711/);
    const down = await clone({ url: 'http://127.0.0.1:9/cluster.git' });
    await assert.rejects(down.fetchTip(), GitFailed);
  });
});

test('quotes paths for fast-import byte by byte', () => {
  assert.equal(quoted('a/b c'), '"a/b c"');
  assert.equal(quoted('a"\\\nü'), '"a\\042\\134\\012\\303\\274"');
});
