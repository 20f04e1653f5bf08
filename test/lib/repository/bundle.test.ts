import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bundleRepository, NotBundled, restoreBundle } from '../../../lib/repository/bundle.ts';
import { NoAccess } from '../../../lib/repository/git.ts';
import { gitIn, gitServer } from './server.ts';

async function begin(context: TestContext) {
  const server = await gitServer();
  context.after(() => server.stop());
  const scratch = join(server.folder, 'scratch');
  const file = join(server.folder, 'cluster.bundle');
  const bundle = (more: Partial<Parameters<typeof bundleRepository>[0]> = {}) =>
    bundleRepository({ url: server.url, credential: server.credential, scratch, file, ...more });
  return { server, scratch, file, bundle };
}

test('a bundle holds every branch and tag with its history, and people restore it with git alone', async (context) => {
  const { server, scratch, file, bundle } = await begin(context);
  server.commit({ 'a.txt': 'one' }, 'One');
  server.git('branch', 'staging', 'main');
  server.commit({ 'a.txt': 'two' }, 'Two');
  server.git('tag', 'v1', 'main');
  server.git('tag', '-a', '-m', 'annotated', 'v2', 'staging');
  const made = await bundle();
  assert.deepEqual(
    [...made.refs.keys()],
    ['refs/heads/main', 'refs/heads/staging', 'refs/tags/v1', 'refs/tags/v2'],
  );
  assert.equal(made.head, 'refs/heads/main');
  assert.match(made.sha256, /^[0-9a-f]{64}$/);
  assert.equal(existsSync(scratch), false, 'nothing is left in the scratch folder');

  // As docs/backup.md says.
  const [mirror, empty] = [join(server.folder, 'mirror.git'), join(server.folder, 'empty.git')];
  gitIn(server.folder, 'init', '--quiet', '--bare', empty);
  gitIn(server.folder, 'clone', '--quiet', '--mirror', file, mirror);
  gitIn(mirror, 'push', '--quiet', '--mirror', empty);
  const refs = (folder: string) => gitIn(folder, 'for-each-ref', '--format=%(refname) %(objectname)');
  assert.equal(refs(empty), refs(server.bare));
  assert.equal(gitIn(empty, 'log', '--format=%s', 'main'), server.log().join('\n'));
});

test('a bundle that lost a part of itself is not restored from', async (context) => {
  const { server, file, bundle } = await begin(context);
  server.commit({ 'a.txt': 'x'.repeat(5000) });
  const { bytes } = await bundle();
  truncateSync(file, bytes - 40);
  await assert.rejects(restoreBundle(file, join(server.folder, 'again.git')));
});

test('what is too large, empty, or not let in leaves no file, and says which', async (context) => {
  const { server, scratch, file, bundle } = await begin(context);
  await assert.rejects(
    bundle({ maxBytes: 10 }),
    (error) => error instanceof NotBundled && /10 are backed up at most.*backup\.except/.test(error.message),
  );
  const empty = join(server.folder, 'empty.git');
  mkdirSync(empty);
  gitIn(empty, 'init', '--quiet', '--bare');
  await assert.rejects(bundle({ url: empty }), /no branch and no tag/);
  const gone = server.url.replace('cluster', 'other');
  await assert.rejects(bundle({ url: gone }), NoAccess);
  assert.deepEqual([existsSync(file), existsSync(scratch)], [false, false]);
  assert.ok(readdirSync(server.folder).includes('server'));
});
