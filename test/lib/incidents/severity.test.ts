import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { eachThingFirst, isCritical, severityBy, severityOf } from '../../../lib/incidents/severity.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';

const CONTAINER = 'spec.template.spec.containers[name=web]';
const RBAC = 'rbac.authorization.k8s.io/v1';
const role = { apiVersion: RBAC, kind: 'Role', name: 'web', namespace: 'shop' };
const hook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  name: 'guard',
};

const CRITICAL: readonly (readonly [string, Finding])[] = [
  [
    'a privileged container',
    finding(`${CONTAINER}.securityContext.privileged`, { desired: false, live: true }),
  ],
  [
    'an added container that is privileged',
    finding('spec.template.spec.containers[name=evil]', {
      live: { name: 'evil', securityContext: { privileged: true } },
    }),
  ],
  ['the host network', finding('spec.template.spec.hostNetwork', { live: true })],
  ['the host’s processes', finding('spec.template.spec.hostPID', { live: true })],
  [
    'a volume of the host',
    finding('spec.template.spec.volumes[name=root]', { live: { name: 'root', hostPath: { path: '/' } } }),
  ],
  [
    'another path of a volume of the host',
    finding('spec.template.spec.volumes[name=logs].hostPath.path', { desired: '/var/log', live: '/' }),
  ],
  ['a capability', finding(`${CONTAINER}.securityContext.capabilities.add`, { live: ['SYS_ADMIN'] })],
  [
    'dropped capabilities that are gone',
    finding(
      `${CONTAINER}.securityContext.capabilities`,
      { desired: { drop: ['ALL'] } },
      { verdict: 'changed' },
    ),
  ],
  [
    'a token that is mounted again',
    finding('spec.template.spec.automountServiceAccountToken', { desired: false }, { verdict: 'changed' }),
  ],
  [
    'privileges that may rise again',
    finding(`${CONTAINER}.securityContext.allowPrivilegeEscalation`, { desired: false, live: true }),
  ],
  ['a rule in a role', finding('rules', { desired: [], live: [{ verbs: ['*'] }] }, { object: role })],
  [
    'one more subject',
    finding(
      'subjects',
      { live: [{ kind: 'User', name: 'eve' }] },
      { object: { ...role, kind: 'RoleBinding' } },
    ),
  ],
  ['a role binding that Git does not declare', wholeObject('extra', { ...role, kind: 'RoleBinding' })],
  ['a webhook configuration that is gone', wholeObject('missing', hook)],
  [
    'one webhook that is gone',
    finding('webhooks[name=guard.example.com]', { desired: { name: 'guard.example.com' } }, { object: hook }),
  ],
  [
    'a network policy that is gone',
    wholeObject('missing', { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }),
  ],
  ['a deleted workload', wholeObject('missing', { kind: 'StatefulSet' })],
  ['a workload scaled to none', finding('spec.replicas', { desired: 2, live: 0 })],
  [
    'a namespace that is being deleted',
    finding(
      'metadata.deletionTimestamp',
      { live: '2026-11-21T12:00:00Z' },
      { object: { apiVersion: 'v1', kind: 'Namespace', name: 'shop' } },
    ),
  ],
];

const WARNING: readonly (readonly [string, Finding])[] = [
  ['replicas', finding('spec.replicas', { desired: 1, live: 4 })],
  ['an image', finding(`${CONTAINER}.image`, { desired: 'a', live: 'b' })],
  ['a workload scaled down', finding('spec.replicas', { desired: 2, live: 1 })],
  ['a missing ConfigMap', wholeObject('missing', { apiVersion: 'v1', kind: 'ConfigMap' })],
  ['an orphaned ConfigMap', wholeObject('extra', { apiVersion: 'v1', kind: 'ConfigMap' })],
  [
    'a container that is not privileged any more',
    finding(`${CONTAINER}.securityContext.privileged`, { desired: true, live: false }),
  ],
  [
    'a rule that a role lost',
    finding('rules', { desired: [{ verbs: ['get'] }] }, { object: role, verdict: 'changed' }),
  ],
  ['a label of a role', finding('metadata.labels.team', { live: 'a' }, { object: role })],
  [
    'a ConfigMap key that happens to be named so',
    finding(
      'data.hostPath',
      { desired: '/a', live: '/b' },
      { object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' } },
    ),
  ],
];

describe('a finding is critical', () => {
  for (const [what, one] of CRITICAL) test(what, () => assert.equal(isCritical(one), true));
});

describe('a finding is a warning', () => {
  for (const [what, one] of WARNING) test(what, () => assert.equal(isCritical(one), false));
});

describe('what the configuration says of severity', () => {
  const replicas = finding('spec.replicas', { desired: 1, live: 4 });
  const privileged = finding(`${CONTAINER}.securityContext.privileged`, { desired: false, live: true });
  const byName = severityBy([
    { kinds: ['StatefulSet'], severity: 'critical', reason: 'databases' },
    { kinds: ['Deployment', 'Job'], path: '/spec/replicas', severity: 'info', reason: 'scaled by hand' },
    { namespaces: ['shop-*', 'shop'], severity: 'critical', reason: 'money' },
  ]);
  for (const [name, found, expected] of [
    ['the first entry that matches decides', replicas, 'info'],
    [
      'an entry without kinds is of all of its namespaces',
      finding('spec.paused', { live: true }),
      'critical',
    ],
    [
      'what no entry names is as grave as ever',
      { ...privileged, object: { ...privileged.object, namespace: 'bank' } },
      'critical',
    ],
    [
      'and as mild',
      { ...finding('spec.paused', { live: true }), object: { ...replicas.object, namespace: 'bank' } },
      'warning',
    ],
    [
      'a rule of drift.yaml goes before',
      { ...replicas, rule: { number: 1, reason: 'ours', severity: 'critical' as const } },
      'critical',
    ],
    [
      'a rule of drift.yaml that says nothing of it does not',
      { ...replicas, rule: { number: 1, reason: 'ours', waitSeconds: 60 } },
      'info',
    ],
  ] as const)
    test(name, () => assert.equal(byName(found), expected));
});

test('of the same thing in many objects one comes first, the gravest before the others', () => {
  const on = (name: string, one: Finding): Finding => ({ ...one, object: { ...one.object, name } });
  const image = finding(`${CONTAINER}.image`, { desired: 'a:1', live: 'a:2' });
  const gone = wholeObject('missing');
  const shown = eachThingFirst(
    [on('a', image), on('b', image), on('c', image), on('d', gone), on('e', gone)],
    {
      severityOf,
    },
  );
  assert.deepEqual(
    shown.map(({ object }) => object.name),
    ['d', 'a', 'e', 'b', 'c'],
  );
});
