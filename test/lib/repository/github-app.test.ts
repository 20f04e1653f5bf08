import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { DIRECT } from '../../../lib/outward/outward.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { makeCommits, pushCommit } from '../../../lib/repository/commit.ts';
import { gitHubAppCredential, type Narrowed } from '../../../lib/repository/credentials/github-app.ts';
import { NoAccess } from '../../../lib/repository/git.ts';
import { gate } from './gate.ts';
import { appKey, gitHub } from './github.ts';
import { gitServer, type TestGit } from './server.ts';

const SECRET = 'fairlead/app';
const FOR_WRITING: Narrowed = { repository: 'cluster', contents: 'write' };

describe('a GitHub App', () => {
  let git: TestGit;
  let host: Awaited<ReturnType<typeof gitHub>>;
  let door: Awaited<ReturnType<typeof gate>>;
  let clock = Date.now();
  let key = appKey();
  let stored = key.privateKey;
  let count = 0;

  before(async () => {
    git = await gitServer();
    host = await gitHub(() => clock);
    door = await gate(git, '/platform/cluster.git', ({ username, password, service }) => {
      const token = host.made.find((made) => made.token === password);
      if (username !== 'x-access-token' || token === undefined || token.expiresAt <= clock) return 401;
      if (service === 'git-receive-pack' && token.permissions.contents !== 'write') return 403;
      return token.repositories.includes('cluster') ? 200 : 404;
    });
  });
  after(async () => {
    await door.stop();
    await host.stop();
    await git.stop();
  });
  beforeEach(() => {
    key = appKey();
    stored = key.privateKey;
    // Tokens are kept by app and installation: each test has its own.
    host.app.id = String(1000 + ++count);
    host.app.keys = [key.publicKey];
    host.app.repositories = ['cluster'];
    delete host.answers.status;
    host.made.length = 0;
  });

  const credential = (narrowed = FOR_WRITING, read = async () => stored, more = {}) =>
    gitHubAppCredential(
      { appId: host.app.id, installationId: host.app.installation, secret: SECRET, api: host.api, ...more },
      narrowed,
      { secrets: { read }, outward: DIRECT, now: () => new Date(clock) },
    );
  const open = (...parts: Parameters<typeof credential>) =>
    openClone({
      url: door.url,
      branch: 'main',
      credential: credential(...parts),
      folder: join(git.folder, `clone-${count}-${Math.random()}`),
    });
  const push = async (clone: Awaited<ReturnType<typeof open>>) => {
    const base = (await clone.fetchTip())?.id;
    const [commit = ''] = await makeCommits(
      clone,
      base,
      [
        {
          message: 'Write',
          files: new Map([[`${count}.txt`, { mode: 0o644, data: Buffer.from('x') }]]),
          within: [`${count}.txt`],
        },
      ],
      new Date(),
    );
    return pushCommit(clone, commit, base);
  };
  const denied = async (...parts: Parameters<typeof credential>): Promise<string> => {
    const clone = await open(...parts);
    let says = '';
    await assert.rejects(clone.fetchTip(), (error) => {
      assert.ok(error instanceof NoAccess, String(error));
      says = error.output;
      return true;
    });
    return says;
  };

  test('fetches and pushes with a token for this repository and its contents alone', async () => {
    assert.deepEqual(await push(await open()), { kind: 'pushed' });
    assert.deepEqual(
      host.made.map(({ repositories, permissions }) => ({ repositories, permissions })),
      [{ repositories: ['cluster'], permissions: { contents: 'write' } }],
    );
  });

  test('the token of whoever reads cannot write', async () => {
    const outcome = await push(await open({ repository: 'cluster', contents: 'read' }));
    assert.equal(outcome.kind, 'blocked');
    assert.match('says' in outcome ? outcome.says : '', /has the app contents: write/);
    assert.ok(host.made.every(({ permissions }) => permissions.contents === 'read'));
  });

  test('makes one token for many deliveries, and the next before it ends', async () => {
    let reads = 0;
    const read = async () => {
      reads += 1;
      return stored;
    };
    await push(await open(FOR_WRITING, read));
    await push(await open(FOR_WRITING, read));
    assert.deepEqual([host.made.length, reads], [1, 1]);
    clock += 54 * 60_000;
    await push(await open(FOR_WRITING, read));
    assert.equal(host.made.length, 1);
    clock += 2 * 60_000;
    await push(await open(FOR_WRITING, read));
    assert.equal(host.made.length, 2);
  });

  test('a token that GitHub takes back is made anew at once, and the delivery goes on', async () => {
    await push(await open());
    host.made.length = 0;
    assert.deepEqual(await push(await open()), { kind: 'pushed' });
    assert.equal(host.made.length, 1);
  });

  test('a key that was rotated is read again, also in the middle of a delivery', async () => {
    const clone = await open();
    await push(clone);
    const next = appKey();
    host.app.keys = [next.publicKey];
    stored = next.privateKey;
    host.made.length = 0;
    assert.deepEqual(await push(clone), { kind: 'pushed' });
  });

  const refusals: readonly { what: string; make: () => void; says: RegExp }[] = [
    {
      what: 'a key that the app no longer has',
      make: () => {
        host.app.keys = [appKey().publicKey];
      },
      says: /^GitHub does not accept the key of app \d+ in secret "fairlead\/app" \(401\): was it deleted/,
    },
    {
      what: 'an installation that is suspended',
      make: () => {
        host.answers.status = 403;
      },
      says: /^GitHub refuses installation 815 of app \d+ \(403\): is it suspended\?/,
    },
    {
      what: 'an app that is not installed there',
      make: () => {
        host.answers.status = 404;
      },
      says: /^GitHub knows no installation 815 of app \d+ \(404\): install the app/,
    },
    {
      what: 'a repository that the installation does not cover',
      make: () => {
        host.app.repositories = ['other'];
      },
      says: /does not cover the repository "cluster" with contents: write \(422\)/,
    },
    {
      what: 'a host that is ill',
      make: () => {
        host.answers.status = 500;
      },
      says: /^GitHub makes no token for app \d+ \(500\): everything waits/,
    },
    {
      what: 'a secret that holds something else',
      make: () => {
        stored = 'planted-9f8e7d';
      },
      says: /^the secret "fairlead\/app" holds no private key of a GitHub App: put the whole \.pem file there/,
    },
  ];
  for (const { what, make, says } of refusals) {
    test(`${what} is told with what to do, and nothing secret`, async () => {
      make();
      const said = await denied();
      assert.match(said, says);
      assert.doesNotMatch(said, /planted|BEGIN|eyJ/);
    });
  }

  test('a host that does not answer is told as that', async () => {
    assert.match(
      await denied(FOR_WRITING, async () => stored, { api: 'http://127.0.0.1:9' }),
      /^GitHub does not answer at 127\.0\.0\.1:9 \(ECONNREFUSED\): everything waits/,
    );
  });
});
