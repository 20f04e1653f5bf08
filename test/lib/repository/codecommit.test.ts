import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openClone } from '../../../lib/repository/clone.ts';
import { makeCommits, pushCommit } from '../../../lib/repository/commit.ts';
import {
  type AwsIdentity,
  codeCommitCredential,
  gitPassword,
} from '../../../lib/repository/credentials/codecommit.ts';
import { NoAccess } from '../../../lib/repository/git.ts';
import { type Asked, gate } from './gate.ts';
import { gitServer, type TestGit } from './server.ts';

const REGION = 'eu-central-1';
const ROLE: AwsIdentity = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjE/+==%planted-session',
};

/**
 * The server's side of it, written from AWS's steps ("Create a signed AWS API request") and not from our code: what it
 * would itself have signed for this caller, this host and this path at that time.
 */
function isSigned({ username, password, host, path }: Asked, caller: AwsIdentity): boolean {
  const [keyId, ...session] = username.split('%');
  if (keyId !== caller.accessKeyId || session.join('%') !== (caller.sessionToken ?? '')) return false;
  const [, stamp, signature] = /^(\d{8}T\d{6})Z([0-9a-f]{64})$/.exec(password) ?? [];
  if (stamp === undefined) return false;
  const day = stamp.slice(0, 8);
  const mac = (secret: Buffer | string, text: string) => createHmac('sha256', secret).update(text).digest();
  const repository = path.replace(/\/(info\/refs|git-(upload|receive)-pack).*$/, '');
  const request = ['GIT', repository, '', `host:${host}`, '', 'host', ''].join('\n');
  const text = [
    'AWS4-HMAC-SHA256',
    stamp,
    [day, REGION, 'codecommit', 'aws4_request'].join('/'),
    createHash('sha256').update(request).digest('hex'),
  ].join('\n');
  let signing = mac(`AWS4${caller.secretAccessKey}`, day);
  for (const part of [REGION, 'codecommit', 'aws4_request']) signing = mac(signing, part);
  return mac(signing, text).toString('hex') === signature;
}

describe('CodeCommit', () => {
  let git: TestGit;
  let door: Awaited<ReturnType<typeof gate>>;
  let caller = ROLE;
  before(async () => {
    git = await gitServer();
    door = await gate(git, '/v1/repos/cluster', (asked) => (isSigned(asked, caller) ? 200 : 403));
  });
  after(async () => {
    await door.stop();
    await git.stop();
  });

  const open = (identity: () => Promise<AwsIdentity>, folder: string) =>
    openClone({
      url: door.url,
      branch: 'main',
      credential: codeCommitCredential({ url: door.url, region: REGION }, identity, () => new Date()),
      folder: join(git.folder, folder),
    });

  for (const [who, identity] of [
    ['a role', ROLE],
    ['a user', { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'abc/def+ghi' }],
  ] as const) {
    test(`fetches and pushes with the signature of ${who}`, async () => {
      caller = identity;
      const clone = await open(async () => identity, `as ${who}`);
      const base = (await clone.fetchTip())?.id;
      const files = new Map([[`${who}.txt`, { mode: 0o644 as const, data: Buffer.from('x') }]]);
      const plan = { message: 'Write', files, within: [`${who}.txt`] };
      const [commit = ''] = await makeCommits(clone, base, [plan], new Date());
      assert.deepEqual(await pushCommit(clone, commit, base), { kind: 'pushed' });
      assert.equal(git.tip(), commit);
    });
  }

  test('the signature of somebody else opens nothing, and what was sent is in no error', async () => {
    caller = { ...ROLE, secretAccessKey: 'another' };
    const clone = await open(async () => ROLE, 'denied');
    await assert.rejects(clone.fetchTip(), (error) => {
      assert.ok(error instanceof NoAccess, String(error));
      assert.match(error.output, /^CodeCommit does not let this function's role in \(403\)/);
      for (const secret of [ROLE.sessionToken, ROLE.secretAccessKey, door.asked.at(-1)?.password])
        assert.ok(secret !== undefined && !`${error.stack}${error.output}`.includes(secret));
      return true;
    });
  });

  test('a function without an identity says so', async () => {
    const clone = await open(() => Promise.reject(new Error('no provider had credentials')), 'nobody');
    await assert.rejects(clone.fetchTip(), /there are no AWS credentials to sign with for CodeCommit/);
  });

  test('a password is good for its own repository alone', () => {
    const now = new Date('2026-11-21T12:34:56.789Z');
    const of = (url: string) => gitPassword(new URL(url), REGION, ROLE, now);
    const one = of('https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/one');
    assert.match(one, /^20261121T123456Z[0-9a-f]{64}$/);
    assert.notEqual(one, of('https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/two'));
  });
});
