import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { spoken } from '../../cli/completion.ts';
import { SHELLS, scriptFor } from '../../cli/completion-scripts.ts';
import { called } from './in-process.ts';

const all = await spoken();
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-completion-'));
  await mkdir(join(folder, 'fairlead', 'targets'), { recursive: true });
  await writeFile(join(folder, 'fairlead', 'targets', 'one'), 'production\nstaging\n');
  await writeFile(join(folder, 'fairlead', 'targets', 'two'), 'sandbox\n');
  await writeFile(join(folder, 'web-1.4.2.tgz'), '');
  for (const shell of SHELLS) await writeFile(join(folder, shell), scriptFor(shell, all));
});
after(() => rm(folder, { recursive: true }));

/** What bash offers for the last of these words. */
function inBash(...typed: readonly string[]): readonly string[] {
  const asked = `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fairlead; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', asked, 'bash', ...typed], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: folder },
  });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('npx fairlead completion', () => {
  test('prints one script a shell, and says which there are', async () => {
    for (const shell of SHELLS) {
      const { code, stdout } = await called(['completion', shell]);
      assert.equal(code, 0);
      assert.equal(stdout, `${scriptFor(shell, all)}\n`);
    }
    const none = await called(['completion']);
    assert.equal(none.code, 64);
    assert.match(none.stderr, /say for which shell: bash, zsh, fish/);
    assert.equal((await called(['completion', 'tcsh'])).code, 64);
  });

  describe('in bash', { skip: !has('bash') }, () => {
    test('completes commands, by themselves and behind npx', () => {
      assert.deepEqual(inBash('fairlead', 'sta'), ['status']);
      assert.deepEqual(inBash('npx', 'fairlead', 'upl'), ['upload', 'uploads']);
      assert.deepEqual(inBash('fairlead', 'help', 'incid'), ['incidents']);
    });

    test('leaves what else npx runs alone', () => {
      assert.deepEqual(inBash('npx', 'cdk', 'dep'), []);
    });

    test('completes every option of every command', () => {
      for (const { name, form } of all)
        for (const option of Object.keys(form.options))
          assert.ok(inBash('fairlead', name, `--${option}`).includes(`--${option}`), `${name} --${option}`);
    });

    test('completes choices, files, and targets that were seen', () => {
      assert.deepEqual(inBash('fairlead', 'check', '-o', 'j'), ['json', 'junit']);
      assert.deepEqual(inBash('fairlead', 'upload', '--wait', 'r'), ['rolled-out']);
      assert.deepEqual(inBash('fairlead', 'upload', 'web'), ['web-1.4.2.tgz']);
      assert.deepEqual(inBash('fairlead', 'status', 's'), ['staging', 'sandbox']);
      assert.deepEqual(inBash('fairlead', 'incidents', '--target', 'p'), ['production']);
      assert.deepEqual(inBash('fairlead', 'completion', ''), ['bash', 'zsh', 'fish']);
    });
  });

  for (const [shell, argv] of [
    ['bash', ['--norc', '-n']],
    ['zsh', ['--no-rcs', '-n']],
    ['fish', ['--no-config', '--no-execute']],
  ] as const) {
    test(`the script is ${shell}`, { skip: has(shell) ? false : `there is no ${shell} here` }, () => {
      const { status, stderr } = spawnSync(shell, [...argv, join(folder, shell)], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
  }

  test('every quote that a line of a script opens it ends', () => {
    for (const shell of SHELLS)
      for (const line of scriptFor(shell, all).split('\n'))
        assert.equal((line.match(/'/g) ?? []).length % 2, 0, `${shell}: ${line}`);
  });
});
