import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CannotConnect, canProxy, openConnection } from '../../../lib/cluster/connection.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const config = (user: object | undefined, cluster: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'staging',
  clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/', ...cluster } }],
  users: user === undefined ? [] : [{ name: 'u', user }],
  contexts: [
    { name: 'staging', context: { cluster: 'c', ...(user === undefined ? {} : { user: 'u' }) } },
    { name: 'lost', context: { cluster: 'gone' } },
    { name: 'nobody', context: { cluster: 'c', user: 'gone' } },
  ],
});

async function opened(content: object | string, context?: string) {
  const path = join(folder, 'config');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return await openConnection({ kind: 'kubeconfig', path, ...(context === undefined ? {} : { context }) });
}

async function refused(content: object | string, context?: string): Promise<string> {
  const error = await opened(content, context).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CannotConnect, String(error));
  return error.message;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a kubeconfig', () => {
  test('as kubectl writes it, in YAML, with what is inline before what is in files', async () => {
    const found = await opened(`apiVersion: v1
kind: Config
current-context: staging
clusters:
- name: c
  cluster:
    server: https://10.0.0.1:6443/
    certificate-authority: nowhere.crt
    certificate-authority-data: ${base64('authority')}
    tls-server-name: kubernetes
users:
- name: u
  user:
    client-certificate-data: ${base64('certificate')}
    client-key-data: ${base64('key')}
contexts:
- name: staging
  context: {cluster: c, user: u}
preferences: {}
`);
    assert.equal(found.name, 'staging');
    assert.equal(found.url, 'https://10.0.0.1:6443');
    assert.deepEqual(found.headers, {});
    assert.equal(found.tls.servername, 'kubernetes');
    assert.equal(found.tls.rejectUnauthorized, undefined);
    assert.deepEqual([found.tls.ca, found.tls.cert, found.tls.key].map(String), [
      'authority',
      'certificate',
      'key',
    ]);
  });

  test('names files relative to itself', async () => {
    await writeFile(join(folder, 'ca.crt'), 'authority');
    await writeFile(join(folder, 'token'), 'fresh\n');
    const found = await opened(
      config({ token: 'stale', tokenFile: 'token' }, { 'certificate-authority': 'ca.crt' }),
    );
    assert.equal(String(found.tls.ca), 'authority');
    assert.deepEqual(found.headers, { authorization: 'Bearer fresh' });
  });

  test('logs in with a token, a password, or as nobody', async () => {
    assert.deepEqual((await opened(config({ token: 't' }))).headers, { authorization: 'Bearer t' });
    const basic = `Basic ${base64('me:secret')}`;
    const byPassword = await opened(config({ username: 'me', password: 'secret' }));
    assert.deepEqual(byPassword.headers, { authorization: basic });
    assert.deepEqual((await opened(config(undefined))).headers, {});
    assert.deepEqual((await opened(config({ token: '', password: null }))).headers, {});
  });

  test('acts as somebody else, with all their groups and extras', async () => {
    const user = {
      token: 't',
      as: 'robot',
      'as-uid': '7',
      'as-groups': ['a', 'b'],
      'as-user-extra': { 'example.com/Scope': ['x'] },
    };
    assert.deepEqual((await opened(config(user))).headers, {
      authorization: 'Bearer t',
      'impersonate-user': 'robot',
      'impersonate-uid': '7',
      'impersonate-group': ['a', 'b'],
      'impersonate-extra-example.com%2Fscope': ['x'],
    });
  });

  test('checks no certificate only where it says so', async () => {
    const found = await opened(config({ token: 't' }, { 'insecure-skip-tls-verify': true }));
    assert.equal(found.tls.rejectUnauthorized, false);
  });

  test('goes through an HTTP proxy, and names one that is none', async () => {
    const through = (proxy: string) => config({ token: 't' }, { 'proxy-url': proxy });
    assert.equal((await opened(through('http://proxy:3128'))).proxy, 'http://proxy:3128');
    assert.match(await refused(through('socks5://proxy:1080')), /SOCKS is not supported/);
    assert.equal(canProxy('24.4.9'), false);
    assert.equal(canProxy('24.5.0'), true);
    assert.equal(canProxy('25.0.0'), true);
  });

  const BAD: readonly (readonly [name: string, content: object | string, says: RegExp, context?: string])[] =
    [
      ['is no YAML', 'a: [hunter2', /line \d+ is no valid YAML$/],
      ['is empty', '', /no current context/],
      ['is a list', '- a', /cannot be read as a kubeconfig/],
      [
        'has a cluster without a server',
        { ...config({}), clusters: [{ name: 'c', cluster: {} }] },
        /clusters\.0\.cluster\.server/,
      ],
      ['has a token that is a number', config({ token: 7 }), /users\.0\.user\.token/],
      ['has no such context', config({}), /has no context "x"; it has staging, lost, nobody/, 'x'],
      ['has a context of no cluster', config({}), /names the cluster "gone"/, 'lost'],
      ['has a context of no user', config({}), /names the user "gone"/, 'nobody'],
      [
        'names a file that is not there',
        config({ 'client-key': 'gone.key' }),
        /gone\.key, which cannot be read: ENOENT/,
      ],
      [
        'names a server that is no address',
        config({}, { server: 'file:///etc/passwd' }),
        /no https:\/\/ address/,
      ],
      [
        'logs in through what Kubernetes has given up',
        config({ 'auth-provider': { name: 'gcp' } }),
        /auth-provider "gcp"/,
      ],
    ];
  for (const [name, content, says, context] of BAD) {
    test(`that ${name} says so, and no more`, async () => {
      const message = await refused(content, context);
      assert.match(message, says);
      assert.doesNotMatch(message, /hunter2/);
    });
  }
});

describe('a program that gives credentials', () => {
  const program = async (script: string): Promise<string> => {
    const file = join(folder, 'plugin.sh');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return './plugin.sh';
  };
  const exec = (command: string, more: object = {}) =>
    config(
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', ...more } },
      { 'certificate-authority-data': base64('authority') },
    );
  const printing = (status: object) =>
    `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', status })}\nEND`;

  test('gives a token, is told its arguments and variables, and what cluster it is for', async () => {
    const command = await program(
      `case "$KUBERNETES_EXEC_INFO" in *'"server":"https://10.0.0.1:6443/"'*) ;; *) exit 3;; esac
printf '{"kind":"ExecCredential","status":{"token":"%s-%s"}}' "$1" "$PLACE"`,
    );
    const found = await opened(
      exec(command, { args: ['a b'], env: [{ name: 'PLACE', value: 'here' }], provideClusterInfo: true }),
    );
    assert.deepEqual(found.headers, { authorization: 'Bearer a b-here' });
  });

  test('gives a certificate with its key', async () => {
    const command = await program(printing({ clientCertificateData: 'certificate', clientKeyData: 'key' }));
    const { tls, headers } = await opened(exec(command));
    assert.deepEqual([tls.cert, tls.key, headers], ['certificate', 'key', {}]);
  });

  const FAILING: readonly (readonly [name: string, script: string, says: RegExp])[] = [
    ['fails', 'echo "session expired" >&2; exit 4', /failed \(4\): session expired/],
    ['prints no credential', 'echo hunter2', /did not print an ExecCredential/],
    ['gives nothing', printing({}), /neither a token nor a certificate/],
    ['gives a certificate without its key', printing({ clientCertificateData: 'c' }), /neither a token/],
    ['prints controls', "printf '\\033[2J' >&2; exit 1", /failed \(1\): \[2J$/],
  ];
  for (const [name, script, says] of FAILING) {
    test(`and ${name} is named, and what it printed is not shown`, async () => {
      const message = await refused(exec(await program(script)));
      assert.match(message, says);
      assert.doesNotMatch(message, /hunter2|\p{Cc}/u);
    });
  }

  test('and is not installed is named, with how to install it', async () => {
    const message = await refused(exec('no-such-program', { installHint: 'install it from the shop' }));
    assert.match(message, /no-such-program is not installed here: install it from the shop/);
  });

  test('runs without a shell', async () => {
    const message = await refused(exec('true; echo'));
    assert.match(message, /is not installed here/);
  });
});
