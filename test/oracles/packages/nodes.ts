import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_VERSION } from '../../../local/control-plane/binaries.ts';
import { openServers } from '../../../local/control-plane/processes.ts';
import { cacheFolder } from '../../../local/tools.ts';
import type { TestControlPlane } from '../../control-plane.ts';

/**
 * Nodes for a control plane: kube-scheduler places Pods, and kwok plays the kubelets, so that what waits for running
 * Pods (Deployments, Jobs, hooks, claims) goes on as it does in a cluster.
 */
export interface Nodes {
  stop(): Promise<void>;
}

const NAMES = ['node-a', 'node-b'];

/** @throws Error with the way to get them, where the binaries are not in the cache */
export async function addNodes(plane: TestControlPlane): Promise<Nodes> {
  const folder = join(plane.folder, 'nodes');
  const servers = await openServers(folder);
  const binary = async (name: string): Promise<string> => {
    const file = join(cacheFolder(), 'control-plane', BUILT_VERSION, name);
    await access(file).catch(() => {
      throw new Error(
        `${name} is not in the cache: run "npx node local/control-plane/fetch.ts --all" with Go 1.25 or newer`,
      );
    });
    return file;
  };
  try {
    const config = join(folder, 'stages.yaml');
    await writeFile(config, STAGES);
    // Its command line must name the folder, so that a later run knows it as ours.
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await plane.kubectl(['config', 'view', '--raw']), { mode: 0o600 });
    await servers.start('kube-scheduler', await binary('kube-scheduler'), [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      '--secure-port=0',
    ]);
    await servers.start('kwok', await binary('kwok'), [
      `--kubeconfig=${kubeconfig}`,
      `--config=${config}`,
      '--manage-all-nodes=true',
      // Without leases that are renewed the nodes are given up after 40 seconds, and all Pods with them.
      '--node-lease-duration-seconds=40',
    ]);
    await plane.apply(NAMES.map(nodeOf), 'nodes');
    return { stop: () => servers.stop() };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

const nodeOf = (name: string, index: number) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: {
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'topology.kubernetes.io/zone': `zone-${index}`,
    },
  },
});

/** Nodes become ready, Pods run at once and go at once; those of Jobs end (kwok.sigs.k8s.io, "Stages"). */
const STAGES = `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: node-ready}
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector:
    matchExpressions:
      - {key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ['True']}
  next:
    statusTemplate: |
      conditions:
      {{ range NodeConditions }}
      - lastHeartbeatTime: {{ Now | Quote }}
        lastTransitionTime: {{ Now | Quote }}
        message: {{ .message | Quote }}
        reason: {{ .reason | Quote }}
        status: {{ .status | Quote }}
        type: {{ .type | Quote }}
      {{ end }}
      allocatable: {cpu: "1000", memory: 1Ti, ephemeral-storage: 1Ti, pods: "10000"}
      capacity: {cpu: "1000", memory: 1Ti, ephemeral-storage: 1Ti, pods: "10000"}
      phase: Running
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-runs}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
      - {key: .status.phase, operator: In, values: [Pending]}
      - {key: .spec.nodeName, operator: Exists}
  next:
    statusTemplate: |
      conditions:
      {{ range (list "Initialized" "Ready" "ContainersReady") }}
      - {lastTransitionTime: {{ Now | Quote }}, status: "True", type: {{ . | Quote }}}
      {{ end }}
      containerStatuses:
      {{ range .spec.containers }}
      - image: {{ .image | Quote }}
        name: {{ .name | Quote }}
        imageID: ""
        ready: true
        restartCount: 0
        state: {running: {startedAt: {{ Now | Quote }}}}
      {{ end }}
      phase: Running
      startTime: {{ Now | Quote }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-ends}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
      - {key: .status.phase, operator: In, values: [Running]}
      - {key: .spec.restartPolicy, operator: In, values: [Never, OnFailure]}
  next:
    statusTemplate: |
      containerStatuses:
      {{ range .spec.containers }}
      - image: {{ .image | Quote }}
        name: {{ .name | Quote }}
        imageID: ""
        ready: false
        restartCount: 0
        state: {terminated: {exitCode: 0, finishedAt: {{ Now | Quote }}, reason: Completed, startedAt: {{ Now | Quote }}}}
      {{ end }}
      phase: Succeeded
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-goes}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: .metadata.deletionTimestamp, operator: Exists}
  next:
    delete: true
`;
