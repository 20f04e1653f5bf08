import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { type FluxTarget, fluxTarget } from '../flux/target.ts';
import { requirement } from '../requirements.ts';

/**
 * The boundary of a target holds in the cluster: charts and manifests that nobody judged (here every judgement is
 * "accepted") are refused there, by the rights that `npx fairlead bootstrap` prints, with Flux's own controllers,
 * which by themselves may do everything.
 */
const ROLE = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'taken' } };
const BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'taken' },
  subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
};
const CLUSTER_ROLE = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole' };
const configMap = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'taken', namespace },
});
const helmRelease = (namespace: string) => ({
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'taken', namespace },
  spec: {
    interval: '1m',
    targetNamespace: 'kube-system',
    chart: {
      spec: {
        chart: 'fairlead/staging/releases/shop/web/chart',
        sourceRef: { kind: 'GitRepository', name: 'fairlead', namespace: 'fairlead-staging' },
      },
    },
  },
});
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'takens.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Taken', plural: 'takens' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

/** What a chart does that was harmless wherever it was looked at, as the file of it that does so. */
const CHARTS: Readonly<Record<string, { readonly file?: string; readonly object: object }>> = {
  "a HelmRelease without an account, beside Flux's own": { object: helmRelease('fairlead-staging') },
  'a HelmRelease without an account, in its own namespace': { object: helmRelease('shop') },
  "a Kustomization in the target's namespace": {
    object: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: 'taken', namespace: 'shop' },
      spec: {
        interval: '1m',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'fairlead', namespace: 'fairlead-staging' },
      },
    },
  },
  "an object in the cluster's namespace": { object: configMap('kube-system') },
  "an object beside Flux's own": { object: configMap('fairlead-staging') },
  'a hook elsewhere': {
    object: {
      ...configMap('default'),
      metadata: { ...configMap('default').metadata, annotations: { 'helm.sh/hook': 'pre-install' } },
    },
  },
  'a ClusterRoleBinding': {
    object: { ...BINDING, kind: 'ClusterRoleBinding', roleRef: { ...CLUSTER_ROLE, name: 'cluster-admin' } },
  },
  'a RoleBinding to cluster-admin': {
    object: { ...BINDING, roleRef: { ...CLUSTER_ROLE, name: 'cluster-admin' } },
  },
  'a RoleBinding to admin': { object: { ...BINDING, roleRef: { ...CLUSTER_ROLE, name: 'admin' } } },
  'a RoleBinding to edit': { object: { ...BINDING, roleRef: { ...CLUSTER_ROLE, name: 'edit' } } },
  'a Role that impersonates': {
    object: { ...ROLE, rules: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] }] },
  },
  'a Role over Flux': {
    object: {
      ...ROLE,
      rules: [{ apiGroups: ['helm.toolkit.fluxcd.io'], resources: ['*'], verbs: ['create'] }],
    },
  },
  'a definition in crds/': { file: 'crds/taken.yaml', object: DEFINITION },
  'a namespace': { object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'taken' } } },
};

/** RBAC, to the account that helm-controller installs charts as. */
const REFUSED =
  /"system:serviceaccount:fairlead-staging:fairlead-releases".*(cannot|attempting to grant RBAC permissions)/s;
const placeOf = (index: number): string => `blog/hostile-${index}`;

describe('the boundary of a target', requirement('deployers'), () => {
  let at: FluxTarget;
  before(async () => {
    at = await fluxTarget({ namespaces: ['shop', 'blog'] });
    await at.chart('shop/web', '1.0.0');
    await at.deployed('shop/web', '1.0.0');
    for (const [index, { file, object }] of Object.values(CHARTS).entries()) {
      const template = file ?? 'templates/settings.yaml';
      await at.chart(placeOf(index), '1.0.0', {
        'templates/settings.yaml': '',
        [template]: stringify(object),
      });
    }
  });
  after(() => at.end());

  const taken = async (): Promise<string> => {
    const kinds =
      'configmaps,helmreleases,kustomizations,roles,rolebindings,clusterrolebindings,crds,namespaces';
    const all = await at.flux.plane.kubectl([
      'get',
      kinds,
      '--all-namespaces',
      '-o',
      'name',
      '--ignore-not-found',
    ]);
    return all
      .split('\n')
      .filter((line) => line.includes('taken'))
      .join();
  };

  for (const [index, what] of Object.keys(CHARTS).entries()) {
    test(`a chart with ${what} is refused`, async () => {
      const said = await at.failed(placeOf(index));
      assert.match(said, REFUSED);
      assert.equal(await taken(), '');
    });
  }

  test('an ordinary chart with rights of its own, a hook and a Deployment is not', async () => {
    await at.chart('blog/ordinary', '1.0.0', {
      'templates/settings.yaml': [
        {
          ...ROLE,
          metadata: { name: 'own' },
          rules: [
            { apiGroups: [''], resources: ['pods', 'pods/log', 'secrets'], verbs: ['get', 'list', 'watch'] },
            { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'update'] },
            { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] },
          ],
        },
        {
          ...BINDING,
          metadata: { name: 'own' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'own' },
        },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'own' } },
        { ...configMap('blog'), metadata: { name: 'hook', annotations: { 'helm.sh/hook': 'pre-install' } } },
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'own' },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'own' } },
            template: {
              metadata: { labels: { app: 'own' } },
              spec: { containers: [{ name: 'own', image: 'nginx' }] },
            },
          },
        },
      ]
        .map((object) => stringify(object))
        .join('---\n'),
    });
    await at.deployed('blog/ordinary', '1.0.0');
  });

  test("there is no Secret beside Flux's objects, and a release cannot name one elsewhere", async () => {
    const { kubectl } = at.flux.plane;
    assert.equal(await kubectl(['-n', 'fairlead-staging', 'get', 'secrets', '-o', 'name']), '');
    const release = JSON.parse(
      await kubectl(['-n', 'fairlead-staging', 'get', 'helmrelease', 'shop.web', '-o', 'json']),
    );
    const { metadata: _, status: __, ...rest } = release;
    const reaching = {
      ...rest,
      metadata: { name: 'reaching', namespace: 'fairlead-staging' },
      spec: { ...release.spec, valuesFrom: [{ kind: 'Secret', name: 'flux', namespace: 'flux-system' }] },
    };
    await assert.rejects(
      kubectl(['create', '--dry-run=server', '--validate=strict', '-f', '-'], JSON.stringify(reaching)),
      /unknown field "spec\.valuesFrom\[0\]\.namespace"/,
    );
  });

  test("the charts' account may do nothing beside Flux's objects, and the account of apply/ no more than it needs", async () => {
    const rights = async (account: string) => {
      const as = `--as=system:serviceaccount:fairlead-staging:${account}`;
      const list = await at.flux.plane.kubectl(['auth', 'can-i', '--list', '-n', 'fairlead-staging', as]);
      return (
        list
          .split('\n')
          .slice(1)
          .map((line) => line.trim().split(/\s+/)[0] ?? '')
          // What everybody may: ask about oneself, and read what is served.
          .filter((resource) => resource !== '' && !/^(selfsubject|\[|clustertrustbundles)/.test(resource))
          .sort()
      );
    };
    assert.deepEqual(await rights('fairlead-releases'), []);
    assert.deepEqual(await rights('fairlead-apply'), ['configmaps', 'helmreleases.helm.toolkit.fluxcd.io']);
  });

  test('neither account may change the namespace itself, whose labels say what its Pods may do', async () => {
    for (const account of ['fairlead-releases', 'fairlead-apply']) {
      const as = `--as=system:serviceaccount:fairlead-staging:${account}`;
      const label = 'pod-security.kubernetes.io/enforce=privileged';
      await assert.rejects(
        at.flux.plane.kubectl(['label', 'namespace', 'blog', label, '--overwrite', as]),
        /cannot (get|patch) resource "namespaces"/,
      );
    }
  });

  test('a manifest outside of the target stops at the account of apply/, and so does a ClusterRole', async () => {
    const { upload, git } = at.pipe;
    for (const object of [
      configMap('kube-system'),
      { ...ROLE, kind: 'ClusterRole', rules: [] },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'taken', namespace: 'fairlead-staging' } },
    ]) {
      await upload('staging/manifests/hostile.yaml', stringify(object));
      const said = await at.flux.until('it to be refused', async () => {
        const applied = await at.applied();
        return (
          applied?.status === 'False' && applied.revision === `main@sha1:${git.tip()}` && applied.message
        );
      });
      assert.match(said, /forbidden/);
      assert.equal(await taken(), '');
    }
  });
});
