import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askedOf } from '../../../cli/asking.ts';
import { parseConfig } from '../../../lib/config/config.ts';
import { inRoot, rootOf } from '../../../lib/config/root.ts';
import { gatheredReader } from '../../../lib/desired/gathered-reader.ts';
import { driftRulesFile } from '../../../lib/repository/layout.ts';
import { commitInMemory } from './flux/commit-in-memory.ts';

describe('a root that is the whole repository', () => {
  const typed: readonly [root: string, asked: string, name: string][] = [
    ['.', '.', 'infra'],
    ['', '.', 'infra'],
    ['./', '.', 'infra'],
    ['/', '.', 'infra'],
    ['./clusters/prod/', 'clusters/prod', 'prod'],
    ['clusters/Prod_1', 'clusters/Prod_1', 'prod-1'],
  ];
  for (const [root, asked, name] of typed)
    test(`--root "${root}" is ${asked}, and the target is called ${name}`, () => {
      const found = askedOf(
        { repo: 'https://git.example.com/fleet/Infra.git', branch: 'main', root },
        undefined,
      );
      assert.deepEqual([found.root, found.name], [asked, name]);
    });

  test('has its files at the top', () => {
    const target = { name: 'prod', root: '.' };
    assert.equal(rootOf(target), '');
    assert.equal(inRoot(target, 'apps/web.yaml'), 'apps/web.yaml');
    assert.equal(driftRulesFile(target), 'drift.yaml');
    assert.equal(driftRulesFile({ name: 'prod' }), 'fairlead/prod/drift.yaml');
  });

  const config = (targets: readonly object[]) => () =>
    parseConfig({
      repositories: [{ name: 'infra', url: 'https://git.example.com/infra.git' }],
      targets: targets.map((target) => ({
        repository: 'infra',
        deployer: 'flux',
        namespaces: ['shop'],
        ...target,
      })),
    });
  test('is only read, and has no other target inside', () => {
    assert.equal(config([{ name: 'prod', root: '.', driftOnly: true }])().targets[0]?.root, '.');
    assert.throws(config([{ name: 'prod', root: '.' }]), /name a folder to deliver to/);
    assert.throws(
      config([
        { name: 'prod', root: '.', driftOnly: true },
        { name: 'staging', root: 'clusters/staging', driftOnly: true },
      ]),
      /lie inside each other/,
    );
    assert.throws(config([{ name: 'prod', root: './apps', driftOnly: true }]), /a root is a relative path/);
  });

  test('is read in few calls as any other', async () => {
    const files = { 'Chart.yaml': 'a', 'apps/web.yaml': 'b', 'apps/deep/x.yaml': 'c', 'src/main.c': 'd' };
    const reads: string[] = [];
    const memory = commitInMemory(files);
    const reader = gatheredReader(
      {
        ...memory,
        blobs(ids) {
          reads.push(ids.join());
          return memory.blobs(ids);
        },
      },
      '',
    );
    const paths = async (folder: string) => (await reader.list('tip', folder)).map(({ path }) => path);
    assert.deepEqual(await paths(''), Object.keys(files));
    assert.deepEqual(await paths('apps'), ['web.yaml', 'deep/x.yaml']);
    const found = await reader.blobs(['blob of apps/web.yaml']);
    assert.equal(found.get('blob of apps/web.yaml')?.toString(), 'b');
    await reader.blobs(['blob of apps/deep/x.yaml']);
    assert.equal(reads.length, 1);
    assert.doesNotMatch(reads.join(), /main\.c/);
  });
});
