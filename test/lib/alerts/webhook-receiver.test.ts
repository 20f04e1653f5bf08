import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert } from '../../../lib/alerts/alert.ts';
import { signatureOf, webhookSender } from '../../../lib/alerts/webhook.ts';
import { EXAMPLES } from './examples.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');
const FILE = join(DOCS, 'webhook-receiver.mjs');
const KEY = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const alert = EXAMPLES.drift as Alert;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The receiver of the documentation, as a reader would start it. */
describe('the receiver that docs/webhook.md shows', () => {
  let child: ChildProcess;
  let url: string;
  let printed = '';
  before(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    child = spawn(process.execPath, [FILE], { env: { FAIRLEAD_KEY: KEY, PORT: String(port) } });
    child.stdout?.on('data', (text: Buffer) => {
      printed += text.toString();
    });
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(url).catch(() => undefined);
      if (answer !== undefined) return;
      await sleep(100);
    }
    assert.fail('it does not listen');
  });
  after(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  });

  const send = (key: string, at: Date) =>
    webhookSender(
      { name: 'here', form: 'webhook', url, secret: 'here', network: 'private' },
      { secrets: { read: async () => key }, now: () => at },
    ).send(alert);
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

  test('is the file beside it, of about ten lines', () => {
    const file = readFileSync(FILE, 'utf8');
    assert.ok(readFileSync(join(DOCS, 'webhook.md'), 'utf8').includes(`\`\`\`js\n${file}\`\`\`\n`));
    assert.ok(file.split('\n').length <= 16);
  });

  test('takes what Fairlead posts, and knows which alert it is', async () => {
    await send(KEY, new Date());
    for (let tries = 0; printed === '' && tries < 100; tries++) await sleep(20);
    assert.match(printed, new RegExp(`^${alert.incident}/${alert.sequence} Deployment/web changed`));
  });

  test('refuses what another key has signed, what is old, and what is of tomorrow', async () => {
    await assert.rejects(send(`${KEY}0`, new Date()), /status 401/);
    await assert.rejects(send(KEY, minutesAgo(6)), /status 401/);
    await assert.rejects(send(KEY, minutesAgo(-6)), /status 401/);
    await send(KEY, minutesAgo(4));
  });

  test('refuses what was changed on the way, and what is not signed', async () => {
    const time = String(Math.floor(Date.now() / 1000));
    const signed = { 'Fairlead-Timestamp': time, 'Fairlead-Signature': signatureOf(KEY, time, '{"a":1}') };
    const status = async (headers: Record<string, string>, body: string) =>
      (await fetch(url, { method: 'POST', headers, body })).status;
    assert.equal(await status(signed, '{"a":2}'), 401);
    assert.equal(await status({ ...signed, 'Fairlead-Timestamp': String(Number(time) + 1) }, '{"a":1}'), 401);
    assert.equal(await status({ ...signed, 'Fairlead-Timestamp': 'NaN' }, '{"a":1}'), 401);
    assert.equal(await status({ ...signed, 'Fairlead-Signature': 'v1=' }, '{"a":1}'), 401);
    assert.equal(await status({}, '{"a":1}'), 401);
  });
});
