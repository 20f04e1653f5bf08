import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fairlead } from './command-line.ts';

const CONFIG = {
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [
    { name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] },
    { name: 'production', repository: 'cluster', deployer: 'argocd', namespaces: ['shop'] },
  ],
};

/** What is granted to the check: the end of what is printed. */
const checkRights = (text: string): string => {
  const at = text.indexOf('# The drift check reads');
  assert.notEqual(at, -1);
  return text.slice(at);
};

describe('npx fairlead bootstrap', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-bootstrap-'));
    file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify(CONFIG));
  });
  after(() => rm(folder, { recursive: true }));

  test('prints what the cluster of a target needs, and nothing of another', async () => {
    const { code, stdout, stderr } = await fairlead(['bootstrap', 'staging', '--config', file]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /kind: Kustomization/);
    assert.match(stdout, /namespace: fairlead-staging/);
    assert.doesNotMatch(stdout, /production|AppProject/);
    assert.doesNotMatch(checkRights(stdout), /- secrets$/m);
  });

  test('--read-secrets lets the check read them', async () => {
    const { stdout } = await fairlead(['bootstrap', 'staging', '--config', file, '--read-secrets']);
    assert.match(checkRights(stdout), /- secrets$/m);
  });

  test('--into a folder that is not there says so', async () => {
    const { code, stderr } = await fairlead([
      'bootstrap',
      'production',
      '--config',
      file,
      '--into',
      '/nowhere/at/all',
    ]);
    assert.equal(code, 64);
    assert.match(stderr, /there is no folder \/nowhere\/at\/all/);
  });

  test('--into writes the same into a folder and says where', async () => {
    const { stdout: printed } = await fairlead(['bootstrap', 'production', '--config', file]);
    const { code, stdout } = await fairlead(['bootstrap', 'production', '--config', file, '--into', folder]);
    assert.equal(code, 0);
    assert.equal(stdout, `${join(folder, 'fairlead-production.yaml')}\n`);
    assert.equal(await readFile(stdout.trim(), 'utf8'), printed);
  });

  test('the configuration of the folder it is called in is the default', async () => {
    const { code, stdout } = await fairlead(['bootstrap', 'staging']);
    assert.equal(code, 0);
    assert.match(stdout, /url: https:\/\/git\.example\.com\/platform\/cluster\.git/);
  });

  const MISTAKES: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
    [[], /name a target/],
    [['other'], /has no target "other"; it has staging, production/],
    [['staging', 'production'], /one target at a time/],
    [['staging', '-o', 'json'], /-o is yaml, cloudformation, not "json"/],
    [['staging', '--secrets'], /there is no option --secrets: did you mean --read-secrets\?/],
  ];
  for (const [argv, says] of MISTAKES)
    test(`"${argv.join(' ')}" is answered with what is wrong`, async () => {
      const { code, stdout, stderr } = await fairlead(['bootstrap', ...argv, '--config', file]);
      assert.equal(code, 64);
      assert.equal(stdout, '');
      assert.match(stderr, says);
    });

  test('a configuration that cannot be read is named', async () => {
    const { code, stderr } = await fairlead(['bootstrap', 'staging', '--config', join(folder, 'none.json')]);
    assert.equal(code, 64);
    assert.match(stderr, /none\.json/);
  });
});
