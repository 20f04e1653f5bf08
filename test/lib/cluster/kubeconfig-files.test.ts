import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CannotConnect, openConnection } from '../../../lib/cluster/connection.ts';
import { loadKubeconfigs } from '../../../lib/cluster/kubeconfig-files.ts';
import { tools } from '../../../local/tools.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, content: object | string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const config = (more: object) => ({ apiVersion: 'v1', kind: 'Config', ...more });
const cluster = (name: string, server: string, more: object = {}) => ({ name, cluster: { server, ...more } });
const context = (name: string, to: string, user?: string) => ({ name, context: { cluster: to, user } });

/** The same sequence each time: a failure can be seen again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ['a', 'b', 'c'];
const FILES = ['one/config', 'two/config', 'three/config'];

/** A file that has some of all names, with values that say where they stand. */
function invented(from: (below: number) => number, file: string): object | undefined {
  if (from(6) === 0) return undefined;
  const some = () => NAMES.filter(() => from(2) === 0);
  const current = from(3) === 0 ? {} : { 'current-context': ['', ...NAMES][from(4)] };
  return config({
    ...current,
    clusters: some().map((name) =>
      cluster(
        name,
        `https://${name}.${dirname(file)}`,
        from(2) === 0 ? { 'certificate-authority': 'ca.crt' } : {},
      ),
    ),
    users: some().map((name) => ({
      name,
      user: from(2) === 0 ? { token: file } : { 'client-certificate': 'me.crt' },
    })),
    contexts: some().map((name) => context(name, `${name}-of-${dirname(file)}`, name)),
  });
}

/** Files that are named say where they lie. */
const inlined = (data = ''): string => Buffer.from(data, 'base64').toString();

interface Seen {
  readonly current: string;
  readonly clusters: readonly string[];
  readonly users: readonly string[];
  readonly contexts: readonly string[];
}

async function seenByKubectl(paths: readonly string[]): Promise<Seen> {
  const { kubectl } = await tools();
  const env = { ...process.env, HOME: folder, KUBECONFIG: paths.join(delimiter) };
  const { stdout } = await promisify(execFile)(kubectl, ['config', 'view', '--flatten', '-o', 'json'], {
    env,
  });
  const view = JSON.parse(stdout);
  const each = (list: readonly { readonly name: string }[] | null, ofEntry: (entry: never) => unknown) =>
    (list ?? []).map((entry) => `${entry.name} ${JSON.stringify(ofEntry(entry as never))}`).sort();
  return {
    current: view['current-context'],
    clusters: each(view.clusters, ({ cluster: to }: { cluster: Record<string, string> }) => [
      to.server,
      inlined(to['certificate-authority-data']),
    ]),
    users: each(view.users, ({ user }: { user: Record<string, string> }) => [
      user.token ?? '',
      inlined(user['client-certificate-data']),
    ]),
    contexts: each(view.contexts, ({ context: of }: { context: Record<string, string> }) => [
      of.cluster,
      of.user,
    ]),
  };
}

async function seenHere(paths: readonly string[]): Promise<Seen> {
  const { currentContext, clusters, users, contexts } = await loadKubeconfigs(paths);
  const beside = (path: string, file: string | undefined) =>
    file === undefined ? '' : join(dirname(path), file);
  const each = <Entry>(
    all: ReadonlyMap<string, { entry: Entry; path: string }>,
    of: (entry: Entry, path: string) => unknown,
  ) => [...all].map(([name, { entry, path }]) => `${name} ${JSON.stringify(of(entry, path))}`).sort();
  return {
    current: currentContext ?? '',
    clusters: each(clusters, (to, path) => [to.server, beside(path, to['certificate-authority'])]),
    users: each(users, (user, path) => [user?.token ?? '', beside(path, user?.['client-certificate'])]),
    contexts: each(contexts, ({ cluster: to, user }) => [to, user]),
  };
}

describe('several kubeconfigs', () => {
  test('are merged as kubectl merges them', async () => {
    let merged = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const from = random(seed);
      const paths: string[] = [];
      for (const file of FILES.slice(0, 2 + from(2))) {
        const content = invented(from, file);
        const name = `${seed}/${file}`;
        paths.push(content === undefined ? join(folder, name) : await written(name, content));
        for (const beside of ['ca.crt', 'me.crt']) {
          const path = join(dirname(name), beside);
          await written(path, join(folder, path));
        }
        if (content !== undefined) merged++;
      }
      const seen = await seenHere(paths).catch((error: Error) => error.message);
      const expected = await seenByKubectl(paths);
      // Where there is no file at all, kubectl goes on with nothing.
      if (typeof seen === 'string') assert.match(seen, /there is no such file$/, `seed ${seed}`);
      else assert.deepEqual(seen, expected, `seed ${seed}`);
    }
    assert.ok(merged > 60);
  });

  test('what a file names lies beside that file', async () => {
    const first = await written(
      'x/first',
      config({ 'current-context': 'staging', clusters: [cluster('c', 'https://c')] }),
    );
    const second = await written(
      'y/second',
      config({
        'current-context': 'other',
        clusters: [cluster('c', 'https://second', { 'certificate-authority': 'gone.crt' })],
        users: [{ name: 'u', user: { tokenFile: 'token' } }],
        contexts: [context('staging', 'c', 'u')],
      }),
    );
    await written('y/token', 'of-second');
    const found = await openConnection({ kind: 'kubeconfigs', paths: [first, second] });
    assert.equal(found.name, 'staging');
    assert.equal(found.url, 'https://c');
    assert.deepEqual(found.headers, { authorization: 'Bearer of-second' });
    assert.deepEqual(found.tls, {});
  });

  test('say which files they are where a context is in none of them, or one cannot be read', async () => {
    const first = await written('z/first', config({ contexts: [context('a', 'c')] }));
    const second = await written('z/second', config({ contexts: [context('b', 'c')] }));
    const broken = await written('z/broken', 'a: [hunter2');
    const opened = (paths: readonly string[], named?: string) =>
      openConnection({ kind: 'kubeconfigs', paths, ...(named === undefined ? {} : { context: named }) });
    await assert.rejects(opened([first, second], 'x'), (error: Error) => {
      assert.ok(error instanceof CannotConnect);
      assert.equal(error.message, `${first}, ${second} has no context "x"; it has a, b`);
      return true;
    });
    await assert.rejects(opened([first, broken]), /z\/broken cannot be read as a kubeconfig: line \d+ is no/);
    await assert.rejects(
      opened([join(folder, 'gone'), join(folder, 'lost')]),
      /gone, .*lost cannot be read .*no such file$/,
    );
  });
});
