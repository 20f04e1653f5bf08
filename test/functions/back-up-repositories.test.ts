import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { backUpRepositories } from '../../functions/back-up-repositories.ts';
import * as clients from '../../lib/aws/clients.ts';
import { VARIABLES } from '../../lib/aws/environment.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { type ConfigInput, parseConfig } from '../../lib/config/config.ts';
import { toParameters } from '../../lib/config/parameters.ts';
import { openClone } from '../../lib/repository/clone.ts';
import { makeCommits, pushCommit } from '../../lib/repository/commit.ts';
import { BUCKETS } from '../../local/aws/aws.ts';
import { type TestAws, testAws } from '../fixtures/local-aws.ts';
import { gitIn, gitServer, type TestGit } from '../lib/repository/server.ts';

const EVENT = { schema: 1, backUp: 'repositories' };

describe('back-up-repositories', () => {
  let aws: TestAws;
  let git: TestGit;
  const parameters = new Map<string, string>();
  // Of the embedded buckets, one that nothing else here uses.
  const bucket = BUCKETS.content;

  const configure = (more: Partial<ConfigInput> = {}) => {
    const config = parseConfig({
      production: true,
      repositories: [{ name: 'cluster', url: git.url }],
      targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
      ...more,
    });
    parameters.clear();
    for (const [name, value] of toParameters(config)) parameters.set(`/fairlead/test/${name}`, value);
  };
  const backUp = (at: string) =>
    backUpRepositories(
      {
        ...aws.environment,
        [VARIABLES.installation]: 'test',
        [VARIABLES.backupBucket]: bucket,
        [VARIABLES.configPath]: '/fairlead/test',
        [VARIABLES.scratch]: join(git.folder, 'scratch'),
      },
      () => new Date(at),
    );
  const stored = () => s3Store(clients.s3(aws.environment), bucket);
  const bodyOf = async (key: string) => (await stored().get(key))?.body ?? assert.fail(`no ${key}`);

  before(async () => {
    git = await gitServer();
    aws = await testAws({ parameters });
    configure();
    git.commit({ 'a.txt': 'one' }, 'One');
    git.git('tag', '-a', '-m', 'first', 'v1', 'main');
  });
  after(async () => {
    await aws.end();
    await git.stop();
  });

  test('what it wrote is a repository again, with the same tips, and Fairlead commits upon it', async () => {
    const answer = await backUp('2026-11-22T03:00:00Z')(EVENT);
    assert.deepEqual(
      answer.map(({ key, refs }) => [key, refs]),
      [['cluster/20261122T030000Z.bundle', 2]],
    );
    const bundle = await bodyOf('cluster/20261122T030000Z.bundle');
    const note = JSON.parse((await bodyOf('cluster/20261122T030000Z.json')).toString());
    assert.equal(note.sha256, createHash('sha256').update(bundle).digest('hex'));
    assert.equal(note.bytes, bundle.length);
    assert.equal(note.refs['refs/heads/main'], git.tip());
    assert.equal(note.head, 'refs/heads/main');

    // The host has lost everything; people make the repository anew there, and follow docs/backup.md.
    const [file, mirror] = [join(git.folder, 'got.bundle'), join(git.folder, 'mirror.git')];
    writeFileSync(file, bundle);
    const lost = git.git('for-each-ref', '--format=%(refname) %(objectname)');
    for (const line of lost.split('\n')) git.git('update-ref', '-d', line.split(' ')[0] ?? '');
    assert.equal(git.git('for-each-ref'), '');
    gitIn(git.folder, 'clone', '--quiet', '--mirror', file, mirror);
    gitIn(mirror, 'push', '--quiet', '--mirror', git.bare);
    assert.equal(git.git('for-each-ref', '--format=%(refname) %(objectname)'), lost);

    const clone = await openClone({
      url: git.url,
      branch: 'main',
      credential: git.credential,
      folder: join(git.folder, 'clone.git'),
    });
    const tip = (await clone.fetchTip())?.id;
    assert.equal(tip, note.refs['refs/heads/main']);
    const files = new Map([['b.txt', { mode: 0o644 as const, data: Buffer.from('two') }]]);
    const [made = ''] = await makeCommits(
      clone,
      tip,
      [{ message: 'Two', files, within: ['b.txt'] }],
      new Date(),
    );
    assert.equal((await pushCommit(clone, made, tip)).kind, 'pushed');
    assert.deepEqual(git.log().slice(0, 2), ['Two', 'One']);
  });

  test('nothing that was written once is written again, and nothing is left in the scratch folder', async () => {
    await backUp('2026-11-22T04:00:00Z')(EVENT);
    const before = await bodyOf('cluster/20261122T040000Z.json');
    git.commit({ 'a.txt': 'three' }, 'Three');
    await assert.rejects(backUp('2026-11-22T04:00:00Z')(EVENT), /not backed up: cluster/);
    assert.deepEqual(await bodyOf('cluster/20261122T040000Z.json'), before);
    assert.deepEqual(readdirSync(join(git.folder, 'scratch')), []);
  });

  test('one that cannot be backed up keeps no other from it, the call fails, and its round does not count', async () => {
    const current: Partial<ConfigInput> = {
      repositories: [
        { name: 'gone', url: git.url.replace('cluster', 'gone') },
        { name: 'cluster', url: git.url },
      ],
    };
    configure(current);
    // The logger writes to the process's own stream.
    const lines: string[] = [];
    const { write } = process.stdout;
    process.stdout.write = ((...asked: Parameters<typeof write>) => {
      if (typeof asked[0] === 'string' && asked[0].includes('"call ended"')) lines.push(asked[0]);
      return Reflect.apply(write, process.stdout, asked);
    }) as typeof write;
    try {
      await assert.rejects(backUp('2026-11-22T05:00:00Z')(EVENT), /not backed up: gone$/);
      configure({ ...current, backup: { except: ['gone'] } });
      await backUp('2026-11-22T06:00:00Z')(EVENT);
    } finally {
      process.stdout.write = write;
      configure();
    }
    assert.ok(await bodyOf('cluster/20261122T050000Z.json'));
    const ended = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      ended.map(({ outcome, BackupsComplete }) => [outcome, BackupsComplete]),
      [
        ['failed', undefined],
        ['done', 1],
      ],
    );
  });

  test('an event that is none of its own is refused', async () => {
    await assert.rejects(backUp('2026-11-22T07:00:00Z')({ schema: 1, sweep: 'hours' }));
  });
});
