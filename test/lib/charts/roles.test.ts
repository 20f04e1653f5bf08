import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleOf } from '../../../lib/charts/render/roles.ts';

const HELM = 'helm.sh/hook';
const ARGO = 'argocd.argoproj.io/hook';

/** gitops-engine, pkg/sync/hook/hook.go and pkg/sync/hook/helm/hook.go, IsHook. */
const CASES: readonly (readonly [Readonly<Record<string, string>>, 'argocd' | 'flux', 'hook' | 'applied'])[] =
  [
    [{}, 'argocd', 'applied'],
    [{ [HELM]: 'pre-install' }, 'argocd', 'hook'],
    [{ [HELM]: 'pre-install,crd-install' }, 'argocd', 'hook'],
    [{ [HELM]: 'crd-install' }, 'argocd', 'applied'],
    [{ [HELM]: 'crd-install' }, 'flux', 'hook'],
    [{ [HELM]: 'crd-install', [ARGO]: 'PreSync' }, 'argocd', 'hook'],
    [{ [ARGO]: 'Sync' }, 'argocd', 'hook'],
    // It is never applied, so that there is nothing to compare.
    [{ [ARGO]: 'Skip' }, 'argocd', 'hook'],
    [{ [ARGO]: 'Sync' }, 'flux', 'applied'],
  ];
for (const [annotations, deployer, role] of CASES)
  test(`${JSON.stringify(annotations)} is ${role} to ${deployer}`, () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', annotations } };
    assert.equal(roleOf(object, deployer), role);
  });
