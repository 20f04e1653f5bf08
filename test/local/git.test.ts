import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type GitServer, startGit } from '../../local/git.ts';

const folder = await mkdtemp(join(tmpdir(), 'fairlead-git-'));
const pushed: string[] = [];
let server: GitServer;

before(async () => {
  server = await startGit({
    folder: join(folder, 'git'),
    port: 0,
    repositories: [{ name: 'cluster', branch: 'main' }],
    onPush: (repository) => pushed.push(repository),
  });
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = {
  PATH: process.env.PATH,
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'A Person',
  GIT_AUTHOR_EMAIL: 'person@example.com',
  GIT_COMMITTER_NAME: 'A Person',
  GIT_COMMITTER_EMAIL: 'person@example.com',
};
const git = async (...argv: string[]) =>
  (await promisify(execFile)('git', argv, { env: environment })).stdout.trim();

async function clone(name: string, ...more: string[]): Promise<string> {
  const into = join(folder, name);
  await git('clone', '--quiet', ...more, server.urlOf('cluster'), into);
  return into;
}

async function commit(clone: string, file: string): Promise<void> {
  await writeFile(join(clone, file), file);
  await git('-C', clone, 'add', file);
  await git('-C', clone, 'commit', '--quiet', '-m', file);
}

describe('the local Git server', () => {
  test('can be cloned by anyone on this machine, and has a branch from the start', async () => {
    const into = await clone('anyone');
    assert.equal(await git('-C', into, 'rev-parse', '--abbrev-ref', 'HEAD'), 'main');
  });

  test('refuses a push without the token, and with a wrong one', async () => {
    const into = await clone('refused');
    await commit(into, 'a');
    await assert.rejects(git('-C', into, 'push', '--quiet'), /could not read Username/);
    const wrong = server.urlOf('cluster').replace('http://', 'http://local:wrong@');
    await assert.rejects(git('-C', into, 'push', '--quiet', wrong, 'main'), /Authentication failed/);
    assert.deepEqual(pushed, []);
  });

  test('takes a push with the token from a credential file, and tells of it', async () => {
    const store = join(folder, 'credentials');
    await writeFile(store, `http://local:${server.pushToken}@127.0.0.1%3a${server.port}\n`);
    const into = await clone('pushes', '-c', `credential.helper=store --file=${store}`);
    await commit(into, 'b');
    await git('-C', into, 'push', '--quiet');
    assert.deepEqual(pushed, ['cluster']);
    const after = await clone('after');
    assert.equal(await readFile(join(after, 'b'), 'utf8'), 'b');
  });

  test('gives a shallow clone without blobs, and each blob when it is asked for', async () => {
    const into = await clone('partial', '--bare', '--depth=1', '--filter=blob:none');
    const missing = await git('-C', into, 'rev-list', '--objects', '--missing=print', 'main');
    assert.match(missing, /^\?/m);
    assert.equal(await git('-C', into, 'cat-file', 'blob', 'main:b'), 'b');
  });

  test('never rewrites history', async () => {
    const store = join(folder, 'credentials');
    const into = await clone('rewrites', '-c', `credential.helper=store --file=${store}`);
    await git('-C', into, 'commit', '--quiet', '--amend', '-m', 'other');
    await assert.rejects(git('-C', into, 'push', '--quiet', '--force'), /rejected/);
  });

  test('knows no other repository, and says which there are', async () => {
    const answer = await fetch(`${server.url}/other.git/info/refs?service=git-upload-pack`);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /cluster\.git/);
  });

  test('does not serve files of the repository beyond the protocol', async () => {
    for (const path of ['/cluster.git/config', '/cluster.git/objects/info/packs', '/cluster.git/../x']) {
      assert.equal((await fetch(`${server.url}${path}`)).status, 404, path);
    }
  });

  test('asks for the token however a push is announced', async () => {
    const twice = 'service=git-upload-pack&service=git-receive-pack';
    for (const query of ['service=git-receive-pack', 'service=git%2Dreceive%2Dpack', twice]) {
      assert.equal((await fetch(`${server.url}/cluster.git/info/refs?${query}`)).status, 401, query);
    }
  });

  for (const [asked, wanted] of Object.entries({
    '//': 404,
    '//cluster.git/HEAD': 404,
    'http://': 403,
    'http://127.0.0.1/cluster.git/HEAD': 403,
    '*': 403,
  })) {
    test(`answers a request for ${asked} and lives on`, async () => {
      assert.equal(await statusOf(asked), wanted);
      await git('ls-remote', server.urlOf('cluster'));
    });
  }

  for (const [who, headers] of Object.entries({
    'a page that rebound its name': { host: 'evil.example' },
    'another site': { origin: 'http://evil.example' },
    'a form of another site': { 'sec-fetch-site': 'cross-site' },
  })) {
    test(`refuses ${who}`, async () => {
      assert.equal(await statusOf('/cluster.git/info/refs?service=git-upload-pack', headers), 403);
    });
  }
});

/** Of a request that is sent as it is written here, which `fetch` would put right. */
function statusOf(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once('error', reject)
      .end();
  });
}
