import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stsOfRegion } from '../../lib/aws/caller-identity.ts';
import { command, digestOfCommand } from '../../lib/commands/command.ts';
import { digestOf } from '../../lib/content/tree.ts';
import { close } from '../../lib/loopback/listen.ts';
import type { UploadState } from '../../lib/uploads/record/record.ts';
import { findConnection, writeConnection } from '../../local/connection.ts';
import { fairlead } from './command-line.ts';
import { AT, type StandIn, standIn } from './stand-in-installation.ts';

let installation: StandIn;
before(async () => {
  installation = await standIn();
});
after(() => installation.stop());

const typed = (...argv: string[]) => fairlead([...argv, '--data', installation.folder]);

async function keysGiven(target: string): Promise<readonly string[]> {
  const found = await Array.fromAsync(installation.store.versions(`.commands/${target}/`));
  return found.map(({ key }) => key);
}

/** The only command that was given to this target. */
async function given(target: string) {
  const [key = '', ...more] = await keysGiven(target);
  assert.deepEqual(more, []);
  const object = await installation.store.get(key);
  return { key, asked: command.parse(JSON.parse(object?.body.toString('utf8') ?? '')) };
}

const DONE: UploadState = { state: 'done', what: 'frozen', endedAt: AT };

/** The same installation behind a network that loses the answer to the first command which is put. */
async function losingFirstAnswer({ environment, folder }: StandIn) {
  let lost = 0;
  const server = createServer((asked, answer) => {
    const { hostname, port } = new URL(environment.AWS_ENDPOINT_URL ?? '');
    const { method, url: path } = asked;
    const headers = { ...asked.headers, host: `${hostname}:${port}` };
    const passed = request({ hostname, port, method, path, headers }, (reply) => {
      if (method === 'PUT' && lost === 0) {
        lost += 1;
        reply.resume().once('end', () => answer.destroy());
        return;
      }
      answer.writeHead(reply.statusCode ?? 0, reply.headers);
      reply.pipe(answer);
    });
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = join(folder, 'lossy');
  const found = await findConnection(folder);
  assert.ok(found);
  const AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
  await writeConnection(own, { ...found, environment: { ...found.environment, AWS_ENDPOINT_URL } });
  return { folder: own, lost: () => lost, stop: () => close(server) };
}

describe('npx fairlead freeze', () => {
  test('puts one command where those of its target are, proven to be of who typed it', async () => {
    const ran = await typed('freeze', 'one', 'shop/web', '--reason', 'it does not start', '--wait', 'no');
    assert.equal(ran.code, 0, ran.stderr);
    const { key, asked } = await given('one');
    assert.equal(key, `.commands/one/${asked.id}.json`);
    assert.equal(asked.installation, 'local');
    assert.deepEqual(asked.verb, {
      kind: 'freeze',
      scope: { kind: 'release', namespace: 'shop', release: 'web' },
      reason: 'it does not start',
    });
    const found = await stsOfRegion(installation.environment).callerOf(asked.proof, digestOfCommand(asked));
    assert.equal(found.kind, 'proven', JSON.stringify(found));
    assert.match(found.kind === 'proven' ? found.arn : '', /:user\//);
  });

  test('waits until it is done, and says so; without a release it is of the whole target', async () => {
    const end = async () => {
      for (;;) {
        const [key] = await keysGiven('two');
        if (key !== undefined)
          return installation.end(key, DONE, { 'fairlead-outcome': 'done', 'fairlead-reason': 'frozen' });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const [ran] = await Promise.all([typed('freeze', 'two'), end()]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /^freeze two: frozen: what is uploaded from now on waits/);
    assert.deepEqual((await given('two')).asked.verb, { kind: 'freeze', scope: { kind: 'target' } });
  });

  test('is given once, though the answer to giving it is lost', async () => {
    const lossy = await losingFirstAnswer(installation);
    try {
      const ran = await fairlead(['freeze', 'five', '--wait', 'no', '-o', 'json', '--data', lossy.folder]);
      assert.equal(ran.code, 0, ran.stderr);
      assert.equal(lossy.lost(), 1);
      const [only, ...more] = await Array.fromAsync(installation.store.versions('.commands/five/'));
      assert.deepEqual(more, []);
      assert.ok(ran.stdout.includes(only?.versionId ?? 'none'), ran.stdout);
    } finally {
      await lossy.stop();
    }
  });

  test('with --dry-run gives nothing', async () => {
    const ran = await typed('unfreeze', 'three', '--dry-run', '-o', 'json');
    assert.equal(ran.code, 0, ran.stderr);
    const { command: shown, dryRun } = JSON.parse(ran.stdout);
    assert.equal(dryRun, true);
    assert.deepEqual(shown.verb, { kind: 'unfreeze', scope: { kind: 'target' } });
    assert.deepEqual(await keysGiven('three'), []);
  });

  test('takes nothing that makes no command, and says what would', async () => {
    for (const [argv, says] of [
      [['freeze'], /name the target/],
      [['freeze', 'four/shop/web'], /two words/],
      [['freeze', 'four', 'web'], /NAMESPACE\/RELEASE/],
      [['freeze', 'four', 'shop/web/x'], /NAMESPACE\/RELEASE/],
      [['freeze', 'four', 'shop/web', 'shop/api'], /one release at a time/],
      [['freeze', 'four', '--reason', 'x'.repeat(501)], /1 to 500 characters/],
      [['freeze', 'four', '--wait', 'rolled-out'], /nothing is rolled out by freeze/],
      [['unfreeze', 'four', '--timeout', 'soon'], /number of seconds/],
    ] as const) {
      const ran = await typed(...argv);
      assert.equal(ran.code, 64, argv.join(' '));
      assert.match(ran.stderr, says);
    }
    assert.deepEqual(await keysGiven('four'), []);
  });

  test('needs to know what the installation is called, since a command is for one alone', async () => {
    const environment = { ...installation.environment, FAIRLEAD_INSTALLATION: '' };
    const ran = await fairlead(['freeze', 'five', '--bucket', 'charts', '--data', '/nowhere'], environment);
    assert.equal(ran.code, 64);
    assert.match(ran.stderr, /--installation NAME/);
  });
});

describe('who waits for an upload that is frozen', () => {
  const KEY = 'staging/shop/web/values.yaml';
  const content = {
    repository: 'cluster',
    branch: 'main',
    target: 'staging',
    digest: digestOf(''),
    package: digestOf(''),
    claims: {},
  };
  const frozen: UploadState = {
    ...content,
    state: 'checked',
    attempted: [],
    frozen: { since: AT, by: 'arn:aws:iam::000000000000:user/ada', reason: 'the sale' },
  };

  test('hears by whom and why, at once, and gets an exit code of its own', async () => {
    const file = join(installation.folder, 'values.yaml');
    await writeFile(file, 'replicas: 2\n');
    const [ran] = await Promise.all([
      typed('upload', file, 'staging/shop/web/', '--wait'),
      installation.endNext(KEY, frozen, { 'fairlead-outcome': 'frozen' }),
    ]);
    assert.equal(ran.code, 6, ran.stderr);
    assert.match(ran.stdout, /frozen, since 2026-11-21T12:00:00\.000Z by arn:.*ada \(the sale\)/);
    const [told] = await Promise.all([
      typed('upload', file, 'staging/shop/web/', '--wait', '-o', 'json'),
      installation.endNext(KEY, frozen, { 'fairlead-outcome': 'frozen' }),
    ]);
    assert.equal(told.code, 6, told.stderr);
    const [upload] = JSON.parse(told.stdout).uploads;
    assert.equal(upload.outcome, 'frozen');
    assert.equal(upload.frozen.reason, 'the sale');
  });
});
