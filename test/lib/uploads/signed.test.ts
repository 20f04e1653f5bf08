import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import * as openpgp from 'openpgp';
import type { ConfigInput } from '../../../lib/config/config.ts';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { type Authority, type Identity, sigstoreAuthority } from '../charts/trust/authority.ts';
import { chartPackage, type Pipeline, pipeline } from './pipeline.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const WORKFLOW = 'https://github.com/example/web/.github/workflows/release.yml@refs/heads/main';
const JOB: Identity = {
  issuer: ISSUER,
  identity: WORKFLOW,
  repository: 'https://github.com/example/web',
  ref: 'refs/heads/main',
  environment: 'production',
};
const KEY = 'staging/shop/web/web-1.0.0.tgz';

type TargetInput = ConfigInput['targets'][number];
type PublisherInput = NonNullable<TargetInput['publishers']>[number];

const job = (
  { root }: Authority,
  more: Partial<Extract<PublisherInput, { kind: 'sigstore' }>> = {},
): PublisherInput => ({
  kind: 'sigstore',
  issuer: ISSUER,
  identity: { exact: WORKFLOW },
  repository: 'example/web',
  trustedRoot: root,
  ...more,
});

async function begin(
  context: TestContext,
  target: Partial<TargetInput>,
  targets: ConfigInput['targets'] = [],
) {
  const pipe = await pipeline({ target, targets });
  context.after(() => pipe.stop());
  return pipe;
}

/** What the sweep sends back, until nothing is left to send; then a delivery. */
async function goOn(pipe: Pipeline): Promise<void> {
  await pipe.sweep();
  for (const event of pipe.queues.received.messages.splice(0)) await pipe.receive(event);
  await pipe.deliver();
}

const codesOf = async (pipe: Pipeline, event: ObjectCreated): Promise<readonly string[]> => {
  const record = await pipe.record(event);
  return record?.state === 'rejected' || record?.state === 'failed'
    ? record.reasons.map(({ code }) => code)
    : [record?.state ?? 'no record'];
};

const messageOf = ({ git }: Pipeline): string => git.git('log', '-1', '--format=%B', 'main');

const statementOf = (bytes: Buffer, name: string, predicate: object = {}) => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name, digest: { sha256: createHash('sha256').update(bytes).digest('hex') } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate,
});

test('signed: the package waits for its signature, is delivered, and record and commit name the signer', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, { publishers: [job(authority)] });
  const bytes = await chartPackage('web', '1.0.0');
  const chart = pipe.put(KEY, bytes);
  await pipe.receive(chart);
  await pipe.deliver();
  assert.deepEqual(await codesOf(pipe, chart), ['received']);
  await pipe.receive(pipe.put(`${KEY}.sigstore.json`, await authority.sign(bytes, JOB)));
  assert.deepEqual(await codesOf(pipe, chart), ['checked'], 'its signature has brought it on');
  await pipe.deliver();
  const record = await pipe.record(chart);
  assert.ok(record?.state === 'delivered' && record.signer?.kind === 'sigstore');
  assert.equal(record.signer.identity, WORKFLOW);
  assert.equal(record.signer.environment, 'production');
  const message = messageOf(pipe);
  assert.match(
    message,
    /^Fairlead-Signer: https:\/\/github\.com\/example\/web\/\.github\/workflows\/release\.yml_refs\/heads\/main, says https:\/\/token\.actions\.githubusercontent\.com$/m,
  );
});

test('signed: a signature that came first is found when its package comes', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, { publishers: [job(authority)] });
  const bytes = await chartPackage('web', '1.0.0');
  await pipe.receive(pipe.put(`${KEY}.sigstore.json`, await authority.sign(bytes, JOB)));
  const chart = pipe.put(KEY, bytes);
  await pipe.receive(chart);
  await pipe.deliver();
  assert.deepEqual(await codesOf(pipe, chart), ['delivered']);
});

test('unsigned: it is rejected once its minute is over, not before, and a replay with the signature delivers it', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, { publishers: [job(authority)] });
  const bytes = await chartPackage('web', '1.0.0');
  const chart = pipe.put(KEY, bytes);
  await pipe.receive(chart);
  pipe.later(50);
  await goOn(pipe);
  assert.deepEqual(await codesOf(pipe, chart), ['received']);
  pipe.later(11);
  await goOn(pipe);
  assert.deepEqual(await codesOf(pipe, chart), ['signature-missing']);
  assert.deepEqual(
    pipe.alerts().map(({ kind }) => kind),
    ['rejected'],
  );
  await pipe.receive(pipe.put(`${KEY}.sigstore.json`, await authority.sign(bytes, JOB)));
  await pipe.receive(pipe.replayOf(chart));
  await pipe.deliver();
  assert.deepEqual(await codesOf(pipe, chart), ['delivered']);
});

test('wrong identity: another workflow, branch, issuer, repository or environment is told at once', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, {
    publishers: [job(authority, { ref: 'refs/heads/main', environment: 'production' })],
  });
  const others: readonly Partial<Identity>[] = [
    { identity: WORKFLOW.replace('release', 'test') },
    { identity: `${WORKFLOW}-evil` },
    { issuer: 'https://gitlab.com' },
    { repository: 'https://github.com/example/fork' },
    { ref: 'refs/heads/feature' },
    { environment: 'staging' },
  ];
  for (const [index, other] of others.entries()) {
    const key = `staging/shop/web/web-1.0.${index}.tgz`;
    const bytes = await chartPackage('web', `1.0.${index}`);
    await pipe.receive(pipe.put(`${key}.sigstore.json`, await authority.sign(bytes, { ...JOB, ...other })));
    const chart = pipe.put(key, bytes);
    await pipe.receive(chart);
    assert.deepEqual(await codesOf(pipe, chart), ['signer-not-allowed'], JSON.stringify(other));
  }
});

test('wrong bytes: the signature of another package counts for nothing, and the right one may still come', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, { publishers: [job(authority)] });
  const [bytes, other] = [
    await chartPackage('web', '1.0.0'),
    await chartPackage('web', '1.0.0', { 'x.txt': 'x' }),
  ];
  await pipe.receive(pipe.put(`${KEY}.sigstore.json`, await authority.sign(other, JOB)));
  const chart = pipe.put(KEY, bytes);
  await pipe.receive(chart);
  assert.deepEqual(await codesOf(pipe, chart), ['received']);
  pipe.later(61);
  await goOn(pipe);
  assert.deepEqual(await codesOf(pipe, chart), ['signature-wrong']);
});

test('replayed to another target: what production asks for is an environment that staging jobs do not run in', async (context) => {
  const authority = await sigstoreAuthority();
  const production = {
    name: 'production',
    repository: 'cluster',
    deployer: 'flux',
    namespaces: ['shop'],
    publishers: [job(authority, { environment: 'production' })],
  } satisfies TargetInput;
  const pipe = await begin(context, { publishers: [job(authority)] }, [production]);
  const bytes = await chartPackage('web', '1.0.0');
  const evidence = await authority.sign(bytes, { ...JOB, environment: 'staging' });
  const outcomes: (readonly string[])[] = [];
  for (const target of ['staging', 'production']) {
    const key = KEY.replace('staging', target);
    await pipe.receive(pipe.put(`${key}.sigstore.json`, evidence));
    const chart = pipe.put(key, bytes);
    await pipe.receive(chart);
    await pipe.deliver();
    outcomes.push(await codesOf(pipe, chart));
  }
  assert.deepEqual(outcomes, [['delivered'], ['signer-not-allowed']]);
});

test('replayed to another target or release: a statement that names its place counts in no other', async (context) => {
  const authority = await sigstoreAuthority();
  const production = {
    name: 'production',
    repository: 'cluster',
    deployer: 'flux',
    namespaces: ['shop'],
    publishers: [job(authority)],
  } satisfies TargetInput;
  const pipe = await begin(context, { publishers: [job(authority, { names: 'release' })] }, [production]);
  const bytes = await chartPackage('web', '1.0.0');
  const bound = await authority.attest(statementOf(bytes, KEY), JOB);
  const byPredicate = await authority.attest(
    statementOf(bytes, 'web-1.0.0.tgz', { fairlead: { target: 'staging', release: 'shop/web' } }),
    JOB,
  );
  const unbound = await authority.attest(statementOf(bytes, 'web-1.0.0.tgz'), JOB);
  const outcomeIn = async (place: string, evidence: string) => {
    const key = `${place}/web-1.0.0.tgz`;
    await pipe.receive(pipe.put(`${key}.sigstore.json`, evidence));
    const chart = pipe.put(key, bytes);
    await pipe.receive(chart);
    await pipe.deliver();
    return codesOf(pipe, chart);
  };
  assert.deepEqual(await outcomeIn('production/shop/web', bound), ['signed-for-elsewhere']);
  assert.deepEqual(await outcomeIn('production/shop/web', byPredicate), ['signed-for-elsewhere']);
  assert.deepEqual(await outcomeIn('staging/shop/other', bound), ['signed-for-elsewhere']);
  assert.deepEqual(await outcomeIn('staging/shop/web', unbound), ['signer-not-allowed'], 'no place is named');
  assert.deepEqual(await outcomeIn('staging/shop/web', await authority.sign(bytes, JOB)), [
    'signer-not-allowed',
  ]);
  assert.deepEqual(await outcomeIn('staging/shop/web', byPredicate), ['delivered']);
  assert.deepEqual(await outcomeIn('staging/shop/web', bound), ['delivered']);
});

test('a target that asks for no signatures names who signed, and a wrong signature is a warning', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, {});
  const bytes = await chartPackage('web', '1.0.0');
  // Of a root that nobody has told it of.
  await pipe.receive(pipe.put(`${KEY}.sigstore.json`, await authority.sign(bytes, JOB)));
  const chart = pipe.put(KEY, bytes);
  await pipe.receive(chart);
  await pipe.deliver();
  const record = await pipe.record(chart);
  assert.ok(record?.state === 'delivered');
  assert.deepEqual(
    record.warnings?.map(({ code }) => code),
    ['signature-unproven'],
  );
  assert.equal(record.signer, undefined);
  assert.doesNotMatch(messageOf(pipe), /Fairlead-Signer/);
});

test("helm's provenance: by a key of the keyring, for this file name and these bytes, and by no other", async (context) => {
  const [ours, theirs] = [await pgpKey('Release <release@example.com>'), await pgpKey('Mallory')];
  const pipe = await begin(context, { publishers: [{ kind: 'provenance', keyring: ours.publicKey }] });
  const outcomeOf = async (version: string, provenance: (bytes: Buffer) => Promise<string>) => {
    const key = `staging/shop/web/web-${version}.tgz`;
    const bytes = await chartPackage('web', version);
    await pipe.receive(pipe.put(`${key}.prov`, await provenance(bytes)));
    const chart = pipe.put(key, bytes);
    await pipe.receive(chart);
    pipe.later(61);
    await goOn(pipe);
    return { codes: await codesOf(pipe, chart), record: await pipe.record(chart) };
  };
  const good = await outcomeOf('1.0.0', (bytes) => provenanceOf('web-1.0.0.tgz', bytes, ours));
  assert.deepEqual(good.codes, ['delivered']);
  const { record } = good;
  assert.ok(record?.state === 'delivered');
  assert.deepEqual(record.signer, {
    kind: 'provenance',
    fingerprint: ours.fingerprint,
    name: 'Release <release@example.com>',
  });
  const wrong = [
    await outcomeOf('1.0.1', (bytes) => provenanceOf('web-1.0.1.tgz', bytes, theirs)),
    await outcomeOf('1.0.2', (bytes) => provenanceOf('web-1.0.0.tgz', bytes, ours)),
    await outcomeOf('1.0.3', () => provenanceOf('web-1.0.3.tgz', Buffer.from('others'), ours)),
    await outcomeOf('1.0.4', async (bytes) =>
      (await provenanceOf('web-1.0.4.tgz', bytes, ours)).replace('name: web', 'name: wab'),
    ),
    await outcomeOf('1.0.5', async () => 'signed'),
  ];
  for (const { codes } of wrong) assert.deepEqual(codes, ['signature-wrong']);
});

test('a demand that was made since the package was received holds before it is committed', async (context) => {
  const authority = await sigstoreAuthority();
  const pipe = await begin(context, {});
  const chart = await pipe.chart('1.0.0');
  await pipe.receive(chart);
  const demanding = await begin(context, { publishers: [job(authority)] });
  Object.assign(pipe.parts, {
    config: {
      ...pipe.parts.config,
      targets: [
        { ...pipe.parts.config.targets[0], publishers: demanding.parts.config.targets[0]?.publishers },
      ],
    },
  });
  await pipe.deliver();
  assert.deepEqual(await codesOf(pipe, chart), ['signature-missing']);
});

async function pgpKey(name: string) {
  const [, user = name, email] = /^(.*) <(.*)>$/.exec(name) ?? [];
  const date = new Date('2026-01-01T00:00:00Z');
  const { privateKey, publicKey } = await openpgp.generateKey({
    userIDs: [{ name: user, ...(email === undefined ? {} : { email }) }],
    date,
    format: 'object',
  });
  return { privateKey, publicKey: publicKey.armor(), fingerprint: publicKey.getFingerprint() };
}

/** As `helm package --sign` writes it. */
async function provenanceOf(
  fileName: string,
  bytes: Buffer,
  { privateKey }: { readonly privateKey: openpgp.PrivateKey },
): Promise<string> {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const text = `apiVersion: v2\nname: web\nversion: 1.0.0\n\n...\nfiles:\n  ${fileName}: sha256:${digest}\n`;
  const message = await openpgp.createCleartextMessage({ text });
  return openpgp.sign({ message, signingKeys: privateKey });
}
