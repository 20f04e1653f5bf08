import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import { gitServer, type TestGit } from '../lib/repository/server.ts';
import {
  type BitbucketServer,
  bitbucketServer,
  type GitHubServer,
  type GitLabServer,
  gitHubServer,
  gitLabServer,
} from './servers.ts';

const BRANCH = 'fairlead/production/shop/web';
const TEXT = { title: 'Web 1.2.3', body: 'in short', labels: [] };
/** More than the servers have on a page. */
const STRANGERS = 4;

describe('what strangers propose from a branch of the same name in a fork', () => {
  let git: TestGit;
  let servers: readonly (GitHubServer | GitLabServer | BitbucketServer)[];
  let gitlab: GitLabServer;
  before(async () => {
    git = await gitServer();
    git.git('update-ref', `refs/heads/${BRANCH}`, git.tip());
    git.commit({ 'web.txt': '1\n' }, 'Web', BRANCH);
    gitlab = await gitLabServer({ bare: git.bare });
    servers = [await gitHubServer({ bare: git.bare }), gitlab, await bitbucketServer({ bare: git.bare })];
  });
  after(async () => {
    for (const server of [...servers, git]) await server.stop();
  });

  const hostOf = (server: GitHubServer | GitLabServer | BitbucketServer) =>
    proposalHostOf(
      {
        kind: server.kind,
        api: server.api,
        project: server.project,
        credential: { kind: 'token', secret: 'api' },
      },
      git.url,
      { secrets: { read: async () => server.token }, now: () => new Date(), environment: {} },
    );
  const strangers = ({ kept }: Pick<GitHubServer, 'kept'>, others?: Set<number>) => {
    for (let each = 0; each < STRANGERS; each += 1) {
      // At GitHub, forks of the same owner pass the filter of branches.
      const one = kept.add({
        title: 'Trust me',
        body: '',
        branch: BRANCH,
        base: 'main',
        head: 'f'.repeat(40),
        fork: 'acme/other',
      });
      others?.add(one.number);
    }
  };

  test('is never taken for ours, open or merged', async () => {
    for (const server of servers) {
      strangers(server, gitlab.ofOthers);
      const [stranger] = server.kept.all();
      assert.ok(stranger !== undefined);
      stranger.state = 'merged';
      assert.equal(await (await hostOf(server)).find(BRANCH, 'main'), undefined, server.kind);
    }
  });

  test('hides ours on no page, though it is older, and another token has opened it', async () => {
    for (const server of servers) {
      const host = await hostOf(server);
      const opened = await host.open(BRANCH, 'main', TEXT);
      strangers(server, gitlab.ofOthers);
      if (server === gitlab) gitlab.ofOthers.add(Number(opened.number));
      assert.equal((await host.find(BRANCH, 'main'))?.number, opened.number, server.kind);
      server.kept.close(opened.number);
      assert.deepEqual((await host.find(BRANCH, 'main'))?.state, { kind: 'closed' }, server.kind);
    }
  });
});

describe('what GitLab would carry out', () => {
  test('is text in a description and in a comment, however it is written', async () => {
    const git = await gitServer();
    const server = await gitLabServer({ bare: git.bare });
    try {
      git.git('update-ref', `refs/heads/${BRANCH}`, git.tip());
      git.commit({ 'web.txt': '1\n' }, 'Web', BRANCH);
      const host = await proposalHostOf(
        {
          kind: 'gitlab',
          api: server.api,
          project: server.project,
          credential: { kind: 'token', secret: 'api' },
        },
        git.url,
        { secrets: { read: async () => server.token }, now: () => new Date(), environment: {} },
      );
      const body = '/merge\nvalues:\r\n/close\n  /MERGE\n```\n/close\n```\n/usr/bin/env';
      const opened = await host.open(BRANCH, 'main', { ...TEXT, body });
      await host.update(opened.number, { ...TEXT, body });
      assert.deepEqual((await host.read(opened.number)).state, { kind: 'open' });
      const kept = server.kept.found(opened.number);
      assert.equal(kept.body.replaceAll('\u2060', ''), body, 'nothing of it is lost');
      await host.close(opened.number, 'Superseded.\n/merge');
      assert.equal(kept.state, 'closed');
      assert.deepEqual(kept.comments, ['Superseded.\n\u2060/merge']);
    } finally {
      await server.stop();
      await git.stop();
    }
  });
});
