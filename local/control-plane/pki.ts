// tsyringe, inside @peculiar/x509, needs this loaded before it.
import 'reflect-metadata';
import { generateKeyPair, randomBytes, webcrypto } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';

/**
 * The certificates of a local control plane. The authority and the service accounts' keys are made once and kept, so
 * that tokens and copied kubeconfigs outlive a restart; the certificates it issues are made anew at each start.
 */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const AUTHORITY_DAYS = 10 * 365;
const CERTIFICATE_DAYS = 365;
const SKEW_MS = 5 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  readonly file: string;
  /** For a server on this machine. @param names that it has, beside its address */
  server(names?: readonly string[]): Promise<Certificate>;
  /** Kubernetes reads the common name as the user and each organisation as a group. */
  client(user: string, groups: readonly string[]): Promise<Certificate>;
}

/** The authority kept in `folder`, made if there is none yet. Files are readable by their owner alone. */
export async function openAuthority(folder: string, name: string): Promise<Authority> {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  if (!(await exists(files.key, files.certificate)))
    await writeCertificate(files, await createAuthority(name));
  const certificate = new x509.X509Certificate(await readFile(files.certificate, 'utf8'));
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(await readFile(files.key, 'utf8')),
    KEY,
    false,
    ['sign'],
  );

  const issue = async (subject: x509.Name, extensions: x509.Extension[]): Promise<Certificate> => {
    const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
    const issued = await x509.X509CertificateGenerator.create({
      ...validity(CERTIFICATE_DAYS),
      serialNumber: serialNumber(),
      subject,
      issuer: certificate.subject,
      signingAlgorithm: SIGNING,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
        ...extensions,
      ],
    });
    return { certificate: issued.toString('pem'), key: await privatePem(keys.privateKey) };
  };

  return {
    certificate: certificate.toString('pem'),
    file: files.certificate,
    server: (names = ['localhost', 'kubernetes.default.svc']) =>
      issue(new x509.Name('CN=127.0.0.1'), [
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension([
          new x509.GeneralName('ip', '127.0.0.1'),
          ...names.map((name) => new x509.GeneralName('dns', name)),
        ]),
      ]),
    client: (user, groups) =>
      issue(new x509.Name([...(groups.length > 0 ? [{ O: [...groups] }] : []), { CN: [user] }]), [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]),
  };
}

/** The keys that service-account tokens are signed with, made if there are none yet. */
export async function openServiceAccountKeys(folder: string): Promise<{ signing: string; checking: string }> {
  const files = {
    signing: join(folder, 'service-account.key'),
    checking: join(folder, 'service-account.pub'),
  };
  if (await exists(files.signing, files.checking)) return files;
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(files.checking, publicKey);
  await writeFile(files.signing, privateKey, { mode: 0o600 });
  return files;
}

/** Writes certificate and key where a server reads them from. */
export async function writeCertificate(files: CertificateFiles, made: Certificate): Promise<void> {
  await mkdir(join(files.key, '..'), { recursive: true, mode: 0o700 });
  await writeFile(files.certificate, made.certificate);
  await writeFile(files.key, made.key, { mode: 0o600 });
}

async function createAuthority(name: string): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(AUTHORITY_DAYS),
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privatePem(keys.privateKey) };
}

const validity = (days: number) => ({
  notBefore: new Date(Date.now() - SKEW_MS),
  notAfter: new Date(Date.now() + days * DAY_MS),
});

const serialNumber = (): string => {
  const bytes = randomBytes(12);
  // The highest bit is the sign: a serial number is positive (RFC 5280, 4.1.2.2).
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
};

const privatePem = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const exists = (...files: string[]): Promise<boolean> =>
  Promise.all(files.map((file) => access(file))).then(
    () => true,
    () => false,
  );
