import { createHash } from 'node:crypto';
import { NoSshKey, parseSshKey, type SshKey } from '../ssh/key.ts';
import { string, uint32 } from '../ssh/wire.ts';
import { NoSigningKey } from './no-signing-key.ts';

/** What a signature is for, so that one made elsewhere is none of a commit (git, gpg-interface.c). */
const NAMESPACE = 'git';
const HASH = 'sha512';
const VERSION = 1;
const LINE = 70;

/**
 * Signs as `ssh-keygen -Y sign -n git` does (PROTOCOL.sshsig of OpenSSH), in this process: a delivery signs up to 200
 * commits, each upon the one before, and the key is in no file.
 * @throws NoSigningKey
 */
export function sshSigner(text: string): (payload: Buffer) => Promise<string> {
  let key: SshKey;
  try {
    key = parseSshKey(text);
  } catch (error) {
    throw error instanceof NoSshKey ? new NoSigningKey(error.message) : error;
  }
  return async (payload) => armoured(signatureOf(key, payload));
}

function signatureOf(key: SshKey, payload: Buffer): Buffer {
  const magic = Buffer.from('SSHSIG');
  const context = [string(NAMESPACE), string(''), string(HASH)];
  const hashed = createHash(HASH).update(payload).digest();
  const signature = key.sign(Buffer.concat([magic, ...context, string(hashed)]), HASH);
  return Buffer.concat([magic, uint32(VERSION), string(key.publicBlob), ...context, string(signature)]);
}

function armoured(signature: Buffer): string {
  const lines = signature.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}
