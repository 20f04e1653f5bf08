import assert from 'node:assert/strict';
import { createHash, createHmac, type Hmac, type Hash as NodeHash } from 'node:crypto';
import { test } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { eksToken } from '../../../lib/cluster/eks-token.ts';

/** SHA-256 as AWS's own signer wants it. */
class Sha256 {
  readonly #hash: NodeHash | Hmac;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: Uint8Array | string) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}

const now = new Date('2026-11-21T12:34:56.789Z');

for (const [name, credentials] of [
  ['of a user', { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }],
  [
    'of a role',
    { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'abc/def+ghi', sessionToken: 'IQoJb3JpZ2lu/+=*(x)' },
  ],
] as const) {
  test(`a token for EKS with credentials ${name} is what AWS's own signer makes`, async () => {
    const signer = new SignatureV4({
      service: 'sts',
      region: 'eu-central-1',
      credentials,
      sha256: Sha256 as never,
      applyChecksum: false,
    });
    const expected = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname: 'sts.eu-central-1.amazonaws.com',
        path: '/',
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
        headers: { host: 'sts.eu-central-1.amazonaws.com', 'x-k8s-aws-id': 'main' },
      } as never,
      { expiresIn: 60, signingDate: now, unhoistableHeaders: new Set(['x-k8s-aws-id']) },
    );
    const token = eksToken('main', 'eu-central-1', credentials, now);
    assert.match(token, /^k8s-aws-v1\.[\w-]+$/);
    const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8'));
    assert.equal(url.host, 'sts.eu-central-1.amazonaws.com');
    assert.deepEqual(Object.fromEntries(url.searchParams), { ...expected.query });
  });
}

test('a token is for the STS of the cluster’s own region, in whichever partition that is', () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const hostIn = (region: string): string => {
    const token = eksToken('main', region, credentials, now);
    return new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8')).host;
  };
  assert.deepEqual(
    ['us-east-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1', 'us-iso-east-1'].map(hostIn),
    [
      'sts.us-east-1.amazonaws.com',
      'sts.us-gov-west-1.amazonaws.com',
      'sts.cn-north-1.amazonaws.com.cn',
      'sts.eusc-de-east-1.amazonaws.eu',
      'sts.us-iso-east-1.c2s.ic.gov',
    ],
  );
});
