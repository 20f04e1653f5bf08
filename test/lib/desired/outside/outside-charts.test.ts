import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { ObjectStore } from '../../../../lib/aws/objects.ts';
import type { ChartSource } from '../../../../lib/config/chart-sources.ts';
import { folderStore } from '../../../../lib/content/folder-store.ts';
import { getTree } from '../../../../lib/content/store.ts';
import type { OciReference, OutsideChart } from '../../../../lib/desired/declaration.ts';
import { outsideCharts } from '../../../../lib/desired/outside/outside-charts.ts';
import {
  type ChartHost,
  chartPackage,
  helmRepository,
  host,
  registry,
} from '../../../fixtures/chart-hosts.ts';

describe('charts from outside', () => {
  let folder: string;
  let content: ObjectStore;
  const hosts: ChartHost[] = [];
  const packages = new Map<string, Buffer>();
  const chart = (version: string) => ({ name: 'web', version, bytes: packages.get(version) as Buffer });
  const started = async (made: Promise<ChartHost>): Promise<ChartHost> => {
    const one = await made;
    hosts.push(one);
    return one;
  };

  before(async () => {
    for (const version of ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1', '1.2.0+build.7']) {
      const about = `apiVersion: v2\nname: web\nversion: ${version}\n`;
      packages.set(version, await chartPackage('web', { 'Chart.yaml': about }));
    }
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-outside-'));
    content = folderStore(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  after(() => Promise.all(hosts.map((one) => one.stop())));

  const SECRETS = { read: async (id: string) => (id === 'charts' ? 'open sesame\n' : assert.fail(id)) };
  const privately = (url: string, credential?: ChartSource['credential']): ChartSource => ({
    url,
    network: 'private',
    ...(credential === undefined ? {} : { credential }),
  });
  const fetch = (asked: OutsideChart, sources: readonly ChartSource[], applied?: string) =>
    outsideCharts({ sources, others: 'refused', content, secrets: SECRETS }).fetch(asked, applied);
  async function fetched(asked: OutsideChart, sources: readonly ChartSource[], applied?: string) {
    const answer = await fetch(asked, sources, applied);
    assert.ok(answer.kind === 'stored', JSON.stringify(answer));
    const [entry] = (await getTree(content, answer.tree)).values();
    return { version: answer.version, bytes: entry?.data };
  }
  async function reason(asked: OutsideChart, sources: readonly ChartSource[]): Promise<string> {
    const answer = await fetch(asked, sources);
    assert.ok(answer.kind === 'unavailable', JSON.stringify(answer));
    return answer.reason;
  }

  describe('of a Helm repository', () => {
    const of = ({ url }: ChartHost, version: string, name = 'web'): OutsideChart => ({
      kind: 'helm-repository',
      url: `${url}/charts/`,
      name,
      version,
    });

    test('an exact version comes as it was published, and is asked for once', async () => {
      const repository = await started(helmRepository([chart('1.0.0'), chart('1.2.0')]));
      const sources = [privately(repository.url)];
      assert.deepEqual(await fetched(of(repository, '1.0.0'), sources), {
        version: '1.0.0',
        bytes: packages.get('1.0.0'),
      });
      await repository.stop();
      assert.equal((await fetched(of(repository, '1.0.0'), sources)).version, '1.0.0', 'it is kept');
      assert.deepEqual(repository.requests, ['GET /charts/index.yaml', 'GET /charts/web-1.0.0.tgz']);
    });

    test('a range is the newest version of the index, or the one that the deployer reports', async () => {
      const repository = await started(
        helmRepository([chart('1.2.0'), chart('1.10.0'), chart('2.0.0-rc.1'), chart('1.0.0')]),
      );
      const sources = [privately(repository.url)];
      assert.equal((await fetched(of(repository, '1.x'), sources)).version, '1.10.0');
      assert.equal((await fetched(of(repository, ''), sources)).version, '1.10.0');
      assert.equal((await fetched(of(repository, '>=1.0.0-0'), sources)).version, '2.0.0-rc.1');
      assert.equal((await fetched(of(repository, '1.x'), sources, '1.2.0')).version, '1.2.0');
      assert.match(await reason(of(repository, '^3'), sources), /lists no version "\^3" of web/);
      assert.match(await reason(of(repository, 'newest'), sources), /"newest" is no version and no range/);
      assert.match(await reason(of(repository, '1.x', 'other'), sources), /lists no chart "other"/);
    });

    test('what is not what the index says is refused, and not kept', async () => {
      const repository = await started(helmRepository([{ ...chart('1.0.0'), digest: 'a'.repeat(64) }]));
      const sources = [privately(repository.url)];
      assert.match(await reason(of(repository, '1.0.0'), sources), /is not what its index says/);
      assert.match(await reason(of(repository, '1.0.0'), sources), /is not what its index says/);
    });

    test('a repository that lets nobody in: the credential of its chart source, else what to do', async () => {
      const repository = await started(helmRepository([chart('1.0.0')], 'pat:open sesame'));
      const asked = { ...of(repository, '1.0.0'), secret: 'flux-system/charts' };
      const why = await reason(asked, [privately(repository.url)]);
      assert.match(why, /asks for a credential; the deployer has one from Secret flux-system\/charts/);
      const credential = { username: 'pat', secret: 'charts' };
      assert.equal((await fetched(asked, [privately(repository.url, credential)])).version, '1.0.0');
    });

    test('the credential goes to no other host, and where an index points opens no private address', async () => {
      const elsewhere = await started(host((_request, response) => response.end('a package')));
      const listed = { ...chart('1.0.0'), url: `http://127.0.0.1:${elsewhere.port}/web.tgz` };
      const repository = await started(helmRepository([listed], 'pat:open sesame'));
      const sources = [privately(repository.url, { username: 'pat', secret: 'charts' })];
      assert.match(await reason(of(repository, '1.0.0'), sources), /would be spoken to over http:/);
      assert.deepEqual(elsewhere.requests, []);
    });

    for (const [what, location, expected] of [
      ['to the metadata of an instance', 'http://169.254.169.254/latest/meta-data/', /not of the internet/],
      ['to no address', 'http://[', /redirects to no address/],
      ['to a file', 'file:///etc/passwd', /over file:/],
    ] as const) {
      test(`a redirect ${what} is not followed`, async () => {
        const repository = await started(
          host((_request, response) => void response.writeHead(302, { location }).end()),
        );
        assert.match(await reason(of(repository, '1.0.0'), [privately(repository.url)]), expected);
      });
    }

    test('redirects end', async () => {
      const repository = await started(
        host((_request, response, path) => void response.writeHead(302, { location: `${path}x` }).end()),
      );
      assert.match(await reason(of(repository, '1.0.0'), [privately(repository.url)]), /more than 5 times/);
      assert.equal(repository.requests.length, 6);
    });

    test('what has no entry in chartSources is not asked for; what is private only where its entry says so', async () => {
      const repository = await started(helmRepository([chart('1.0.0')]));
      assert.match(await reason(of(repository, '1.0.0'), []), /are not fetched: add \{ url: "http:/);
      const elsewhere = [privately('https://charts.example.com')];
      assert.match(await reason(of(repository, '1.0.0'), elsewhere), /not fetched/);
      const secure = {
        kind: 'helm-repository',
        url: 'https://127.0.0.1/charts',
        name: 'web',
        version: '1',
      } as const;
      assert.match(
        await reason(secure, [{ url: 'https://127.0.0.1', network: 'public' }]),
        /not of the internet/,
      );
      assert.deepEqual(repository.requests, []);
    });

    test('an answer without end, and one that is no index', async () => {
      const endless = await started(
        host((_request, response) => {
          const more = () => {
            while (response.write(Buffer.alloc(1024 * 1024, '#'))) if (response.destroyed) return;
          };
          response.on('drain', more);
          more();
        }),
      );
      assert.match(await reason(of(endless, '1.0.0'), [privately(endless.url)]), /more than \d+ bytes/);
      const page = await started(host((_request, response) => response.end('<html>hello</html>')));
      assert.match(
        await reason(of(page, '1.0.0'), [privately(page.url)]),
        /cannot be read: it has no entries/,
      );
    });
  });

  describe('of an OCI registry', () => {
    const of = ({ port }: ChartHost, reference: OciReference): OutsideChart => ({
      kind: 'oci',
      url: `oci://127.0.0.1:${port}/team/web`,
      reference,
    });
    const version = (text: string): OciReference => ({ kind: 'version', version: text });
    const sourcesOf = ({ port }: ChartHost, credential?: ChartSource['credential']) => [
      privately(`oci://127.0.0.1:${port}/team`, credential),
    ];

    test('by version, with a token; then it is kept', async () => {
      const one = await started(registry([chart('1.0.0'), chart('1.2.0+build.7')]));
      assert.deepEqual(await fetched(of(one, version('1.0.0')), sourcesOf(one)), {
        version: '1.0.0',
        bytes: packages.get('1.0.0'),
      });
      const asked = one.requests.length;
      await fetched(of(one, version('1.0.0')), sourcesOf(one));
      assert.equal(one.requests.length, asked);
      assert.equal(
        (await fetched(of(one, version('1.2.0+build.7')), sourcesOf(one))).version,
        '1.2.0+build.7',
      );
    });

    test('a range is the newest of all tags, page after page', async () => {
      const one = await started(
        registry([chart('1.0.0'), chart('1.2.0'), chart('1.10.0'), chart('2.0.0-rc.1')]),
      );
      assert.equal((await fetched(of(one, version('>=1.0.0')), sourcesOf(one))).version, '1.10.0');
      assert.equal((await fetched(of(one, version('>=1.0.0')), sourcesOf(one), '1.2.0')).version, '1.2.0');
    });

    test('by tag and by digest', async () => {
      const one = await started(registry([chart('1.0.0')]));
      assert.equal((await fetched(of(one, { kind: 'tag', tag: '1.0.0' }), sourcesOf(one))).version, '1.0.0');
      const digest = `sha256:${'0'.repeat(64)}`;
      assert.match(
        await reason(of(one, { kind: 'digest', digest }), sourcesOf(one)),
        /has no manifests\/sha256:0/,
      );
      assert.match(
        await reason(of(one, { kind: 'digest', digest: 'sha256:../..' }), sourcesOf(one)),
        /no digest/,
      );
      assert.match(await reason(of(one, { kind: 'tag', tag: '../../x' }), sourcesOf(one)), /is no tag/);
    });

    test('a registry that lets only some in gives its token for the credential of the chart source', async () => {
      const one = await started(registry([chart('1.0.0')], 'pat:open sesame'));
      assert.match(await reason(of(one, version('1.0.0')), sourcesOf(one)), /asks for a credential/);
      const sources = sourcesOf(one, { username: 'pat', secret: 'charts' });
      assert.equal((await fetched(of(one, version('1.0.0')), sources)).version, '1.0.0');
    });

    test('blobs that are not what they are called are refused', async () => {
      const honest = await started(registry([chart('1.0.0')]));
      const bytes = packages.get('1.0.0') as Buffer;
      const forging = await started(
        host(async (request, response, path) => {
          const headers = { authorization: request.headers.authorization ?? 'Bearer good-for-pulling' };
          const answer = await globalThis.fetch(`${honest.url}${path}`, { headers });
          const body = Buffer.from(await answer.arrayBuffer());
          response.end(body.equals(bytes) ? Buffer.concat([body, Buffer.from('more')]) : body);
        }),
      );
      assert.match(
        await reason(of(forging, version('1.0.0')), sourcesOf(forging)),
        /something else under sha256:/,
      );
    });

    test('what is no chart is told so', async () => {
      const one = await started(host((_request, response) => response.end('{"config":{},"layers":[]}')));
      assert.match(await reason(of(one, version('1.0.0')), sourcesOf(one)), /no Helm chart under 1\.0\.0/);
    });
  });
});
