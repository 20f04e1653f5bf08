import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { mpint, string, WireReader } from './wire.ts';

/** How an RSA key hashes; the others have one way each (RFC 8332: `rsa-sha2-256`, `rsa-sha2-512`). */
export type RsaHash = 'sha256' | 'sha512';

/** A private key as SSH uses it. What it holds never leaves this process. */
export interface SshKey {
  /** The public half as SSH writes it on the wire. */
  readonly publicBlob: Buffer;
  /** `<type> <base64>`, as in authorized_keys. */
  readonly publicLine: string;
  /** A signature as SSH writes it on the wire (RFC 4253, section 6.6; RFC 5656; RFC 8709). */
  sign(data: Buffer, hash: RsaHash): Buffer;
}

/** The text is no private key that can be used here. The message says why and holds no part of it. */
export class NoSshKey extends Error {
  override readonly name = 'NoSshKey';
}

const CURVES: Readonly<
  Record<string, { readonly curve: string; readonly hash: string; readonly bytes: number }>
> = {
  'P-256': { curve: 'nistp256', hash: 'sha256', bytes: 32 },
  'P-384': { curve: 'nistp384', hash: 'sha384', bytes: 48 },
  'P-521': { curve: 'nistp521', hash: 'sha512', bytes: 66 },
};

/**
 * Reads a private key of `ssh-keygen` (ed25519, ecdsa, rsa) or in PEM, without a passphrase.
 * @throws NoSshKey
 */
export function parseSshKey(text: string): SshKey {
  const key = /-----BEGIN OPENSSH PRIVATE KEY-----/.test(text) ? fromOpenSsh(text) : fromPem(text);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  switch (jwk.kty) {
    case 'OKP':
      if (jwk.crv === 'Ed25519') return ed25519(key, jwk);
      break;
    case 'EC':
      if (jwk.crv !== undefined && jwk.crv in CURVES) return ecdsa(key, jwk);
      break;
    case 'RSA':
      return rsa(key, jwk);
  }
  throw new NoSshKey(
    'it is a key of a kind that SSH does not use here: make one with "ssh-keygen -t ed25519"',
  );
}

function ed25519(key: KeyObject, { x }: JsonWebKey): SshKey {
  return sshKey('ssh-ed25519', [string(bytesOf(x))], (data) => [
    string('ssh-ed25519'),
    string(sign(null, data, key)),
  ]);
}

function ecdsa(key: KeyObject, { crv = '', x, y }: JsonWebKey): SshKey {
  const { curve, hash, bytes } = CURVES[crv] as (typeof CURVES)[string];
  const point = Buffer.concat([Buffer.from([4]), bytesOf(x), bytesOf(y)]);
  const type = `ecdsa-sha2-${curve}`;
  return sshKey(type, [string(curve), string(point)], (data) => {
    const both = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
    return [
      string(type),
      string(Buffer.concat([mpint(both.subarray(0, bytes)), mpint(both.subarray(bytes))])),
    ];
  });
}

function rsa(key: KeyObject, { n, e }: JsonWebKey): SshKey {
  return sshKey('ssh-rsa', [mpint(bytesOf(e)), mpint(bytesOf(n))], (data, hash) => [
    string(`rsa-sha2-${hash.slice(3)}`),
    string(sign(hash, data, key)),
  ]);
}

function sshKey(
  type: string,
  numbers: readonly Buffer[],
  signed: (data: Buffer, hash: RsaHash) => readonly Buffer[],
): SshKey {
  const publicBlob = Buffer.concat([string(type), ...numbers]);
  return {
    publicBlob,
    publicLine: `${type} ${publicBlob.toString('base64')}`,
    sign: (data, hash) => Buffer.concat(signed(data, hash)),
  };
}

function fromPem(text: string): KeyObject {
  if (/^(ssh-|ecdsa-)/.test(text.trim()))
    throw new NoSshKey('it is the public half of a key; the private one is wanted');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new NoSshKey('it is no private key: it begins with no "-----BEGIN … PRIVATE KEY-----" line');
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new NoSshKey(
      /passphrase/i.test(String(error))
        ? ENCRYPTED
        : 'its PEM text is damaged: were its line ends lost on the way?',
    );
  }
}

const ENCRYPTED = 'it has a passphrase: store it without one ("ssh-keygen -p -N \'\' -f FILE")';
const MAGIC = 'openssh-key-v1\0';

/** PROTOCOL.key of OpenSSH: one key, not encrypted. */
function fromOpenSsh(text: string): KeyObject {
  try {
    const [, base64 = ''] =
      /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END OPENSSH PRIVATE KEY-----/.exec(text) ?? [];
    const all = Buffer.from(base64, 'base64');
    if (all.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) throw new RangeError('no key');
    const outer = new WireReader(all.subarray(MAGIC.length));
    if (outer.string().toString() !== 'none') throw new NoSshKey(ENCRYPTED);
    outer.string();
    outer.string();
    if (outer.uint32() !== 1) throw new RangeError('more than one key');
    outer.string();
    const inner = new WireReader(outer.string());
    const check = inner.uint32();
    if (inner.uint32() !== check) throw new RangeError('check numbers');
    return createPrivateKey({ key: jwkOf(inner), format: 'jwk' });
  } catch (error) {
    if (error instanceof NoSshKey) throw error;
    throw new NoSshKey('its text is damaged: were its line ends lost on the way?');
  }
}

function jwkOf(reader: WireReader): JsonWebKey {
  const type = reader.string().toString();
  if (type === 'ssh-ed25519') {
    const x = reader.string();
    return { kty: 'OKP', crv: 'Ed25519', x: url(x), d: url(reader.string().subarray(0, 32)) };
  }
  if (type.startsWith('ecdsa-sha2-')) {
    const curve = reader.string().toString();
    const [crv, { bytes }] =
      Object.entries(CURVES).find(([, known]) => known.curve === curve) ?? unknown(type);
    const point = reader.string();
    const d = reader.string();
    const padded = Buffer.concat([Buffer.alloc(bytes), d]).subarray(-bytes);
    return {
      kty: 'EC',
      crv,
      x: url(point.subarray(1, 1 + bytes)),
      y: url(point.subarray(1 + bytes)),
      d: url(padded),
    };
  }
  if (type === 'ssh-rsa') {
    const [n, e, d, qi, p, q] = [0, 1, 2, 3, 4, 5].map(() => number(reader.string())) as Six;
    const parts = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi };
    return {
      kty: 'RSA',
      ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, url(unsigned(value))])),
    };
  }
  return unknown(type);
}

type Six = [bigint, bigint, bigint, bigint, bigint, bigint];

function unknown(type: string): never {
  const shown = /^[\w@.-]{1,60}$/.test(type) ? type : 'unknown';
  throw new NoSshKey(`keys of type ${shown} cannot be used here: make one with "ssh-keygen -t ed25519"`);
}

const bytesOf = (base64url: string | undefined): Buffer => Buffer.from(base64url ?? '', 'base64url');
const url = (bytes: Buffer): string => bytes.toString('base64url');
const number = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex') || '0'}`);
const unsigned = (value: bigint): Buffer => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
};
