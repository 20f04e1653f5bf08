import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readinessOf } from '../../../lib/checks/readiness.ts';

const at = (generation: number, observedGeneration: number, more: object) => ({
  generation,
  status: { observedGeneration, ...more },
});
const rolled = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
const condition = (type: string, status: string, reason = '', message = '') => ({
  conditions: [{ type, status, reason, message }],
});

/** kind, spec, status, and what keeps it from being ready. */
const CASES: readonly [
  name: string,
  type: string,
  spec: object,
  rest: { generation?: number; status?: object },
  because: RegExp | 'ready',
][] = [
  ['a Deployment rolled out', 'apps/v1 Deployment', { replicas: 2 }, at(3, 3, rolled), 'ready'],
  [
    'a Deployment without a status, where nothing runs',
    'apps/v1 Deployment',
    { replicas: 2 },
    {},
    /0 of 2 are updated/,
  ],
  [
    'a Deployment whose last change its controller has not seen',
    'apps/v1 Deployment',
    { replicas: 2 },
    at(4, 3, rolled),
    /has not seen/,
  ],
  [
    'a Deployment with old Pods left',
    'apps/v1 Deployment',
    { replicas: 2 },
    at(1, 1, { ...rolled, replicas: 3 }),
    /1 old replicas/,
  ],
  [
    'a Deployment beyond its progress deadline',
    'apps/v1 Deployment',
    { replicas: 2 },
    at(1, 1, { ...rolled, ...condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'timed\nout') }),
    /does not progress \(ProgressDeadlineExceeded: timed out\)/,
  ],
  ['a Deployment of none', 'apps/v1 Deployment', { replicas: 0 }, at(1, 1, {}), 'ready'],
  [
    'a StatefulSet on its new revision',
    'apps/v1 StatefulSet',
    { replicas: 1 },
    at(1, 1, { replicas: 1, readyReplicas: 1, currentRevision: 'b', updateRevision: 'b' }),
    'ready',
  ],
  [
    'a StatefulSet on its old revision',
    'apps/v1 StatefulSet',
    { replicas: 1 },
    at(1, 1, { replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'b' }),
    /old revision/,
  ],
  [
    'a StatefulSet updated up to its partition',
    'apps/v1 StatefulSet',
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
    'a StatefulSet that people update by deleting Pods',
    'apps/v1 StatefulSet',
    { updateStrategy: { type: 'OnDelete' } },
    at(1, 1, {}),
    'ready',
  ],
  [
    'a DaemonSet on every node',
    'apps/v1 DaemonSet',
    {},
    at(1, 1, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2 }),
    'ready',
  ],
  [
    'a DaemonSet missing on one node',
    'apps/v1 DaemonSet',
    {},
    at(1, 1, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1, numberReady: 1 }),
    /1 of 2 are available/,
  ],
  ['a Job that runs', 'batch/v1 Job', {}, { status: { startTime: '2026-11-21T12:00:00Z' } }, 'ready'],
  [
    'a Job that failed',
    'batch/v1 Job',
    {},
    { status: condition('Failed', 'True', 'BackoffLimitExceeded') },
    /it failed \(BackoffLimitExceeded\)/,
  ],
  ['a bound claim', 'v1 PersistentVolumeClaim', {}, { status: { phase: 'Bound' } }, 'ready'],
  ['a pending claim', 'v1 PersistentVolumeClaim', {}, { status: { phase: 'Pending' } }, /not bound/],
  [
    'a custom resource that is ready',
    'example.com/v1 Thing',
    {},
    { status: condition('Ready', 'True') },
    'ready',
  ],
  [
    'a custom resource that is not',
    'example.com/v1 Thing',
    {},
    { status: condition('Ready', 'False', 'Broken') },
    /not Ready \(Broken\)/,
  ],
  [
    'a custom resource that is stalled',
    'example.com/v1 Thing',
    {},
    { status: condition('Stalled', 'True', 'Stuck') },
    /Stalled \(Stuck\)/,
  ],
  ['an object of no kind that becomes anything', 'v1 ConfigMap', {}, {}, 'ready'],
];

for (const [name, type, spec, { generation, status }, because] of CASES) {
  test(`${name} is ${because === 'ready' ? 'ready' : 'not ready, and why'}`, () => {
    const [apiVersion = '', kind = ''] = type.split(' ');
    const metadata = { name: 'x', ...(generation === undefined ? {} : { generation }) };
    const readiness = readinessOf({
      apiVersion,
      kind,
      metadata,
      spec,
      ...(status === undefined ? {} : { status }),
    });
    if (because === 'ready') assert.deepEqual(readiness, { kind: 'ready' });
    else assert.match(readiness.kind === 'not-ready' ? readiness.because : 'ready', because);
  });
}
