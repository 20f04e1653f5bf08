import * as z from 'zod';
import { entries } from './entries.ts';

const HOST = /^\.?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/** http:// or https:// with a host and maybe a port, and nothing else: a password in it would be in templates. */
function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '' && pathname === '/';
}

/** The ids of what is there already, as EC2 gives them. */
const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `an id such as "${prefix}-0123456789abcdef0"`);

/** How the functions that speak to Git hosts and sources of charts get there (docs/git-network.md). */
export const gitNetwork = entries({
  /** A VPC of yours that they stand in, where the Git host is reached from there alone. */
  vpc: entries({
    id: id('vpc'),
    /** Private ones, of two availability zones or more. */
    subnets: z.array(id('subnet')).min(1, 'name at least one subnet').max(16),
    /** What they may reach is said there: 443 (22 for SSH) to the Git hosts, the proxy and the AWS endpoints. */
    securityGroups: z.array(id('sg')).min(1, 'name at least one security group').max(5),
  }).optional(),
  /**
   * Certificate authorities that are trusted beside the public ones. The secret's string is PEM, one certificate after
   * the other.
   */
  caBundle: entries({
    /** Name or ARN of a secret in Secrets Manager. */
    secret: z.string().min(1),
  }).optional(),
  /** What https:// goes through (CONNECT); SSH and calls to AWS never do. */
  proxy: z
    .string()
    .refine(isProxy, 'a proxy is http://HOST:PORT or https://HOST:PORT, without user or password')
    .optional(),
  /** Hosts that the proxy is not asked for: `git.example.com`, or `.example.com` for all below it. */
  noProxy: z
    .array(z.string().regex(HOST, 'a host such as "git.example.com", or ".example.com" for all below it'))
    .max(50)
    .default([]),
});

export type GitNetworkSettings = z.output<typeof gitNetwork>;
