// tsyringe, inside @peculiar/x509, needs this loaded before it.
import 'reflect-metadata';
import { createHash, createSign, KeyObject, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { canonicalJson } from '../../../../lib/objects/json.ts';

/**
 * A Sigstore of one's own: a certificate authority that names identities as Fulcio does, a certificate log, and a
 * transparency log like Rekor's, with a root that says whom to believe. Whatever it signs it can sign wrongly.
 */
export interface Authority {
  /** Text of its trusted_root.json. */
  readonly root: string;
  sign(bytes: Buffer, who: Identity, how?: How): Promise<string>;
  attest(statement: unknown, who: Identity, how?: How): Promise<string>;
}

export interface Identity {
  readonly issuer: string;
  /** A workflow's address with its ref. */
  readonly identity: string;
  readonly repository?: string;
  readonly ref?: string;
  readonly environment?: string;
}

export interface How {
  /** When the log took it in; a certificate lives ten minutes from `certified`. */
  readonly logged?: Date;
  readonly certified?: Date;
  readonly promise?: 'left out';
  readonly sct?: 'left out';
  readonly checkpointName?: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const FULCIO = '1.3.6.1.4.1.57264.1';
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const CERTIFIED = new Date('2026-11-21T12:00:00Z');
const MINUTE = 60_000;

interface Log {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly spki: Buffer;
  readonly id: Buffer;
}

export async function sigstoreAuthority(name = 'sigstore.test'): Promise<Authority> {
  const ca = await keyPair();
  const [certificates, transparency] = [await newLog(), await newLog()];
  const subject = `O=${name}, CN=authority`;
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: subject,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2036-01-01T00:00:00Z'),
    keys: ca,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(ca.publicKey),
    ],
  });
  let serial = 1;

  async function certify(who: Identity, { certified = CERTIFIED, sct }: How) {
    const keys = await keyPair();
    serial += 1;
    const common = {
      serialNumber: serial.toString(16).padStart(8, '0'),
      subject: '',
      issuer: subject,
      notBefore: certified,
      notAfter: new Date(certified.getTime() + 10 * MINUTE),
      publicKey: keys.publicKey,
      signingKey: ca.privateKey,
      signingAlgorithm: ALGORITHM,
    };
    const named = [
      [8, who.issuer],
      [12, who.repository],
      [14, who.ref],
      [23, who.environment],
    ] as const;
    const extensions = [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
      await x509.AuthorityKeyIdentifierExtension.create(root),
      new x509.SubjectAlternativeNameExtension(
        [{ type: who.identity.includes('://') ? 'url' : 'email', value: who.identity }],
        true,
      ),
      ...named.flatMap(([number, text]) =>
        text === undefined ? [] : [new x509.Extension(`${FULCIO}.${number}`, false, utf8String(text))],
      ),
    ];
    const before = await x509.X509CertificateGenerator.create({ ...common, extensions });
    if (sct === 'left out') return { keys, certificate: Buffer.from(before.rawData) };
    const list = sctList(certificates, Buffer.from(root.publicKey.rawData), tbsOf(before), certified);
    const whole = await x509.X509CertificateGenerator.create({
      ...common,
      extensions: [...extensions, new x509.Extension(SCT_LIST, false, octetString(list))],
    });
    return { keys, certificate: Buffer.from(whole.rawData) };
  }

  function entryOf(body: object, kind: string, { logged = CERTIFIED, promise, checkpointName }: How) {
    const canonicalizedBody = Buffer.from(canonicalJson(body));
    const integratedTime = Math.floor(logged.getTime() / 1000);
    const logIndex = 7;
    const set = signWith(
      transparency.keys,
      Buffer.from(
        canonicalJson({
          body: canonicalizedBody.toString('base64'),
          integratedTime,
          logIndex,
          logID: transparency.id.toString('hex'),
        }),
      ),
    );
    const rootHash = createHash('sha256')
      .update(Buffer.from([0]))
      .update(canonicalizedBody)
      .digest();
    const note = `rekor.${name}\n1\n${rootHash.toString('base64')}\n`;
    const signature = Buffer.concat([
      transparency.id.subarray(0, 4),
      signWith(transparency.keys, Buffer.from(note)),
    ]);
    const envelope = `${note}\n\u2014 ${checkpointName ?? `rekor.${name}`} ${signature.toString('base64')}\n`;
    return {
      logIndex: String(logIndex),
      logId: { keyId: transparency.id.toString('base64') },
      kindVersion: { kind, version: '0.0.1' },
      integratedTime: String(integratedTime),
      ...(promise === 'left out'
        ? {}
        : { inclusionPromise: { signedEntryTimestamp: set.toString('base64') } }),
      inclusionProof: {
        logIndex: '0',
        rootHash: rootHash.toString('base64'),
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope },
      },
      canonicalizedBody: canonicalizedBody.toString('base64'),
    };
  }

  const bundleOf = (certificate: Buffer, entry: object, content: object) =>
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: certificate.toString('base64') },
        tlogEntries: [entry],
      },
      ...content,
    });

  return {
    root: rootText(name, root, certificates, transparency),
    async sign(bytes, who, how = {}) {
      const { keys, certificate } = await certify(who, how);
      const signature = signWith(keys, bytes).toString('base64');
      const digest = createHash('sha256').update(bytes).digest();
      const body = {
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
          signature: { content: signature, publicKey: { content: pem(certificate) } },
        },
      };
      return bundleOf(certificate, entryOf(body, 'hashedrekord', how), {
        messageSignature: {
          messageDigest: { algorithm: 'SHA2_256', digest: digest.toString('base64') },
          signature,
        },
      });
    },
    async attest(statement, who, how = {}) {
      const { keys, certificate } = await certify(who, how);
      const payload = Buffer.from(JSON.stringify(statement));
      const type = 'application/vnd.in-toto+json';
      const encoded = Buffer.concat([
        Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `),
        payload,
      ]);
      const signature = signWith(keys, encoded).toString('base64');
      const body = {
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: {
          envelopeHash: { algorithm: 'sha256', value: '' },
          payloadHash: {
            algorithm: 'sha256',
            value: createHash('sha256').update(payload).digest('hex'),
          },
          signatures: [{ signature, verifier: pem(certificate) }],
        },
      };
      return bundleOf(certificate, entryOf(body, 'dsse', how), {
        dsseEnvelope: {
          payload: payload.toString('base64'),
          payloadType: type,
          signatures: [{ sig: signature }],
        },
      });
    },
  };
}

function rootText(name: string, root: x509.X509Certificate, certificates: Log, transparency: Log): string {
  const logOf = (url: string, { spki, id }: Log) => ({
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spki.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: '2026-01-01T00:00:00Z' },
    },
    logId: { keyId: id.toString('base64') },
  });
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logOf(`https://rekor.${name}`, transparency)],
    certificateAuthorities: [
      {
        subject: { organization: name, commonName: 'authority' },
        uri: `https://fulcio.${name}`,
        certChain: { certificates: [{ rawBytes: Buffer.from(root.rawData).toString('base64') }] },
        validFor: { start: '2026-01-01T00:00:00Z' },
      },
    ],
    ctlogs: [logOf(`https://ctfe.${name}`, certificates)],
    timestampAuthorities: [],
  });
}

const keyPair = async (): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function newLog(): Promise<Log> {
  const keys = await keyPair();
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
  return { keys, spki, id: createHash('sha256').update(spki).digest() };
}

const privateOf = ({ privateKey }: webcrypto.CryptoKeyPair): KeyObject => KeyObject.from(privateKey);
const signWith = (keys: webcrypto.CryptoKeyPair, data: Buffer): Buffer =>
  createSign('sha256').update(data).sign(privateOf(keys));

/** What is signed of a certificate: the first element of the outer sequence, as it stands. */
function tbsOf(certificate: x509.X509Certificate): Buffer {
  const whole = Buffer.from(certificate.rawData);
  const outer = headerOf(whole, 0);
  const inner = headerOf(whole, outer.start);
  return whole.subarray(outer.start, inner.start + inner.length);
}

function headerOf(der: Buffer, at: number): { readonly start: number; readonly length: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, length: first };
  const octets = first - 0x80;
  return { start: at + 2 + octets, length: der.readUIntBE(at + 2, octets) };
}

/** One signed timestamp of a precertificate (RFC 6962, sections 3.2 and 3.3). */
function sctList(log: Log, issuerKey: Buffer, tbs: Buffer, at: Date): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at.getTime()));
  const issuer = createHash('sha256').update(issuerKey).digest();
  const none = sized(Buffer.alloc(0), 2);
  const signed = Buffer.concat([Buffer.from([0, 0]), time, Buffer.from([0, 1]), issuer, sized(tbs, 3), none]);
  const signature = Buffer.concat([Buffer.from([4, 3]), sized(signWith(log.keys, signed), 2)]);
  return sized(sized(Buffer.concat([Buffer.from([0]), log.id, time, none, signature]), 2), 2);
}

function sized(data: Buffer, octets: number): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(data.length, 0, octets);
  return Buffer.concat([length, data]);
}

const tagged = (tag: number, data: Buffer): Buffer => {
  const length =
    data.length < 0x80
      ? Buffer.from([data.length])
      : data.length < 0x100
        ? Buffer.from([0x81, data.length])
        : Buffer.from([0x82, data.length >> 8, data.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, data]);
};
const utf8String = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
const octetString = (data: Buffer): Buffer => tagged(0x04, data);

const pem = (certificate: Buffer): string =>
  Buffer.from(
    `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  ).toString('base64');
