import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readinessOf } from '../../../lib/checks/readiness.ts';

const at = (generation: number, observedGeneration: number, more: object) => ({
  generation,
  status: { observedGeneration, ...more },
});
const rolled = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
const condition = (type: string, status: string, reason = '', message = '') => ({
  type,
  status,
  reason,
  message,
});
const conditions = (...all: readonly ReturnType<typeof condition>[]) => ({ conditions: all });
/** As kube-controller-manager writes them once a Deployment has rolled out. */
const PROGRESSED = condition('Progressing', 'True', 'NewReplicaSetAvailable');
const AVAILABLE = condition('Available', 'True', 'MinimumReplicasAvailable');
const well = { ...rolled, ...conditions(AVAILABLE, PROGRESSED) };
const two = { replicas: 2, progressDeadlineSeconds: 600 };
const QUOTA = condition('ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota: pods');

type Case = readonly [
  name: string,
  spec: object,
  rest: { generation?: number; deletionTimestamp?: string; status?: object },
  because: RegExp | 'ready',
];

/** By kind, in kstatus' order: what keeps an object from being current. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'apps/v1 Deployment': [
    ['rolled out', two, at(3, 3, well), 'ready'],
    ['without a status', two, {}, /^0 of 2 replicas exist$/],
    ['whose last change its controller has not seen', two, at(4, 3, well), /has not seen/],
    [
      'that is being deleted',
      two,
      { ...at(3, 3, well), deletionTimestamp: '2026-11-21T12:00:00Z' },
      /deleted/,
    ],
    ['with too few updated', two, at(1, 1, { ...well, updatedReplicas: 1 }), /^1 of 2 are updated$/],
    ['with old Pods left', two, at(1, 1, { ...well, replicas: 3 }), /^1 old replicas/],
    ['with too few available', two, at(1, 1, { ...well, availableReplicas: 1 }), /^1 of 2 are available$/],
    ['with too few ready', two, at(1, 1, { ...well, readyReplicas: 0 }), /^0 of 2 are ready$/],
    [
      'beyond its progress deadline',
      two,
      at(1, 1, {
        ...rolled,
        ...conditions(condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'timed\nout')),
      }),
      /^it does not progress \(ProgressDeadlineExceeded: timed out\)$/,
    ],
    [
      'whose Pods a quota refuses',
      two,
      at(1, 1, { ...rolled, replicas: 0, ...conditions(QUOTA) }),
      /^0 of 2 replicas exist \(FailedCreate: exceeded quota: pods\)$/,
    ],
    [
      'that is paused',
      two,
      at(1, 1, {
        ...rolled,
        ...conditions(AVAILABLE, condition('Progressing', 'Unknown', 'DeploymentPaused')),
      }),
      /^its new ReplicaSet is not available \(DeploymentPaused\)$/,
    ],
    [
      'of which nobody says that it progresses, though there is a deadline',
      two,
      at(1, 1, { ...rolled, ...conditions(AVAILABLE) }),
      /ReplicaSet is not available/,
    ],
    [
      'without a deadline',
      { replicas: 2, progressDeadlineSeconds: 2147483647 },
      at(1, 1, { ...rolled, ...conditions(AVAILABLE) }),
      'ready',
    ],
    [
      'that is not available',
      two,
      at(1, 1, { ...rolled, ...conditions(PROGRESSED, condition('Available', 'False', 'Minimum')) }),
      /^it is not available \(Minimum\)$/,
    ],
    ['of none', { ...two, replicas: 0 }, at(1, 1, conditions(AVAILABLE, PROGRESSED)), 'ready'],
    ['that says no number is one of 1', {}, at(1, 1, {}), /^0 of 1 replicas exist$/],
  ],
  'apps/v1 StatefulSet': [
    [
      'on its new revision',
      { replicas: 1 },
      at(1, 1, {
        replicas: 1,
        readyReplicas: 1,
        currentReplicas: 1,
        currentRevision: 'b',
        updateRevision: 'b',
      }),
      'ready',
    ],
    [
      'on its old revision',
      { replicas: 1 },
      at(1, 1, {
        replicas: 1,
        readyReplicas: 1,
        currentReplicas: 1,
        currentRevision: 'a',
        updateRevision: 'b',
      }),
      /old revision/,
    ],
    ['with too few Pods', { replicas: 2 }, at(1, 1, { replicas: 1 }), /^1 of 2 replicas exist$/],
    [
      'with too few ready',
      { replicas: 2 },
      at(1, 1, { replicas: 2, readyReplicas: 1 }),
      /^1 of 2 are ready$/,
    ],
    ['with Pods to end', { replicas: 1 }, at(1, 1, { replicas: 2, readyReplicas: 2 }), /^1 old replicas/],
    [
      'with too few of the current revision',
      { replicas: 2 },
      at(1, 1, { replicas: 2, readyReplicas: 2, currentReplicas: 1 }),
      /^1 of 2 are current$/,
    ],
    [
      'updated up to its partition',
      { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
      at(1, 1, {
        replicas: 3,
        readyReplicas: 3,
        updatedReplicas: 1,
        currentRevision: 'a',
        updateRevision: 'b',
      }),
      'ready',
    ],
    [
      'not yet updated up to its partition',
      { replicas: 3, updateStrategy: { rollingUpdate: { partition: 1 } } },
      at(1, 1, { replicas: 3, readyReplicas: 3, updatedReplicas: 1 }),
      /^1 of 2 are updated$/,
    ],
    [
      'with the partition of 0 that a server fills in',
      { replicas: 2, updateStrategy: { rollingUpdate: { partition: 0 } } },
      at(1, 1, { replicas: 2, readyReplicas: 2, updatedReplicas: 1 }),
      /^1 of 2 are updated$/,
    ],
    ['that people update by deleting Pods', { updateStrategy: { type: 'OnDelete' } }, at(1, 1, {}), 'ready'],
  ],
  'apps/v1 DaemonSet': [
    ['on every node', {}, at(1, 1, nodes(2, 2, 2, 2)), 'ready'],
    ['without a Pod on one node', {}, at(1, 1, nodes(1, 1, 1, 1)), /^1 of 2 nodes have a Pod$/],
    ['of an old revision on one node', {}, at(1, 1, nodes(2, 1, 2, 2)), /^1 of 2 nodes are updated$/],
    ['not available on one node', {}, at(1, 1, nodes(2, 2, 1, 1)), /^1 of 2 nodes are available$/],
    ['not ready on one node', {}, at(1, 1, nodes(2, 2, 2, 1)), /^1 of 2 nodes are ready$/],
    ['whose nodes nobody has counted', {}, at(1, 1, {}), /has not counted/],
    ['that no controller has seen', {}, { generation: 1, status: nodes(2, 2, 2, 2) }, /has not seen it/],
    [
      'that people update by deleting Pods, and have not',
      { updateStrategy: { type: 'OnDelete' } },
      at(1, 1, nodes(2, 0, 2, 2)),
      /^0 of 2 nodes are updated$/,
    ],
  ],
  'apps/v1 ReplicaSet': [
    ['with all of its Pods', { replicas: 2 }, at(1, 1, { ...rolled, fullyLabeledReplicas: 2 }), 'ready'],
    ['whose Pods a quota refuses', { replicas: 2 }, at(1, 1, conditions(QUOTA)), /exceeded quota/],
    ['with too few', { replicas: 2 }, at(1, 1, { fullyLabeledReplicas: 1 }), /^1 of 2 replicas exist$/],
    ['not available', { replicas: 2 }, at(1, 1, { fullyLabeledReplicas: 2 }), /^0 of 2 are available$/],
    [
      'not ready',
      { replicas: 2 },
      at(1, 1, { fullyLabeledReplicas: 2, availableReplicas: 2 }),
      /^0 of 2 are ready$/,
    ],
    [
      'with Pods to end',
      { replicas: 1 },
      at(1, 1, { ...rolled, fullyLabeledReplicas: 2 }),
      /^1 old replicas/,
    ],
  ],
  'v1 Pod': [
    [
      'that is ready',
      {},
      { status: { phase: 'Running', ...conditions(condition('Ready', 'True')) } },
      'ready',
    ],
    ['that has ended well', {}, { status: { phase: 'Succeeded' } }, 'ready'],
    ['that has ended badly', {}, { status: { phase: 'Failed' } }, 'ready'],
    ['that runs and is not ready', {}, { status: { phase: 'Running' } }, /^it is not ready$/],
    [
      'that crash-loops',
      {},
      {
        status: {
          phase: 'Running',
          containerStatuses: [
            { name: 'web', state: { waiting: { reason: 'CrashLoopBackOff' } } },
            { name: 'log', state: { running: {} } },
          ],
        },
      },
      /^it crashes again and again: web$/,
    ],
    [
      'that no node takes',
      {},
      {
        status: {
          phase: 'Pending',
          ...conditions(condition('PodScheduled', 'False', 'Unschedulable', '0/2 nodes')),
        },
      },
      /^no node takes it \(Unschedulable: 0\/2 nodes\)$/,
    ],
    ['that is being started', {}, { status: { phase: 'Pending' } }, /has not started/],
    ['that nobody has seen', {}, {}, /no node has seen it/],
  ],
  'batch/v1 Job': [
    ['that runs', {}, { status: { startTime: '2026-11-21T12:00:00Z' } }, 'ready'],
    ['that has not started', {}, {}, /has not started/],
    ['that is complete', {}, { status: conditions(condition('Complete', 'True')) }, 'ready'],
    ['that is suspended', {}, { status: conditions(condition('Suspended', 'True')) }, 'ready'],
    [
      'that failed',
      {},
      {
        status: {
          startTime: '2026-11-21T12:00:00Z',
          ...conditions(condition('Failed', 'True', 'BackoffLimitExceeded')),
        },
      },
      /^it failed \(BackoffLimitExceeded\)$/,
    ],
  ],
  'v1 PersistentVolumeClaim': [
    ['that is bound', {}, { status: { phase: 'Bound' } }, 'ready'],
    ['that is pending', {}, { status: { phase: 'Pending' } }, /not bound/],
  ],
  'v1 Service': [
    ['of the cluster', {}, {}, 'ready'],
    ['of a load balancer with an address', { type: 'LoadBalancer', clusterIP: '10.0.0.1' }, {}, 'ready'],
    ['of a load balancer without an address', { type: 'LoadBalancer' }, {}, /no address/],
  ],
  'policy/v1 PodDisruptionBudget': [
    [
      'that its controller has seen',
      {},
      at(1, 1, conditions(condition('DisruptionAllowed', 'False'))),
      'ready',
    ],
    ['that its controller has not seen', {}, at(2, 1, {}), /has not seen/],
  ],
  'apiextensions.k8s.io/v1 CustomResourceDefinition': [
    [
      'that is served',
      {},
      { status: conditions(condition('NamesAccepted', 'True'), condition('Established', 'True')) },
      'ready',
    ],
    [
      'whose names are taken',
      {},
      { status: conditions(condition('NamesAccepted', 'False', 'MultipleNamesConflict', 'in use')) },
      /^its names are refused \(MultipleNamesConflict: in use\)$/,
    ],
    [
      'that is being installed',
      {},
      { status: conditions(condition('Established', 'False', 'Installing')) },
      /not served yet \(Installing\)/,
    ],
    ['without a status', {}, {}, /^it is not served yet$/],
  ],
  'example.com/v1 Thing': [
    ['that is ready', {}, { status: conditions(condition('Ready', 'True')) }, 'ready'],
    [
      'that is not ready',
      {},
      { status: conditions(condition('Ready', 'False', 'Broken')) },
      /not Ready \(Broken\)/,
    ],
    ['of which nobody knows', {}, { status: conditions(condition('Ready', 'Unknown')) }, /not Ready/],
    [
      'that is stalled',
      {},
      { status: conditions(condition('Stalled', 'True', 'Stuck')) },
      /Stalled \(Stuck\)/,
    ],
    [
      'that is at work',
      {},
      { status: conditions(condition('Reconciling', 'True', 'Busy'), condition('Ready', 'True')) },
      /Reconciling \(Busy\)/,
    ],
    ['that says something else', {}, { status: conditions(condition('Degraded', 'True')) }, 'ready'],
    [
      'whose last change nobody has seen',
      {},
      at(2, 1, conditions(condition('Ready', 'True'))),
      /has not seen/,
    ],
  ],
  'v1 ConfigMap': [['as it is', {}, {}, 'ready']],
  'v1 Secret': [['as it is', {}, {}, 'ready']],
  'batch/v1 CronJob': [['that has never run', {}, {}, 'ready']],
};

/** Of two nodes. */
function nodes(current: number, updated: number, available: number, ready: number) {
  return {
    desiredNumberScheduled: 2,
    currentNumberScheduled: current,
    updatedNumberScheduled: updated,
    numberAvailable: available,
    numberReady: ready,
  };
}

for (const [type, cases] of Object.entries(CASES)) {
  const [apiVersion = '', kind = ''] = type.split(' ');
  for (const [name, spec, { status, ...about }, because] of cases) {
    test(`a ${kind} ${name} is ${because === 'ready' ? 'ready' : 'not ready, and why'}`, () => {
      const readiness = readinessOf({
        apiVersion,
        kind,
        metadata: { name: 'x', ...about },
        spec,
        ...(status === undefined ? {} : { status }),
      });
      if (because === 'ready') assert.deepEqual(readiness, { kind: 'ready' });
      else assert.match(readiness.kind === 'not-ready' ? readiness.because : 'ready', because);
    });
  }
}
