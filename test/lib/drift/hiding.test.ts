import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type RawSchema, schemaOfCustomKind } from '../../../lib/drift/openapi.ts';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { judge, object, ownedBy, put, type Situation, said } from './judging.ts';

/**
 * Somebody may edit the cluster, and not Git, and wants nobody to hear of it: takes a controller's name
 * (`kubectl --field-manager=…`), writes a status, takes entries out of managedFields, sets annotations that deployers
 * read. None of it makes a finding silent.
 */
const schemas = await builtInSchemas();

interface Attempt {
  readonly what: string;
  readonly desired: KubernetesObject;
  readonly live: KubernetesObject;
  readonly situation?: Omit<Situation, 'schemas'>;
  readonly findings: readonly string[];
}

const UPDATE = { operation: 'Update' };
const STATUS = { operation: 'Update', subresource: 'status' };

const WIDGET = object('{apiVersion: x.io/v1, kind: Widget, metadata: {name: x}, spec: {a: b}}');
const RELEASE = object(
  '{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: web, namespace: shop}, spec: {interval: 1h}}',
);
const POLICY = object(
  '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: x}, spec: {a: b}}',
);
const LISTED = object(
  '{apiVersion: x.io/v1, kind: Widget, metadata: {name: x}, spec: {a: b, hosts: [a.example]}}',
);
const SECRET = object('{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: YTE=}}');
const CERTIFICATE = object(
  '{apiVersion: v1, kind: Secret, metadata: {name: s}, type: kubernetes.io/tls, data: {tls.crt: eA==, tls.key: eA==}}',
);
const CRD = object(
  '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a.b}, spec: {group: b, scope: Namespaced, names: {kind: A, plural: a}, versions: [{name: v1, served: true, storage: true}]}}',
);
const DEPLOYMENT = object(
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1", args: [a]}]}}}}',
);
const POD = object(
  '{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: "web:1"}]}}',
);
const ACCOUNT = object('{apiVersion: v1, kind: ServiceAccount, metadata: {name: s, labels: {a: b}}}');
const ENDPOINTS = object(
  '{apiVersion: v1, kind: Endpoints, metadata: {name: db}, subsets: [{addresses: [{ip: 10.0.0.1}]}]}',
);

/** A custom resource into whose spec somebody wrote as if he were its controller. */
const asController = (desired: KubernetesObject, manager: string, spec: Json, fields: Json) =>
  ownedBy(
    put(desired, ['spec'], spec),
    ['helm', { 'f:spec': { 'f:a': {}, 'f:interval': {} } }],
    [manager, { 'f:spec': fields }, UPDATE],
    [manager, { 'f:status': { 'f:ready': {} } }, STATUS],
  );

const image = (fields: Json): Json => ({
  'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': fields } } } },
});

const ATTEMPTS: readonly Attempt[] = [
  {
    what: 'a container inside of what somebody adds as the controller of a custom resource',
    desired: WIDGET,
    live: asController(
      WIDGET,
      'widgets',
      { a: 'b', template: { spec: { containers: [{ name: 'x', image: 'evil' }] } } },
      { 'f:template': {} },
    ),
    findings: ['added spec.template'],
  },
  {
    what: 'values of a HelmRelease, as somebody who also wrote its status: its controllers add nothing to a spec',
    desired: RELEASE,
    live: asController(
      RELEASE,
      'flux-operator',
      { interval: '1h', values: { replicas: 9 } },
      { 'f:values': {} },
    ),
    findings: ['added spec.values'],
  },
  {
    what: 'a rule of a policy, as its controller, which adds none',
    desired: POLICY,
    live: asController(POLICY, 'istiod', { a: 'b', rules: [{ to: [] }] }, { 'f:rules': {} }),
    findings: ['added spec.rules'],
  },
  {
    what: 'an item beside those that Git lists, as the controller of a custom resource',
    desired: LISTED,
    live: asController(
      LISTED,
      'widgets',
      { a: 'b', hosts: ['a.example', 'evil.example'] },
      { 'f:hosts': {} },
    ),
    findings: ['added spec.hosts[1]'],
  },
  {
    what: 'a password that is rendered anew each time, after its writer was taken out of managedFields',
    desired: SECRET,
    live: ownedBy(put(SECRET, ['data', 'password'], 'Yjk='), ['helm', { 'f:type': {} }]),
    situation: { rendered: { unstable: ['/data/password'] } },
    findings: ['changed data.password'],
  },
  {
    what: 'an image, under the deployer’s name, of a template that looks into the cluster',
    desired: DEPLOYMENT,
    live: ownedBy(put(DEPLOYMENT, ['spec', 'template', 'spec', 'containers', 0, 'image'], 'evil'), [
      'helm',
      image({ '.': {}, 'f:image': {}, 'f:name': {}, 'f:args': {} }),
    ]),
    situation: { rendered: { usesLookup: true } },
    findings: ['changed spec.template.spec.containers[name=web].image'],
  },
  {
    what: 'rights, under the deployer’s name, of a template that looks into the cluster',
    desired: object(
      '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{kind: User, name: me}]}',
    ),
    live: ownedBy(
      object(
        '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: evil}]}',
      ),
      ['helm', { 'f:roleRef': {}, 'f:subjects': {} }],
    ),
    situation: { rendered: { usesLookup: true } },
    findings: ['changed subjects[0].name'],
  },
  {
    what: 'an argument, under the deployer’s name, beside one that is rendered anew each time',
    desired: DEPLOYMENT,
    live: ownedBy(
      put(DEPLOYMENT, ['spec', 'template', 'spec', 'containers', 0, 'args'], ['b', '--insecure']),
      ['helm', image({ '.': {}, 'f:image': {}, 'f:name': {}, 'f:args': {} })],
    ),
    situation: { rendered: { unstable: ['/spec/template/spec/containers/0/args/0'] } },
    findings: ['changed spec.template.spec.containers[name=web].args'],
  },
  {
    what: 'a definition of crds/, changed by no person’s tool and not by the deployer',
    desired: CRD,
    live: ownedBy(put(CRD, ['spec', 'scope'], 'Cluster'), ['some-tool', { 'f:spec': { 'f:scope': {} } }]),
    situation: { rendered: { role: 'crd' } },
    findings: ['changed spec.scope'],
  },
  {
    what: 'a definition of crds/, after its writer was taken out of managedFields',
    desired: CRD,
    live: ownedBy(put(CRD, ['spec', 'scope'], 'Cluster'), ['helm', { 'f:spec': { 'f:group': {} } }]),
    situation: { rendered: { role: 'crd' } },
    findings: ['changed spec.scope'],
  },
  {
    what: 'an annotation that keeps Flux from repairing, as Flux’s controller',
    desired: DEPLOYMENT,
    live: ownedBy(
      put(DEPLOYMENT, ['metadata', 'annotations'], { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }),
      ['helm', {}],
      [
        'kustomize-controller',
        { 'f:metadata': { 'f:annotations': { 'f:kustomize.toolkit.fluxcd.io/reconcile': {} } } },
        UPDATE,
      ],
    ),
    findings: ["added metadata.annotations['kustomize.toolkit.fluxcd.io/reconcile']"],
  },
  {
    what: 'a pull secret, as kube-controller-manager, which hands out none',
    desired: ACCOUNT,
    live: ownedBy(
      put(ACCOUNT, ['imagePullSecrets'], [{ name: 'evil' }]),
      ['helm', { 'f:metadata': { 'f:labels': { 'f:a': {} } } }],
      ['kube-controller-manager', { 'f:imagePullSecrets': { 'k:{"name":"evil"}': {} } }, UPDATE],
    ),
    findings: ['added imagePullSecrets'],
  },
  {
    what: 'an address beside those that Git gives a Service, as kube-controller-manager',
    desired: ENDPOINTS,
    live: ownedBy(
      put(ENDPOINTS, ['subsets', 1], { addresses: [{ ip: '10.6.6.6' }] }),
      ['helm', { 'f:subsets': {} }],
      ['kube-controller-manager', { 'f:subsets': {} }, UPDATE],
    ),
    findings: ['added subsets[1]'],
  },
  {
    what: 'a variable that looks like Reloader’s, and says more than a digest',
    desired: DEPLOYMENT,
    live: ownedBy(
      put(
        DEPLOYMENT,
        ['spec', 'template', 'spec', 'containers', 0, 'env'],
        [{ name: 'STAKATER_WEB_SECRET', value: 'LD_PRELOAD=/tmp/evil.so' }],
      ),
      ['helm', image({ '.': {}, 'f:image': {}, 'f:name': {}, 'f:args': {} })],
      ['Reloader', image({ 'f:env': { 'k:{"name":"STAKATER_WEB_SECRET"}': {} } }), UPDATE],
    ),
    findings: ['added spec.template.spec.containers[name=web].env'],
  },
  {
    what: 'a key beside the certificate that a webhook makes for itself',
    desired: object('{apiVersion: v1, kind: Secret, metadata: {name: s, labels: {a: b}}}'),
    live: ownedBy(
      object(
        '{apiVersion: v1, kind: Secret, metadata: {name: s, labels: {a: b}}, type: Opaque, data: {tls.crt: eA==, admin: eA==}}',
      ),
      ['helm', { 'f:metadata': { 'f:labels': { 'f:a': {} } } }],
      ['gatekeeper', { 'f:data': { 'f:tls.crt': {}, 'f:admin': {} } }, UPDATE],
    ),
    findings: ["added data['tls.crt']", 'added data.admin'],
  },
  {
    what: 'an authority beside a certificate that Git declares, under any name: nothing was left to a webhook',
    desired: CERTIFICATE,
    live: ownedBy(
      put(CERTIFICATE, ['data', 'ca.crt'], 'ZXZpbA=='),
      ['helm', { 'f:data': { 'f:tls.crt': {}, 'f:tls.key': {} } }],
      ['cert-controller', { 'f:data': { 'f:ca.crt': {} } }, UPDATE],
    ),
    findings: ["added data['ca.crt']"],
  },
  {
    what: 'a certificate that is rendered anew each time, under any name',
    desired: CERTIFICATE,
    live: ownedBy(
      put(CERTIFICATE, ['data', 'tls.crt'], 'ZXZpbA=='),
      ['helm', { 'f:data': { 'f:tls.key': {} } }],
      ['cert-controller', { 'f:data': { 'f:tls.crt': {} } }, UPDATE],
    ),
    situation: { rendered: { unstable: ['/data/tls.crt', '/data/tls.key'] } },
    findings: ["changed data['tls.crt']"],
  },
  {
    what: 'an annotation that keeps Flux from repairing a custom resource, as its controller',
    desired: WIDGET,
    live: ownedBy(
      put(WIDGET, ['metadata', 'annotations'], { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }),
      ['helm', { 'f:spec': { 'f:a': {} } }],
      [
        'widgets',
        { 'f:metadata': { 'f:annotations': { 'f:kustomize.toolkit.fluxcd.io/reconcile': {} } } },
        UPDATE,
      ],
      ['widgets', { 'f:status': { 'f:ready': {} } }, STATUS],
    ),
    findings: ["added metadata.annotations['kustomize.toolkit.fluxcd.io/reconcile']"],
  },
  {
    what: 'a Pod that tolerates every node, beside nodes that fail',
    desired: POD,
    live: ownedBy(
      put(
        POD,
        ['spec', 'tolerations'],
        [{ operator: 'Exists' }, { key: 'node.kubernetes.io/not-ready', operator: 'Exists' }],
      ),
      [
        'helm',
        { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } },
      ],
      ['some-tool', { 'f:spec': { 'f:tolerations': {} } }, UPDATE],
    ),
    findings: ['added spec.tolerations'],
  },
  {
    what: 'a volume of a Pod that is called like the one of its service account, and projects another Secret',
    desired: POD,
    live: ownedBy(
      put(
        POD,
        ['spec', 'volumes'],
        [{ name: 'kube-api-access-abcde', projected: { sources: [{ secret: { name: 'admin' } }] } }],
      ),
      [
        'helm',
        { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } },
      ],
    ),
    findings: ['added spec.volumes'],
  },
  {
    what: 'a volume of a Pod that is called like the one of its service account, and is the node’s disk',
    desired: POD,
    live: ownedBy(
      put(POD, ['spec', 'volumes'], [{ name: 'kube-api-access-abcde', hostPath: { path: '/' } }]),
      [
        'helm',
        { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } },
      ],
    ),
    findings: ['added spec.volumes'],
  },
];

/** Its controller has sent the whole, as typed clients do; then a person edits one field. */
const afterRewriting = (live: Json, edited: string) =>
  ownedBy(
    put(WIDGET, ['spec'], live),
    ['helm', { 'f:spec': { 'f:a': {} } }],
    ['widget-operator', { 'f:spec': { 'f:filledIn': {} } }, UPDATE],
    ['widget-operator', { 'f:status': { 'f:ready': {} } }, STATUS],
    ['kubectl-edit', { 'f:spec': { [`f:${edited}`]: {} } }, UPDATE],
  );

describe('what a controller has rewritten is spelled anew, and no person is excused by that', () => {
  const declared = (spec: Json) => put(WIDGET, ['spec'], spec);

  test('a version that reads like a quantity', () => {
    for (const [before, after] of [
      ['8.10', '8.1'],
      ['1.0', '1'],
      ['1e3', '1000'],
    ] as const) {
      const live = afterRewriting({ version: after }, 'version');
      assert.deepEqual(said(judge(declared({ version: before }), live, { schemas })), [
        'changed spec.version',
      ]);
    }
  });

  test('a default in place of a declared false', () => {
    const spec: RawSchema = { type: 'object', properties: { strict: { type: 'boolean', default: true } } };
    const widget = schemaOfCustomKind({ type: 'object', properties: { spec } });
    const situation = { schemas: { of: () => widget } };
    const off = declared({ strict: false });
    const byPerson = afterRewriting({ strict: true }, 'strict');
    assert.deepEqual(said(judge(off, byPerson, situation)), ['changed spec.strict']);
    // A typed client leaves the false out, and the server records the default for it.
    const byClient = asController(WIDGET, 'operator', { strict: true }, { 'f:strict': {} });
    assert.deepEqual(said(judge(off, byClient, situation)), []);
  });

  test('nor by its controller’s own name, in a spelling that no typed client writes', () => {
    const live = asController(WIDGET, 'poser', { version: '8.1' }, { 'f:version': {} });
    assert.deepEqual(said(judge(declared({ version: '8.10' }), live, { schemas })), ['changed spec.version']);
    const typed = asController(WIDGET, 'operator', { memory: '1536Mi' }, { 'f:memory': {} });
    assert.deepEqual(said(judge(declared({ memory: '1.5Gi' }), typed, { schemas })), []);
  });
});

describe('who edits the cluster does not hide it', () => {
  for (const { what, desired, live, situation, findings } of ATTEMPTS)
    test(what, () => assert.deepEqual(said(judge(desired, live, { schemas, ...situation })), findings));
});

test('labels that the API server makes for a Job are its own identity, and nothing else is', () => {
  const job = (labels: string) =>
    object(
      `{apiVersion: batch/v1, kind: Job, metadata: {name: once, namespace: shop, uid: 4da37f0c${labels}}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: web, image: nginx}]}}}}`,
    );
  const labelled = (uid: string, name: string) =>
    job(
      `, labels: {controller-uid: ${uid}, batch.kubernetes.io/controller-uid: ${uid}, job-name: ${name}, batch.kubernetes.io/job-name: ${name}}`,
    );
  const situation = { schemas, ownership: 'optional' as const };
  assert.deepEqual(said(judge(job(''), labelled('4da37f0c', 'once'), situation)), []);
  assert.deepEqual(said(judge(job(''), labelled('4da37f0cx', 'twice'), situation)).sort(), [
    'added metadata.labels.controller-uid',
    'added metadata.labels.job-name',
    "added metadata.labels['batch.kubernetes.io/controller-uid']",
    "added metadata.labels['batch.kubernetes.io/job-name']",
  ]);
});
