import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { findingsOf, judge, object, ownedBy, put, said } from './judging.ts';

const schemas = await builtInSchemas();

/** What mutations of a real cluster (test/oracles/mutations) found about the record of writers. */
const SERVICE = object(`
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: ClusterIP, ports: [{name: http, port: 80, nodePort: null}]}
`);
const SERVICE_ACCOUNT = object(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop, labels: {app: web}}
`);
const ROLE = object(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: web}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
`);
const WEBHOOK = object(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web, labels: {app: web}}
webhooks:
  - name: a.example
    sideEffects: None
    admissionReviewVersions: [v1]
    clientConfig: {service: {name: web, namespace: shop}}
`);

const CLAIM = object(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`);

const POD = object(`
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {restartPolicy: Never}
`);

const NO_AFFINITY = put(POD, ['spec', 'affinity'], { podAffinity: null });
const ATTRACTED: Json = {
  preferredDuringSchedulingIgnoredDuringExecution: [
    { weight: 1, podAffinityTerm: { topologyKey: 'zone', namespaceSelector: {} } },
  ],
};

const LABELS: Json = { 'f:metadata': { 'f:labels': { 'f:app': {} } } };
const PORT: Json = { '.': {}, 'f:name': {}, 'f:nodePort': {}, 'f:port': {} };
const cleared = (live: KubernetesObject): KubernetesObject => put(live, ['metadata', 'managedFields'], [{}]);

const CASES: readonly {
  readonly what: string;
  readonly desired: KubernetesObject;
  readonly live: KubernetesObject;
  readonly findings: readonly string[];
  readonly manager?: string;
}[] = [
  {
    what: 'a declared null is recorded for the deployer, and what the server allocates there is in sync',
    desired: SERVICE,
    live: ownedBy(put(SERVICE, ['spec', 'ports', 0, 'nodePort'], 31_000), [
      'helm',
      { 'f:spec': { 'f:type': {}, 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': PORT } } },
    ]),
    findings: [],
  },
  {
    what: 'what is below a declared null is recorded by itself: who wrote it as the deployer is named',
    desired: NO_AFFINITY,
    live: ownedBy(put(NO_AFFINITY, ['spec', 'affinity', 'podAffinity'], ATTRACTED), [
      'helm',
      {
        'f:spec': {
          'f:restartPolicy': {},
          'f:affinity': {
            'f:podAffinity': { '.': {}, 'f:preferredDuringSchedulingIgnoredDuringExecution': {} },
          },
        },
      },
    ]),
    findings: ['changed spec.affinity.podAffinity'],
    manager: 'helm',
  },
  {
    what: 'the null itself names nobody',
    desired: NO_AFFINITY,
    live: ownedBy(put(NO_AFFINITY, ['spec', 'affinity', 'podAffinity'], ATTRACTED), [
      'helm',
      { 'f:spec': { 'f:restartPolicy': {}, 'f:affinity': { 'f:podAffinity': {} } } },
    ]),
    findings: ['added spec.affinity.podAffinity'],
  },
  {
    what: 'who applies the old name of a Pod’s account is named for the new one, which the server keeps alike',
    desired: POD,
    live: ownedBy(
      put(put(POD, ['spec', 'serviceAccount'], 'evil'), ['spec', 'serviceAccountName'], 'evil'),
      ['helm', { 'f:spec': { 'f:restartPolicy': {} } }],
      ['mallory', { 'f:spec': { 'f:serviceAccount': {} } }],
    ),
    findings: ['added spec.serviceAccountName'],
    manager: 'mallory',
  },
  {
    what: 'a deployer of which nothing is left has no record, and what was taken away says so',
    desired: SERVICE_ACCOUNT,
    live: ownedBy(put(SERVICE_ACCOUNT, ['metadata', 'labels'], undefined), [
      'kubectl-edit',
      { 'f:automountServiceAccountToken': {} },
    ]),
    findings: ['changed metadata.labels'],
  },
  {
    what: 'the same where all that it owned is one atomic list, and that is changed',
    desired: ROLE,
    live: ownedBy(put(ROLE, ['rules', 0, 'verbs', 1], 'escalate'), ['kubectl-patch', { 'f:rules': {} }]),
    findings: ['added rules[0].verbs[1]'],
    manager: 'kubectl-patch',
  },
  {
    what: 'where something still holds and is not the deployer’s, another made the object',
    desired: ROLE,
    live: ownedBy(ROLE, ['kubectl-create', { 'f:rules': {} }]),
    findings: ['changed metadata.managedFields'],
    manager: 'kubectl-create',
  },
  {
    what: 'who writes its status did not make it',
    desired: ROLE,
    live: ownedBy(
      ROLE,
      ['kubectl-create', { 'f:rules': {} }],
      ['a-controller', { 'f:status': {} }, { subresource: 'status', time: '2026-11-02T10:00:00Z' }],
    ),
    findings: ['changed metadata.managedFields'],
    manager: 'kubectl-create',
  },
  {
    what: 'controllers leave a record: without one a pull secret is somebody’s',
    desired: SERVICE_ACCOUNT,
    live: cleared(put(SERVICE_ACCOUNT, ['imagePullSecrets'], [{ name: 'evil' }])),
    findings: ['changed metadata.managedFields', 'added imagePullSecrets'],
  },
  {
    what: 'so do injectors of certificate authorities',
    desired: WEBHOOK,
    live: cleared(put(WEBHOOK, ['webhooks', 0, 'clientConfig', 'caBundle'], 'ZXZpbA==')),
    findings: ['changed metadata.managedFields', 'added webhooks[name=a.example].clientConfig.caBundle'],
  },
  {
    what: 'and who holds an object by a finalizer',
    desired: SERVICE_ACCOUNT,
    live: cleared(put(SERVICE_ACCOUNT, ['metadata', 'finalizers'], ['evil.example/hold'])),
    findings: ['changed metadata.managedFields', 'added metadata.finalizers["evil.example/hold"]'],
  },
  {
    what: 'and who binds a claim to a volume',
    desired: CLAIM,
    live: cleared(put(CLAIM, ['spec', 'volumeName'], 'evil')),
    findings: ['changed metadata.managedFields', 'added spec.volumeName'],
  },
  {
    what: 'the volume controller binds it rightly',
    desired: CLAIM,
    live: ownedBy(
      put(CLAIM, ['spec', 'volumeName'], 'pvc-1'),
      ['helm', { 'f:spec': { 'f:accessModes': {} } }],
      ['kube-controller-manager', { 'f:spec': { 'f:volumeName': {} } }, { operation: 'Update' }],
    ),
    findings: [],
  },
  {
    what: 'the node of a Pod whose record was lost is older than the record',
    desired: POD,
    live: ownedBy(
      put(POD, ['spec', 'nodeName'], 'node-1'),
      ['helm', LABELS],
      ['before-first-apply', { 'f:spec': { 'f:nodeName': {} } }, { operation: 'Update' }],
    ),
    findings: [],
  },
  {
    what: 'the node of a Pod that somebody bound is theirs',
    desired: POD,
    live: ownedBy(
      put(POD, ['spec', 'nodeName'], 'node-1'),
      ['helm', LABELS],
      ['kubectl-create', { 'f:spec': { 'f:nodeName': {} } }, { operation: 'Update' }],
    ),
    findings: ['added spec.nodeName'],
    manager: 'kubectl-create',
  },
  {
    what: 'the API server protects volumes and leaves no record',
    desired: SERVICE_ACCOUNT,
    live: ownedBy(put(SERVICE_ACCOUNT, ['metadata', 'finalizers'], ['kubernetes.io/pvc-protection']), [
      'helm',
      LABELS,
    ]),
    findings: [],
  },
];

describe('the record of writers', () => {
  for (const { what, desired, live, findings, manager } of CASES) {
    test(what, () => {
      const verdict = judge(desired, live, { schemas, ownership: 'required' });
      assert.deepEqual(said(verdict), findings);
      if (manager !== undefined) assert.equal(findingsOf(verdict)[0]?.attribution?.manager, manager);
    });
  }
});

test('the class that admission gave an Ingress at its creation is no drift; one that came later is told', () => {
  const ingress = object(
    '{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {rules: [{host: a.example}]}}',
  );
  const live = (generation: number, ...more: Parameters<typeof ownedBy>[1][]) =>
    ownedBy(
      put(put(ingress, ['spec', 'ingressClassName'], 'nginx'), ['metadata', 'generation'], generation),
      ['helm', { 'f:spec': { 'f:rules': {} } }],
      ...more,
    );
  const by = (manager: string) =>
    [manager, { 'f:spec': { 'f:ingressClassName': {} } }, { operation: 'Update' }] as const;
  const of = (found: KubernetesObject) => said(judge(ingress, found, { schemas, ownership: 'required' }));
  assert.deepEqual(of(live(1)), []);
  // Its spec was changed since: whoever took himself out of the record could have done that.
  assert.deepEqual(of(live(2)), ['added spec.ingressClassName']);
  assert.deepEqual(of(live(1, by('kubectl-create'))), ['added spec.ingressClassName']);
  assert.deepEqual(of(live(1, by('some-tool'))), ['added spec.ingressClassName']);
});
