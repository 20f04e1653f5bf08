import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { findPrograms, PROGRAMS, type ProgramSearch } from '../../cli/programs.ts';
import { tools } from '../../local/tools.ts';

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const BINARY = '#!/bin/sh\necho fetched\n';

describe('the programs that render', () => {
  let folder: string;
  let server: Server;
  let archive: Buffer;
  let answer: { status: number; body: Buffer };
  let asked: string[];

  before(async () => {
    const tar = pack();
    tar.entry({ name: `${platform}/README.md` }, 'read me');
    tar.entry({ name: `${platform}/helm`, mode: 0o755 }, BINARY);
    tar.finalize();
    archive = gzipSync(Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>)));
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(answer.status, { 'content-length': answer.body.length }).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
    await mkdir(join(folder, 'passing'));
    answer = { status: 200, body: archive };
    asked = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const search = (more: Partial<ProgramSearch> = {}): ProgramSearch => ({
    cache: join(folder, 'cache'),
    passing: join(folder, 'passing'),
    path: '',
    onProgress: () => {},
    own: async () => undefined,
    fetched: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      sums: { helm: sha256(archive), kubectl: sha256(Buffer.from(BINARY)) },
    },
    ...more,
  });

  /** A program of that name on a PATH of its own. */
  async function onPath(name: string, script: string): Promise<string> {
    const place = join(folder, name);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'helm'), `#!/bin/sh\n${script}\n`);
    await chmod(join(place, 'helm'), 0o755);
    return place;
  }
  const cached = (): Promise<string[]> => readdir(join(folder, 'cache', 'tools')).catch(() => []);

  test('is the one on the PATH, where that has the same major version', async () => {
    const path = await onPath('four', 'echo v4.3.0');
    const found = await findPrograms(['helm'], search({ path }));
    assert.match(await readFile(join(found, 'helm', 'helm'), 'utf8'), /v4\.3\.0/);
    assert.deepEqual(asked, []);
    // And again, with what is kept.
    assert.equal(await findPrograms(['helm'], search({ path })), found);
  });

  test('is the real one, when that is on the PATH', async () => {
    const { helm } = await tools();
    const found = await findPrograms(['helm'], search({ path: join(helm, '..') }));
    assert.deepEqual(await readFile(join(found, 'helm', 'helm')), await readFile(helm));
    assert.deepEqual(asked, []);
  });

  test('is none of another major version, that fails, or that needs its user’s environment', async () => {
    const places = [
      await onPath('three', 'echo v3.18.4'),
      await onPath('broken', 'exit 1'),
      await onPath('wrapper', '[ -n "$WRAPPED" ] && echo v4.1.4'),
      await onPath('loud', 'echo it is v4.1.4'),
      join(folder, 'nowhere'),
      '.',
      '',
    ];
    const found = await findPrograms(['helm'], search({ path: places.join(delimiter) }));
    assert.equal(await readFile(join(found, 'helm', 'helm'), 'utf8'), BINARY);
    assert.deepEqual(asked, [`/helm-${PROGRAMS.helm.version}-${platform}.tar.gz`]);
    assert.deepEqual(await readdir(join(folder, 'passing')), []);
  });

  test('is fetched once, telling how far it is, where there is none', async () => {
    const told: string[] = [];
    const found = await findPrograms(['helm'], search({ onProgress: (line) => told.push(line) }));
    assert.match(told.at(-1) ?? '', /^fetching helm v4\.\d+\.\d+ \(once\): \d+\.\d of \d+\.\d MiB$/);
    assert.equal(await findPrograms(['helm'], search()), found);
    assert.equal(asked.length, 1);
    assert.equal((await cached()).filter((name) => name.startsWith('helm-')).length, 1);
  });

  test('is fetched by two runs at once, and whole for both', async () => {
    const [one, other] = await Promise.all([
      findPrograms(['helm'], search()),
      findPrograms(['helm'], search()),
    ]);
    assert.equal(one, other);
    assert.equal((await cached()).filter((name) => name.startsWith('helm-')).length, 1);
  });

  test('is never what has another hash than the release, and that is thrown away', async () => {
    answer = { status: 200, body: gzipSync(Buffer.from('something else')) };
    await assert.rejects(findPrograms(['helm'], search()), {
      name: 'NoProgram',
      message: /is not what was published: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/,
    });
    assert.deepEqual(await cached(), []);
  });

  for (const [what, set, words] of [
    ['a server that has none', { status: 404, body: Buffer.alloc(0) }, /the server answered 404/],
    [
      'an answer without end',
      { status: 200, body: Buffer.alloc(129 * 1024 * 1024) },
      /has more than \d+ bytes/,
    ],
  ] as const) {
    test(`${what} is told, with what to do`, async () => {
      answer = set;
      await assert.rejects(findPrograms(['helm'], search()), (error: Error) => {
        assert.match(error.message, words);
        assert.match(error.message, /install helm 4 \(https:\/\/helm\.sh\/docs\/intro\/install\/\)/);
        return true;
      });
      assert.deepEqual(await cached(), []);
    });
  }

  test('no server is told, with what to do', async () => {
    const fetched = { url: 'http://127.0.0.1:1', sums: { helm: 'x', kubectl: 'x' } };
    await assert.rejects(
      findPrograms(['helm'], search({ fetched })),
      /could not be fetched \(.*\): install helm 4/,
    );
  });

  test('comes along in a checkout on Linux x64, in the version that is fetched elsewhere', async (context) => {
    if (`${process.platform}-${process.arch}` !== 'linux-x64')
      return context.skip('the layer is for Linux x64');
    const { own: _own, ...rest } = search();
    assert.equal(await findPrograms(['helm'], rest), (await tools()).folder);
    const asked = promisify(execFile)((await tools()).helm, ['version', '--template', '{{.Version}}']);
    assert.equal((await asked).stdout, PROGRAMS.helm.version);
  });

  test('are kubectl as well where that is asked for: the layer’s is the one that is fetched, byte for byte', async (context) => {
    answer = { status: 200, body: Buffer.from(BINARY) };
    const found = await findPrograms(
      ['helm', 'kubectl'],
      search({ path: await onPath('four', 'echo v4.3.0') }),
    );
    assert.deepEqual(asked, [`/${platform.replace('-', '/')}/kubectl`]);
    assert.equal(await readFile(join(found, 'kubectl', 'kubectl'), 'utf8'), BINARY);
    assert.match(await readFile(join(found, 'helm', 'helm'), 'utf8'), /v4\.3\.0/);
    if (`${process.platform}-${process.arch}` !== 'linux-x64')
      return context.skip('the layer is for Linux x64');
    const { kubectl } = await tools();
    assert.equal(sha256(await readFile(kubectl)), PROGRAMS.kubectl.sums['linux/amd64']);
    const onIt = await findPrograms(['kubectl'], search({ path: join(kubectl, '..') }));
    assert.deepEqual(await readFile(join(onIt, 'kubectl', 'kubectl')), await readFile(kubectl));
  });
});
