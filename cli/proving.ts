import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Environment } from '../lib/aws/environment.ts';
import { stsEndpoint } from '../lib/aws/sts-endpoint.ts';
import { PROOF_SECONDS, type Proof, proof } from '../lib/commands/command.ts';
import { COMMAND_HEADER, headerOf, PROOF_QUERY } from '../lib/commands/proof.ts';
import type { Digest } from '../lib/content/tree.ts';

export interface Signing {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly region: string;
  readonly environment: Environment;
}

/**
 * Who gives a command, as AWS can tell: a GetCallerIdentity that is presigned here and sent by receive-upload, with the
 * command's digest in a signed header. Nothing is sent, and no secret key is in it.
 */
export async function prove(
  digest: Digest,
  { credentials, region, environment }: Signing,
  now: Date,
): Promise<Proof> {
  const endpoint = stsEndpoint(region, environment);
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      ...(endpoint.port === '' ? {} : { port: Number(endpoint.port) }),
      path: '/',
      query: { ...PROOF_QUERY },
      headers: { host: endpoint.host, [COMMAND_HEADER]: headerOf(digest) },
    },
    { expiresIn: PROOF_SECONDS, signingDate: now, unhoistableHeaders: new Set([COMMAND_HEADER]) },
  );
  const { sessionToken: token } = credentials;
  return proof.parse({
    region,
    date: query['X-Amz-Date'],
    accessKeyId: credentials.accessKeyId,
    signature: query['X-Amz-Signature'],
    ...(token === undefined ? {} : { token }),
  });
}

/** SHA-256 as AWS's signer takes it. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret);
    this.#hash = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#begin();
  }
}

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array => {
  if (typeof data === 'string') return data;
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
};
