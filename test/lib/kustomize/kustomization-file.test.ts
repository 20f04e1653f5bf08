import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readKustomizationFile } from '../../../lib/kustomize/kustomization-file.ts';
import { buildableTree } from '../../../lib/kustomize/tree.ts';

const tree = (files: Readonly<Record<string, string>>) =>
  new Map(
    Object.entries(files).map(([path, text]) => [path, { mode: 0o644 as const, data: Buffer.from(text) }]),
  );

const REFUSED: Readonly<Record<string, string>> = {
  'a repository by https': 'resources: ["https://github.com/a/b?ref=v1"]',
  'a file by http in capitals': 'resources: ["HTTP://example.com/x.yaml"]',
  'a repository by scp': 'resources: ["git@github.com:a/b"]',
  'a repository by ssh': 'resources: ["ssh://git@example.com/a/b"]',
  'a repository by go-getter': 'resources: ["git::https://example.com/a"]',
  'GitHub without a scheme': 'resources: [github.com/a/b]',
  'GitHub in capitals': 'bases: [GitHub.com/a/b]',
  'an Azure path': 'resources: [org/_git/repo]',
  'a path with .git in it': 'resources: [x.git/y]',
  'a file scheme': 'components: ["file:///etc"]',
  'a query': 'resources: ["base?ref=main"]',
  'an absolute path': 'resources: [/etc]',
  'a patch from an address': 'patches: [{path: "https://example.com/x.yaml"}]',
  'an absolute patch': 'patches: [{path: /etc/passwd}]',
  'a patch in capitals': 'patches: [{Path: /etc/passwd}]',
  'an absolute file of a generator': 'configMapGenerator: [{name: a, files: [key=/etc/passwd]}]',
  'an env file of a generator': 'secretGenerator: [{name: a, envs: [/proc/self/environ]}]',
  'the old env': 'secretGenerator: [{name: a, env: /proc/self/environ}]',
  'a generator with an unknown field': 'configMapGenerator: [{name: a, Files: [/etc/passwd]}]',
  'a strategic merge patch from an address': 'patchesStrategicMerge: ["http://example.com/x"]',
  'a JSON patch from outside': 'patchesJson6902: [{path: /x, target: {kind: a, name: b}}]',
  'a replacement from outside': 'replacements: [{path: /x}]',
  'an openapi document from outside': 'openapi: {path: /x}',
  'CRDs from an address': 'crds: ["https://example.com/crd.yaml"]',
  'configurations from outside': 'configurations: [/x]',
  'helm charts': 'helmCharts: [{name: a, repo: "https://example.com"}]',
  'the old helm generator': 'helmChartInflationGenerator: [{chartName: a}]',
  generators: 'generators: [gen.yaml]',
  transformers: 'transformers: [t.yaml]',
  validators: 'validators: [v.yaml]',
  'fields in capitals': 'Resources: [/etc]',
  'unknown fields': 'plugins: {}',
  'two documents': 'resources: []\n---\nresources: [/etc]',
  'no mapping': '- a',
  'a control character': 'resources: ["a\\nb"]',
  'a key given twice in JSON': '{"resources": ["/etc"], "resources": []} x',
  'a list that is none': 'resources: base',
};

describe('a kustomization file', () => {
  for (const [what, text] of Object.entries(REFUSED))
    test(`${what} is refused, with the reason`, () => {
      const file = readKustomizationFile(text);
      assert.ok(file.kind === 'refused', JSON.stringify(file));
      assert.match(file.reason, /\w+ \w+/);
    });

  test('every file that it names is known', () => {
    const file = readKustomizationFile(`
resources: [deployment.yaml, ../base]
components: [../parts/a]
patches: [{path: patch.yaml}, {patch: "a: https://b"}]
patchesStrategicMerge: [old.yaml, "kind: A\\nmetadata: {name: http://x}\\n"]
configMapGenerator: [{name: a, files: [plain.txt, key=other.txt], envs: [a.env], literals: [a=http://b]}]
crds: [crd.yaml]
openapi: {path: schema.json}
replacements: [{path: r.yaml}, {source: {kind: A}, targets: []}]
namespace: shop
images: [{name: "example.com:5000/a", newTag: v1}]
`);
    assert.ok(file.kind === 'read', JSON.stringify(file));
    assert.deepEqual(
      file.references.map(({ kind, path }) => `${kind} ${path}`),
      [
        'resource deployment.yaml',
        'resource ../base',
        'folder ../parts/a',
        'file patch.yaml',
        'file old.yaml',
        'file plain.txt',
        'file other.txt',
        'file a.env',
        'file crd.yaml',
        'file schema.json',
        'file r.yaml',
      ],
    );
  });
});

describe('a tree that is built', () => {
  const reasonOf = (files: Readonly<Record<string, string>>): string => {
    const checked = buildableTree(tree(files));
    return checked.kind === 'refused' ? checked.reason : '';
  };

  test('what a kustomization names above the tree is refused', () => {
    assert.match(reasonOf({ 'a/kustomization.yaml': 'resources: [../../etc]' }), /outside of the repository/);
    assert.match(reasonOf({ 'a/Kustomization': 'resources: [../../../../../etc/passwd]' }), /outside/);
  });
  test('what it names and is not there is said by name', () => {
    assert.equal(
      reasonOf({ 'a/kustomization.yml': 'resources: [web.yaml]' }),
      'a/kustomization.yml: it names "web.yaml", which is not in the repository',
    );
  });
  test('a folder is no patch, and a file no component', () => {
    assert.match(reasonOf({ 'kustomization.yaml': 'patches: [{path: a}]', 'a/b.yaml': '' }), /not in/);
    assert.match(reasonOf({ 'kustomization.yaml': 'components: [a]', a: '' }), /not in/);
  });
  test('the build reads what was understood, not what was written', () => {
    const checked = buildableTree(tree({ 'kustomization.yaml': 'namespace: &a shop\nnameSuffix: *a\n' }));
    assert.ok(checked.kind === 'buildable');
    assert.equal(
      checked.tree.get('kustomization.yaml')?.data.toString(),
      '{"namespace":"shop","nameSuffix":"shop"}',
    );
  });
});
