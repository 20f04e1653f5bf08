import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import { type ProposalHost, ProposalHostFailed } from '../../lib/proposals/proposals.ts';
import { appKey, gitHub } from '../lib/repository/github.ts';
import { gitServer, type TestGit } from '../lib/repository/server.ts';
import {
  type BitbucketServer,
  bitbucketServer,
  type CodeCommitServer,
  codeCommitServer,
  type GitHubServer,
  type GitLabServer,
  gitHubServer,
  gitLabServer,
} from './servers.ts';

const BRANCH = 'fairlead/staging/shop/web';
const TEXT = { title: 'Web 1.2.3', body: 'in short', labels: ['fairlead'] };

async function failure(attempt: Promise<unknown>): Promise<ProposalHostFailed> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.ok(error instanceof ProposalHostFailed, `expected a failure of the host, not ${String(error)}`);
  return error;
}

describe('what a host refuses is told with what to do', () => {
  let git: TestGit;
  let github: GitHubServer;
  let gitlab: GitLabServer;
  let bitbucket: BitbucketServer;
  let codecommit: CodeCommitServer;
  before(async () => {
    git = await gitServer();
    git.git('update-ref', `refs/heads/${BRANCH}`, git.tip());
    git.commit({ 'web.txt': '1\n' }, 'Web', BRANCH);
    github = await gitHubServer({
      bare: git.bare,
      rightsOf: (token) =>
        token === github.token
          ? 'write'
          : token === 'reader'
            ? 'read'
            : token === 'none'
              ? 'none'
              : undefined,
    });
    gitlab = await gitLabServer({ bare: git.bare, relative: '/gitlab' });
    bitbucket = await bitbucketServer({ bare: git.bare });
    codecommit = await codeCommitServer({ bare: git.bare });
  });
  after(async () => {
    for (const server of [github, gitlab, bitbucket, codecommit, git]) await server.stop();
  });

  const parts = (read: () => Promise<string>) => ({
    secrets: { read },
    now: () => new Date(),
    environment: codecommit.environment,
  });
  const at = (
    server: GitHubServer | GitLabServer | BitbucketServer,
    token: string,
    project: string = server.project,
  ): Promise<ProposalHost> =>
    proposalHostOf(
      { kind: server.kind, api: server.api, project, credential: { kind: 'token', secret: 'api' } },
      git.url,
      parts(async () => token),
    );
  const open = async (host: Promise<ProposalHost>) => failure((await host).open(BRANCH, 'main', TEXT));

  test('a token that nobody knows', async () => {
    for (const server of [github, gitlab, bitbucket])
      assert.match(
        (await open(at(server, 'unknown'))).message,
        /^\w+, [\w/]+, looking for the (pull|merge) request of \S+: \w+ does not accept the token in secret "api" \(401\): .*put a new one/,
      );
  });

  test('a token that only reads: which right it lacks, in the words of the host, too', async () => {
    assert.match(
      (await open(at(github, 'reader'))).message,
      /\(403\): it needs "Pull requests: read and write" for this repository \(this call takes pull_requests=write\)/,
    );
    assert.match(
      (await open(at(gitlab, gitlab.readToken))).message,
      /\(403\): it needs the scope api.*insufficient_scope/,
    );
    assert.match(
      (await open(at(bitbucket, bitbucket.readToken))).message,
      /\(403\).*"Pull requests: Write".*it says: .*required privilege scopes.*pullrequest:write/,
    );
    codecommit.denied.add('CreatePullRequest');
    const host = proposalHostOf(
      { kind: 'codecommit' },
      codecommit.url,
      parts(async () => ''),
    );
    assert.match((await open(host)).message, /AccessDeniedException.*codecommit:CreatePullRequest/);
    codecommit.denied.clear();
  });

  test('a repository that is not there, or not to be seen', async () => {
    assert.match((await open(at(github, 'none'))).message, /\(404\): is the repository's URL right\?/);
    assert.match(
      (await open(at(gitlab, gitlab.token, 'acme/gone'))).message,
      /\(404\): is the repository's URL right\?/,
    );
    assert.match(
      (await open(at(bitbucket, bitbucket.token, 'acme/gone'))).message,
      /\(404\): is the repository's URL right\?/,
    );
    const url = codecommit.url.replace(/cluster$/, 'gone');
    const host = proposalHostOf(
      { kind: 'codecommit' },
      url,
      parts(async () => ''),
    );
    assert.match((await open(host)).message, /there is no repository "gone" in eu-central-1/);
  });

  test('a branch that says nothing new', async () => {
    git.git('update-ref', 'refs/heads/fairlead/same', git.tip());
    for (const [server, words] of [
      [github, /\(422\).*do they differ\?.*No commits between main and fairlead\/same/],
      [bitbucket, /\(400\).*do they differ\?.*There are no changes to be pulled/],
    ] as const)
      assert.match(
        (await failure((await at(server, server.token)).open('fairlead/same', 'main', TEXT))).message,
        words,
      );
  });

  test('a repository that is none of that host is refused before anybody is asked', async () => {
    const settings = { kind: 'github', credential: { kind: 'token', secret: 'api' } } as const;
    const attempt = proposalHostOf(
      settings,
      'https://github.com/acme',
      parts(async () => ''),
    );
    assert.match((await failure(attempt)).message, /is no repository of GitHub/);
  });

  test('all calls used: when there are more is told as a time', async () => {
    const inTen = Math.floor(Date.now() / 1000) + 600;
    for (const server of [github, gitlab]) {
      const { remaining } = server.limit;
      Object.assign(server.limit, { remaining: 0, resetsAt: inTen });
      const failed = await open(at(server, server.token));
      assert.equal(failed.kind, 'unreached');
      assert.equal(failed.retryAt?.getTime(), inTen * 1000);
      assert.match(failed.message, /takes no more calls \((403|429)\) until 20/);
      server.limit.remaining = remaining;
    }
    bitbucket.limit.remaining = 0;
    const failed = await open(at(bitbucket, bitbucket.token));
    assert.ok(failed.retryAt !== undefined && failed.retryAt.getTime() > Date.now() + 30_000);
    bitbucket.limit.remaining = 1000;
    codecommit.limit.remaining = 0;
    const slowed = await open(
      proposalHostOf(
        { kind: 'codecommit' },
        codecommit.url,
        parts(async () => ''),
      ),
    );
    assert.equal(slowed.kind, 'unreached');
    assert.match(slowed.message, /ThrottlingException/);
    codecommit.limit.remaining = Number.POSITIVE_INFINITY;
  });

  test('a token that was rotated while the function was warm is read again, once', async () => {
    const tokens = ['expired', github.token];
    const host = await proposalHostOf(
      {
        kind: 'github',
        api: github.api,
        project: 'acme/cluster',
        credential: { kind: 'token', secret: 'api' },
      },
      git.url,
      parts(async () => tokens.shift() ?? github.token),
    );
    assert.equal(await host.find('fairlead/none', 'main'), undefined);
  });

  test('a secret that is no token, or cannot be read, is told of without a part of it', async () => {
    const spaced = await open(at(github, 'two words\nand a line'));
    assert.match(spaced.message, /the token in secret "api" is no token: put the token alone there/);
    assert.doesNotMatch(spaced.message, /two words/);
    const host = await proposalHostOf(
      {
        kind: 'gitlab',
        api: gitlab.api,
        project: gitlab.project,
        credential: { kind: 'token', secret: 'api' },
      },
      git.url,
      parts(() => Promise.reject(new Error('secret'))),
    );
    assert.match((await failure(host.find('a', 'b'))).message, /the secret "api" cannot be read/);
  });

  test("Bitbucket's API tokens go with the account's address", async () => {
    const host = await proposalHostOf(
      {
        kind: 'bitbucket',
        api: bitbucket.api,
        project: bitbucket.project,
        credential: { kind: 'token', secret: 'api', email: bitbucket.account.email },
      },
      git.url,
      parts(async () => bitbucket.account.token),
    );
    assert.equal(await host.find('fairlead/none', 'main'), undefined);
  });

  test('a GitHub App makes a token for pull requests of this repository, and no more', async () => {
    const app = await gitHub(Date.now);
    const keys = appKey();
    app.app.keys.push(keys.publicKey);
    app.permissions.pull_requests = 'write';
    const rightsOf = (token: string) => {
      const made = app.made.find((each) => each.token === token);
      return made === undefined ? undefined : made.permissions.pull_requests === 'write' ? 'write' : 'none';
    };
    const server = await gitHubServer({ bare: git.bare, rightsOf });
    try {
      // The app's server and the repository's are one at GitHub: here the first call goes there, all others here.
      const settings = {
        kind: 'github',
        api: server.api,
        project: 'acme/cluster',
        credential: {
          kind: 'github-app',
          appId: app.app.id,
          installationId: app.app.installation,
          secret: 'key',
        },
      } as const;
      server.elsewhere.push({ begins: '/app/', api: app.api });
      const host = await proposalHostOf(
        settings,
        git.url,
        parts(async () => keys.privateKey),
      );
      const opened = await host.open(BRANCH, 'main', TEXT);
      assert.deepEqual(opened.state, { kind: 'open' });
      assert.deepEqual(
        app.made.map(({ repositories, permissions }) => ({ repositories, permissions })),
        [{ repositories: ['cluster'], permissions: { contents: 'read', pull_requests: 'write' } }],
      );
      delete app.permissions.pull_requests;
      const other = await proposalHostOf(
        { ...settings, credential: { ...settings.credential, secret: 'other' }, project: 'acme/elsewhere' },
        git.url,
        parts(async () => keys.privateKey),
      );
      assert.match(
        (await failure(other.find('a', 'b'))).message,
        /does not cover the repository "elsewhere" with contents: read and pull requests: write/,
      );
    } finally {
      await server.stop();
      await app.stop();
    }
  });
});
