import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { findingsOf, judge, object, ownedBy, put } from './judging.ts';

const schemas = await builtInSchemas();

const POD = ['spec', 'template', 'spec'];
const workload = object(
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: w, labels: {a: b}}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: "i:1", env: [{name: A, value: "1"}]}]}}}}',
);
const service = object('{apiVersion: v1, kind: Service, metadata: {name: s, labels: {a: b}}, spec: {}}');
const hook = object(
  '{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: v, labels: {a: b}}, webhooks: [{name: v.example}]}',
);
const OWN: Json = { 'f:metadata': { 'f:labels': { 'f:a': {} } } };
const below = (...steps: readonly string[]): Json =>
  steps.reduceRight<Json>((inner, step) => ({ [step]: inner }), {});
const VARIABLES = below(
  'f:spec',
  'f:template',
  'f:spec',
  'f:containers',
  'k:{"name":"c"}',
  'f:env',
  'k:{"name":"A"}',
);

/** What Git says, what is live, what a writer owns as the API server records it, and where it is found. */
const CASES: readonly (readonly [
  what: string,
  desired: KubernetesObject,
  live: KubernetesObject,
  fields: Json,
  at: string,
])[] = [
  [
    'a node selector',
    workload,
    put(workload, [...POD, 'nodeSelector'], { disk: 'ssd' }),
    below('f:spec', 'f:template', 'f:spec', 'f:nodeSelector'),
    'spec.template.spec.nodeSelector.disk',
  ],
  [
    'the selector of a Service',
    service,
    put(service, ['spec', 'selector'], { app: 'other' }),
    below('f:spec', 'f:selector'),
    'spec.selector.app',
  ],
  [
    'the selector of a webhook',
    hook,
    put(hook, ['webhooks', 0, 'objectSelector'], { matchLabels: { app: 'other' } }),
    below('f:webhooks', 'k:{"name":"v.example"}', 'f:objectSelector'),
    'webhooks[name=v.example].objectSelector.matchLabels.app',
  ],
  [
    'a variable of a name that is taken',
    workload,
    put(
      workload,
      [...POD, 'containers', 0, 'env'],
      [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    ),
    VARIABLES,
    'spec.template.spec.containers[name=c].env[1]',
  ],
];

describe('what is recorded as a whole is attributed, and is no work of admission', () => {
  for (const [what, desired, live, fields, at] of CASES) {
    const judged = (manager: string) => {
      const verdict = judge(desired, ownedBy(live, ['helm', OWN], [manager, fields]), { schemas });
      assert.equal(verdict.kind === 'drift' && verdict.admission, undefined);
      return findingsOf(verdict).map((found) => `${found.verdict} ${found.at} ${found.attribution?.manager}`);
    };
    test(`${what} that a person added`, () => {
      assert.deepEqual(judged('kubectl-edit'), [`added ${at} kubectl-edit`]);
    });
    test(`${what} that another revision added`, () => {
      assert.deepEqual(judged('helm'), [`changed ${at} helm`]);
    });
  }
});
