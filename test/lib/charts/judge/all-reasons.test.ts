import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { formatPlace } from '../../../../lib/charts/reasons.ts';
import { type Rendering, rendering } from '../render/rendering.ts';

const told = (answer: Awaited<ReturnType<Rendering['render']>>): string[] =>
  answer.kind === 'rejected'
    ? answer.reasons
        .map(({ code, place }) => `${code} ${place === undefined ? '' : formatPlace(place)}`.trim())
        .sort()
    : [];

test('everything that is wrong with a release is told at once, each with its place', async (context) => {
  const here = await rendering();
  context.after(() => here.remove());
  const schema = JSON.stringify({
    type: 'object',
    properties: {
      replicas: { type: 'integer' },
      colour: { enum: ['blue'] },
      db: { type: 'object', required: ['name'] },
    },
  });
  const answer = await here.render({
    files: {
      'values.yaml': 'colour: red\nreplicas: 1\ndb:\n  size: 1\n',
      'values.schema.json': schema,
      'charts/cache/Chart.yaml': 'apiVersion: v2\nname: cache\nversion: 1.0.0\n',
      'charts/cache/values.schema.json': '{"properties": {"nodes": {"maximum": 3}}}',
      'charts/cache/templates/role.yaml':
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\nrules: [{apiGroups: [""], resources: ["*"], verbs: [get]}]\n',
      'templates/pod.yaml':
        '{{- /* two */ -}}\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: b, env: [{name: X}, {name: X}]}]}\n',
      'templates/secret.yaml':
        'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter22}\n',
      'templates/far.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: kube-system\n',
      'templates/incomplete.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
      'crds/not.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n',
    },
    values: 'a: 1\nreplicas: many\ncache:\n  nodes: 9\nb: 2\n',
  });
  assert.deepEqual(told(answer), [
    'crds-folder crds/not.yaml:2',
    'list-key-repeated templates/pod.yaml:3',
    'namespace-forbidden templates/far.yaml:2',
    'object-incomplete templates/incomplete.yaml',
    'plain-secret templates/secret.yaml:2',
    'rights-forbidden charts/cache/templates/role.yaml:2',
    'values-violate-schema values.yaml:1 (/colour)',
    'values-violate-schema values.yaml:2 (/replicas)',
    'values-violate-schema values.yaml:3 (/db)',
    'values-violate-schema values.yaml:4 (/cache/nodes)',
  ]);
});

test('a definition in crds/ counts once against what helm can store', async (context) => {
  const here = await rendering();
  context.after(() => here.remove());
  const noise = randomBytes(500_000).toString('base64');
  const crd = `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: x.example.com\n  annotations:\n    noise: ${noise}\nspec: {group: example.com, scope: Cluster, names: {kind: X, plural: xs}}\n`;
  const boundary = { allowKinds: ['CustomResourceDefinition'] };
  const only = await here.render({ files: { 'crds/x.yaml': crd }, boundary });
  assert.equal(only.kind, 'rendered');
  const twice = await here.render({
    files: { 'crds/x.yaml': crd, 'more.txt': randomBytes(400_000) },
    boundary,
  });
  assert.deepEqual(told(twice), ['release-too-large']);
});
