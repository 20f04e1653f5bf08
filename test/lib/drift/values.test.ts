import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ORDER_NOTE } from '../../../lib/drift/compare/lists.ts';
import { type RawSchema, schemaOfCustomKind } from '../../../lib/drift/openapi.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { findingsOf, judge, object, said } from './judging.ts';

const schemas = await builtInSchemas();

/** Spec of the one Pod of a Deployment, or of its one container. */
const workload = (pod: string, container: string) =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {${pod}containers: [{name: c, image: "i:1"${container}}]}}}}`;
const container = (fields: string) => workload('', fields === '' ? '' : `, ${fields}`);
const pod = (fields: string) => workload(fields === '' ? '' : `${fields}, `, '');
const of = (apiVersion: string, kind: string, fields: string) =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: x}${fields === '' ? '' : `, ${fields}`}}`;
const autoscaler = (average: string) =>
  of(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    `spec: {maxReplicas: 2, scaleTargetRef: {kind: Deployment, name: d}, metrics: [{type: External, external: {metric: {name: m}, target: {type: AverageValue, averageValue: ${average}}}}]}`,
  );
const C = 'spec.template.spec.containers[name=c]';
const P = 'spec.template.spec';

/** What Git says, what is live, and what must be found. */
const CASES: readonly (readonly [
  what: string,
  desired: string,
  live: string,
  findings: readonly string[],
])[] = [
  ['a null field is left out', container('command: null'), container(''), []],
  ['a null argument is the empty string', container('args: [null]'), container('args: [""]'), []],
  [
    'a null label is the empty string',
    of('v1', 'ConfigMap', 'data: {a: null}'),
    of('v1', 'ConfigMap', 'data: {a: ""}'),
    [],
  ],
  [
    'null over a value of another is an addition',
    container('command: null'),
    container('command: [sh]'),
    [`added ${C}.command`],
  ],
  [
    'what a container asks for is rounded up to thousandths',
    container('resources: {limits: {cpu: 0.1m}}'),
    container('resources: {limits: {cpu: 1m}}'),
    [],
  ],
  [
    'what an autoscaler aims at is not',
    autoscaler('500u'),
    autoscaler('1m'),
    ['changed spec.metrics[0].external.target.averageValue'],
  ],
  ['an empty list is absent', container('env: [], args: []'), container(''), []],
  ['an empty map is absent', of('v1', 'ConfigMap', 'data: {}'), of('v1', 'ConfigMap', ''), []],
  ['an empty struct by value is absent', container('resources: {limits: {}}'), container(''), []],
  [
    'an empty struct behind a pointer is not',
    container('securityContext: {}'),
    container(''),
    [`changed ${C}.securityContext`],
  ],
  ['false that is no pointer is absent', pod('hostNetwork: false'), pod(''), []],
  [
    '… and changed to true is a change',
    pod('hostNetwork: false'),
    pod('hostNetwork: true'),
    [`changed ${P}.hostNetwork`],
  ],
  [
    'false behind a pointer that has vanished is a change',
    container('securityContext: {allowPrivilegeEscalation: false}'),
    container('securityContext: {}'),
    [`changed ${C}.securityContext.allowPrivilegeEscalation`],
  ],
  [
    'automountServiceAccountToken: false that has vanished is a change',
    pod('automountServiceAccountToken: false'),
    pod(''),
    [`changed ${P}.automountServiceAccountToken`],
  ],
  [
    'replicas: 0 is not the default',
    of('apps/v1', 'StatefulSet', 'spec: {replicas: 0}'),
    of('apps/v1', 'StatefulSet', 'spec: {replicas: 1}'),
    ['changed spec.replicas'],
  ],
  [
    'an empty spelling of a defaulted field holds',
    container('terminationMessagePath: ""'),
    container('terminationMessagePath: /dev/termination-log'),
    [],
  ],
  [
    'an unknown field is no drift, and switches nothing off',
    container('imagee: x, image: "i:2"'),
    container(''),
    [`changed ${C}.image`],
  ],
  [
    'a repeated variable holds in order',
    container('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    container('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    [],
  ],
  [
    '… and not in another',
    container('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    container('env: [{name: A, value: "2"}, {name: A, value: "1"}]'),
    [`changed ${C}.env`],
  ],
  [
    'a repeated variable that an apply has collapsed holds',
    container('env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
    container('env: [{name: A, value: "2"}]'),
    [],
  ],
  [
    'variables in another order are told',
    container('env: [{name: A}, {name: B}]'),
    container('env: [{name: B}, {name: A}]'),
    [`changed ${C}.env`],
  ],
  [
    'ports in another order are not',
    container('ports: [{containerPort: 1}, {containerPort: 2}]'),
    container('ports: [{containerPort: 2, protocol: TCP}, {containerPort: 1, protocol: TCP}]'),
    [],
  ],
  [
    'a port of another protocol is another',
    container('ports: [{containerPort: 53}]'),
    container('ports: [{containerPort: 53, protocol: UDP}]'),
    [`changed ${C}.ports[containerPort=53,protocol=TCP]`, `added ${C}.ports[containerPort=53,protocol=UDP]`],
  ],
  [
    'arguments in another order are one finding',
    container('args: [a, b, c]'),
    container('args: [c, b, a]'),
    [`changed ${C}.args`],
  ],
  [
    'one argument more is an addition',
    container('args: [a, b]'),
    container('args: [a, x, b]'),
    [`added ${C}.args[1]`],
  ],
  [
    'one argument fewer is a change',
    container('args: [a, b]'),
    container('args: [a]'),
    [`changed ${C}.args`],
  ],
  [
    'defaults inside an atomic list are no drift',
    pod(
      'volumes: [{name: v, projected: {sources: [{downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.name}}]}}]}}]',
    ),
    pod(
      'volumes: [{name: v, projected: {defaultMode: 420, sources: [{downwardAPI: {items: [{path: p, fieldRef: {apiVersion: v1, fieldPath: metadata.name}}]}}]}}]',
    ),
    [],
  ],
  [
    'an imagePullPolicy that follows from the tag is no drift',
    container(''),
    container('imagePullPolicy: IfNotPresent'),
    [],
  ],
  [
    '… and one that does not is',
    container(''),
    container('imagePullPolicy: Never'),
    [`added ${C}.imagePullPolicy`],
  ],
  [
    'a volume without a source is an emptyDir',
    pod('volumes: [{name: v}]'),
    pod('volumes: [{name: v, emptyDir: {}}]'),
    [],
  ],
  [
    'a label whose value is empty is still an addition',
    of('v1', 'ConfigMap', 'data: {}'),
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {a: ""}}}',
    ['added metadata.labels.a'],
  ],
  [
    'an allow-all peer is an addition',
    of(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}',
    ),
    of(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}, {}]}',
    ),
    ['added spec.ingress[1]'],
  ],
  [
    'podSelector: {} in a peer means something',
    of(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}',
    ),
    of(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{}]}]}',
    ),
    ['changed spec.ingress[0].from[0].podSelector'],
  ],
  [
    'metrics of an HPA come back in another order',
    of(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      'spec: {maxReplicas: 3, metrics: [{type: Pods}, {type: Object}]}',
    ),
    of(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      'spec: {minReplicas: 1, maxReplicas: 3, metrics: [{type: Object}, {type: Pods}]}',
    ),
    [],
  ],
  [
    'no metrics means cpu at 80',
    of('autoscaling/v2', 'HorizontalPodAutoscaler', 'spec: {maxReplicas: 3, metrics: []}'),
    of(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      'spec: {maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}',
    ),
    [],
  ],
  [
    'stringData wins over data',
    of('v1', 'Secret', 'data: {a: eA==}, stringData: {a: b}'),
    of('v1', 'Secret', 'type: Opaque, data: {a: Yg==}'),
    [],
  ],
  [
    'a key that is only live is an addition',
    of('v1', 'Secret', 'stringData: {a: b}'),
    of('v1', 'Secret', 'data: {a: Yg==, c: Yg==}'),
    ['added data.c'],
  ],
  [
    'a token key in an ordinary Secret is an addition',
    of('v1', 'Secret', 'data: {a: Yg==}'),
    of('v1', 'Secret', 'type: Opaque, data: {a: Yg==, token: Yg==}'),
    ['added data.token'],
  ],
  [
    'the schema of a CRD is compared through all its levels',
    of(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'spec: {versions: [{name: v1, schema: {openAPIV3Schema: {properties: {a: {items: {type: string, description: ""}}}}}}]}',
    ),
    of(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'spec: {versions: [{name: v1, schema: {openAPIV3Schema: {properties: {a: {items: {type: integer}}}}}}]}',
    ),
    ['changed spec.versions[0].schema.openAPIV3Schema.properties.a.items.type'],
  ],
  [
    'build metadata of the chart’s version is no drift',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {helm.sh/chart: web-1.2.3}}}',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {helm.sh/chart: web-1.2.3_0a1b2c}}}',
    [],
  ],
  [
    'status in Git is ignored',
    of('apps/v1', 'Deployment', 'status: {replicas: 3}'),
    of('apps/v1', 'Deployment', 'status: {replicas: 1}'),
    [],
  ],
  [
    'a finalizer of a controller is no drift',
    of('v1', 'PersistentVolumeClaim', ''),
    '{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x, finalizers: [kubernetes.io/pvc-protection]}}',
    [],
  ],
  [
    'what is being deleted is a finding',
    of('v1', 'ConfigMap', ''),
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: x, deletionTimestamp: "2026-11-01T10:00:00Z"}}',
    ['changed metadata.deletionTimestamp'],
  ],
];

describe('declared and undeclared values of built-in kinds', () => {
  for (const [what, desired, live, findings] of CASES)
    test(what, () => assert.deepEqual(said(judge(object(desired), object(live), { schemas })), findings));
});

test('another order is said as such', () => {
  const [finding] = findingsOf(
    judge(object(container('args: [a, b]')), object(container('args: [b, a]')), { schemas }),
  );
  assert.equal(finding?.note, ORDER_NOTE);
});

const KIND: RawSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        mode: { type: 'string', default: 'fast' },
        kept: { type: 'string', nullable: true },
        interval: { type: 'string' },
        port: { 'x-kubernetes-int-or-string': true },
        nested: { type: 'object', default: {}, properties: { deep: { type: 'boolean', default: true } } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        items: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id', 'zone'],
          items: {
            type: 'object',
            properties: {
              id: { type: 'string' },
              zone: { type: 'string', default: 'a' },
              n: { type: 'integer' },
            },
          },
        },
      },
    },
  },
};

const CUSTOM: readonly (readonly [
  what: string,
  desired: string,
  live: string,
  findings: readonly string[],
])[] = [
  ['an unknown field is pruned', 'typo: 1, size: 1', 'size: 1', []],
  ['an unknown field that must be kept is not', 'free: {a: 1}', 'free: {}', ['changed spec.free.a']],
  ['… and one that is added there is found', 'free: {a: 1}', 'free: {a: 1, b: 2}', ['added spec.free.b']],
  ['defaults fill in, through all levels', 'size: 1', 'size: 1, mode: fast, nested: {deep: true}', []],
  [
    'what is no default is found where it lies',
    'size: 1',
    'size: 1, mode: fast, nested: {deep: false}',
    ['added spec.nested.deep'],
  ],
  ['null that may not be is dropped', 'size: null', '', []],
  ['null that may be is kept', 'kept: null', 'kept: null', []],
  ['null in place of a default', 'mode: null', 'mode: fast', []],
  ['zero is kept verbatim', 'size: 0', '', ['changed spec.size']],
  ['an empty list is kept verbatim', 'items: []', '', ['changed spec.items']],
  ['a duration in Go’s spelling holds', 'interval: 60m', 'interval: 1h0m0s', []],
  ['a number is no string', 'port: 80', 'port: "80"', ['changed spec.port']],
  [
    'integers beyond 2^53 do not collapse',
    'size: 9007199254740993',
    'size: 9007199254740992',
    ['changed spec.size'],
  ],
  [
    'keyed items, with a default in the key',
    'items: [{id: x, n: 1}, {id: y, n: 2}]',
    'items: [{id: y, zone: a, n: 2}, {id: x, zone: a, n: 1}]',
    [],
  ],
  [
    'a keyed item more',
    'items: [{id: x, n: 1}]',
    'items: [{id: x, zone: a, n: 1}, {id: x, zone: b}]',
    ['added spec.items[id=x,zone=b]'],
  ],
];

describe('custom resources follow structural-schema rules', () => {
  const served = { of: () => schemaOfCustomKind(KIND) };
  const custom = (spec: string) => object(of('x.io/v1', 'Foo', `spec: {${spec}}`));
  for (const [what, desired, live, findings] of CUSTOM)
    test(what, () =>
      assert.deepEqual(said(judge(custom(desired), custom(live), { schemas: served })), findings),
    );
});
