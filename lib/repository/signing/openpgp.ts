import { NoSigningKey } from './no-signing-key.ts';

const SAID_LENGTH = 120;

/**
 * Signs with an armoured OpenPGP private key. The library is loaded here and nowhere else: who does not sign does not
 * wait for it.
 * @throws NoSigningKey
 */
export async function openPgpSigner(armored: string): Promise<(payload: Buffer) => Promise<string>> {
  const { createMessage, readPrivateKey, sign } = await import('openpgp');
  const key = await readPrivateKey({ armoredKey: armored }).catch(() => {
    throw new NoSigningKey(
      /BEGIN PGP PUBLIC KEY/.test(armored)
        ? 'it holds the public half of a key; the private one is wanted ("gpg --armor --export-secret-keys ID")'
        : 'it holds no armoured OpenPGP private key ("gpg --armor --export-secret-keys ID"), or its line ends were lost',
    );
  });
  const signingKey = await key.getSigningKey().catch((error: unknown) => {
    const why = error instanceof Error ? error.message.slice(0, SAID_LENGTH) : '';
    throw new NoSigningKey(
      `the OpenPGP key cannot sign now (${why}): has it expired, or no part for signing?`,
    );
  });
  if (!('isDecrypted' in signingKey.keyPacket) || !signingKey.keyPacket.isDecrypted())
    throw new NoSigningKey('the OpenPGP key has a passphrase: store it without one');
  return async (payload) => {
    const message = await createMessage({ binary: new Uint8Array(payload) });
    return (await sign({ message, signingKeys: key, detached: true, format: 'armored' })).replaceAll(
      '\r',
      '',
    );
  };
}
