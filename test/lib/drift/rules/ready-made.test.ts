import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readRules } from '../../../../lib/desired/drift-file.ts';
import { inForce, underRules } from '../../../../lib/drift/rules/judge.ts';
import type { Json, KubernetesObject } from '../../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../../oracles/schemas.ts';
import { judge, object, ownedBy, put } from '../judging.ts';

/** The rules that docs/drift.md has ready for controllers that write over Git by design. */
const DOCUMENT = readFileSync(join(import.meta.dirname, '../../../../docs/drift.md'), 'utf8');
const [, READY = ''] = /^```yaml\n(rules:\n {2}# Argo Rollouts[\s\S]*?)^```$/m.exec(DOCUMENT) ?? [];
const schemas = await builtInSchemas();

const ROUTE = object(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http: [{route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}]
`);
const GATEWAY_ROUTE = object(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {rules: [{backendRefs: [{name: stable, port: 80, weight: 100}, {name: canary, port: 80, weight: 0}]}]}
`);
const APPLICATION = object(`
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec: {project: default, source: {repoURL: "https://git.example.com/c.git", path: web}}
`);
const DEPLOYMENT = object(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}
`);
const SECRET = object('{apiVersion: v1, kind: Secret, metadata: {name: argocd-secret, namespace: argocd}}');

interface Written {
  readonly declared: KubernetesObject;
  readonly at: readonly (readonly [path: readonly (string | number)[], value: Json])[];
  readonly manager: string;
  readonly fields: Json;
}

const WEIGHTS = (list: readonly (string | number)[]): Written['at'] => [
  [[...list, 0, 'weight'], 80],
  [[...list, 1, 'weight'], 20],
];
const CASES: Readonly<Record<string, Written>> = {
  'weights of a VirtualService': {
    declared: ROUTE,
    at: WEIGHTS(['spec', 'http', 0, 'route']),
    manager: 'rollouts-controller',
    fields: { 'f:spec': { 'f:http': {} } },
  },
  'weights of an HTTPRoute': {
    declared: GATEWAY_ROUTE,
    at: WEIGHTS(['spec', 'rules', 0, 'backendRefs']),
    manager: 'rollouts-controller',
    fields: { 'f:spec': { 'f:rules': {} } },
  },
  'an image that Image Updater chose, for kustomize': {
    declared: APPLICATION,
    at: [[['spec', 'source', 'kustomize'], { images: ['web:2'] }]],
    manager: 'argocd-image-updater',
    fields: { 'f:spec': { 'f:source': { 'f:kustomize': { '.': {}, 'f:images': {} } } } },
  },
  'an image that Image Updater chose, for Helm': {
    declared: put(APPLICATION, ['spec', 'source', 'helm'], { releaseName: 'web' }),
    at: [[['spec', 'source', 'helm', 'parameters'], [{ name: 'image.tag', value: '2' }]]],
    manager: 'argocd-image-updater',
    fields: { 'f:spec': { 'f:source': { 'f:helm': { 'f:parameters': {} } } } },
  },
  'what Argo CD then deploys': {
    declared: DEPLOYMENT,
    at: [[['spec', 'template', 'spec', 'containers', 0, 'image'], 'web:2']],
    manager: 'argocd-controller',
    fields: {
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:image': {} } } } } },
    },
  },
  "Argo CD's own Secret": {
    declared: SECRET,
    at: [[['data'], { 'admin.password': 'eA==', 'server.secretkey': 'eA==' }]],
    manager: 'argocd-server',
    fields: { 'f:data': { '.': {}, 'f:admin.password': {}, 'f:server.secretkey': {} } },
  },
};

describe('the ready rules of docs/drift.md', () => {
  const { rules, problems } = readRules(READY);
  const findingsUnder = ({ declared, at, fields }: Written, by: string): number => {
    const changed = at.reduce((live, [path, value]) => put(live, path, value), declared);
    const live = ownedBy(changed, [by, fields, { operation: 'Update' }]);
    const verdict = judge(declared, live, { schemas, deployer: 'argocd' });
    assert.equal(verdict.kind, 'drift', 'without rules it is drift');
    const [ruled] = underRules([verdict], inForce(rules, '2026-11-21'), undefined).verdicts;
    return ruled?.kind === 'drift' ? ruled.findings.length : 0;
  };

  test('are rules', () => {
    assert.deepEqual(problems, []);
    assert.equal(rules.length, READY.match(/^ {2}- /gm)?.length);
    assert.equal(rules.length, Object.keys(CASES).length);
  });

  for (const [name, written] of Object.entries(CASES)) {
    test(`${name}: excused for its controller, and for nobody else`, () => {
      assert.equal(findingsUnder(written, written.manager), 0);
      assert.notEqual(findingsUnder(written, 'kubectl-edit'), 0);
    });
  }
});
