import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import * as clients from '../../lib/aws/clients.ts';
import { type LocalAws, REGION, startAws } from '../../local/aws/aws.ts';
import { localUser } from '../../local/aws/sts.ts';

const HASH = createHash('sha256').update('the body of a command').digest('hex');
const MINUTE_MS = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'fairlead-sts-'));
let aws: LocalAws;
before(async () => {
  aws = await startAws({
    folder,
    port: 0,
    contents: { functions: new Map(), parameters: new Map(), secrets: new Map(), onEvent: () => {} },
    onTableWrite: () => {},
  });
});
after(async () => {
  await aws.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Presigner {
  presign(request: object, options: object): Promise<{ query: Record<string, string> }>;
}

const isPresigner = (signer: object): signer is Presigner => 'presign' in signer;

/** A GetCallerIdentity, presigned by the AWS SDK's own signer. */
async function presigned(
  options: {
    readonly signingDate?: Date;
    readonly expiresIn?: number;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
    readonly service?: string;
    readonly action?: string;
    readonly hash?: string;
    readonly hostname?: string;
  } = {},
): Promise<URL> {
  const client = new STSClient({
    region: REGION,
    credentials: {
      ...aws.keys,
      ...(options.secretAccessKey === undefined ? {} : { secretAccessKey: options.secretAccessKey }),
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken }),
    },
  });
  const signer = await client.config.signer({
    name: 'sigv4',
    signingName: options.service ?? 'sts',
    signingRegion: REGION,
    properties: {},
  });
  assert.ok(isPresigner(signer));
  const { hostname = '127.0.0.1' } = options;
  const { query } = await signer.presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname,
      port: aws.port,
      path: '/',
      query: { Action: options.action ?? 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: `${hostname}:${aws.port}`, 'x-fairlead-command': options.hash ?? HASH },
    },
    {
      expiresIn: options.expiresIn ?? 900,
      ...(options.signingDate === undefined ? {} : { signingDate: options.signingDate }),
      unhoistableHeaders: new Set(['x-fairlead-command']),
    },
  );
  return new URL(`http://127.0.0.1:${aws.port}/?${new URLSearchParams(query)}`);
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** By node:http, which sends whatever Host it is given. */
const ask = (url: URL, headers: Record<string, string> = { 'x-fairlead-command': HASH }): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      // URLSearchParams writes a blank as "+", which SigV4 has as "%20".
      {
        host: '127.0.0.1',
        port: aws.port,
        path: `${url.pathname}${url.search.replaceAll('+', '%20')}`,
        headers,
      },
      (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text }),
        );
      },
    );
    sent.once('error', reject);
    sent.end();
  });

async function refusedWith(answer: Promise<Answer>, code: string, why?: RegExp): Promise<void> {
  const { status, type, text } = await answer;
  assert.equal(status, code === 'IncompleteSignature' || code === 'InvalidAction' ? 400 : 403, text);
  assert.equal(type, 'text/xml');
  assert.match(text, new RegExp(`<Code>${code}</Code>`));
  assert.doesNotMatch(text, /<Arn>/);
  if (why !== undefined) assert.match(text, why);
}

describe('who the local STS says that one is', () => {
  test("the SDK's own call is answered with this machine's user", async () => {
    const found = await clients.sts(aws.environment).send(new GetCallerIdentityCommand({}));
    assert.equal(found.Arn, `arn:aws:iam::000000000000:user/${localUser()}`);
    assert.equal(found.Account, '000000000000');
    assert.ok(found.UserId);
    assert.ok(localUser().startsWith(userInfo().username.slice(0, 1)));
  });

  test('one with a wrong secret is not believed', async () => {
    const wrong = { ...aws.environment, AWS_SECRET_ACCESS_KEY: 'another' };
    await assert.rejects(clients.sts(wrong).send(new GetCallerIdentityCommand({})), {
      name: 'SignatureDoesNotMatch',
    });
  });

  test('one with a session token, of which there are none here, is not believed', async () => {
    const wrong = { ...aws.environment, AWS_SESSION_TOKEN: 'a token' };
    await assert.rejects(clients.sts(wrong).send(new GetCallerIdentityCommand({})), {
      name: 'InvalidClientTokenId',
    });
  });

  test('what it has not it says', async () => {
    await assert.rejects(clients.sts(aws.environment).send(new GetSessionTokenCommand({})), {
      name: 'InvalidAction',
    });
  });
});

describe('a GetCallerIdentity that was presigned', () => {
  test('says who made it, in XML', async () => {
    const { status, type, text } = await ask(await presigned());
    assert.equal(status, 200, text);
    assert.equal(type, 'text/xml');
    assert.match(
      text,
      /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">/,
    );
    assert.ok(text.includes(`<Arn>arn:aws:iam::000000000000:user/${localUser()}</Arn>`));
    assert.ok(text.includes('<Account>000000000000</Account>'));
  });

  test('says it in JSON to who asks for that', async () => {
    const { type, text } = await ask(await presigned(), {
      'x-fairlead-command': HASH,
      accept: 'application/json',
    });
    assert.equal(type, 'application/json');
    const answer = JSON.parse(text).GetCallerIdentityResponse.GetCallerIdentityResult;
    assert.equal(answer.Arn, `arn:aws:iam::000000000000:user/${localUser()}`);
  });

  test('is good until it expires', async () => {
    const nearly = new Date(Date.now() - 14 * MINUTE_MS);
    assert.equal((await ask(await presigned({ signingDate: nearly }))).status, 200);
    const late = new Date(Date.now() - 16 * MINUTE_MS);
    await refusedWith(ask(await presigned({ signingDate: late })), 'SignatureDoesNotMatch', /expired/);
    const short = new Date(Date.now() - 2 * MINUTE_MS);
    await refusedWith(
      ask(await presigned({ signingDate: short, expiresIn: 60 })),
      'SignatureDoesNotMatch',
      /expired/,
    );
  });

  test('is not good before its time', async () => {
    const early = new Date(Date.now() + 6 * MINUTE_MS);
    await refusedWith(ask(await presigned({ signingDate: early })), 'SignatureDoesNotMatch', /not yet/);
  });

  test('binds the digest of the command', async () => {
    const other = createHash('sha256').update('another command').digest('hex');
    const url = await presigned();
    await refusedWith(ask(url, { 'x-fairlead-command': other }), 'SignatureDoesNotMatch');
    await refusedWith(ask(url, {}), 'SignatureDoesNotMatch');
  });

  test('binds the host that it is for', async () => {
    const url = await presigned();
    await refusedWith(
      ask(url, { 'x-fairlead-command': HASH, host: `localhost:${aws.port}` }),
      'SignatureDoesNotMatch',
    );
    assert.equal(
      (
        await ask(await presigned({ hostname: 'localhost' }), {
          'x-fairlead-command': HASH,
          host: `localhost:${aws.port}`,
        })
      ).status,
      200,
    );
  });

  test('binds every word of its query', async () => {
    const changes: Readonly<Record<string, string>> = {
      Action: 'GetSessionToken',
      Version: '2011-06-16',
      'X-Amz-Expires': '3600',
      'X-Amz-Date': new Date(Date.now() + 1000).toISOString().replace(/[-:]|\.\d{3}/g, ''),
      'X-Amz-SignedHeaders': 'host',
      more: '1',
    };
    for (const [name, value] of Object.entries(changes)) {
      const url = await presigned();
      url.searchParams.set(name, value);
      await refusedWith(ask(url), 'SignatureDoesNotMatch');
    }
  });

  test('needs the key of this installation', async () => {
    await refusedWith(ask(await presigned({ secretAccessKey: 'guessed' })), 'SignatureDoesNotMatch');
    await refusedWith(ask(await presigned({ sessionToken: 'stolen' })), 'InvalidClientTokenId');
    const url = await presigned();
    const credential = url.searchParams.get('X-Amz-Credential') ?? '';
    url.searchParams.set('X-Amz-Credential', credential.replace(/^[^/]+/, 'LOCAL0123456789ABCDE'));
    assert.equal((await ask(url)).status, 403);
  });

  test('is for this service, and for nothing else that STS does', async () => {
    await refusedWith(ask(await presigned({ service: 's3' })), 'SignatureDoesNotMatch', /service: 'sts'/);
    await refusedWith(ask(await presigned({ action: 'GetSessionToken' })), 'InvalidAction');
  });

  test('has all of its parts, or is none', async () => {
    for (const name of ['Algorithm', 'Date', 'Expires', 'SignedHeaders', 'Signature']) {
      const url = await presigned();
      url.searchParams.delete(`X-Amz-${name}`);
      const expected = name === 'Algorithm' ? 'MissingAuthenticationToken' : 'IncompleteSignature';
      await refusedWith(ask(url), expected);
    }
    for (const [name, value] of [
      ['X-Amz-Expires', '0'],
      ['X-Amz-Expires', '604801'],
      ['X-Amz-Date', 'yesterday'],
      ['X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256'],
      ['X-Amz-Credential', `${aws.keys.accessKeyId}/x/sts/aws4_request`],
    ] as const) {
      const url = await presigned();
      url.searchParams.set(name, value);
      await refusedWith(ask(url), 'IncompleteSignature');
    }
  });

  test('that signs no host is refused, whoever computed its signature', async () => {
    await refusedWith(ask(byHand('x-fairlead-command')), 'SignatureDoesNotMatch', /'Host' must be/);
    assert.equal((await ask(byHand('host;x-fairlead-command'))).status, 200);
  });
});

/** What no signer makes; written down once more from the documentation, and so a second opinion of the canonical form. */
function byHand(signedHeaders: string): URL {
  const { accessKeyId, secretAccessKey } = aws.keys;
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const scope = `${date}/${REGION}/sts/aws4_request`;
  const query = [
    'Action=GetCallerIdentity',
    'Version=2011-06-15',
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${time}`,
    'X-Amz-Expires=900',
    `X-Amz-SignedHeaders=${encodeURIComponent(signedHeaders)}`,
  ].join('&');
  const values: Readonly<Record<string, string>> = {
    host: `127.0.0.1:${aws.port}`,
    'x-fairlead-command': HASH,
  };
  const lines = signedHeaders.split(';').map((name) => `${name}:${values[name]}`);
  const empty = createHash('sha256').digest('hex');
  const canonical = ['GET', '/', query, ...lines, '', signedHeaders, empty].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  let key = Buffer.from(`AWS4${secretAccessKey}`);
  for (const part of [date, REGION, 'sts', 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`)
    .digest('hex');
  return new URL(`http://127.0.0.1:${aws.port}/?${query}&X-Amz-Signature=${signature}`);
}
