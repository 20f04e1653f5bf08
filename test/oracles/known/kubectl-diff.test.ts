import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { type TestControlPlane, testControlPlane } from '../../control-plane.ts';
import { judge, said } from '../../lib/drift/judging.ts';
import { requirement } from '../../requirements.ts';
import { builtInSchemas } from '../schemas.ts';
import { SAMPLES } from './samples.ts';

const KINDS = [
  'Deployment',
  'StatefulSet',
  'CronJob',
  'Service',
  'Ingress',
  'NetworkPolicy',
  'Secret',
  'ConfigMap',
];
const declared = SAMPLES.filter(
  ({ kind }, index) => KINDS.includes(kind) && SAMPLES.findIndex((one) => one.kind === kind) === index,
);

/** Of an object by a person: what `kubectl diff` says of it, and what we say. */
const EDITS: readonly (readonly [
  kind: string,
  patch: object,
  diff: 'differs' | 'says nothing',
  told: string,
])[] = [
  [
    'Deployment',
    { spec: { template: { spec: { terminationGracePeriodSeconds: 5 } } } },
    'says nothing',
    'added',
  ],
  ['Deployment', { spec: { strategy: { rollingUpdate: { maxSurge: 2 } } } }, 'differs', 'changed'],
  ['StatefulSet', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } }, 'differs', 'changed'],
  ['CronJob', { spec: { schedule: '0 0 * * *' } }, 'differs', 'changed'],
  ['CronJob', { spec: { suspend: true } }, 'says nothing', 'added'],
  ['Service', { spec: { selector: { a: 'c' } } }, 'differs', 'changed'],
  // A map in one piece: an apply would take the key away.
  ['Service', { spec: { selector: { z: 'c' } } }, 'differs', 'added'],
  ['Ingress', { spec: { tls: [{ hosts: ['b.example.com'] }] } }, 'differs', 'changed'],
  ['NetworkPolicy', { spec: { ingress: [] } }, 'differs', 'changed'],
  ['Secret', { data: { key: 'eA==' } }, 'says nothing', 'added'],
  ['ConfigMap', { data: { key: 'x' } }, 'says nothing', 'added'],
];

describe('kubectl diff --server-side and we, after an edit by hand', requirement('control-plane'), () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await testControlPlane();
    await plane.apply(declared);
  });
  after(() => plane?.end());

  const diff = async (object: KubernetesObject): Promise<string> => {
    const flags = ['--server-side', '--force-conflicts', '--field-manager=helm', '-f', '-'];
    try {
      return await plane.kubectl(['diff', ...flags], JSON.stringify(object));
    } catch (error) {
      // It ends with 1 where there is a difference.
      const { code, stdout } = error as { readonly code?: number; readonly stdout?: string };
      if (code !== 1) throw error;
      return stdout ?? '';
    }
  };

  for (const [kind, patch, expected, told] of EDITS)
    test(`${kind} ${JSON.stringify(patch)}: it ${expected}, we say ${told}`, async () => {
      const object = declared.find((one) => one.kind === kind);
      assert.ok(object);
      const schemas = await builtInSchemas();
      const live = async (): Promise<KubernetesObject> =>
        JSON.parse(await plane.kubectl(['get', kind, 'known', '-o', 'json', '--show-managed-fields']));
      const findings = async () => said(judge(object, await live(), { schemas, ownership: 'required' }));
      assert.deepEqual([await diff(object), await findings()], ['', []]);

      await plane.kubectl(['patch', kind, 'known', '--type=merge', '-p', JSON.stringify(patch)]);
      assert.equal((await diff(object)) === '' ? 'says nothing' : 'differs', expected);
      const found = await findings();
      assert.ok(found.length > 0 && found.every((line) => line.startsWith(told)), found.join(', '));

      await plane.kubectl(['delete', kind, 'known', '--wait']);
      await plane.apply([object]);
    });
});
