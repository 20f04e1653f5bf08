import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json, KubernetesObject } from '../../../lib/objects/objects.ts';
import { builtInSchemas } from '../../oracles/schemas.ts';
import { findingsOf, judge, object, ownedBy, put, said } from './judging.ts';

const schemas = await builtInSchemas();

const DEPLOYMENT = object(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
`);
const HELM: Json = {
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:selector': {},
    'f:template': {
      'f:metadata': { 'f:labels': { 'f:app': {} } },
      'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
    },
  },
};
const PAUSED: Json = { 'f:spec': { 'f:paused': {} } };
const paused = put(DEPLOYMENT, ['spec', 'paused'], true);

interface Case {
  readonly what: string;
  readonly live: KubernetesObject;
  readonly deployer?: 'none' | 'flux' | 'argocd';
  readonly findings: readonly string[];
  readonly likely?: RegExp;
}

const CASES: readonly Case[] = [
  { what: 'what the deployer applied is in sync', live: ownedBy(DEPLOYMENT, ['helm', HELM]), findings: [] },
  {
    what: 'rule 1: a default is in sync, whoever owns it',
    live: ownedBy(
      put(DEPLOYMENT, ['spec', 'revisionHistoryLimit'], 10),
      ['helm', HELM],
      ['kubectl-edit', { 'f:spec': { 'f:revisionHistoryLimit': {} } }],
    ),
    findings: [],
  },
  {
    what: 'rule 2: bookkeeping of the platform is in sync',
    live: ownedBy(
      put(DEPLOYMENT, ['metadata', 'annotations'], { 'deployment.kubernetes.io/revision': '3' }),
      ['helm', HELM],
      [
        'kube-controller-manager',
        { 'f:metadata': { 'f:annotations': { 'f:deployment.kubernetes.io/revision': {} } } },
        { operation: 'Update', subresource: 'status' },
      ],
    ),
    findings: [],
  },
  {
    what: 'rule 2: the same by a person is not',
    live: ownedBy(
      put(DEPLOYMENT, ['metadata', 'annotations'], { 'deployment.kubernetes.io/revision': '3' }),
      ['helm', HELM],
      [
        'kubectl-annotate',
        { 'f:metadata': { 'f:annotations': { 'f:deployment.kubernetes.io/revision': {} } } },
      ],
    ),
    findings: ["added metadata.annotations['deployment.kubernetes.io/revision']"],
  },
  {
    what: 'rule 3: what the deployer still owns is of another revision or other values',
    live: ownedBy(paused, ['helm', { ...(HELM as object), ...PAUSED } as Json]),
    findings: ['changed spec.paused'],
    likely: /another revision/,
  },
  {
    what: 'rule 4: what a person owns is added',
    live: ownedBy(paused, ['helm', HELM], ['kubectl-edit', PAUSED]),
    findings: ['added spec.paused'],
    likely: /likely with kubectl-edit/,
  },
  {
    what: 'rule 4: on a Flux target helm is a person',
    live: ownedBy(paused, ['helm-controller', HELM], ['helm', PAUSED]),
    deployer: 'flux',
    findings: ['added spec.paused'],
    likely: /likely with helm/,
  },
  {
    what: 'rule 5: what nobody owns is no default and found',
    live: ownedBy(paused, ['helm', HELM]),
    findings: ['added spec.paused'],
    likely: /at admission/,
  },
  {
    what: 'rule 5: what was written through another version of the kind shows no owner, and counts as its',
    live: ownedBy(
      paused,
      ['helm', HELM],
      ['kubectl-patch', { 'f:spec': {} }, { apiVersion: 'apps/v1beta1', operation: 'Update' }],
    ),
    findings: ['added spec.paused'],
    likely: /likely with kubectl-patch/,
  },
  {
    what: 'rule 6: no entry of the deployer is a finding in itself',
    live: ownedBy(DEPLOYMENT, ['kubectl-create', HELM]),
    findings: ['changed metadata.managedFields'],
  },
  {
    what: 'rule 6: a cleared record is a finding in itself, and additions are by an unknown writer',
    live: put(paused, ['metadata', 'managedFields'], [{}]),
    findings: ['changed metadata.managedFields', 'added spec.paused'],
    likely: /absent or was cleared/,
  },
  {
    what: 'a forged owner excuses nothing that runs',
    live: ownedBy(
      put(DEPLOYMENT, ['spec', 'template', 'spec', 'containers', 1], { name: 'miner', image: 'evil' }),
      ['helm', HELM],
      [
        'kube-controller-manager',
        {
          'f:spec': {
            'f:template': {
              'f:spec': {
                'f:containers': { 'k:{"name":"miner"}': { '.': {}, 'f:image': {}, 'f:name': {} } },
              },
            },
          },
        },
      ],
    ),
    findings: ['added spec.template.spec.containers[name=miner]'],
  },
  {
    what: 'a declared value that another manager changed is attributed to it',
    live: ownedBy(
      put(DEPLOYMENT, ['spec', 'template', 'spec', 'containers', 0, 'image'], 'web:2'),
      ['helm', HELM],
      [
        'kubectl-set',
        {
          'f:spec': {
            'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:image': {} } } } },
          },
        },
        { operation: 'Update', time: '2026-11-02T10:00:00Z' },
      ],
    ),
    findings: ['changed spec.template.spec.containers[name=web].image'],
    likely: /likely with kubectl-set/,
  },
];

describe('undeclared fields: first the value, then the owner', () => {
  for (const { what, live, deployer, findings, likely } of CASES)
    test(what, () => {
      const verdict = judge(DEPLOYMENT, live, {
        schemas,
        ownership: 'required',
        ...(deployer ? { deployer } : {}),
      });
      assert.deepEqual(said(verdict), findings);
      if (likely !== undefined) assert.match(findingsOf(verdict).at(-1)?.attribution?.likely ?? '', likely);
    });
});

test('a custom resource’s own controller may add to its spec, but nothing that runs', () => {
  const desired = object('{apiVersion: x.io/v1, kind: Foo, metadata: {name: x}, spec: {a: b}}');
  const byController = (spec: Json, fields: Json) =>
    ownedBy(
      put(desired, ['spec'], spec),
      ['helm', { 'f:spec': { 'f:a': {} } }],
      ['foo-controller', { 'f:spec': fields }, { operation: 'Update' }],
      ['foo-controller', { 'f:status': { 'f:ready': {} } }, { operation: 'Update', subresource: 'status' }],
    );
  const benign = judge(desired, byController({ a: 'b', size: 3 }, { 'f:size': {} }), { schemas });
  assert.equal(benign.kind, 'in-sync');
  const runs = judge(desired, byController({ a: 'b', image: 'evil' }, { 'f:image': {} }), { schemas });
  assert.deepEqual(said(runs), ['added spec.image']);
});

test('a value that is rendered anew each time may be any, but not a person’s', () => {
  const desired = object('{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: a1}}');
  const live = object(
    '{apiVersion: v1, kind: Secret, metadata: {name: s}, type: Opaque, data: {password: YjI=}}',
  );
  const unstable = { unstable: ['/stringData/password'] };
  const own: Json = { 'f:data': { 'f:password': {} } };
  assert.equal(judge(desired, ownedBy(live, ['helm', own]), { schemas, rendered: unstable }).kind, 'in-sync');
  assert.equal(
    judge(desired, ownedBy(live, ['helm', { 'f:stringData': { 'f:password': {} } }]), {
      schemas,
      rendered: unstable,
    }).kind,
    'in-sync',
  );
  const changed = judge(desired, ownedBy(live, ['helm', { 'f:type': {} }], ['kubectl-patch', own]), {
    schemas,
    rendered: unstable,
  });
  assert.deepEqual(said(changed), ['changed data.password']);
  const [finding] = findingsOf(changed);
  assert.equal(finding?.secret, true);
  assert.equal(finding?.live, undefined);
  const gone = judge(desired, ownedBy(put(live, ['data'], {}), ['helm', own]), {
    schemas,
    rendered: unstable,
  });
  assert.deepEqual(said(gone), ['changed data.password']);
});

test('with lookup in the template, what only the deployer owns is no drift', () => {
  const desired = object('{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: rendered}}');
  const live = object('{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: looked-up}}');
  const fields: Json = { 'f:data': { 'f:a': {} } };
  const situation = { schemas, rendered: { usesLookup: true } };
  assert.equal(judge(desired, ownedBy(live, ['helm', fields]), situation).kind, 'in-sync');
  assert.deepEqual(said(judge(desired, ownedBy(live, ['helm', {}], ['kubectl-edit', fields]), situation)), [
    'changed data.a',
  ]);
});

test('a CRD of crds/ that is older than the chart is no drift, until a person edits it', () => {
  const definition = (version: string) =>
    object(
      `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a.b}, spec: {group: b, scope: Namespaced, names: {kind: A, plural: a}, versions: [{name: ${version}, served: true, storage: true}]}}`,
    );
  const situation = { schemas, rendered: { role: 'crd' as const }, ownership: 'required' as const };
  const fields: Json = { 'f:spec': { 'f:versions': {} } };
  assert.equal(
    judge(definition('v2'), ownedBy(definition('v1'), ['helm', fields]), situation).kind,
    'in-sync',
  );
  assert.deepEqual(
    said(judge(definition('v2'), ownedBy(definition('v1'), ['kubectl-edit', fields]), situation)),
    ['changed spec.versions[0].name'],
  );
});

test('what admission put there is a note once it was seen at the first check after the rollout', () => {
  const live = ownedBy(paused, ['helm', HELM]);
  const first = judge(DEPLOYMENT, live, { schemas });
  assert.equal(first.kind, 'drift');
  if (first.kind !== 'drift') return;
  const { admission } = first;
  assert.ok(admission);
  const later = judge(DEPLOYMENT, live, { schemas, admitted: () => admission });
  assert.equal(later.kind, 'in-sync');
  const changed = ownedBy(put(paused, ['spec', 'minReadySeconds'], 5), ['helm', HELM]);
  assert.deepEqual(said(judge(DEPLOYMENT, changed, { schemas, admitted: () => admission })), [
    'added spec.minReadySeconds',
  ]);
});

test('a key of a Secret that nobody owns is no work of admission', () => {
  const desired = object('{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}');
  const live = object('{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: Yg==, c: Yg==}}');
  const verdict = judge(desired, ownedBy(live, ['helm', { 'f:stringData': { 'f:a': {} } }]), { schemas });
  assert.deepEqual(said(verdict), ['added data.c']);
  assert.equal(verdict.kind === 'drift' && verdict.admission, undefined);
});

const FINALIZERS: Json = { 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"a.example/b"': {} } } };
const PULL_SECRETS: Json = { 'f:imagePullSecrets': { '.': {}, 'k:{"name":"s-dockercfg-x1"}': {} } };

/** What a ServiceAccount that is only a name has live, who owns it, and what must be found. */
const PLATFORM: readonly (readonly [
  what: string,
  live: string,
  owner: string,
  fields: Json,
  findings: readonly string[],
])[] = [
  ['a finalizer of a controller is its own', 'finalizer', 'some-controller', FINALIZERS, []],
  [
    'a finalizer that the deployer alone put there is of another revision',
    'finalizer',
    'helm',
    FINALIZERS,
    ['changed metadata.finalizers["a.example/b"]'],
  ],
  [
    'a pull secret of a platform that hands them out',
    'pull',
    'openshift-controller-manager',
    PULL_SECRETS,
    [],
  ],
  [
    'a pull secret of an unknown tool is added',
    'pull',
    'some-tool',
    PULL_SECRETS,
    ['added imagePullSecrets'],
  ],
  [
    'a pull secret that the deployer alone put there is of another revision',
    'pull',
    'helm',
    PULL_SECRETS,
    ['changed imagePullSecrets'],
  ],
];

describe('the platform’s remit is the platform’s, not the deployer’s', () => {
  const desired = object('{apiVersion: v1, kind: ServiceAccount, metadata: {name: s, labels: {a: b}}}');
  const own: Json = { 'f:metadata': { 'f:labels': { 'f:a': {} } } };
  const withFinalizer = put(desired, ['metadata', 'finalizers'], ['a.example/b']);
  const withPull = put(desired, ['imagePullSecrets'], [{ name: 's-dockercfg-x1' }]);
  for (const [what, live, owner, fields, findings] of PLATFORM)
    test(what, () => {
      const found = live === 'finalizer' ? withFinalizer : withPull;
      const verdict = judge(desired, ownedBy(found, ['helm', own], [owner, fields]), { schemas });
      assert.deepEqual(said(verdict), findings);
    });
});

const FAILURE_POLICY: Json = {
  'f:webhooks': {
    'k:{"name":"v.example"}': { 'f:failurePolicy': {}, 'f:clientConfig': { 'f:caBundle': {} } },
  },
};

/** Of a webhook's failurePolicy: what Git says, what is live, who wrote it, and what must be found. */
const POLICIES: readonly (readonly [
  what: string,
  desired: string,
  live: string,
  owner: string,
  findings: readonly string[],
])[] = [
  ['a webhook that its controller closes is no drift', 'Ignore', 'Fail', 'pilot-discovery', []],
  [
    'one that a person closes is',
    'Ignore',
    'Fail',
    'kubectl-edit',
    ['changed webhooks[name=v.example].failurePolicy'],
  ],
  [
    'one that is opened is, whoever does',
    'Fail',
    'Ignore',
    'pilot-discovery',
    ['changed webhooks[name=v.example].failurePolicy'],
  ],
];

describe('a webhook that is installed open', () => {
  const hook = (policy: string) =>
    object(
      `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: v}, webhooks: [{name: v.example, failurePolicy: ${policy}}]}`,
    );
  for (const [what, desired, live, owner, findings] of POLICIES)
    test(what, () => {
      const found = ownedBy(hook(live), ['helm', {}], [owner, FAILURE_POLICY, { operation: 'Update' }]);
      assert.deepEqual(said(judge(hook(desired), found, { schemas })), findings);
    });
});

test('a sync that Argo CD is at, and what it has notified of, is no drift of an Application', () => {
  const desired = object(
    '{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {project: default}}',
  );
  const syncing = put(put(desired, ['operation'], { sync: { prune: true } }), ['metadata', 'annotations'], {
    'notified.notifications.argoproj.io': '{}',
  });
  const by = (manager: string) =>
    ownedBy(
      syncing,
      ['argocd-controller', { 'f:spec': { 'f:project': {} } }],
      [manager, { 'f:operation': { 'f:sync': { 'f:prune': {} } } }, { operation: 'Update' }],
      [
        'argocd-notifications',
        { 'f:metadata': { 'f:annotations': { 'f:notified.notifications.argoproj.io': {} } } },
        { operation: 'Update' },
      ],
    );
  const situation = { schemas, deployer: 'argocd' as const };
  assert.deepEqual(said(judge(desired, by('argocd-server'), situation)), []);
  assert.deepEqual(said(judge(desired, by('kubectl-edit'), situation)), ['added operation']);
});
