import { join } from 'node:path';
import type { Servers } from '../processes.ts';

/**
 * Nodes on which Pods "run": kube-scheduler binds them, kwok writes the status that a kubelet would. Only containers
 * are missing, so that what controllers write is what they write in production.
 */
export interface NodeBinaries {
  readonly scheduler: string;
  readonly kwok: string;
}

const STAGES = join(import.meta.dirname, 'stages.yaml');
const NODES = ['node-a', 'node-b'];

/** Pod addresses: any range that is not the Services'. */
const POD_RANGE = '10.128.0.0/9';

const LEASE_SECONDS = 40;

/** @param create sends one object to the API server */
export async function startNodes(
  servers: Servers,
  { scheduler, kwok }: NodeBinaries,
  kubeconfig: string,
  create: (path: string, object: unknown) => Promise<void>,
): Promise<void> {
  for (const name of NODES) await create('/api/v1/nodes', nodeOf(name));
  await servers.start('kube-scheduler', scheduler, [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    '--secure-port=0',
  ]);
  await servers.start('kwok', kwok, [
    `--kubeconfig=${kubeconfig}`,
    '--manage-all-nodes',
    `--config=${STAGES}`,
    `--cidr=${POD_RANGE}`,
    // Without leases that are renewed nodes are given up after a while, and all Pods with them.
    `--node-lease-duration-seconds=${LEASE_SECONDS}`,
  ]);
}

const nodeOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: {
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'topology.kubernetes.io/zone': `zone-${name}`,
    },
  },
});
