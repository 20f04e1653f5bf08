import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBundle } from '../../../../lib/charts/trust/bundle.ts';
import { type How, type Identity, sigstoreAuthority } from './authority.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/sigstore');
const JOB: Identity = {
  issuer: 'https://token.actions.githubusercontent.com',
  identity: 'https://github.com/example/web/.github/workflows/release.yml@refs/heads/main',
  repository: 'https://github.com/example/web',
  ref: 'refs/heads/main',
  environment: 'production',
};
const BYTES = Buffer.from('a package');

const fixture = async (name: string) =>
  openBundle(await readFile(join(FIXTURES, `${name}.sigstore.json`), 'utf8'), Buffer.alloc(0), undefined);

test("npm's provenance of a published package holds by the root of the public Sigstore that is pinned", async () => {
  const opened = await fixture('npm-sigstore-2.0.0');
  assert.ok(opened.kind === 'opened');
  assert.deepEqual(opened.signer, {
    kind: 'sigstore',
    issuer: 'https://token.actions.githubusercontent.com',
    identity: 'https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main',
    repository: 'https://github.com/sigstore/sigstore-js',
    commit: 'f0b49a04e5a62250e0f60fb128004a73110fe311',
    ref: 'refs/heads/main',
    predicate: 'https://slsa.dev/provenance/v1',
  });
  assert.deepEqual(
    opened.statement?.subjects.map(({ name, digests }) => [name, [...digests.keys()]]),
    [['pkg:npm/sigstore@2.0.0', ['sha512']]],
  );
});

test('so does an attestation that a person made with cosign, and none of them once a byte is another', async () => {
  const opened = await fixture('cosign-attestation');
  assert.ok(opened.kind === 'opened');
  assert.equal(opened.signer.issuer, 'https://github.com/login/oauth');
  const text = await readFile(join(FIXTURES, 'npm-sigstore-2.0.0.sigstore.json'), 'utf8');
  const bundle = JSON.parse(text);
  const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
  bundle.dsseEnvelope.payload = Buffer.from(payload.replace('46d4e2', '46d4e3')).toString('base64');
  assert.equal((await openBundle(JSON.stringify(bundle), BYTES, undefined)).kind, 'unproven');
});

test('what a job signed names its issuer, workflow, repository, ref and environment', async () => {
  const authority = await sigstoreAuthority();
  const opened = await openBundle(await authority.sign(BYTES, JOB), BYTES, authority.root);
  assert.ok(opened.kind === 'opened');
  const { root, kind, ...named } = opened.signer;
  assert.equal(kind, 'sigstore');
  assert.match(root ?? '', /^sha256:/);
  assert.deepEqual(named, JOB);
});

const WRONG: readonly (readonly [string, How, RegExp])[] = [
  ['a certificate that no log has seen', { sct: 'left out' }, /SCT/],
  ['a time that the log has not promised', { promise: 'left out' }, /timestamps/],
  [
    'an entry that was made when the certificate had run out',
    { logged: new Date('2026-11-21T12:11:00Z') },
    /certificate/i,
  ],
  [
    'an entry that is older than the certificate',
    { logged: new Date('2026-11-21T11:59:00Z') },
    /certificate/i,
  ],
  ['a checkpoint whose signer is a pattern', { checkpointName: '(.+)+x' }, /no log has/],
];

for (const [what, how, problem] of WRONG)
  test(`${what} proves nothing`, async () => {
    const authority = await sigstoreAuthority();
    const opened = await openBundle(await authority.sign(BYTES, JOB, how), BYTES, authority.root);
    assert.ok(opened.kind === 'unproven');
    assert.match(opened.problem, problem);
  });

test('other bytes, another root, and what is no bundle prove nothing', async () => {
  const [authority, other] = [await sigstoreAuthority(), await sigstoreAuthority()];
  const text = await authority.sign(BYTES, JOB);
  for (const [bytes, root, given] of [
    [Buffer.from('another package'), authority.root, text],
    [BYTES, other.root, text],
    [BYTES, undefined, text],
    [BYTES, authority.root, ''],
    [BYTES, authority.root, '[]'],
    [BYTES, authority.root, '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}'],
    [BYTES, authority.root, text.replace('"tlogEntries":[', '"tlogEntries":[],"more":[')],
    [BYTES, authority.root, `${'['.repeat(100_000)}`],
  ] as const)
    assert.equal((await openBundle(given, bytes, root)).kind, 'unproven');
});
