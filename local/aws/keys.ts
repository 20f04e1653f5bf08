import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Made anew at each start: who does not know them (a web page, another user's tool) is refused. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const newAccessKeys = (): AccessKeys => ({
  accessKeyId: `LOCAL${randomBytes(12).toString('hex').toUpperCase().slice(0, 15)}`,
  secretAccessKey: randomBytes(30).toString('base64url'),
});

/**
 * Whether a request is signed with our access key id: in the `Authorization` header or a presigned URL (SigV4).
 * The id is 60 random bits that nobody but the caller of this start knows; the signature itself is not computed.
 */
export function isSignedWith(keys: AccessKeys, request: IncomingMessage): boolean {
  const header = /\bCredential=([^/,\s]+)\//.exec(request.headers.authorization ?? '')?.[1];
  // Up to the first slash, encoded or not. Before anybody is let in, nothing is decoded that could fail.
  const query = /[?&]X-Amz-Credential=([A-Za-z0-9]+)(?:%2F|\/)/i.exec(request.url ?? '')?.[1];
  const given = header ?? query;
  return given === keys.accessKeyId;
}
