import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import * as z from 'zod';
import { agentOf } from '../agent.ts';
import { type Binaries, findBinaries, type KubernetesVersion } from './binaries.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startNodes } from './nodes/nodes.ts';
import { type Certificate, openAuthority, openServiceAccountKeys, writeCertificate } from './pki.ts';
import { FolderInUse, openServers, type Server, ServerFailed, type Servers } from './processes.ts';

/**
 * A real Kubernetes API server with etcd, on this machine alone, that keeps its data: what was written is there after
 * a restart, however the last run ended. There are no nodes: workloads are declared, and never run.
 */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const PORT_ATTEMPTS = 3;
const ADMINISTRATOR = { name: 'fairlead-administrator', groups: ['system:masters'] };
/** A /24, the default, is used up by 200 Services. */
const SERVICE_RANGE = '10.0.0.0/16';

export type ControlPlaneParts = 'api' | 'controllers' | 'nodes';

export interface ControlPlaneOptions {
  /** Where its data lies: etcd's, keys and certificates, kubeconfig, logs. Made if absent. */
  readonly dataFolder: string;
  /** Where binaries are kept: `cacheFolder()` of local/tools.ts. */
  readonly cacheFolder: string;
  /** One line for people whenever something is under way. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
  /**
   * `controllers`: kube-controller-manager too, where its binary is there (ReplicaSets, deletion of namespaces).
   * `nodes`: and a node on which Pods are Running, by scheduler and kwok; without their binaries: `unavailable`.
   */
  readonly parts?: ControlPlaneParts;
  /** Which server: `KUBERNETES` of binaries.ts; default: the newest. */
  readonly kubernetes?: KubernetesVersion;
  /** A file that every answered request is written to, one JSON line each (audit.k8s.io/v1, level Metadata). */
  readonly auditLog?: string;
  /** Whether binaries that are missing may be downloaded or built, which takes minutes; else `unavailable`. */
  readonly missing?: 'get' | 'give-up';
}

export interface RunningControlPlane {
  readonly kind: 'running';
  /** A kubeconfig file of an administrator. */
  readonly kubeconfig: string;
  /** As the server says it: `v1.35.4`. */
  readonly version: string;
  readonly server: string;
  /** Writes a kubeconfig of another user, whom RBAC allows nothing until bound. */
  addUser(name: string, groups?: readonly string[]): Promise<string>;
  /** Ends its processes; within two seconds. */
  stop(): Promise<void>;
}

export type ControlPlane =
  | RunningControlPlane
  | { readonly kind: 'unavailable'; readonly reason: string; readonly howTo: string };

/** Starts it (about three seconds, once the binaries are there) and answers when it serves. Never blocks. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataFolder, signal, onProgress = () => {} } = options;
  const binaries = await findBinaries({ ...options, onProgress });
  if (binaries.kind === 'unavailable') return binaries;
  if (options.parts === 'nodes' && binaries.nodes === undefined) {
    return {
      kind: 'unavailable',
      reason: 'kube-scheduler and kwok are not on this machine',
      howTo: 'run "npx node local/control-plane/fetch.ts --all" with Go 1.25 or newer',
    };
  }

  onProgress('starting etcd and kube-apiserver');
  for (let attempt = 1; ; attempt++) {
    let servers: Servers;
    try {
      servers = await openServers(dataFolder);
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      return {
        kind: 'unavailable',
        reason: error.message,
        howTo: 'stop that one, or give another data folder',
      };
    }
    try {
      return await start(servers, binaries, options);
    } catch (error) {
      await servers.stop();
      if (signal?.aborted) {
        return { kind: 'unavailable', reason: 'it was stopped while it started', howTo: 'start it again' };
      }
      if (!(error instanceof ServerFailed)) throw error;
      // Between our finding a free port and its use, another process may have taken it.
      if (attempt < PORT_ATTEMPTS && /address already in use/.test(error.message)) continue;
      return { kind: 'unavailable', reason: error.message, howTo: `read the logs in ${dataFolder}` };
    }
  }
}

async function start(
  servers: Servers,
  binaries: Binaries,
  { dataFolder, signal, parts = 'api', auditLog }: ControlPlaneOptions,
): Promise<RunningControlPlane> {
  const keys = join(dataFolder, 'keys');
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const [authority, etcdAuthority, serviceAccounts] = await Promise.all([
    openAuthority(keys, 'cluster'),
    openAuthority(keys, 'etcd'),
    openServiceAccountKeys(keys),
  ]);
  const files = (name: string) => ({
    certificate: join(keys, `${name}.crt`),
    key: join(keys, `${name}.key`),
  });
  const issued = async (name: string, made: Promise<Certificate>) => {
    await writeCertificate(files(name), await made);
    return files(name);
  };
  const [serving, etcdServing, etcdClient, administrator] = await Promise.all([
    issued('serving', authority.server()),
    issued('etcd-serving', etcdAuthority.server()),
    issued('etcd-client', etcdAuthority.client('kube-apiserver', [])),
    authority.client(ADMINISTRATOR.name, ADMINISTRATOR.groups),
  ]);

  const [etcdPort, peerPort, port] = await freePorts();
  const etcdUrl = `https://127.0.0.1:${etcdPort}`;
  // Its API is behind certificates: an open one on this machine could be written to by any web page.
  const etcd = await servers.start('etcd', binaries.etcd, [
    `--data-dir=${join(dataFolder, 'etcd')}`,
    '--name=local',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=local=http://127.0.0.1:${peerPort}`,
    `--trusted-ca-file=${etcdAuthority.file}`,
    '--client-cert-auth',
    `--cert-file=${etcdServing.certificate}`,
    `--key-file=${etcdServing.key}`,
    // Nothing is lost when a process dies, only when the machine does.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]);
  const server = `https://127.0.0.1:${port}`;
  const apiServer = await servers.start('kube-apiserver', binaries.apiServer, [
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--etcd-servers=${etcdUrl}`,
    `--etcd-cafile=${etcdAuthority.file}`,
    `--etcd-certfile=${etcdClient.certificate}`,
    `--etcd-keyfile=${etcdClient.key}`,
    `--cert-dir=${keys}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${authority.file}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${serviceAccounts.checking}`,
    `--service-account-signing-key-file=${serviceAccounts.signing}`,
    '--authorization-mode=RBAC',
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--allow-privileged=true',
    // Nothing makes the default ServiceAccounts unless the controllers run, and Pods without one would be refused.
    ...(parts === 'api' ? ['--disable-admission-plugins=ServiceAccount'] : []),
    '--shutdown-delay-duration=0s',
    ...(auditLog === undefined ? [] : await auditFlags(dataFolder, auditLog)),
  ]);

  const version = await untilReady(server, authority.certificate, administrator, [etcd, apiServer], signal);
  const kubeconfig = join(dataFolder, 'kubeconfig');
  await writeKubeconfig(kubeconfig, server, authority.certificate, {
    name: ADMINISTRATOR.name,
    ...administrator,
  });
  if (parts !== 'api' && binaries.controllerManager !== undefined) {
    await servers.start('kube-controller-manager', binaries.controllerManager, [
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${serviceAccounts.signing}`,
      `--root-ca-file=${authority.file}`,
      '--use-service-account-credentials=false',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      '--secure-port=0',
    ]);
  }
  if (parts === 'nodes' && binaries.nodes !== undefined) {
    const create = (path: string, object: unknown) =>
      post(`${server}${path}`, object, authority.certificate, administrator);
    await startNodes(servers, binaries.nodes, kubeconfig, create);
  }
  return {
    kind: 'running',
    kubeconfig,
    version,
    server,
    async addUser(name, groups = []) {
      const file = join(dataFolder, `kubeconfig-${name}`);
      await writeKubeconfig(file, server, authority.certificate, {
        name,
        ...(await authority.client(name, groups)),
      });
      return file;
    },
    stop: () => servers.stop(),
  };
}

/** Who asked for what, without bodies: how a test proves what was asked of the server. */
async function auditFlags(dataFolder: string, log: string): Promise<readonly string[]> {
  const policy = join(dataFolder, 'audit-policy.json');
  const rules = [{ level: 'Metadata', omitStages: ['RequestReceived'] }];
  await writeFile(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'];
}

/** The server's version, once it says that it is ready. @throws ServerFailed if a server ends, or time does */
async function untilReady(
  server: string,
  ca: string,
  user: Certificate,
  servers: readonly Server[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const dispatcher = agentOf({ ca, cert: user.certificate, key: user.key });
  const read = async (path: string) => {
    const answer = await request(`${server}${path}`, { dispatcher });
    const text = await answer.body.text();
    return answer.statusCode === 200 ? text : undefined;
  };
  try {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      signal?.throwIfAborted();
      for (const each of servers) await each.check();
      const ready = await read('/readyz').catch(() => undefined);
      const version = ready === undefined ? undefined : await read('/version');
      if (version !== undefined)
        return z.object({ gitVersion: z.string() }).parse(JSON.parse(version)).gitVersion;
      if (Date.now() > deadline) {
        throw new ServerFailed(`kube-apiserver is not ready after ${START_TIMEOUT_MS / 1000} seconds`);
      }
      await sleep(POLL_MS);
    }
  } finally {
    await dispatcher.close();
  }
}

async function post(url: string, object: unknown, ca: string, user: Certificate): Promise<void> {
  const dispatcher = agentOf({ ca, cert: user.certificate, key: user.key });
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await request(url, {
      method: 'POST',
      dispatcher,
      headers,
      body: JSON.stringify(object),
    });
    const text = await answer.body.text();
    // After a restart it is there already.
    if (answer.statusCode >= 300 && answer.statusCode !== 409) throw new ServerFailed(text);
  } finally {
    await dispatcher.close();
  }
}

/** Ports that are free now, all different. */
async function freePorts(): Promise<[number, number, number]> {
  const one = () =>
    new Promise<{ port: number; close(): void }>((resolve, reject) => {
      const listener = createServer();
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', () => {
        const address = listener.address();
        if (address === null || typeof address === 'string') reject(new Error('a listener without a port'));
        else resolve({ port: address.port, close: () => listener.close() });
      });
    });
  const held = await Promise.all([one(), one(), one()]);
  for (const { close } of held) close();
  const [a, b, c] = held;
  return [a.port, b.port, c.port];
}
