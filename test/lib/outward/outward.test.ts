import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { type GitNetworkSettings, gitNetwork } from '../../../lib/config/git-network.ts';
import { download } from '../../../lib/desired/outside/download.ts';
import { outwardOf } from '../../../lib/outward/outward.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { makeCommits, pushCommit } from '../../../lib/repository/commit.ts';
import { gitHubAppCredential } from '../../../lib/repository/credentials/github-app.ts';
import { withWay } from '../../../lib/repository/credentials/outward.ts';
import { GitFailed, NoAccess } from '../../../lib/repository/git.ts';
import { appKey, gitHub } from '../repository/github.ts';
import { gitServer, type TestGit } from '../repository/server.ts';
import { connectProxy, INSIDE, privateAuthority } from './corporate.ts';

type Front = Awaited<ReturnType<Awaited<ReturnType<typeof privateAuthority>>['inFrontOf']>>;

describe('hosts that are reached through a proxy, with certificates of an authority of our own', () => {
  let git: TestGit;
  let authority: Awaited<ReturnType<typeof privateAuthority>>;
  let front: Front;
  let proxy: Awaited<ReturnType<typeof connectProxy>>;
  let count = 0;
  const stored = new Map<string, string>();
  const secrets = { read: async (id: string) => stored.get(id) ?? assert.fail(`no secret ${id}`) };

  before(async () => {
    git = await gitServer();
    authority = await privateAuthority(git.folder);
    front = await authority.inFrontOf(git.url);
    proxy = await connectProxy();
  });
  after(async () => {
    await proxy.stop();
    await front.stop();
    await git.stop();
  });
  beforeEach(() => {
    stored.clear();
    stored.set('ca', `corporate root\n${authority.pem}`);
    proxy.asked.length = 0;
    delete proxy.refuses.status;
  });

  const outward = (settings: Partial<GitNetworkSettings>) =>
    outwardOf(gitNetwork.parse(settings), { secrets, scratch: join(git.folder, `scratch-${++count}`) });
  const both = () => outward({ caBundle: { secret: 'ca' }, proxy: proxy.url });
  const clone = (url: string, way: ReturnType<typeof outward>) =>
    openClone({
      url,
      branch: 'main',
      credential: withWay(url, way, git.credential),
      folder: join(git.folder, `clone-${++count}.git`),
    });
  const refused = (url: string, way: ReturnType<typeof outward>, words: RegExp) =>
    assert.rejects(
      async () => (await clone(url, way)).fetchTip(),
      (error) => {
        assert.ok(error instanceof NoAccess, String(error));
        assert.match(error.message, words);
        return true;
      },
    );

  test('git fetches and pushes there, and everything goes through the proxy', async () => {
    const opened = await clone(front.inside, both());
    const tip = (await opened.fetchTip())?.id;
    assert.equal(tip, git.tip());
    const files = new Map([['a.txt', { mode: 0o644 as const, data: Buffer.from('one') }]]);
    const [commit = ''] = await makeCommits(
      opened,
      tip,
      [{ message: 'Through', files, within: ['a.txt'] }],
      new Date(),
    );
    assert.equal((await pushCommit(opened, commit, tip)).kind, 'pushed');
    assert.equal(git.tip(), commit);
    assert.ok(proxy.asked.length >= 2);
    assert.deepEqual([...new Set(proxy.asked)], [`${INSIDE}:${front.port}`]);
  });

  test('a certificate that nobody here trusts is said to be that, with what to do', async () => {
    const words =
      /certificate of 127\.0\.0\.1:\d+ is signed by an authority that is not trusted.*gitNetwork\.caBundle/;
    await refused(front.here, outward({ proxy: proxy.url, noProxy: ['127.0.0.1'] }), words);
    const other = await privateAuthority(git.folder, 'other');
    stored.set('ca', other.pem);
    await refused(front.here, outward({ caBundle: { secret: 'ca' } }), words);
    assert.deepEqual(proxy.asked, []);
  });

  test('certificates of our own come beside the public ones, from a secret that is read anew', async () => {
    const way = outward({ caBundle: { secret: 'ca' } });
    assert.equal((await (await clone(front.here, way)).fetchTip())?.id, git.tip());
    const [, config = ''] = await way.gitConfig(front.here);
    const written = readFileSync(config.replace('http.sslCAInfo=', ''), 'utf8');
    assert.ok(written.includes(authority.pem.trim()));
    assert.equal(written.match(/BEGIN CERTIFICATE/g)?.length, rootCertificates.length + 1);
  });

  test('a secret that holds no certificates, or cannot be read, is named', async () => {
    stored.set('ca', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await refused(front.here, outward({ caBundle: { secret: 'ca' } }), /secret "ca" holds no CA bundle/);
    stored.set('ca', 'none');
    await refused(front.here, outward({ caBundle: { secret: 'ca' } }), /secret "ca" holds no CA bundle/);
    stored.delete('ca');
    await refused(front.here, outward({ caBundle: { secret: 'ca' } }), /secret "ca" cannot be read/);
  });

  test('a proxy that does not let us through is said to be that', async () => {
    proxy.refuses.status = 403;
    await refused(
      front.inside,
      both(),
      /proxy of gitNetwork does not let through to kubernetes\.default\.svc/,
    );
    proxy.refuses.status = 407;
    await refused(front.inside, both(), /proxy of gitNetwork asks for a user \(407\)/);
  });

  test('a proxy that cannot get there now is no rule against us: it is tried again', async () => {
    for (const status of [502, 503, 'hangs up'] as const) {
      proxy.refuses.status = status;
      await assert.rejects(
        async () => (await clone(front.inside, both())).fetchTip(),
        (error) => error instanceof GitFailed && !(error instanceof NoAccess),
      );
    }
  });

  test('git finds the certificates whole at any moment, however many ask at once', async () => {
    const way = both();
    const files = new Set<string>();
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const setting = (await way.gitConfig(front.inside)).find((each) =>
          each.startsWith('http.sslCAInfo='),
        );
        const file = setting?.slice('http.sslCAInfo='.length) ?? '';
        files.add(file);
        const found = readFileSync(file, 'utf8').match(/END CERTIFICATE/g)?.length;
        assert.equal(found, rootCertificates.length + 1);
      }),
    );
    assert.equal(files.size, 1);
  });

  test('hosts of AWS, those that are named, and http:// are reached without the proxy', async () => {
    const way = outward({
      proxy: 'http://proxy.example.com:3128',
      noProxy: ['git.example.com', '.corp.example'],
    });
    const proxyFor = async (url: string) =>
      (await way.gitConfig(url)).find((setting) => setting.startsWith('http.proxy='))?.slice(11);
    for (const direct of [
      'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/cluster',
      'https://GIT.example.com/cluster',
      'https://git.corp.example/cluster',
      'http://127.0.0.1/cluster',
    ])
      assert.equal(await proxyFor(direct), '', direct);
    for (const proxied of [
      'https://github.com/a/b',
      'https://other.example.com/a',
      'https://amazonaws.com.example/a',
    ])
      assert.equal(await proxyFor(proxied), 'http://proxy.example.com:3128', proxied);
    assert.deepEqual(await way.gitConfig('ssh://git@git.example.com/cluster'), []);
  });

  test('charts are fetched through it, and a certificate that is not trusted is said to be that', async () => {
    const plain = createServer((_, response) => response.end('a chart'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const charts = await authority.inFrontOf(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
    try {
      const asked = { url: `${charts.inside}/index.yaml`, network: 'public', maxBytes: 100 } as const;
      const answer = await download({ ...asked, outward: both() });
      assert.ok(answer.kind === 'answered', JSON.stringify(answer));
      assert.equal(answer.body.toString(), 'a chart');
      assert.deepEqual(proxy.asked, [`${INSIDE}:${charts.port}`]);
      const untrusted = await download({ ...asked, outward: outward({ proxy: proxy.url }) });
      assert.ok(untrusted.kind === 'failed');
      assert.match(untrusted.reason, /signed by an authority that is not trusted.*gitNetwork\.caBundle/);
      // An address is judged here all the same, whoever would connect to it.
      const metadata = await download({ ...asked, url: 'https://169.254.169.254/latest', outward: both() });
      assert.ok(metadata.kind === 'failed');
      assert.match(metadata.reason, /not of the internet/);
    } finally {
      await charts.stop();
      plain.closeAllConnections();
      plain.close();
    }
  });

  test("a GitHub App's tokens are asked for through it, too", async () => {
    const host = await gitHub(Date.now);
    const api = await authority.inFrontOf(host.api);
    try {
      const key = appKey();
      host.app.keys = [key.publicKey];
      const pass = (way: ReturnType<typeof outward>, appId: string) => {
        host.app.id = appId;
        return gitHubAppCredential(
          { appId, installationId: host.app.installation, secret: 'app', api: api.inside },
          { repository: 'cluster', contents: 'read' },
          {
            secrets: { read: async (id) => (id === 'app' ? key.privateKey : secrets.read(id)) },
            outward: way,
            now: () => new Date(),
          },
        ).pass();
      };
      assert.match((await pass(both(), '1')).header ?? '', /^Authorization: Basic /);
      assert.deepEqual(proxy.asked, [`${INSIDE}:${api.port}`]);
      await assert.rejects(
        pass(outward({ proxy: proxy.url }), '2'),
        /certificate that is trusted here.*caBundle/,
      );
      await assert.rejects(
        pass(outward({ caBundle: { secret: 'ca' } }), '3'),
        /does not answer at kubernetes\.default\.svc:\d+ \(E/,
      );
    } finally {
      await api.stop();
      await host.stop();
    }
  });
});
