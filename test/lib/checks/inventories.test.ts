import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Inventoried, inventoryOf } from '../../../lib/checks/inventories.ts';
import type { DeclaredScope } from '../../../lib/checks/scopes.ts';
import { inventoriedKinds, wantedKinds } from '../../../lib/checks/wanted.ts';
import type { KubernetesObject } from '../../../lib/objects/objects.ts';
import { deployerNamespace } from '../../../lib/repository/layout.ts';
import { targetOf } from '../../fixtures/cluster-repository.ts';

const saying = (kind: string, status: unknown): KubernetesObject => ({
  apiVersion: 'example.com/v1',
  kind,
  metadata: { name: 'x' },
  status,
});
const entries = (...all: readonly object[]) => ({ inventory: { entries: all } });

describe('what a deployer says it has applied', () => {
  const CASES: readonly (readonly [name: string, status: unknown, found: readonly Inventoried[]])[] = [
    [
      'a Kustomization, in a group',
      entries({ id: 'shop_web_apps_Deployment', v: 'v1' }),
      [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop' }],
    ],
    [
      'of the core group',
      entries({ id: 'shop_settings__ConfigMap', v: 'v1' }),
      [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' }],
    ],
    [
      'without a namespace, a colon in its name',
      entries({ id: '_system__web_rbac.authorization.k8s.io_ClusterRole', v: 'v1' }),
      [{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', namespace: '' }],
    ],
    [
      'an Application',
      { resources: [{ group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'web' }] },
      [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop' }],
    ],
    ['an id that is none', entries({ id: 'web', v: 'v1' }, { id: 7 }, { v: 'v1' }), []],
    ['no version', entries({ id: 'shop_web_apps_Deployment' }), []],
    ['a group that is a path', { resources: [{ group: 'a/../b', version: 'v1', kind: 'X' }] }, []],
    ['nothing', undefined, []],
    ['something else', { inventory: [1], resources: 'all' }, []],
  ];
  for (const [name, status, found] of CASES) {
    test(name, () => assert.deepEqual(inventoryOf(saying('Kustomization', status)), found));
  }
});

describe('kinds that are listed for orphans alone', () => {
  const scope = (release: string | undefined, kinds: readonly string[]): DeclaredScope => ({
    scope:
      release === undefined ? { kind: 'manifests' } : { kind: 'release', namespace: 'shop', name: release },
    name: release ?? 'manifests',
    tip: { kind: 'rendered', render: `sha256:${'0'.repeat(64)}`, objects: [] } as DeclaredScope['tip'],
    remembered: { kinds },
    ...(release === undefined
      ? {}
      : {
          release: {
            namespace: 'shop',
            name: release,
            suspended: false,
            rendering: { kind: 'unknown', reason: '' },
          },
        }),
  });
  const selectorOf = (deployer: 'flux' | 'argocd' | 'none', scopes: readonly DeclaredScope[]) =>
    wantedKinds(targetOf({ deployer }), scopes).find(({ kind }) => kind === 'Service')?.labelSelector;

  test('of Helm releases by the label that Helm gives all of its own', () => {
    assert.equal(selectorOf('none', [scope('web', ['v1/Service'])]), 'app.kubernetes.io/managed-by=Helm');
    assert.equal(selectorOf('flux', [scope('web', ['v1/Service'])]), 'app.kubernetes.io/managed-by=Helm');
  });

  test("of Flux's manifests by the label of its Kustomization", () => {
    assert.equal(selectorOf('flux', [scope(undefined, ['v1/Service'])]), 'kustomize.toolkit.fluxcd.io/name');
  });

  test('of both, and of Argo CD, whose mark is an annotation, whole', () => {
    assert.equal(selectorOf('flux', [scope('web', ['v1/Service']), scope(undefined, [])]), undefined);
    assert.equal(selectorOf('argocd', [scope('web', ['v1/Service'])]), undefined);
  });

  test('are those of inventories, too, of this target and of no other', () => {
    const target = targetOf({ deployer: 'flux' });
    const kustomization = (namespace: string, path: string, id: string): KubernetesObject => ({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: 'fairlead', namespace },
      spec: { path },
      status: entries({ id, v: 'v1' }),
    });
    const all = [
      kustomization(deployerNamespace(target), './fairlead/staging/apply', 'shop_web_apps_Deployment'),
      kustomization('elsewhere', './other', 'bank_vault__Secret'),
    ];
    const live = {
      all: (_apiVersion: string, kind: string) => (kind === 'Kustomization' ? all : []),
      find: () => ({ kind: 'absent' }) as const,
    };
    const kinds = inventoriedKinds(live, target, []).map(({ kind, namespaces }) => [kind, [...namespaces]]);
    assert.deepEqual(kinds, [['Deployment', ['shop']]]);
  });

  test('are no more than a check asks for, whatever a cluster says', () => {
    const target = targetOf({ deployer: 'flux' });
    const many = Array.from({ length: 5000 }, (_, index) => ({ id: `a_b_g${index}_K${index}`, v: 'v1' }));
    const live = {
      all: () => [
        {
          apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
          kind: 'Kustomization',
          metadata: { name: 'fairlead', namespace: deployerNamespace(target) },
          status: entries(...many),
        },
      ],
      find: () => ({ kind: 'absent' }) as const,
    };
    assert.equal(inventoriedKinds(live, target, []).length, 200);
  });
});
