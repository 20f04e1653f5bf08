import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { judge, object, said } from './judging.ts';

const schemas = await builtInSchemas();

const of = (apiVersion: string, kind: string, spec: string) =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: x}, spec: {${spec}}}`;
const workload = (fields: string) =>
  of(
    'apps/v1',
    'Deployment',
    `selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {${fields}}}`,
  );
const hpa = (behavior: string) =>
  of('autoscaling/v2', 'HorizontalPodAutoscaler', `minReplicas: 1, maxReplicas: 3, behavior: {${behavior}}`);
const limits = (item: string) => of('v1', 'LimitRange', `limits: [{type: Container, ${item}}]`);
const lone = (resources: string) =>
  of('v1', 'Pod', `containers: [{name: c, image: "i:1", resources: {${resources}}}]`);

const UP =
  'scaleUp: {stabilizationWindowSeconds: 0, selectPolicy: Max, policies: [{type: Pods, value: 4, periodSeconds: 15}, {type: Percent, value: 100, periodSeconds: 15}]}';
const DOWN = 'scaleDown: {selectPolicy: Max, policies: [{type: Percent, value: 100, periodSeconds: 15}]}';
const P = 'spec.template.spec';

/** What Git says, what is live, and what must be found. */
const CASES: readonly (readonly [
  what: string,
  desired: string,
  live: string,
  findings: readonly string[],
])[] = [
  [
    'a service account that nobody declared is found, though its old name says the same',
    workload(''),
    workload('serviceAccountName: admin, serviceAccount: admin'),
    [`added ${P}.serviceAccountName`],
  ],
  [
    'the old name follows the declared one',
    workload('serviceAccountName: web'),
    workload('serviceAccountName: web, serviceAccount: web'),
    [],
  ],
  [
    'the new name follows the declared old one',
    workload('serviceAccount: web'),
    workload('serviceAccountName: web, serviceAccount: web'),
    [],
  ],
  [
    '… and is one finding when it is another',
    workload('serviceAccountName: web'),
    workload('serviceAccountName: admin, serviceAccount: admin'),
    [`changed ${P}.serviceAccountName`],
  ],
  [
    'what an HPA does by default, in both directions',
    hpa(''),
    hpa(`${UP}, scaleDown: {stabilizationWindowSeconds: 300, ${DOWN.slice('scaleDown: {'.length)}`),
    [],
  ],
  [
    'to scale down at once is no default',
    hpa(DOWN),
    hpa(`${UP}, scaleDown: {stabilizationWindowSeconds: 0, ${DOWN.slice('scaleDown: {'.length)}`),
    ['added spec.behavior.scaleDown.stabilizationWindowSeconds'],
  ],
  [
    'to scale up as it scales down is no default',
    hpa(DOWN),
    hpa(
      `${DOWN}, scaleUp: {stabilizationWindowSeconds: 0, selectPolicy: Max, policies: [{type: Percent, value: 100, periodSeconds: 15}]}`,
    ),
    ['added spec.behavior.scaleUp.policies'],
  ],
  [
    'limits are filled in from what is declared, entry by entry',
    limits('default: {cpu: 500m}, max: {memory: 4Gi}, min: {memory: 1Gi, cpu: 1m}'),
    limits(
      'default: {cpu: 500m, memory: 4Gi}, defaultRequest: {cpu: 500m, memory: 4Gi}, max: {memory: 4Gi}, min: {memory: 1Gi, cpu: 1m}',
    ),
    [],
  ],
  [
    'a default limit that nobody declared is found',
    limits('max: {memory: 4Gi}'),
    limits('default: {memory: 4Gi, cpu: "8"}, defaultRequest: {memory: 4Gi, cpu: "8"}, max: {memory: 4Gi}'),
    ['added spec.limits[0].default.cpu', 'added spec.limits[0].defaultRequest.cpu'],
  ],
  [
    'a Pod requests what it is limited to, entry by entry',
    lone('limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}'),
    lone('limits: {cpu: "1", memory: 1Gi}, requests: {cpu: 500m, memory: 1Gi}'),
    [],
  ],
  [
    'what a Pod requests beside that is found',
    lone('limits: {memory: 1Gi}'),
    lone('limits: {memory: 1Gi}, requests: {memory: 1Gi, cpu: "1"}'),
    ['added spec.containers[name=c].resources.requests.cpu'],
  ],
  [
    'what an absent field means may be written out',
    workload('containers: [{name: c, securityContext: {runAsUser: 1}}]'),
    workload(
      'hostUsers: true, shareProcessNamespace: false, containers: [{name: c, securityContext: {runAsUser: 1, privileged: false, readOnlyRootFilesystem: false}}]',
    ),
    [],
  ],
  [
    '… but if it was declared, it must stay',
    workload('containers: [{name: c, securityContext: {runAsUser: 1, privileged: false}}]'),
    workload('containers: [{name: c, securityContext: {runAsUser: 1}}]'),
    [`changed ${P}.containers[name=c].securityContext.privileged`],
  ],
  [
    'runAsNonRoot: false has a meaning of its own',
    workload(
      'securityContext: {runAsNonRoot: true}, containers: [{name: c, securityContext: {runAsUser: 1}}]',
    ),
    workload(
      'securityContext: {runAsNonRoot: true}, containers: [{name: c, securityContext: {runAsUser: 1, runAsNonRoot: false}}]',
    ),
    [`added ${P}.containers[name=c].securityContext.runAsNonRoot`],
  ],
  [
    'immutable: false may be written out',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}, immutable: false}',
    [],
  ],
  [
    '… and true not',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}, immutable: true}',
    ['added immutable'],
  ],
];

describe('defaults that follow from other fields, or from the documentation', () => {
  for (const [what, desired, live, findings] of CASES)
    test(what, () => assert.deepEqual(said(judge(object(desired), object(live), { schemas })), findings));
});
