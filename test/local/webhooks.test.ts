import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../lib/config/config.ts';
import { onThisMachine } from '../../local/configuration.ts';
import { webhookKeys } from '../../local/webhooks.ts';

const hook = (name: string, url: string, network: 'public' | 'private') =>
  ({ name, form: 'webhook', url, secret: `secret-of-${name}`, network }) as const;
const given = parseConfig({
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [{ name: 'staging', repository: 'cluster', deployer: 'flux', namespaces: ['shop'] }],
  audiences: [
    hook('here', 'http://127.0.0.1:8080/', 'private'),
    hook('tickets', 'https://tickets.example.com/', 'public'),
    hook('near', 'https://10.0.0.7/', 'private'),
    hook('named', 'https://localhost.example/', 'private'),
    { name: 'people', form: 'email', address: 'people@example.com' },
  ],
});
const here = onThisMachine(given, () => 'http://127.0.0.1/cluster.git', { kubeconfig: 'k' }, 30);

test('a local installation posts to webhooks of this machine alone', () => {
  assert.deepEqual(
    here.audiences.map(({ name }) => name),
    ['here', 'people'],
  );
});

test('their keys are made at the first start, kept from others, and stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-webhooks-'));
  try {
    const keys = await webhookKeys(folder, here);
    assert.equal(keys.length, 1);
    const [secret, key] = keys[0] ?? [];
    assert.equal(secret, 'secret-of-here');
    assert.match(key ?? '', /^[0-9a-f]{64}$/);
    const file = join(folder, 'webhooks', 'here.key');
    assert.equal(await readFile(file, 'utf8'), key);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await webhookKeys(folder, here), keys);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
