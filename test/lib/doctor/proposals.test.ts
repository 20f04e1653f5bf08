import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseConfig } from '../../../lib/config/config.ts';
import type { Diagnosis } from '../../../lib/doctor/diagnosis.ts';
import { lookAtProposals } from '../../../lib/doctor/proposals.ts';
import { isProposing } from '../../../lib/uploads/delivering/proposal-host.ts';
import { type GitLabServer, gitLabServer } from '../../proposals/servers.ts';
import { gitServer, type TestGit } from '../repository/server.ts';

describe('the doctor looks at the host of pull requests', () => {
  let git: TestGit;
  let host: GitLabServer;
  before(async () => {
    git = await gitServer();
    host = await gitLabServer({ bare: git.bare });
  });
  after(async () => {
    await host.stop();
    await git.stop();
  });

  /** @param api the secret that delivery.apiCredential names */
  function look(read: (id: string) => Promise<string>, api?: string, place = host.api): Promise<Diagnosis> {
    const config = parseConfig({
      repositories: [{ name: 'cluster', url: git.url, credential: { kind: 'token', secret: 'push' } }],
      targets: [
        {
          name: 'staging',
          repository: 'cluster',
          deployer: 'none',
          namespaces: ['shop'],
          delivery: {
            kind: 'pull-request',
            host: { kind: 'gitlab', api: place, project: host.project },
            ...(api === undefined ? {} : { apiCredential: { secret: api } }),
          },
        },
      ],
    });
    const target = config.targets.find(isProposing) ?? assert.fail('no target proposes');
    const repository = config.repositories[0] ?? assert.fail('no repository');
    return lookAtProposals(target, repository, { secrets: { read }, now: () => new Date(), environment: {} });
  }

  test('a token that it knows is let in; nothing is opened', async () => {
    const found = await look(async () => host.token);
    assert.equal(found.kind, 'ok');
    assert.match(found.where, /^pull requests of staging, repository cluster$/);
    assert.equal(host.kept.all().length, 0);
    assert.ok(host.heard.every(({ method }) => method === 'GET'));
  });

  test('a token that it does not know is wrong, with what mends it', async () => {
    const pushes = await look(async () => 'glpat-other');
    assert.ok(pushes.kind === 'wrong');
    assert.match(pushes.what, /does not accept the token in secret "push" \(401\)/);
    assert.match(pushes.mend, /delivery\.apiCredential/);
    const own = await look(async (id) => (id === 'api' ? 'glpat-other' : host.token), 'api');
    assert.ok(own.kind === 'wrong');
    assert.match(own.mend, /^aws secretsmanager put-secret-value --secret-id api /);
  });

  test('a secret that the caller may not read says nothing of the function', async () => {
    const denied = await look(() =>
      Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' })),
    );
    assert.ok(denied.kind === 'skipped');
    assert.match(denied.why, /secretsmanager:GetSecretValue/);
  });

  test('a host that is not reached, and an address that is none of an API', async () => {
    const unreached = await look(async () => host.token, undefined, 'http://127.0.0.1:9/api/v4');
    assert.ok(unreached.kind === 'skipped');
    assert.match(unreached.why, /127\.0\.0\.1:9 does not answer/);
    const other = await look(async () => host.token, undefined, git.url.replace(/\/cluster\.git$/, ''));
    assert.equal(other.kind, 'wrong');
  });
});
