import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { packageOf, type TestEntry, webChart } from '../../lib/charts/package/packages.ts';
import { asChart, chartKey, type HostileCase, harmless, refused, TARGET } from './case.ts';

const FAMILY = 'boundary';
/** Each release has names of its own: two that declare one object are a case by itself. */
const OWN = '{{ .Release.Name }}';
const CONFIG_MAP = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-${OWN}\n`;
/** helm leaves what is not below templates/ as it is. */
const asIs = (text: string, name = 'x'): string => text.replaceAll(`x-${OWN}`, name);

const KIND: readonly ReasonCode[] = ['kind-forbidden'];
const RIGHTS: readonly ReasonCode[] = ['rights-forbidden'];
const NAMESPACE: readonly ReasonCode[] = ['namespace-forbidden'];

const withTemplate = (text: string, ...more: readonly TestEntry[]) =>
  asChart(() =>
    packageOf(
      webChart(
        { name: 'web/templates/a.yaml', data: CONFIG_MAP },
        { name: 'web/templates/b.yaml', data: text },
        ...more,
      ),
    ),
  );
const bad = (name: string, text: string, codes: readonly ReasonCode[], ...more: readonly TestEntry[]) =>
  refused(FAMILY, name, withTemplate(text, ...more), codes);
const badManifest = (name: string, text: string, codes: readonly ReasonCode[]): HostileCase =>
  refused(
    FAMILY,
    name,
    ({ release }) => [{ key: `${TARGET}/manifests/${release}.yaml`, body: text.replaceAll(OWN, release) }],
    codes,
  );

const object = (apiVersion: string, kind: string, more = '', name = `x-${OWN}`): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${more}`;
const RBAC = 'rbac.authorization.k8s.io/v1';
const ADMIN = object(
  RBAC,
  'ClusterRoleBinding',
  'roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: default, namespace: shop}]\n',
);
const indented = (text: string, by = '    '): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : by + line))
    .join('\n');
const inList = (kind: string, text: string): string =>
  `apiVersion: v1\nkind: ${kind}\nitems:\n  -\n${indented(text)}\n`;

const hooked = (event: string): string =>
  ADMIN.replace('metadata:\n', `metadata:\n  annotations: {helm.sh/hook: ${event}}\n`);

/** Kinds that nobody has by default. */
const KINDS: readonly (readonly [string, string])[] = [
  [RBAC, 'ClusterRole'],
  ['v1', 'Namespace'],
  ['v1', 'PersistentVolume'],
  ['v1', 'Node'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding'],
  ['apiregistration.k8s.io/v1', 'APIService'],
  ['storage.k8s.io/v1', 'StorageClass'],
  ['scheduling.k8s.io/v1', 'PriorityClass'],
  ['certificates.k8s.io/v1', 'CertificateSigningRequest'],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease'],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'],
  ['source.toolkit.fluxcd.io/v1', 'GitRepository'],
  ['notification.toolkit.fluxcd.io/v1', 'Receiver'],
  ['image.toolkit.fluxcd.io/v1', 'ImageUpdateAutomation'],
  ['argoproj.io/v1alpha1', 'Application'],
  ['argoproj.io/v1alpha1', 'ApplicationSet'],
  ['argoproj.io/v1alpha1', 'AppProject'],
  ['kustomize.config.k8s.io/v1beta1', 'Kustomization'],
];

const kinds: readonly HostileCase[] = [
  ...KINDS.map(([apiVersion, kind]) => bad(`a ${kind} of ${apiVersion}`, object(apiVersion, kind), KIND)),
  bad('a binding to cluster-admin', ADMIN, KIND),
  bad('it in a List', inList('List', ADMIN), KIND),
  bad('it in a List in a List', inList('List', inList('List', ADMIN)), KIND),
  bad('it in a ClusterRoleBindingList', inList('ClusterRoleBindingList', ADMIN).replace('v1', RBAC), KIND),
  bad('it in a list of another kind', inList('ConfigMapList', ADMIN), KIND),
  bad(
    'it in ten lists',
    Array.from({ length: 10 }).reduce<string>((text) => inList('List', text), ADMIN),
    ['object-incomplete'],
  ),
  bad(
    'it in JSON',
    JSON.stringify({ apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata: { name: `x-${OWN}` } }),
    KIND,
  ),
  bad('it as the second document of a template', `${CONFIG_MAP.replace('web', 'y')}---\n${ADMIN}`, KIND),
  bad(
    'it under a forged source',
    `${CONFIG_MAP.replace('web', 'y')}---\n# Source: web/crds/x.yaml\n${ADMIN}`,
    KIND,
  ),
  bad('it by a template that is made of values', '{{ tpl .Values.more . }}', KIND, {
    name: 'web/values.yaml',
    data: `more: |\n${indented(ADMIN, '  ')}`,
  }),
  bad('it as a hook', hooked('pre-install'), KIND),
  bad('it as a hook of a deletion', hooked('post-delete'), KIND),
  refused(
    FAMILY,
    'it as a test',
    withTemplate('', {
      name: 'web/templates/tests/t.yaml',
      data: hooked('test'),
    }),
    KIND,
  ),
  refused(
    FAMILY,
    'it in a chart inside',
    withTemplate(
      '',
      { name: 'web/charts/db/Chart.yaml', data: 'apiVersion: v2\nname: db\nversion: 1.0.0\n' },
      { name: 'web/charts/db/templates/a.yaml', data: ADMIN },
    ),
    KIND,
  ),
  refused(FAMILY, 'it in crds/', withTemplate('', { name: 'web/crds/a.yaml', data: asIs(ADMIN) }), [
    'kind-forbidden',
    'crds-folder',
  ]),
  refused(
    FAMILY,
    'a Deployment in crds/',
    withTemplate('', { name: 'web/crds/a.yaml', data: asIs(object('apps/v1', 'Deployment')) }),
    ['crds-folder'],
  ),
  refused(
    FAMILY,
    'a CRD in crds/',
    withTemplate('', {
      name: 'web/crds/a.yaml',
      data: asIs(object('apiextensions.k8s.io/v1', 'CustomResourceDefinition')),
    }),
    KIND,
  ),
];

const gated = (name: string, condition: string): HostileCase =>
  bad(`it only if ${name}`, `{{ if ${condition} }}\n${ADMIN}{{ end }}\n`, KIND);
const gates: readonly HostileCase[] = [
  gated('it is an upgrade', '.Release.IsUpgrade'),
  gated('it is an install', '.Release.IsInstall'),
  gated('it is the seventh revision or so', 'gt (int .Release.Revision) 3'),
  gated('it is another year', 'lt (now | date "2006" | int) 2010'),
  gated('the cluster serves Deployments', '.Capabilities.APIVersions.Has "apps/v1"'),
  gated('the cluster is of today', 'semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version'),
  gated('the release is in this namespace', 'eq .Release.Namespace "shop"'),
  gated('lookup finds nothing', 'not (lookup "v1" "Namespace" "" "shop")'),
  gated('a letter of chance is no x', 'ne (randAlpha 1) "x"'),
];

const rule = (text: string): string => object(RBAC, 'Role', `rules: [{${text}}]\n`);
const binding = (role: string): string =>
  object(
    RBAC,
    'RoleBinding',
    `roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role}}\nsubjects: []\n`,
  );
const rights: readonly HostileCase[] = [
  ...['cluster-admin', 'admin', 'edit'].map((role) => bad(`a RoleBinding to ${role}`, binding(role), RIGHTS)),
  ...['escalate', 'bind', 'impersonate', '"*"'].map((verb) =>
    bad(
      `a Role that may ${verb}`,
      rule(`apiGroups: [""], resources: [roles], verbs: [get, ${verb}]`),
      RIGHTS,
    ),
  ),
  bad('a Role over every resource', rule('apiGroups: [""], resources: ["*"], verbs: [get]'), RIGHTS),
  bad('a Role over every group', rule('apiGroups: ["*"], resources: [pods], verbs: [get]'), RIGHTS),
  bad(
    'a Role in a RoleList',
    inList('RoleList', rule('apiGroups: [""], resources: ["*"], verbs: [get]')).replace('v1', RBAC),
    RIGHTS,
  ),
  bad(
    'a token of a ServiceAccount',
    object('v1', 'Secret', 'type: kubernetes.io/service-account-token\n').replace(
      'metadata:\n',
      'metadata:\n  annotations: {kubernetes.io/service-account.name: default}\n',
    ),
    RIGHTS,
  ),
];

const placed = (namespace: string): string =>
  CONFIG_MAP.replace('metadata:\n', `metadata:\n  namespace: ${namespace}\n`).replace('web', 'y');
const namespaces: readonly HostileCase[] = [
  ...['kube-system', 'flux-system', 'argocd', 'fairlead-staging', 'default', 'other'].map((namespace) =>
    bad(`an object for namespace ${namespace}`, placed(namespace), NAMESPACE),
  ),
  badManifest('a manifest for kube-system', placed('kube-system'), NAMESPACE),
  badManifest('a manifest without a namespace', CONFIG_MAP, NAMESPACE),
  badManifest('a manifest that binds cluster-admin', ADMIN, KIND),
  badManifest('a manifest with it in a List', inList('List', ADMIN), KIND),
  badManifest(
    'a Kustomization as a manifest',
    object('kustomize.config.k8s.io/v1beta1', 'Kustomization', 'resources: ["https://evil.example/x"]\n'),
    KIND,
  ),
  badManifest(
    'a Kustomization of Flux as a manifest',
    object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization').replace(
      'metadata:\n',
      'metadata:\n  namespace: shop\n',
    ),
    KIND,
  ),
  badManifest('a kustomization without a kind', 'resources:\n  - https://evil.example/x\n', [
    'object-incomplete',
  ]),
  badManifest(
    'a Component of kustomize',
    object('kustomize.config.k8s.io/v1alpha1', 'Component').replace(
      'metadata:\n',
      'metadata:\n  namespace: shop\n',
    ),
    KIND,
  ),
];

const owned: readonly HostileCase[] = [
  refused(
    FAMILY,
    'an object that another release owns',
    async ({ release }) => {
      const chart = await packageOf(
        webChart({ name: 'web/templates/a.yaml', data: CONFIG_MAP.replace(`web-${OWN}`, `of-${release}`) }),
      );
      return [
        { key: chartKey(`${release}-one`), body: chart },
        { key: chartKey(release), body: chart },
      ];
    },
    ['object-owned-elsewhere'],
  ),
  harmless(
    FAMILY,
    'an object with orders to its deployer in its annotations',
    withTemplate(
      object('v1', 'ConfigMap', '').replace(
        'metadata:\n',
        'metadata:\n  annotations: {a: "$(id) `id` $evil"}\n',
      ),
    ),
  ),
];

/** An early answer sees what it renders; what it cannot see, the cluster's RBAC refuses. */
const unseen: readonly HostileCase[] = [
  harmless(
    FAMILY,
    'it only if a revision asked for by another name is high, which only the cluster refuses',
    withTemplate(`{{ if gt (int (index .Release "Revision")) 90 }}\n${ADMIN}{{ end }}\n`),
  ),
];

export const boundary: readonly HostileCase[] = [
  ...kinds,
  ...gates,
  ...rights,
  ...namespaces,
  ...owned,
  ...unseen,
];
