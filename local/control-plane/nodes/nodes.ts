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
const NODE = 'node-1';

/** Pod addresses: any range that is not the Services'. */
const POD_RANGE = '10.128.0.0/9';

/** @param create sends one object to the API server */
export async function startNodes(
  servers: Servers,
  { scheduler, kwok }: NodeBinaries,
  kubeconfig: string,
  create: (path: string, object: unknown) => Promise<void>,
): Promise<void> {
  await create('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE, 'kubernetes.io/os': 'linux' } },
  });
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
  ]);
}
