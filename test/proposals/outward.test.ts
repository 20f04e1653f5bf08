import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gitNetwork } from '../../lib/config/git-network.ts';
import { outwardOf } from '../../lib/outward/outward.ts';
import { proposalHostOf } from '../../lib/proposals/hosts.ts';
import { ProposalHostFailed } from '../../lib/proposals/proposals.ts';
import { connectProxy, privateAuthority } from '../lib/outward/corporate.ts';
import { gitServer } from '../lib/repository/server.ts';
import { gitHubServer } from './servers.ts';

test('a host behind a proxy, with a certificate of an authority of our own, is spoken to through both', async () => {
  const git = await gitServer();
  const server = await gitHubServer({ bare: git.bare, root: '/api/v3' });
  const authority = await privateAuthority(git.folder);
  const front = await authority.inFrontOf(server.api);
  const proxy = await connectProxy();
  try {
    const stored: Readonly<Record<string, string>> = { api: server.token, ca: authority.pem };
    const secrets = { read: async (id: string) => stored[id] ?? assert.fail(`no secret ${id}`) };
    // Without an address of its API, that of an Enterprise Server follows from the repository's.
    const url = `${new URL(front.inside).origin}/${server.project}.git`;
    const hostBy = (network: object) =>
      proposalHostOf({ kind: 'github', credential: { kind: 'token', secret: 'api' } }, url, {
        secrets,
        now: () => new Date(),
        environment: {},
        outward: outwardOf(gitNetwork.parse(network), { secrets, scratch: join(git.folder, 'scratch') }),
      });

    const host = await hostBy({ proxy: proxy.url, caBundle: { secret: 'ca' } });
    assert.equal(await host.find('fairlead/none', 'main'), undefined);
    assert.deepEqual([...new Set(proxy.asked)], [new URL(front.inside).host]);

    await assert.rejects((await hostBy({ proxy: proxy.url })).find('fairlead/none', 'main'), (error) => {
      assert.ok(error instanceof ProposalHostFailed);
      assert.match(error.message, /a certificate that is not trusted here: .*gitNetwork\.caBundle/);
      return true;
    });
    proxy.refuses.status = 403;
    await assert.rejects(
      (await hostBy({ proxy: proxy.url, caBundle: { secret: 'ca' } })).find('fairlead/none', 'main'),
      (error) => error instanceof ProposalHostFailed && error.kind === 'unreached',
    );
  } finally {
    for (const one of [proxy, front, server, git]) await one.stop();
  }
});
