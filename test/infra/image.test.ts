import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { bundledPackages } from '../../infra/bundle.ts';
import { GIT_FUNCTIONS } from '../../infra/packages.ts';
import { pythonProgram, requirement } from '../requirements.ts';

const FILE = join(import.meta.dirname, '..', '..', 'infra', 'image', 'Dockerfile');
const lines = readFileSync(FILE, 'utf8').split('\n');
const folder = mkdtempSync(join(tmpdir(), 'fairlead-image-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** As far as an image can be looked at that nobody builds here. */
describe('the image of the Git functions', () => {
  test('hadolint has nothing to say against it', requirement('hadolint'), () => {
    const { stdout, status } = spawnSync(pythonProgram('hadolint') ?? '', [FILE], { encoding: 'utf8' });
    assert.equal(stdout, '');
    assert.equal(status, 0);
  });

  test('all that it copies is in its folder, and of all that is in its folder nothing else than it copies', () => {
    const { imageFolder } = bundledPackages(folder);
    const copied = lines.flatMap(
      (line) => /^COPY (\S+) \$\{LAMBDA_TASK_ROOT\}\/(\S+)$/.exec(line)?.slice(1) ?? [],
    );
    assert.deepEqual(copied.sort(), [...GIT_FUNCTIONS, ...GIT_FUNCTIONS].sort());
    for (const name of copied) assert.ok(statSync(join(imageFolder, name, 'index.mjs')).size > 0);
    assert.ok(existsSync(join(imageFolder, 'Dockerfile')));
  });

  test('it ends as a user that is not root, whom the names of the image have', () => {
    const [user, ...others] = lines.flatMap((line) => /^USER (\S+)$/.exec(line)?.[1] ?? []);
    assert.deepEqual(others, []);
    assert.ok(Number(user) >= 100 && Number(user) <= 1199);
  });

  test('it fails to build where git or ssh is not there, and holds no secret and no other download', () => {
    const text = lines.filter((line) => !line.startsWith('#')).join('\n');
    assert.match(text, /git --version && ssh -V/);
    assert.doesNotMatch(text, /\b(curl|wget|ADD|npm|pip)\b|--build-arg|ARG (?!BASE=)|secret|token|password/i);
  });
});
