import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { generateKey } from 'openpgp';
import { type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import { openClone } from '../../../lib/repository/clone.ts';
import { codeCommitCredential } from '../../../lib/repository/credentials/codecommit.ts';
import { requirement } from '../../requirements.ts';
import { type Pipeline, pipeline } from '../uploads/pipeline.ts';
import { watchArguments } from './argv-watch.ts';
import { gate } from './gate.ts';
import { appKey, gitHub } from './github.ts';
import { sshKeyPair, sshServer } from './ssh-server.ts';

/**
 * Secrets of each kind are planted, and whole deliveries run with them: let in, denied by a server that prints back
 * what it was sent, and after a rotation. Nothing but the server may ever see them.
 */
type RepositoryInput = ConfigInput['repositories'][number];

interface World {
  readonly repository: Omit<RepositoryInput, 'name'>;
  readonly stored: Map<string, string>;
  /** Puts another secret into its place and lets the server take that one alone. */
  rotate(): Promise<void> | void;
  /** From now on the server takes none. */
  refuse(): void;
  /** All secrets that there were. */
  planted(): readonly string[];
  /** What people are told then. */
  readonly says: RegExp;
}

const random = () => `planted${randomBytes(12).toString('hex')}`;
/** The lines of a key that hold its private half. */
const privateLines = (key: string): readonly string[] =>
  key
    .split('\n')
    .filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line))
    .slice(-3);
/** A secret as it may be written down. */
const spelt = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  ...[0, 1, 2].map((at) =>
    Buffer.from(' '.repeat(at) + secret)
      .toString('base64')
      .slice(4, -4),
  ),
];

async function tokens(context: TestContext, pipe: Pipeline): Promise<World> {
  const all = [random()];
  let taken = all[0];
  const door = await gate(pipe.git, '/a/cluster.git', ({ password }) => {
    if (taken === undefined) return 403;
    return password === taken ? 200 : 401;
  });
  context.after(() => door.stop());
  const stored = new Map([['write', all[0] ?? '']]);
  return {
    repository: { url: door.url, credential: { kind: 'token', secret: 'write' } },
    stored,
    rotate() {
      taken = random();
      all.push(taken);
      stored.set('write', taken);
    },
    refuse() {
      taken = undefined;
    },
    planted: () => all.flatMap((token) => [token, Buffer.from(`x-access-token:${token}`).toString('base64')]),
    says: /the host refuses the token in secret "write" \(403\).* \(it said: you sent Basic \*\*\*/,
  };
}

async function app(context: TestContext, pipe: Pipeline): Promise<World> {
  const host = await gitHub(() => pipe.parts.now().getTime());
  const door = await gate(pipe.git, '/a/cluster.git', ({ password }) =>
    host.made.some(({ token }) => token === password) ? 200 : 401,
  );
  context.after(async () => {
    await door.stop();
    await host.stop();
  });
  const all: string[] = [];
  const stored = new Map<string, string>();
  const rotate = () => {
    const key = appKey();
    all.push(...privateLines(key.privateKey), ...host.made.map(({ token }) => token));
    stored.set('write', key.privateKey);
    host.app.keys = [key.publicKey];
    host.made.length = 0;
  };
  rotate();
  host.app.id = String(Date.now());
  const { installation: installationId } = host.app;
  return {
    repository: {
      url: door.url,
      credential: { kind: 'github-app', appId: host.app.id, installationId, secret: 'write', api: host.api },
    },
    stored,
    rotate,
    refuse() {
      all.push(...host.made.map(({ token }) => token));
      host.made.length = 0;
      host.answers.status = 403;
    },
    planted: () => [...all, ...host.made.map(({ token }) => token)],
    says: /GitHub refuses installation 815 of app \d+ \(403\)/,
  };
}

async function sshKeys(context: TestContext, pipe: Pipeline): Promise<World> {
  const server = await sshServer(pipe.git.folder);
  context.after(() => server.stop());
  const keys = join(pipe.git.folder, 'keys');
  mkdirSync(keys);
  const all: string[] = [];
  const stored = new Map<string, string>();
  const rotate = () => {
    const key = sshKeyPair(keys);
    all.push(...privateLines(key.private));
    stored.set('write', key.private);
    server.forget();
    server.accept(key.public);
  };
  rotate();
  return {
    repository: {
      url: server.urlOf(pipe.git.bare),
      credential: { kind: 'ssh', secret: 'write', hostKeys: [server.hostKey()] },
      readCredential: { kind: 'ssh', secret: 'read', hostKeys: [server.hostKey()] },
    },
    stored,
    rotate,
    refuse: () => server.forget(),
    planted: () => all,
    says: /the host does not accept the SSH key in secret "write"/,
  };
}

async function signing(context: TestContext, pipe: Pipeline, kind: 'openpgp' | 'ssh'): Promise<World> {
  const world = await tokens(context, pipe);
  const all: string[] = [];
  const keys = join(pipe.git.folder, 'keys');
  mkdirSync(keys);
  const rotate = async () => {
    const key =
      kind === 'ssh'
        ? sshKeyPair(keys).private
        : (
            await generateKey({
              userIDs: [{ name: 'F', email: 'f@example.com' }],
              type: 'rsa',
              rsaBits: 2048,
            })
          ).privateKey;
    all.push(...privateLines(key.replaceAll('\r', '')));
    world.stored.set('sign', key);
  };
  await rotate();
  return {
    ...world,
    repository: { ...world.repository, signing: { kind, secret: 'sign' } },
    rotate,
    refuse() {
      const text = random();
      all.push(text);
      world.stored.set('sign', text);
    },
    planted: () => [...world.planted(), ...all],
    says: /commits cannot be signed with the secret "sign"/,
  };
}

const worlds: readonly {
  readonly kind: string;
  readonly make: (context: TestContext, pipe: Pipeline) => Promise<World>;
  readonly needs?: { skip: string | false };
}[] = [
  { kind: 'a token', make: tokens },
  { kind: 'a GitHub App', make: app },
  { kind: 'an SSH key', make: sshKeys, needs: requirement('sshd') },
  { kind: 'a key of OpenPGP that signs', make: (context, pipe) => signing(context, pipe, 'openpgp') },
  {
    kind: 'a key of SSH that signs',
    make: (context, pipe) => signing(context, pipe, 'ssh'),
    needs: requirement('gpg'),
  },
];

describe('rotated while the function is warm, denied, and in nothing that is kept, shown or run', () => {
  for (const { kind, make, needs = {} } of worlds) {
    test(kind, needs, async (context) => {
      const pipe = await pipeline();
      context.after(() => pipe.stop());
      // Files of a call lie here, so that what is left is seen.
      const scratch = join(pipe.git.folder, 'tmp');
      mkdirSync(scratch);
      const before = process.env.TMPDIR;
      process.env.TMPDIR = scratch;
      context.after(() => {
        if (before === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = before;
      });
      const world = await make(context, pipe);
      const config = parseConfig({
        repositories: [{ name: 'cluster', ...world.repository }],
        targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
      });
      const warm = {
        ...pipe.parts,
        config,
        secrets: { read: async (id: string) => world.stored.get(id) ?? '' },
      };
      const deliver = async (version: string) => {
        const event = await pipe.chart(version);
        await pipe.receive(event);
        await pipe.deliver(warm);
        return pipe.record(event);
      };
      const printed = capture(context);
      const watched = await watchArguments(context, world.planted().flatMap(spelt));

      const first = await deliver('1.0.0');
      assert.equal(first?.state, 'delivered', pipe.logged.join('\n'));
      await world.rotate();
      const rotated = await deliver('1.1.0');
      assert.equal(rotated?.state, 'delivered', pipe.logged.join('\n'));
      assert.equal(pipe.git.tip(), rotated?.state === 'delivered' ? rotated.commit : '');
      world.refuse();
      const denied = await deliver('1.2.0');
      assert.equal(denied?.state, 'checked');
      const alert = pipe.alerts().find(({ kind: told }) => told === 'blocked');
      assert.match(alert?.kind === 'blocked' ? alert.reason : '', world.says);

      const { leaked, seen } = await watched();
      assert.deepEqual(leaked, []);
      assert.ok(seen.length > 3, `git was seen at work ${seen.length} times`);
      const kept = JSON.stringify([...pipe.table.items.values()]) + pipe.logged.join('\n') + printed();
      for (const secret of world.planted().flatMap(spelt)) {
        assert.ok(secret.length > 8);
        assert.ok(!kept.includes(secret), 'a planted secret is in a record, log, alert or output');
        for (const place of ['tmp', 'scratch'])
          for (const { file, bytes } of filesBelow(join(pipe.git.folder, place)))
            assert.ok(!bytes.includes(secret), `a planted secret is in ${file}`);
      }
      assert.deepEqual(readdirSync(scratch), []);
    });
  }

  test("CodeCommit's signature, which is made anew for each call", async (context) => {
    const pipe = await pipeline();
    context.after(() => pipe.stop());
    let open = true;
    const door = await gate(pipe.git, '/v1/repos/cluster', () => (open ? 200 : 403));
    context.after(() => door.stop());
    const identity = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: random(), sessionToken: random() };
    const planted = [identity.secretAccessKey, identity.sessionToken].flatMap(spelt);
    const printed = capture(context);
    const watched = await watchArguments(context, planted);
    const clone = await openClone({
      url: door.url,
      branch: 'main',
      credential: codeCommitCredential(
        { url: door.url, region: 'eu-west-1' },
        async () => identity,
        () => new Date(),
      ),
      folder: join(pipe.git.folder, 'codecommit.git'),
    });
    await clone.fetchTip();
    open = false;
    const error = await clone.fetchTip().then(
      () => assert.fail('it was let in'),
      (thrown: Error) => thrown,
    );
    const { leaked, seen } = await watched();
    assert.deepEqual(leaked, []);
    assert.ok(seen.length > 0);
    const passwords = door.asked.map(({ password }) => password).filter((password) => password !== '');
    const said = `${error.stack}${JSON.stringify(error)}${printed()}`;
    for (const secret of [...planted, ...passwords]) {
      assert.ok(!said.includes(secret), said);
      for (const { file, bytes } of filesBelow(clone.folder)) assert.ok(!bytes.includes(secret), file);
    }
  });
});

/** What this process prints meanwhile. */
function capture(context: TestContext): () => string {
  let printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...parts: unknown[]) => boolean;
    stream.write = ((chunk: unknown, ...rest: unknown[]) => {
      printed += String(chunk);
      return write(chunk, ...rest);
    }) as typeof stream.write;
    context.after(() => {
      stream.write = write as typeof stream.write;
    });
  }
  return () => printed;
}

function filesBelow(folder: string): { file: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({ file, bytes: readFileSync(file) }));
}
