import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { prove } from '../../../cli/proving.ts';
import { stsOfRegion } from '../../../lib/aws/caller-identity.ts';
import { stsEndpoint } from '../../../lib/aws/sts-endpoint.ts';
import { type Command, digestOfCommand, type Proof } from '../../../lib/commands/command.ts';
import { whyUntimely } from '../../../lib/commands/proof.ts';
import { digestOf } from '../../../lib/content/tree.ts';
import { answerSts } from '../../../local/aws/sts.ts';

const KEYS = { accessKeyId: 'LOCALKEY0000', secretAccessKey: 'secret/of+the=test' };
const ACCOUNT = '000000000000';
const REGION = 'eu-central-1';
const DIGEST = digestOf('a command');

/** What STS answers next, instead of the truth. */
let answer: { status: number; body: string; headers?: Record<string, string> } | undefined;
const heard: string[] = [];
const server = createServer((request, response) => {
  heard.push(`${request.headers.host}${request.url}`);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
  const given =
    answer ??
    answerSts(
      { method: request.method ?? '', url: request.url ?? '', headers, body: Buffer.alloc(0) },
      KEYS,
      ACCOUNT,
    );
  response.writeHead(given.status, given.headers).end(given.body);
});
let environment: Readonly<Record<string, string>>;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  environment = { AWS_REGION: REGION, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
});
after(() => server.close());

const signed = (digest = DIGEST, region = REGION): Promise<Proof> =>
  prove(digest, { credentials: KEYS, region, environment }, new Date());
const asked = (proof: Proof, digest = DIGEST) => stsOfRegion(environment).callerOf(proof, digest);

async function answered<Result>(
  given: NonNullable<typeof answer>,
  work: () => Promise<Result>,
): Promise<Result> {
  answer = given;
  try {
    return await work();
  } finally {
    answer = undefined;
  }
}

describe('a proof that the command line makes', () => {
  test('is told by STS whose it is', async () => {
    const found = await asked(await signed());
    assert.equal(found.kind, 'proven');
    assert.match(found.kind === 'proven' ? found.arn : '', /^arn:aws:iam::000000000000:user\//);
  });

  test('holds no secret, and nothing that says where it is to be shown', async () => {
    const proof = await signed();
    assert.deepEqual(Object.keys(proof).sort(), ['accessKeyId', 'date', 'region', 'signature']);
    assert.ok(!JSON.stringify(proof).includes(KEYS.secretAccessKey));
  });

  test('is of one command', async () => {
    const found = await asked(await signed(), digestOf('another command'));
    assert.equal(found.kind, 'unproven');
  });

  test('is worth nothing when a word of it is changed', async () => {
    const proof = await signed();
    for (const changed of [
      { signature: proof.signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
      { accessKeyId: 'SOMEBODYELSE' },
      { token: 'another' },
      { date: '20261122T041500Z' },
    ])
      assert.equal((await asked({ ...proof, ...changed })).kind, 'unproven', JSON.stringify(changed));
  });

  test('of another region is not shown to anybody', async () => {
    const before = heard.length;
    const found = await asked(await signed(DIGEST, 'us-east-1'));
    assert.match(found.kind === 'unproven' ? found.why : '', /signed for region us-east-1/);
    assert.equal(heard.length, before);
  });

  test('goes to STS alone: its words are of the query, however they are written', async () => {
    const proof = { ...(await signed()), token: '@attacker.example/?#&Action=AssumeRole&' };
    assert.equal((await asked(proof)).kind, 'unproven');
    const last = new URL(`http://${heard.at(-1)}`);
    assert.equal(last.host, new URL(environment.AWS_ENDPOINT_URL ?? '').host);
    assert.equal(last.pathname, '/');
    assert.deepEqual(last.searchParams.getAll('Action'), ['GetCallerIdentity']);
  });
});

describe('while STS does not answer as STS does', () => {
  const code = (name: string) => JSON.stringify({ Error: { Type: 'Sender', Code: name, Message: '' } });
  for (const [name, given] of [
    ['5xx', { status: 503, body: code('ServiceUnavailable') }],
    ['throttled', { status: 400, body: code('Throttling') }],
    ['a proxy’s page', { status: 403, body: '<html>blocked</html>' }],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['no JSON', { status: 200, body: 'well' }],
    [
      'an account that is not the ARN’s',
      {
        status: 200,
        body: JSON.stringify({
          GetCallerIdentityResponse: {
            GetCallerIdentityResult: { Account: '111122223333', Arn: 'arn:aws:iam::999999999999:root' },
          },
        }),
      },
    ],
    ['too long an answer', { status: 200, body: 'x'.repeat(64 * 1024) }],
  ] as const)
    test(`nothing is known, and it is asked again: ${name}`, async () => {
      const proof = await signed();
      await assert.rejects(
        answered(given, () => asked(proof)),
        (error: Error) => {
          assert.ok(!error.message.includes(proof.signature), 'the message tells the signature');
          return true;
        },
      );
    });

  test('a refusal in its own words is one', async () => {
    const proof = await signed();
    const found = await answered({ status: 403, body: code('ExpiredToken') }, () => asked(proof));
    assert.match(found.kind === 'unproven' ? found.why : '', /have run out/);
  });
});

test('STS is the region’s own; only an endpoint of this machine goes before it', () => {
  const host = (region: string, variables: Readonly<Record<string, string>>) =>
    stsEndpoint(region, variables).host;
  assert.equal(host('eu-central-1', {}), 'sts.eu-central-1.amazonaws.com');
  assert.equal(host('cn-north-1', {}), 'sts.cn-north-1.amazonaws.com.cn');
  assert.equal(host('eusc-de-east-1', {}), 'sts.eusc-de-east-1.amazonaws.eu');
  assert.equal(host('eu-central-1', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }), '127.0.0.1:4566');
  assert.equal(
    host('eu-central-1', { AWS_ENDPOINT_URL_STS: 'https://vpce-1.sts.eu-central-1.vpce.amazonaws.com' }),
    'sts.eu-central-1.amazonaws.com',
  );
});

describe('a proof is of the time of its command', () => {
  const at = new Date('2026-11-22T04:15:00Z');
  const untimely = (signedAt: number, putAt: number, now: number, given = 0): string | undefined => {
    const time = (seconds: number) => new Date(at.getTime() + seconds * 1000);
    const verb: Command['verb'] = { kind: 'freeze', scope: { kind: 'target' } };
    const unproven = {
      schema: 1,
      id: 'x',
      installation: 'i',
      target: 't',
      at: time(given).toISOString(),
      verb,
    } as const;
    const date = time(signedAt)
      .toISOString()
      .replace(/[-:]|\.\d{3}/g, '');
    const proof: Proof = {
      region: REGION,
      date,
      accessKeyId: 'AKIA',
      signature: digestOfCommand(unproven).slice(7),
    };
    return whyUntimely({ ...unproven, proof }, time(putAt), time(now));
  };
  test('for a quarter of an hour', () => {
    assert.equal(untimely(0, 1, 5), undefined);
    assert.equal(untimely(0, 899, 900), undefined);
    assert.match(untimely(0, 901, 901) ?? '', /before it was put into the bucket/);
    assert.match(untimely(0, 10, 901) ?? '', /could not be shown to AWS in time/);
  });
  test('and not for one to come, but for a clock that is a little ahead', () => {
    assert.equal(untimely(240, 0, 0), undefined);
    assert.match(untimely(301, 0, 0, 301) ?? '', /clock of the machine that signed it is ahead/);
  });
  test('and not for a command of another hour', () => {
    assert.match(untimely(0, 0, 0, -3600) ?? '', /for a command of/);
  });
});
