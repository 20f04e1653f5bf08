import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { Secrets } from '../aws/secrets.ts';
import type { GitNetworkSettings } from '../config/git-network.ts';

/** How hosts of others are reached from here: through which proxy, and whose certificates are trusted. */
export interface Outward {
  /** For git, as `-c name=value`. @throws OutwardUnusable */
  gitConfig(url: string): Promise<readonly string[]>;
  /** For Node's https. @throws OutwardUnusable */
  agentFor(url: string): Promise<Way>;
}

export interface Way {
  /** `false`: Node's own, new for each call. */
  readonly agent: Agent | false;
  /** Through a proxy names are looked up there: what they lead to cannot be judged here. */
  readonly by: 'proxy' | 'itself';
}

/** The message is for who configured it. */
export class OutwardUnusable extends Error {
  override readonly name = 'OutwardUnusable';
}

export const DIRECT: Outward = {
  gitConfig: async () => [],
  agentFor: async () => ({ agent: false, by: 'itself' }),
};

/** Hosts of AWS are never asked for through it: endpoints of the VPC, or the NAT, lead to them. */
const NEVER_PROXIED = ['.amazonaws.com', '.amazonaws.com.cn', '.api.aws'];

/** @param scratch writable: git reads certificates from a file */
export function outwardOf(
  settings: GitNetworkSettings | undefined,
  { secrets, scratch }: { readonly secrets: Secrets; readonly scratch: string },
): Outward {
  if (settings?.caBundle === undefined && settings?.proxy === undefined) return DIRECT;
  const { caBundle, proxy, noProxy } = settings;
  const direct = [...NEVER_PROXIED, ...noProxy];
  // Read anew for each delivery and reading: a bundle is exchanged as a credential is, without a deployment.
  let reading: Promise<string | undefined> | undefined;
  const trusted = (): Promise<string | undefined> => {
    reading ??= caBundle === undefined ? Promise.resolve(undefined) : readBundle(caBundle.secret, secrets);
    return reading;
  };
  const proxyFor = (url: string): string | undefined =>
    proxy === undefined || !url.startsWith('https://') || isDirect(new URL(url).hostname, direct)
      ? undefined
      : proxy;
  return {
    async gitConfig(url) {
      if (!/^https?:/.test(url)) return [];
      const bundle = await trusted();
      return [
        ...(bundle === undefined ? [] : ['-c', `http.sslCAInfo=${await asFile(bundle, scratch)}`]),
        // Empty: none, whatever else says.
        '-c',
        `http.proxy=${proxyFor(url) ?? ''}`,
      ];
    },
    async agentFor(url) {
      const bundle = await trusted();
      const through = proxyFor(url);
      if (!url.startsWith('https:')) return { agent: false, by: 'itself' };
      return {
        agent: new Agent({
          keepAlive: false,
          ...(bundle === undefined ? {} : { ca: bundle }),
          ...(through === undefined ? {} : { proxyEnv: { HTTPS_PROXY: through } }),
        }),
        by: through === undefined ? 'itself' : 'proxy',
      };
    },
  };
}

const isDirect = (host: string, direct: readonly string[]): boolean =>
  direct.some((entry) => {
    const [wanted, asked] = [entry.toLowerCase(), host.toLowerCase()];
    return wanted.startsWith('.') ? asked.endsWith(wanted) : asked === wanted;
  });

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of the secret and, since they come beside those, the public ones as Node has them. */
async function readBundle(secret: string, secrets: Secrets): Promise<string> {
  let text: string;
  try {
    text = await secrets.read(secret);
  } catch (error) {
    const why = error instanceof Error ? error.name : 'Error';
    throw new OutwardUnusable(`the CA bundle in secret "${secret}" cannot be read (${why})`);
  }
  const own = text.match(CERTIFICATE) ?? [];
  if (own.length === 0 || !own.every(isCertificate))
    throw new OutwardUnusable(
      `the secret "${secret}" holds no CA bundle: put certificates there in PEM, one after the other, line ends and all`,
    );
  return `${[...own, ...rootCertificates].join('\n')}\n`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** Whole at any moment: while it is written for one git, another may read it. */
async function asFile(bundle: string, scratch: string): Promise<string> {
  await mkdir(scratch, { recursive: true });
  const file = join(scratch, `trusted-${createHash('sha256').update(bundle).digest('hex').slice(0, 16)}.pem`);
  const written = `${file}.${randomUUID()}`;
  await writeFile(written, bundle);
  await rename(written, file);
  return file;
}

/** Whether Node's error code says that nobody trusted here has signed the certificate (OpenSSL, x509_txt.c). */
export const isUntrusted = (code: string | undefined): boolean =>
  code !== undefined && /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|CERT_UNTRUSTED)/.test(code);
