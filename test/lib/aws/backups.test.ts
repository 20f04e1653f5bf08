import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { s3Backups } from '../../../lib/aws/backups.ts';
import * as clients from '../../../lib/aws/clients.ts';

/** An S3 that answers as the test says, call by call, and remembers what it got. */
async function begin(context: TestContext, answers: readonly number[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-backups-'));
  const file = join(folder, 'a.bundle');
  await writeFile(file, 'a bundle');
  const got: string[] = [];
  const server = createServer(async (request, response) => {
    got.push((await buffer(request)).toString());
    assert.equal(request.headers['if-none-match'], '*');
    response.writeHead(answers[got.length - 1] ?? 500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const client = clients.s3({
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const sha256 = 'a'.repeat(64);
  return { got, keep: () => s3Backups(client, 'backups').keep('a/b.bundle', file, { bytes: 8, sha256 }) };
}

test('a bundle is put there whole, again where S3 fails for a moment', async (context) => {
  const { got, keep } = await begin(context, [503, 200]);
  await keep();
  assert.deepEqual(got, ['a bundle', 'a bundle']);
});

test('one whose answer was lost is there already the second time, and is not written twice', async (context) => {
  const { keep } = await begin(context, [500, 412]);
  await keep();
});

test('one that was there before, or may not be written, is said to be that at once', async (context) => {
  for (const status of [412, 403]) {
    const { got, keep } = await begin(context, [status]);
    await assert.rejects(keep());
    assert.equal(got.length, 1);
  }
});
