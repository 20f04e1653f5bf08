import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encryptKey, readPrivateKey } from 'openpgp';
import { type Clone, openClone } from '../../../lib/repository/clone.ts';
import {
  type CommitIdentity,
  type CommitPlan,
  makeCommits,
  pushCommit,
} from '../../../lib/repository/commit.ts';
import { NoAccess } from '../../../lib/repository/git.ts';
import { signerOf } from '../../../lib/repository/signing/signing.ts';
import { requirement } from '../../requirements.ts';
import { gitServer, type TestGit } from './server.ts';
import { sshKeyPair } from './ssh-server.ts';

const author = { name: 'Fairlead of Example', email: 'fairlead@example.com' };
const SECRET = 'fairlead/signing';
/** As many as one push carries. */
const MANY = 200;

describe('commits', requirement('gpg'), () => {
  let git: TestGit;
  let keyring: string;
  let clone: Clone;
  before(async () => {
    git = await gitServer();
    // gpg's agent wants a short path for its socket.
    keyring = mkdtempSync(join(tmpdir(), 'fl-gpg-'));
    clone = await openClone({
      url: git.url,
      branch: 'main',
      credential: git.credential,
      folder: join(git.folder, 'clone'),
    });
  });
  after(async () => {
    execFileSync('gpgconf', ['--homedir', keyring, '--kill', 'all']);
    rmSync(keyring, { recursive: true, force: true });
    await git.stop();
  });

  const gpg = (...argv: readonly string[]): string =>
    execFileSync(
      'gpg',
      [
        '--homedir',
        keyring,
        '--batch',
        '--quiet',
        '--passphrase',
        '',
        '--pinentry-mode',
        'loopback',
        ...argv,
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  const openPgpKey = (algorithm: string, usage = 'sign'): string => {
    const name = `Fairlead <${Math.random()}@example.com>`;
    gpg('--quick-generate-key', name, algorithm, usage, 'never');
    return gpg('--armor', '--export-secret-keys', `=${name}`);
  };
  const locked = async (armoredKey: string): Promise<string> =>
    (
      await encryptKey({ privateKey: await readPrivateKey({ armoredKey }), passphrase: 'planted horse' })
    ).armor();
  const identityOf = (kind: 'openpgp' | 'ssh', read: () => Promise<string>): CommitIdentity => ({
    author,
    signer: signerOf({ kind, secret: SECRET }, { read }),
  });
  const planOf = (path: string): CommitPlan => ({
    message: `Write ${path}\n\ngpgsig is no header here\nparent ${'0'.repeat(40)}\n`,
    files: new Map([[path, { mode: 0o644, data: Buffer.from(path) }]]),
    within: [path],
  });
  const deliver = async (identity: CommitIdentity, paths: readonly string[]) => {
    const base = (await clone.fetchTip())?.id;
    const commits = await makeCommits(clone, base, paths.map(planOf), new Date(), identity);
    assert.deepEqual(await pushCommit(clone, commits.at(-1) ?? '', base), { kind: 'pushed' });
    return commits;
  };
  /** What git itself says of the signatures, in the repository that was pushed to. */
  const verified = (commits: readonly string[], config: readonly string[] = []): void => {
    for (const commit of commits)
      execFileSync('git', [...config, 'verify-commit', commit], {
        cwd: git.bare,
        env: {
          PATH: process.env.PATH,
          GNUPGHOME: keyring,
          GIT_CONFIG_GLOBAL: '/dev/null',
          HOME: '/nonexistent',
        },
        stdio: 'pipe',
      });
  };
  const allowed = (publicKey: string): readonly string[] => {
    const file = join(git.folder, `allowed-${Math.random()}`);
    writeFileSync(file, `${author.email} ${publicKey}\n`);
    return ['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${file}`];
  };

  for (const algorithm of ['ed25519', 'rsa3072', 'nistp256']) {
    test(`signed with OpenPGP (${algorithm}) are what gpg verifies`, async () => {
      const key = openPgpKey(algorithm);
      const names = ['one', 'two', 'three'].map((name) => `${algorithm}-${name}`);
      const commits = await deliver(
        identityOf('openpgp', async () => key),
        names,
      );
      verified(commits);
      assert.deepEqual(git.git('rev-list', '-3', '--reverse', 'main').split('\n'), commits);
      assert.equal(git.git('fsck', '--strict', '--no-dangling', '--no-progress'), '');
    });
  }

  for (const [kind, options] of [
    ['ed25519', []],
    ['rsa', ['-t', 'rsa', '-b', '2048', '-N', '']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384', '-N', '']],
  ] as const) {
    test(`signed with SSH (${kind}) are what ssh-keygen verifies`, async () => {
      const key = sshKeyPair(git.folder, ...options);
      const commits = await deliver(
        identityOf('ssh', async () => key.private),
        [`${kind}-1`, `${kind}-2`],
      );
      verified(commits, allowed(key.public));
      assert.throws(() => verified(commits, allowed(sshKeyPair(git.folder).public)));
    });
  }

  test('are by whom the configuration says, and say what they would say unsigned', async () => {
    const key = sshKeyPair(git.folder);
    const [commit = ''] = await deliver(
      identityOf('ssh', async () => key.private),
      ['who.txt'],
    );
    const said = (format: string) => git.git('log', '-1', `--format=${format}`, commit);
    assert.equal(
      said('%an <%ae> %cn <%ce>'),
      'Fairlead of Example <fairlead@example.com> Fairlead of Example <fairlead@example.com>',
    );
    assert.equal(said('%B'), planOf('who.txt').message.trim());
  });

  test('that were changed after they were signed are not verified', async () => {
    const key = sshKeyPair(git.folder);
    const [commit = ''] = await deliver(
      identityOf('ssh', async () => key.private),
      ['forged.txt'],
    );
    const raw = execFileSync('git', ['cat-file', 'commit', commit], { cwd: git.bare, encoding: 'utf8' });
    const forged = execFileSync('git', ['hash-object', '-w', '-t', 'commit', '--stdin'], {
      cwd: git.bare,
      encoding: 'utf8',
      input: raw.replace('Write forged.txt', 'Wrote forged.txt'),
    }).trim();
    verified([commit], allowed(key.public));
    assert.throws(() => verified([forged], allowed(key.public)));
  });

  for (const [kind, make] of [
    ['openpgp', () => openPgpKey('ed25519')],
    ['ssh', () => sshKeyPair(git.folder).private],
  ] as const) {
    test(`signed with ${kind}: as many as a push carries are one chain, and no process each`, async (context) => {
      const key = make();
      const names = Array.from({ length: MANY }, (_, at) => `many/${kind}-${at}.txt`);
      const begun = performance.now();
      const commits = await deliver(
        identityOf(kind, async () => key),
        names,
      );
      context.diagnostic(
        `${MANY} signed commits, made and pushed: ${Math.round(performance.now() - begun)} ms`,
      );
      assert.equal(new Set(commits).size, MANY);
      assert.deepEqual(git.git('rev-list', `-${MANY}`, '--reverse', 'main').split('\n'), commits);
      for (const commit of [commits[0], commits[MANY / 2], commits.at(-1)])
        assert.match(
          git.git('cat-file', 'commit', commit ?? ''),
          /^gpgsig -----BEGIN (PGP|SSH) SIGNATURE-----$/m,
        );
    });
  }

  test('are signed with the key that is there at each delivery', async () => {
    let key = sshKeyPair(git.folder);
    const read = async () => key.private;
    verified(await deliver(identityOf('ssh', read), ['old.txt']), allowed(key.public));
    key = sshKeyPair(git.folder);
    verified(await deliver(identityOf('ssh', read), ['new.txt']), allowed(key.public));
  });

  const unusable: readonly {
    what: string;
    kind: 'openpgp' | 'ssh';
    key: () => string | Promise<string>;
    says: RegExp;
  }[] = [
    {
      what: 'text',
      kind: 'openpgp',
      key: () => 'planted-1a2b3c',
      says: /holds no armoured OpenPGP private key/,
    },
    { what: 'text', kind: 'ssh', key: () => 'planted-1a2b3c', says: /it is no private key/ },
    {
      what: 'a key with a passphrase',
      kind: 'openpgp',
      key: () => locked(openPgpKey('ed25519')),
      says: /the OpenPGP key has a passphrase: store it without one/,
    },
    {
      what: 'a key that has no part for signing',
      kind: 'openpgp',
      key: () => openPgpKey('ed25519', 'cert'),
      says: /the OpenPGP key cannot sign now/,
    },
  ];
  for (const { what, kind, key, says } of unusable) {
    test(`are not made with ${what} for ${kind}: it is told, and nothing secret with it`, async () => {
      const base = (await clone.fetchTip())?.id;
      const text = await key();
      const making = makeCommits(
        clone,
        base,
        [planOf('none.txt')],
        new Date(),
        identityOf(kind, async () => text),
      );
      await assert.rejects(making, (error) => {
        assert.ok(error instanceof NoAccess, String(error));
        assert.match(error.output, /^commits cannot be signed with the secret "fairlead\/signing": /);
        assert.match(error.output, says);
        assert.doesNotMatch(`${error.stack}${error.output}`, /planted|BEGIN PGP/);
        return true;
      });
    });
  }
});
