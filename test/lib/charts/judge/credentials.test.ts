import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findCredentials } from '../../../../lib/charts/judge/credentials.ts';
import { CONFIG_MAP } from '../package/packages.ts';
import { rendering } from '../render/rendering.ts';

/** `n` characters of an alphabet; put together here, so that no file of ours holds what looks like a key. */
const some = (n: number, alphabet = 'Ab1Cd2Ef3Gh4Jk5Lm6Np7Qr8St9'): string =>
  alphabet.repeat(Math.ceil(n / alphabet.length)).slice(0, n);
const hex = (n: number): string => some(n, '0a1b2c3d4e5f');
const upper = (n: number): string => some(n, 'Q7RSTUVWXYZ2345A');
const pem = (sort: string): string =>
  `-----BEGIN ${sort}PRIVATE KEY-----\n${some(64)}\n${some(64)}\n-----END ${sort}PRIVATE KEY-----\n`;

const KEYS: readonly (readonly [kind: string, sample: string])[] = [
  ['an AWS access key', `AK${'IA'}${upper(16)}`],
  ['an AWS access key', `AS${'IA'}${upper(16)}`],
  ['an AWS secret access key', `aws_secret_access_key = ${some(40)}`],
  ['a GitHub token', `gh${'p_'}${some(36)}`],
  ['a GitHub token', `gh${'s_'}${some(36)}`],
  ['a GitHub token', `github_${'pat_'}${some(22)}_${some(59)}`],
  ['a GitLab token', `gl${'pat-'}${some(20)}`],
  ['a GitLab token', `gl${'dt-'}${some(20)}`],
  ['a Slack token', `xo${'xb-'}${some(24, '1234567890')}-${some(24)}`],
  ['a Slack token', `xa${'pp-'}1-${some(40)}`],
  ['a Slack webhook', `https://hooks.${'slack.com'}/services/T${upper(8)}/B${upper(8)}/${some(24)}`],
  ['a Google API key', `AI${'za'}${some(35)}`],
  ['a Google OAuth secret', `GOC${'SPX-'}${some(28)}`],
  ['an Azure storage key', `DefaultEndpointsProtocol=https;Account${'Key='}${some(86)}==`],
  ['an Azure client secret', `abc${'8Q~'}${some(34)}`],
  ['an Azure access signature', `https://x.blob.example/c?sv=2024&s${'ig='}${some(43)}%3D`],
  ['a Stripe key', `sk${'_live_'}${some(24)}`],
  ['a Stripe key', `wh${'sec_'}${some(32)}`],
  ['an npm token', `np${'m_'}${some(36)}`],
  ['a PyPI token', `py${'pi-AgE'}${some(60)}`],
  ['a Docker Hub token', `dc${'kr_pat_'}${some(27)}`],
  ['a DigitalOcean token', `do${'p_v1_'}${hex(64)}`],
  ['a SendGrid key', `S${'G.'}${some(22)}.${some(43)}`],
  ['a Vault token', `hv${'s.'}${some(24)}`],
  ["an AI provider's key", `sk-${'proj-'}${some(40)}`],
  ["an AI provider's key", `sk-${'ant-'}${some(40)}`],
  ['a Grafana token', `gl${'sa_'}${some(32)}_${hex(8)}`],
  ['a Databricks token', `da${'pi'}${hex(32)}`],
  ['an age secret key', `AGE-SECRET-${'KEY-1'}${upper(58)}`],
  ['a JSON web token', `ey${'J'}${some(20)}.ey${'J'}${some(40)}.${some(43)}`],
  ...['', 'RSA ', 'EC ', 'DSA ', 'OPENSSH ', 'ENCRYPTED '].map(
    (sort) => ['a private key', pem(sort)] as const,
  ),
  ['a private key', `-----BEGIN PGP ${'PRIVATE KEY'} BLOCK-----\n\n${some(64)}\n`],
  ['a private key', `---- BEGIN SSH2 ENCRYPTED ${'PRIVATE KEY'} ----\n${some(64)}\n`],
  ['a private key', `PuTTY-User-${'Key-File-3'}: ssh-ed25519\n`],
];

describe('a credential is found in each guise', () => {
  for (const [index, [kind, sample]] of KEYS.entries())
    test(`${kind} (${index})`, () => {
      const at = (text: string) => findCredentials(text).map((found) => [found.line, found.kind]);
      assert.deepEqual(at(`a: 1\nb: ${JSON.stringify(sample)}\n`), [[2, kind]], 'quoted');
      const block = sample.replaceAll('\n', '\n  ');
      assert.deepEqual(at(`a: 1\nb: |\n  ${block}\n`), [[3, kind]], 'in a block');
      const base64 = Buffer.from(`${sample}\n`).toString('base64');
      assert.deepEqual(at(`a: 1\nb: ${base64}\n`), [[2, `${kind} in base64`]], 'in base64');
      const wrapped = (base64.match(/.{1,76}/g) ?? []).join('\n  ');
      assert.deepEqual(at(`a: 1\nb: |\n  ${wrapped}\n`), [[3, `${kind} in base64`]], 'in wrapped base64');
    });
});

const HARMLESS: readonly (readonly [name: string, text: string])[] = [
  ['a digest', `image: web@sha256:${hex(64)}`],
  ['a certificate', `-----BEGIN CERTIFICATE-----\n${some(64)}\n-----END CERTIFICATE-----`],
  ['a certificate in base64', Buffer.from(`-----BEGIN CERTIFICATE-----\n${some(64)}\n`).toString('base64')],
  ['a public key', `-----BEGIN PUBLIC KEY-----\n${some(64)}\n-----END PUBLIC KEY-----`],
  ['a comment that shows where a key goes', '# -----BEGIN RSA PRIVATE KEY-----\n# ...\n'],
  ['a UUID', '123e4567-e89b-12d3-a456-426614174000'],
  ['an ARN', 'arn:aws:iam::123456789012:role/AKIA'],
  ['a Stripe test key', `sk${'_test_'}${some(24)}`],
  ['a picture', Buffer.from(some(4000)).toString('base64')],
  ['a commit', hex(40)],
  [
    'the name of a variable',
    'env: [{name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: aws, key: secret}}}]',
  ],
];

describe('what only looks like one is none', () => {
  for (const [name, text] of HARMLESS)
    test(name, () => {
      assert.deepEqual(findCredentials(text), []);
    });
});

test('a credential in values, in a manifest and in what a template renders to is refused with its place, never its value', async (context) => {
  const here = await rendering();
  context.after(() => here.remove());
  const [, key = ''] = KEYS[0] ?? [];
  const wrapped = Buffer.from(pem('RSA ')).toString('base64');
  const answer = await here.render({
    files: {
      'values.yaml': `a: 1\nb: ${key}\n`,
      'templates/x.yaml': `${CONFIG_MAP}data:\n  half: {{ printf "gh%s" .Values.half | quote }}\nbinaryData:\n  all: ${wrapped}\n`,
    },
    values: `x: 1\ny: 2\nz: ${key}\nhalf: p_${some(36)}\n`,
  });
  assert.ok(answer.kind === 'rejected');
  assert.deepEqual(
    answer.reasons.map(({ code, message, place }) => [
      code,
      message.replace('This line holds what looks like ', ''),
      place,
    ]),
    [
      ['credential-found', 'an AWS access key.', { file: 'values.yaml', line: 3 }],
      ['credential-found', 'an AWS access key.', { file: 'values.yaml', line: 2 }],
      ['credential-found', 'a GitHub token.', { file: 'templates/x.yaml', line: 2, pointer: '/data/half' }],
      [
        'credential-found',
        'a private key in base64.',
        { file: 'templates/x.yaml', line: 2, pointer: '/binaryData/all' },
      ],
    ],
  );
  assert.ok(!JSON.stringify(answer).includes(key) && !JSON.stringify(answer).includes(some(36)));
});
