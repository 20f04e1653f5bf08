import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Secrets } from '../../../lib/aws/secrets.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { type CommitPlan, makeCommits, pushCommit } from '../../../lib/repository/commit.ts';
import { sshCredential } from '../../../lib/repository/credentials/ssh.ts';
import { NoAccess } from '../../../lib/repository/git.ts';
import { requirement } from '../../requirements.ts';
import { gitServer, type TestGit } from './server.ts';
import { sshKeyPair, sshServer, type TestSsh } from './ssh-server.ts';

const NAME = 'fairlead/cluster/ssh';
const secretsOf = (values: Map<string, string>): Secrets => ({
  async read(id) {
    const found = values.get(id);
    if (found === undefined)
      throw Object.assign(new Error(`no ${id}`), { name: 'ResourceNotFoundException' });
    return found;
  },
});

describe('over SSH', requirement('sshd'), () => {
  let git: TestGit;
  let server: TestSsh;
  let key: ReturnType<typeof sshKeyPair>;
  let count = 0;

  before(async () => {
    git = await gitServer();
    git.commit({ 'a/one.txt': 'one', 'top.txt': 'top' });
    server = await sshServer(git.folder);
    key = sshKeyPair(git.folder);
    server.accept(key.public);
  });
  after(async () => {
    await server.stop();
    await git.stop();
  });

  const open = (values: Map<string, string>, hostKeys = [server.hostKey()]) =>
    openClone({
      url: server.urlOf(git.bare),
      branch: 'main',
      credential: sshCredential({ secret: NAME, hostKeys }, secretsOf(values)),
      folder: join(git.folder, `clone-${++count}`),
    });
  const planOf = (path: string): CommitPlan => ({
    message: `Write ${path}`,
    files: new Map([[path, { mode: 0o644, data: Buffer.from(path) }]]),
    within: [path],
  });
  const folderOf = (name: string) => {
    const made = join(git.folder, name);
    mkdirSync(made);
    return made;
  };
  const write = async (values: Map<string, string>, path: string) => {
    const clone = await open(values);
    const base = (await clone.fetchTip())?.id;
    const [commit = ''] = await makeCommits(clone, base, [planOf(path)], new Date());
    const outcome = await pushCommit(clone, commit, base);
    return { commit, outcome };
  };
  const denied = async (values: Map<string, string>, hostKeys?: string[]): Promise<string> => {
    const clone = await open(values, hostKeys);
    let says = '';
    await assert.rejects(clone.fetchTip(), (error) => {
      assert.ok(error instanceof NoAccess, String(error));
      says = error.output;
      return true;
    });
    return says;
  };

  for (const [kind, options] of [
    ['an ed25519 key', []],
    ['a key of RSA', ['-t', 'rsa', '-b', '2048', '-N', '']],
    ['a key of RSA in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '']],
    ['a key of the curve nistp256', ['-t', 'ecdsa', '-b', '256', '-N', '']],
    ['a key of the curve nistp521', ['-t', 'ecdsa', '-b', '521', '-N', '']],
  ] as const) {
    test(`fetches and pushes with ${kind}`, async () => {
      const one = sshKeyPair(git.folder, ...options);
      server.accept(one.public);
      const { commit, outcome } = await write(new Map([[NAME, one.private]]), `${kind}.txt`);
      assert.deepEqual(outcome, { kind: 'pushed' });
      assert.equal(git.tip(), commit);
    });
  }

  test('reads files in one fetch, also from a server that speaks the old protocol', async (context) => {
    const old = await sshServer(folderOf('old'), {
      acceptsProtocol: false,
    });
    context.after(() => old.stop());
    old.accept(key.public);
    for (const each of [server, old]) {
      const clone = await openClone({
        url: each.urlOf(git.bare),
        branch: 'main',
        credential: sshCredential(
          { secret: NAME, hostKeys: [each.hostKey()] },
          secretsOf(new Map([[NAME, key.private]])),
        ),
        folder: join(git.folder, `clone-${++count}`),
      });
      const tip = await clone.fetchTip();
      const [file] = await clone.list(tip?.id ?? '', 'a');
      assert.equal((await clone.blobs([file?.id ?? ''])).get(file?.id ?? '')?.toString(), 'one');
    }
  });

  test('a key that the host does not know is told with what to do', async () => {
    const says = await denied(new Map([[NAME, sshKeyPair(git.folder).private]]));
    assert.match(
      says,
      /^the host does not accept the SSH key in secret "fairlead\/cluster\/ssh": register its public half/,
    );
  });

  test('a host that shows another key gets nothing, and people are told that it does', async () => {
    const other = sshKeyPair(git.folder).pinned;
    const says = await denied(new Map([[NAME, key.private]]), [other]);
    assert.match(says, /^the host shows an SSH host key that is not pinned, so nothing was sent/);
    const rsa = sshKeyPair(git.folder, '-t', 'rsa', '-b', '2048', '-N', '').pinned;
    assert.match(await denied(new Map([[NAME, key.private]]), [rsa]), /host key that is not pinned/);
  });

  test('a key that was changed on the host is refused before a push, and the push changes nothing', async (context) => {
    const changing = await sshServer(folderOf('changing'));
    context.after(() => changing.stop());
    changing.accept(key.public);
    const clone = await openClone({
      url: changing.urlOf(git.bare),
      branch: 'main',
      credential: sshCredential(
        { secret: NAME, hostKeys: [changing.hostKey()] },
        secretsOf(new Map([[NAME, key.private]])),
      ),
      folder: join(git.folder, `clone-${++count}`),
    });
    const base = (await clone.fetchTip())?.id;
    const [commit = ''] = await makeCommits(clone, base, [planOf('x')], new Date());
    changing.changeHostKey();
    const outcome = await pushCommit(clone, commit, base);
    assert.equal(outcome.kind, 'blocked');
    assert.match('says' in outcome ? outcome.says : '', /host key that is not pinned/);
    assert.equal(git.tip(), base);
  });

  test('without a credential no key of this machine is shown, and no host is trusted', async () => {
    const clone = await openClone({
      url: server.urlOf(git.bare),
      branch: 'main',
      folder: join(git.folder, `clone-${++count}`),
    });
    await assert.rejects(clone.fetchTip(), /Host key verification failed/);
  });

  test('a repository that is not there is told as such', async () => {
    const clone = await openClone({
      url: server.urlOf('/nowhere/cluster.git'),
      branch: 'main',
      credential: sshCredential(
        { secret: NAME, hostKeys: [server.hostKey()] },
        secretsOf(new Map([[NAME, key.private]])),
      ),
      folder: join(git.folder, `clone-${++count}`),
    });
    await assert.rejects(clone.fetchTip(), /no such repository: is the path in its URL right/);
  });

  for (const [what, value, says] of [
    [
      'is missing',
      undefined,
      /^the secret "fairlead\/cluster\/ssh" cannot be read \(ResourceNotFoundException\)/,
    ],
    ['is empty', ' \n', /^the secret "fairlead\/cluster\/ssh" is empty/],
    ['is no key', 'hunter2-planted', /holds no usable SSH key: it is no private key: it begins with no/],
    ['is a public key', 'ssh-ed25519 AAAA x', /it is the public half of a key/],
  ] as const) {
    test(`a secret that ${what} is told without its value`, async () => {
      const said = await denied(new Map(value === undefined ? [] : [[NAME, value]]));
      assert.match(said, says);
      assert.doesNotMatch(said, /planted/);
    });
  }

  test('a key with a passphrase, and one whose line ends were lost, are told as such', async () => {
    const locked = sshKeyPair(git.folder, '-t', 'ed25519', '-N', 'correct horse');
    assert.match(
      await denied(new Map([[NAME, locked.private]])),
      /it has a passphrase: store it without one/,
    );
    const cut = key.private.slice(0, 200);
    assert.match(await denied(new Map([[NAME, cut]])), /holds no usable SSH key: its text is damaged/);
    // Line ends that became spaces do no harm.
    const spaced = new Map([[NAME, key.private.replaceAll('\n', ' ')]]);
    assert.equal((await (await open(spaced)).fetchTip())?.id, git.tip());
  });

  test('while a call runs its folder is this user’s alone and holds no private key; after it, it is gone', async () => {
    const credential = sshCredential(
      { secret: NAME, hostKeys: [server.hostKey()] },
      secretsOf(new Map([[NAME, key.private]])),
    );
    const pass = await credential.pass();
    const folder = dirname(/^ssh -F '(.+)'$/.exec(pass.ssh ?? '')?.[1] ?? '');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
    assert.deepEqual(files.sort(), ['config', 'identity.pub', 'known_hosts']);
    const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    for (const line of key.private.split('\n').slice(2, -2)) assert.ok(!text.includes(line));
    await pass.close();
    assert.equal(existsSync(folder), false);
  });

  test('a key that was rotated while a delivery runs is read again, once, and opens the door', async () => {
    const [old, next] = [sshKeyPair(git.folder), sshKeyPair(git.folder)];
    const values = new Map([[NAME, old.private]]);
    const clone = await open(values);
    await assert.rejects(clone.fetchTip(), NoAccess);
    server.accept(next.public);
    values.set(NAME, next.private);
    assert.equal((await clone.fetchTip())?.id, git.tip());
  });
});
