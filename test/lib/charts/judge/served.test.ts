import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CONFIG_MAP } from '../package/packages.ts';
import { type Rendering, rendering, type TestRelease } from '../render/rendering.ts';

let here: Rendering;
before(async () => {
  here = await rendering();
});
after(() => here.remove());

const INGRESS = 'apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: x}\n';
const WIDGET = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\n';
const SEEN = ['v1', 'v1/ConfigMap', 'networking.k8s.io/v1', 'networking.k8s.io/v1/Ingress'];
const DEFINITION =
  'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets}}\n';

const CASES: readonly (readonly [
  name: string,
  release: TestRelease,
  template: string,
  warnings: readonly string[],
])[] = [
  ['a kind that is served', { apiVersions: SEEN }, CONFIG_MAP, []],
  ['a kind that Kubernetes has removed', { apiVersions: SEEN }, INGRESS, ['api-removed']],
  ['the same by the configured version', {}, INGRESS, ['api-removed']],
  ['the same before it was removed', { kubernetesVersion: 'v1.21.0' }, INGRESS, []],
  ['a custom kind that the cluster lacks', { apiVersions: SEEN }, WIDGET, ['kind-not-served']],
  ['a custom kind where nothing is known', {}, WIDGET, []],
  [
    'a custom kind that the chart brings',
    {
      apiVersions: [...SEEN, 'apiextensions.k8s.io/v1', 'apiextensions.k8s.io/v1/CustomResourceDefinition'],
      files: { 'crds/w.yaml': DEFINITION },
      boundary: { allowKinds: ['CustomResourceDefinition'] },
    },
    WIDGET,
    [],
  ],
];

for (const deployer of ['none', 'flux', 'argocd'] as const)
  describe(`kinds that the cluster does not serve are a warning: ${deployer}`, () => {
    for (const [name, release, text, expected] of CASES)
      test(`${name}: ${expected[0] ?? 'nothing'}`, async () => {
        const files = { ...release.files, 'templates/x.yaml': text };
        const answer = await here.render({ ...release, deployer, files });
        assert.deepEqual(
          answer.kind === 'rendered' ? answer.warnings.map(({ code }) => code) : answer.reasons,
          expected,
        );
        const [first] = answer.kind === 'rendered' ? answer.warnings : [];
        if (first !== undefined) assert.deepEqual(first.place, { file: 'templates/x.yaml', line: 2 });
      });
  });
