import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as clients from '../../lib/aws/clients.ts';
import { s3Store } from '../../lib/aws/objects.ts';
import { type Connection, findConnection } from '../../local/connection.ts';
import { packExample } from '../../local/example/pack.ts';
import type { PageState } from '../../local/page/page.ts';
import { fairlead } from '../cli/command-line.ts';
import { processesOn, type Started, start } from '../local/running.ts';

/** A cluster that is down: nothing listens on port 1. Uploads and commits go on; drift is unknown, never found. */
const DOWN = `apiVersion: v1
kind: Config
current-context: down
clusters: [{name: down, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: down, context: {cluster: down, user: nobody}}]
users: [{name: nobody, user: {token: none}}]
`;

const folder = await mkdtemp(join(tmpdir(), 'fairlead-e2e-'));
const data = join(folder, 'data');
let running: Started;
let connection: Connection;

before(async () => {
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, DOWN);
  running = start(['--data', data, '--port', '0', '--kubeconfig', kubeconfig, '--check-every', '1']);
  await running.says(/Try:/);
  const found = await findConnection(data);
  assert.ok(found);
  connection = found;
});
after(async () => {
  running.child.kill('SIGINT');
  assert.equal(await running.ended(), 0, running.output());
  assert.deepEqual(await processesOn(folder), []);
  await rm(folder, { recursive: true, force: true });
});

async function page(): Promise<PageState> {
  const url = new URL(connection.page);
  const headers = { authorization: `Bearer ${url.searchParams.get('token')}` };
  return (await (await fetch(new URL('/state.json', url), { headers })).json()) as PageState;
}

async function until<Seen>(look: (state: PageState) => Seen | undefined): Promise<Seen> {
  for (;;) {
    const seen = look(await page());
    if (seen !== undefined) return seen;
    await sleep(100);
  }
}

async function upload(fileName: string, bytes: Buffer | string, ...more: string[]) {
  const file = join(folder, fileName);
  await writeFile(file, bytes);
  return await fairlead(['upload', file, 'staging/shop/hello/', '--wait', '--data', data, ...more]);
}

const s3 = () =>
  s3Store(clients.s3(connection.environment), connection.environment.FAIRLEAD_UPLOAD_BUCKET ?? '');
const deliveryOf = (key: string) => (state: PageState) =>
  state.deliveries.find((delivery) => delivery.key === key && delivery.state === 'rejected');

describe('where the cluster is down', () => {
  test('an upload is delivered all the same', async () => {
    const { fileName, bytes } = await packExample();
    const ran = await upload(fileName, bytes);
    assert.equal(ran.code, 0, ran.stderr);
  });

  test('drift is unknown, and people are told so, once', async () => {
    // Its forms come one by one, and the verdicts by themselves.
    await until(({ inbox }) =>
      inbox.find(({ kind, forms }) => kind === 'unknown' && forms.event !== undefined),
    );
    const { inbox } = await until((state) => {
      const verdicts = state.targets.flatMap(({ scopes }) => scopes.map(({ verdict }) => verdict));
      return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'unknown') ? state : undefined;
    });
    assert.deepEqual(
      inbox.filter(({ kind }) => kind === 'drift'),
      [],
    );
  });

  test('a key that names no target is rejected, with the valid form', async () => {
    await s3().put('stagign/shop/hello/hello-0.1.0.tgz', 'x');
    const delivery = await until(deliveryOf('stagign/shop/hello/hello-0.1.0.tgz'));
    assert.deepEqual(
      delivery.reasons.map(({ code }) => code),
      ['key-unknown-target'],
    );
    assert.match(delivery.reasons[0]?.whatToDo ?? '', /staging/);
  });

  test('a key of no valid form is rejected', async () => {
    await s3().put('staging/../etc/passwd', 'x');
    const delivery = await until(deliveryOf('staging/../etc/passwd'));
    assert.equal(delivery.reasons[0]?.code, 'key-malformed');
  });

  test('a package that cannot be read is rejected, and blocks no one', async () => {
    const broken = await upload('hello-0.9.0.tgz', 'no archive');
    assert.equal(broken.code, 1);
    assert.match(broken.stdout, /package-unreadable/);
    const { fileName, bytes } = await packExample('0.9.1');
    assert.equal((await upload(fileName, bytes)).code, 0);
  });

  test('a version that was delivered with other content is rejected', async () => {
    const { fileName, bytes } = await packExample('0.9.1', new Map([['templates/more.yaml', '# more\n']]));
    const ran = await upload(fileName, bytes);
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /raise the version/i);
  });

  test('values are committed to the release', async () => {
    const ran = await upload('values.yaml', 'replicas: 4\n');
    assert.equal(ran.code, 0, ran.stderr);
    const wrong = await upload('values.yaml', 'replicas: many\n');
    assert.equal(wrong.code, 1);
  });

  test('every alert of a rejection comes as email and chat, and never as a page', async () => {
    const { inbox } = await page();
    const rejections = inbox.filter(({ kind }) => kind === 'rejected');
    assert.ok(rejections.length >= 4);
    for (const { forms } of rejections) assert.equal(forms.pager, undefined);
  });
});
