import type { AgentOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import type { ClusterAddress } from '../config/config.ts';
import { type AwsCredentials, eksToken } from './eks-token.ts';

/** Connections at once: enough to overlap waiting with parsing, few enough for the cluster's fair queuing. */
const CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** No page of 500 objects is that large: an object has at most 1.5 MiB, by etcd's limit, and few have. */
const ANSWER_BYTES = 256 * 1024 * 1024;

/** How to reach a cluster, as somebody. One dispatcher for all requests: a connection costs a TLS handshake. */
export interface Connection {
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

export class CannotConnect extends Error {
  override readonly name = 'CannotConnect';
}

/** What an EKS cluster needs beside its address; both from where nobody else writes. */
export interface EksParts {
  readonly endpoint?: { readonly url: string; readonly certificateAuthority: string };
  readonly credentials?: () => Promise<AwsCredentials>;
}

/** @throws CannotConnect with what is wrong with the kubeconfig or missing for EKS */
export async function openConnection(address: ClusterAddress, eks: EksParts = {}): Promise<Connection> {
  switch (address.kind) {
    case 'kubeconfig':
      return await fromKubeconfig(address.path, address.context);
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
  const ca = Buffer.from(eks.endpoint.certificateAuthority, 'base64');
  return {
    name,
    url: trimmed(eks.endpoint.url),
    headers: { authorization: `Bearer ${token}` },
    dispatcher: agent({ ca }),
  };
}

async function fromKubeconfig(path: string, context: string | undefined): Promise<Connection> {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (error) {
    throw new CannotConnect(`${path} cannot be read as a kubeconfig: ${messageOf(error)}`);
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      throw new CannotConnect(`${path} has no context "${context}"; it has ${known.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new CannotConnect(`${path} has no current context: name one, or run "kubectl config use-context"`);
  }
  const options: AgentOptions & { headers: Record<string, string> } = { headers: {} };
  let route: ReturnType<KubeConfig['createDispatcherOptions']>;
  try {
    // Runs the exec plugin (aws eks get-token and its like) where the user has one.
    await config.applyToHTTPSOptions(options);
    route = config.createDispatcherOptions(cluster, options);
  } catch (error) {
    throw new CannotConnect(`the credentials in ${path} cannot be used: ${messageOf(error)}`);
  }
  const user = config.getCurrentUser();
  const headers = { ...options.headers };
  if (user?.username !== undefined) {
    headers.authorization = `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
  }
  return {
    name: config.getCurrentContext(),
    url: trimmed(cluster.server),
    headers,
    dispatcher: dispatcherFor(route, path),
  };
}

function dispatcherFor(route: ReturnType<KubeConfig['createDispatcherOptions']>, path: string): Dispatcher {
  switch (route.type) {
    case 'none':
      return agent({});
    case 'agent':
      return agent(route.connect);
    case 'proxy':
      return new ProxyAgent({
        ...LIMITS,
        uri: route.uri,
        requestTls: route.requestTls as buildConnector.BuildOptions,
      });
    case 'socks':
      throw new CannotConnect(
        `${path} goes through a SOCKS proxy, which is not supported: use an HTTP proxy`,
      );
  }
}

const LIMITS = {
  connections: CONNECTIONS,
  headersTimeout: ANSWER_TIMEOUT_MS,
  bodyTimeout: ANSWER_TIMEOUT_MS,
  maxResponseSize: ANSWER_BYTES,
};

const agent = (tls: ConnectionOptions): Agent =>
  new Agent({ ...LIMITS, connect: { ...(tls as buildConnector.BuildOptions), timeout: CONNECT_TIMEOUT_MS } });

const trimmed = (url: string): string => url.replace(/\/+$/, '');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
