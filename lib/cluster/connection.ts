import type { EksCluster } from '../config/clusters.ts';
import type { ClusterAddress } from '../config/config.ts';
import { type AwsCredentials, eksToken } from './eks-token.ts';
import { type Headers, readKubeconfig, type Tls } from './kubeconfig.ts';
import { BadKubeconfig } from './kubeconfig-files.ts';

/** How to reach a cluster, as somebody. */
export interface Connection {
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: Headers;
  readonly tls: Tls;
  /** The proxy that it is reached through: `http://proxy:3128`. */
  readonly proxy?: string;
}

export class CannotConnect extends Error {
  override readonly name = 'CannotConnect';
}

/** What an EKS cluster needs beside its address; both from where nobody else writes. */
export interface EksParts {
  readonly endpoint?: { readonly url: string; readonly certificateAuthority: string };
  readonly credentials?: () => Promise<AwsCredentials>;
}

/** A cluster as a configuration names it; or as KUBECONFIG does, which may name several files. */
export type Address =
  | Exclude<ClusterAddress, { kind: 'eks' }>
  | Pick<EksCluster, 'kind' | 'name' | 'region'>
  | {
      readonly kind: 'kubeconfigs';
      readonly paths: readonly string[];
      readonly context?: string;
    };

/** @throws CannotConnect with what is wrong with the kubeconfig or missing for EKS */
export async function openConnection(address: Address, eks: EksParts = {}): Promise<Connection> {
  switch (address.kind) {
    case 'kubeconfig':
      return await fromKubeconfig([address.path], address.context);
    case 'kubeconfigs':
      return await fromKubeconfig(address.paths, address.context);
    case 'eks':
      return await toEks(address.name, address.region, eks);
  }
}

async function toEks(name: string, region: string, eks: EksParts): Promise<Connection> {
  if (eks.endpoint === undefined) {
    throw new CannotConnect(
      `the endpoint of the EKS cluster ${name} in ${region} is not known yet: read-desired asks AWS for it (eks:DescribeCluster)`,
    );
  }
  if (eks.credentials === undefined) throw new CannotConnect('there are no AWS credentials to sign with');
  const token = eksToken(name, region, await eks.credentials(), new Date());
  return {
    name,
    url: trimmed(eks.endpoint.url),
    headers: { authorization: `Bearer ${token}` },
    tls: { ca: Buffer.from(eks.endpoint.certificateAuthority, 'base64') },
  };
}

async function fromKubeconfig(paths: readonly string[], context: string | undefined): Promise<Connection> {
  const path = paths.join(', ');
  try {
    const { server, ...access } = await readKubeconfig(paths, context);
    if (!/^https?:\/\//.test(server) || !URL.canParse(server))
      throw new BadKubeconfig(`${path} names a server that is no https:// address`);
    if (access.proxy !== undefined && !/^https?:\/\//.test(access.proxy))
      throw new BadKubeconfig(
        `${path} goes through a proxy that is no http:// address: SOCKS is not supported`,
      );
    if (access.proxy !== undefined && !canProxy(process.versions.node))
      throw new BadKubeconfig(`${path} goes through a proxy, which needs Node 24.5 or newer`);
    return { ...access, url: trimmed(server) };
  } catch (error) {
    if (error instanceof BadKubeconfig) throw new CannotConnect(error.message);
    throw error;
  }
}

/** `proxyEnv` of node:https is of that version; an older one would go straight past the proxy. */
export function canProxy(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5);
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');
