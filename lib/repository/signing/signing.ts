import type { Secrets } from '../../aws/secrets.ts';
import type { Signing } from '../../config/config.ts';
import { CredentialUnusable, keptSecret } from '../credentials/credential.ts';
import { NoSigningKey } from './no-signing-key.ts';
import { openPgpSigner } from './openpgp.ts';
import { sshSigner } from './ssh-signature.ts';

/** Signs what a commit says, and gives the armoured text that goes into its `gpgsig` header. */
export type Sign = (payload: Buffer) => Promise<string>;

/** Signs commits with a key that is read at the first of them. */
export interface CommitSigner {
  /** @throws CredentialUnusable */
  sign: Sign;
}

/** Made anew for each delivery, so that a rotated key is read by the next one. */
export function signerOf(signing: Signing | undefined, secrets: Secrets): CommitSigner | undefined {
  if (signing === undefined) return undefined;
  const kept = keptSecret(secrets, signing.secret);
  let ready: Promise<Sign> | undefined;
  return {
    async sign(payload) {
      ready ??= kept.value().then((text) => signWith(signing, text));
      return (await ready)(payload);
    },
  };
}

async function signWith({ kind, secret }: Signing, text: string): Promise<Sign> {
  try {
    switch (kind) {
      case 'openpgp':
        return await openPgpSigner(text);
      case 'ssh':
        return sshSigner(text);
    }
  } catch (error) {
    if (!(error instanceof NoSigningKey)) throw error;
    throw new CredentialUnusable(`commits cannot be signed with the secret "${secret}": ${error.message}`);
  }
}
