import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { writeConnection } from '../../local/connection.ts';
import { fairlead, running } from './command-line.ts';

describe('npx fairlead', () => {
  test('lists its commands', async () => {
    const { code, stdout } = await fairlead(['--help']);
    assert.equal(code, 0);
    for (const name of ['check', 'diff', 'upload', 'uploads', 'replay', 'kubectl'])
      assert.match(stdout, new RegExp(`^ {2}${name} +\\S`, 'm'));
  });

  test('says what there is when nothing, or something unknown, is asked', async () => {
    const nothing = await fairlead([]);
    assert.equal(nothing.code, 64);
    assert.match(nothing.stdout, /Usage: npx fairlead COMMAND/);
    const unknown = await fairlead(['uplaod']);
    assert.equal(unknown.code, 64);
    assert.match(unknown.stderr, /no command "uplaod": did you mean "upload"\?/);
    // Not of our table, though every object has it.
    assert.equal((await fairlead(['constructor'])).code, 64);
  });

  for (const name of ['check', 'diff', 'upload', 'uploads', 'replay']) {
    test(`${name} --help tells its options, exit codes and examples`, async () => {
      const { code, stdout } = await fairlead([name, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^npx fairlead ${name}`));
      assert.match(stdout, /^Exit:|Exit:$/m);
    });
  }

  test('says its version, and which option was likely meant', async () => {
    const version = await fairlead(['--version']);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    const typo = await fairlead(['check', '--kubconfig', 'x']);
    assert.equal(typo.code, 64);
    assert.match(typo.stderr, /^there is no option --kubconfig: did you mean --kubeconfig\?\n/);
  });

  test('says what is wrong in the last lines, and where the usage is', async () => {
    const { code, stderr } = await fairlead(['upload']);
    assert.equal(code, 64);
    assert.match(stderr, /^name at least one file, and .*\n.*upload --help.*\n$/);
  });

  test('check ends where its cache cannot be, though something of that path is there', {
    skip: existsSync('/proc/self') ? false : 'there is no /proc here',
  }, async (context) => {
    const { child, ended } = running(['check', '--repo', '.', '--cache', '/proc/fairlead/deep']);
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 20_000);
    context.after(() => clearTimeout(tooLong));
    const { code, stderr } = await ended;
    assert.equal(code, 2, stderr);
    assert.match(stderr, /could not judge: .*\/proc\/fairlead.*; name another with --cache\n$/);
  });

  test('kubectl asks no other cluster while there is none here', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
    context.after(() => rm(folder, { recursive: true }));
    await writeConnection(folder, {
      schema: 1,
      pid: process.pid,
      page: 'http://127.0.0.1:4580/?token=secret',
      environment: {},
      repositories: {},
      gitToken: 'secret',
      kubeconfig: join(folder, 'kubeconfig'),
    });
    const { code, stderr } = await fairlead(['kubectl', 'get', 'pods'], { FAIRLEAD_DATA: folder });
    assert.equal(code, 69);
    assert.match(stderr, /^the local installation has no cluster yet: .*127\.0\.0\.1:4580\/\)/);
    assert.doesNotMatch(stderr, /secret/);
  });

  test('kubectl says how to start what it needs', async () => {
    const { code, stderr } = await fairlead(['kubectl', 'get', 'pods'], { FAIRLEAD_DATA: '/nowhere' });
    assert.equal(code, 69);
    assert.match(stderr, /no local installation runs on \/nowhere.*npm start/);
  });
});
