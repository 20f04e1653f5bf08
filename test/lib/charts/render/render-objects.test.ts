import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { renderRelease } from '../../../../lib/charts/render/render.ts';
import { type RenderedObject, renderKey } from '../../../../lib/charts/render-request.ts';
import { putTree } from '../../../../lib/content/store.ts';
import { SEALED_PREFIX } from '../../../../lib/objects/secrets.ts';
import { tools } from '../../../../local/tools.ts';
import { CONFIG_MAP, chartFile } from '../package/packages.ts';
import { type Rendering, rendering, requestFor, type TestRelease } from './rendering.ts';

let here: Rendering;
before(async () => {
  here = await rendering();
});
after(() => here.remove());

const template = (text: string, more: TestRelease = {}): TestRelease => ({
  ...more,
  files: { 'templates/x.yaml': text, ...more.files },
});
const configMap = (data: string): string => `${CONFIG_MAP}data:\n  x: ${data}\n`;
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n';
const only = (objects: readonly RenderedObject[]): RenderedObject => {
  const [object] = objects;
  assert.ok(object !== undefined && objects.length === 1, `${objects.length} objects`);
  return object;
};

describe('a deployer leaves its marks', () => {
  const HOOK = CONFIG_MAP.replace('name: web\n', 'name: hook\n  annotations: {helm.sh/hook: pre-install}\n');
  const CRD =
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.example.com}\nspec: {group: example.com, scope: Cluster, names: {kind: X, plural: xs}}\n';
  const release = template(`${CONFIG_MAP}---\n${HOOK}`, {
    files: { 'crds/x.yaml': CRD },
    boundary: { allowKinds: ['CustomResourceDefinition'] },
  });
  const marks = async (deployer: 'flux' | 'argocd' | 'none') =>
    Object.fromEntries(
      (await here.objects({ ...release, deployer })).map(({ object: { metadata }, role }) => [
        role,
        { ...metadata.labels, ...metadata.annotations },
      ]),
    );

  test('plain Helm: on what it manages, neither on hooks nor on crds/', async () => {
    assert.deepEqual(await marks('none'), {
      applied: {
        'app.kubernetes.io/managed-by': 'Helm',
        'meta.helm.sh/release-name': 'web',
        'meta.helm.sh/release-namespace': 'shop',
      },
      hook: { 'helm.sh/hook': 'pre-install' },
      crd: {},
    });
  });

  test('Flux: its origin on everything', async () => {
    const origin = {
      'helm.toolkit.fluxcd.io/name': 'shop.web',
      'helm.toolkit.fluxcd.io/namespace': 'fairlead-staging',
    };
    assert.deepEqual(await marks('flux'), {
      applied: {
        'app.kubernetes.io/managed-by': 'Helm',
        ...origin,
        'meta.helm.sh/release-name': 'web',
        'meta.helm.sh/release-namespace': 'shop',
      },
      hook: { ...origin, 'helm.sh/hook': 'pre-install' },
      crd: origin,
    });
  });

  test('Argo CD: its tracking id, which definitions are spared, though it applies those of crds/ like all else', async () => {
    const { applied, 'upgraded-crd': crd } = await marks('argocd');
    assert.deepEqual(applied, { 'argocd.argoproj.io/tracking-id': 'staging.shop.web:/ConfigMap:shop/web' });
    assert.deepEqual(crd, {});
  });
});

test('a hook is what its deployer takes for one', async () => {
  const marked = (mark: string) =>
    template(CONFIG_MAP.replace('name: web', `name: web\n  annotations: {${mark}}`));
  const role = async (mark: string, deployer: 'flux' | 'argocd') =>
    only(await here.objects({ ...marked(mark), deployer })).role;
  assert.equal(await role('argocd.argoproj.io/hook: PreSync', 'argocd'), 'hook');
  assert.equal(await role('argocd.argoproj.io/hook: PreSync', 'flux'), 'applied');
  assert.equal(await role('helm.sh/hook: pre-install', 'argocd'), 'hook');
});

describe('an object is where an apply would put it', () => {
  test('in the namespace of the release if it names none, in none if its kind has none', async () => {
    const objects = await here.objects(
      template(
        `${CONFIG_MAP}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: x, namespace: shop}\n---\napiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\n`,
        {
          boundary: { allowKinds: ['Namespace'] },
        },
      ),
    );
    assert.deepEqual(objects.map(({ object }) => [object.kind, object.metadata.namespace]).sort(), [
      ['ConfigMap', 'shop'],
      ['Namespace', undefined],
      ['X', 'shop'],
    ]);
  });

  test('a custom resource follows the scope that its definition in the chart gives it', async () => {
    const objects = await here.objects({
      files: {
        'crds/x.yaml':
          'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.example.com}\nspec: {group: example.com, scope: Cluster, names: {kind: X, plural: xs}}\n',
        'templates/x.yaml': 'apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\n',
      },
      boundary: { allowKinds: ['CustomResourceDefinition'] },
    });
    assert.equal(objects.find(({ object }) => object.kind === 'X')?.object.metadata.namespace, undefined);
  });
});

describe('what changes from render to render is unstable', () => {
  test('a random value', async () => {
    const { unstable } = only(await here.objects(template(configMap('{{ randAlphaNum 9 }}'))));
    assert.deepEqual(unstable, ['/data/x']);
  });
  test('the date, and what is made of it in values that go through tpl', async () => {
    const text = `${CONFIG_MAP}data:\n  at: {{ now | date "2006-01-02" | quote }}\n  tpl: {{ tpl .Values.t . | quote }}\n  name: now\n`;
    const { unstable } = only(await here.objects(template(text, { values: "t: '{{ now | unixEpoch }}'" })));
    assert.deepEqual(unstable, ['/data/at', '/data/tpl']);
  });
  test('the date in a chart inside a package', async () => {
    const { packageOf } = await import('../package/packages.ts');
    const db = await packageOf([
      { name: 'db/Chart.yaml', data: chartFile('db') },
      { name: 'db/templates/x.yaml', data: configMap('{{ now | quote }}') },
    ]);
    assert.deepEqual(only(await here.objects({ files: { 'charts/db-1.0.0.tgz': db } })).unstable, [
      '/data/x',
    ]);
  });
  test('the revision and whether it is an upgrade', async () => {
    const text = `${CONFIG_MAP}data:\n  r: "{{ .Release.Revision }}"\n  u: "{{ .Release.IsUpgrade }}"\n`;
    assert.deepEqual(only(await here.objects(template(text))).unstable, ['/data/r', '/data/u']);
  });
  test('map order', async () => {
    const text = configMap('{{ keys (dict "a" 1 "b" 2 "c" 3 "d" 4 "e" 5 "f" 6) | join "-" }}');
    assert.deepEqual(only(await here.objects(template(text))).unstable, ['/data/x']);
  });
  test('a name', async () => {
    const text = CONFIG_MAP.replace('name: web', 'name: web-{{ randAlphaNum 5 | lower }}');
    assert.deepEqual(only(await here.objects(template(text))).unstable, ['/metadata/name']);
  });
  test('an object that only an upgrade has, as a whole', async () => {
    const { object, unstable } = only(
      await here.objects(template(`{{ if .Release.IsUpgrade }}${CONFIG_MAP}{{ end }}`)),
    );
    assert.equal(object.kind, 'ConfigMap');
    assert.deepEqual(unstable, ['']);
  });
  test('what an upgrade changes, also where another date cannot be had', async () => {
    const text = `${CONFIG_MAP}data:\n  y: "{{ if lt (now | date "2006" | atoi) 2010 }}{{ fail "too early" }}{{ end }}"\n  u: "{{ .Release.IsUpgrade }}"\n`;
    assert.deepEqual(only(await here.objects(template(text))).unstable, ['/data/u']);
  });
  test('a generated password, which does not enter Git and so may be there', async () => {
    const { object, unstable } = only(
      await here.objects(template(`${SECRET}stringData: {password: {{ randAlphaNum 20 }}}\n`)),
    );
    assert.deepEqual(unstable, ['/data/password']);
    assert.ok(String((object.data as Record<string, string>).password).startsWith(SEALED_PREFIX));
  });
  test('nothing of a chart without such calls', async () => {
    const { unstable } = only(await here.objects(template(configMap('{{ .Values.keys | default "now" }}'))));
    assert.deepEqual(unstable, []);
  });
});

describe('lookup', () => {
  test('is seen in the template and through what it includes, and said', async () => {
    const release: TestRelease = {
      files: {
        'templates/_h.tpl':
          '{{ define "ask" }}{{ lookup "v1" "Secret" "shop" "x" | toJson | quote }}{{ end }}',
        'templates/a.yaml': configMap('{{ include "ask" . }}'),
        'templates/b.yaml': configMap('"lookup"').replace('name: web', 'name: other'),
      },
    };
    const objects = await here.objects(release);
    assert.deepEqual(objects.map(({ source, usesLookup }) => [source, usesLookup]).sort(), [
      ['templates/a.yaml', true],
      ['templates/b.yaml', false],
    ]);
    const response = await here.render(release);
    assert.deepEqual(response.kind === 'rendered' && response.warnings.map(({ code }) => code), [
      'render-uses-lookup',
    ]);
  });

  test('a chart that fails where nothing is found is a warning to an upload, and keeps no render', async () => {
    const release = template(
      configMap('{{ (lookup "v1" "Secret" "shop" "x").data.password | required "no password" }}'),
    );
    const judged = await here.render(release);
    assert.deepEqual(judged.kind === 'rendered' && judged.warnings.map(({ code }) => code), [
      'render-asked-cluster',
    ]);
    assert.equal((await here.render({ ...release, purpose: 'desired' })).kind, 'rejected');
  });

  for (const [title, text, ...codes] of [
    ['takes all memory', '{{ repeat 2000000000 "x" }}', 'render-too-much-memory'],
    [
      'prints without end',
      `{{ range until 21 }}\n---\n${configMap('"{{ repeat 1048576 "x" }}"')}{{ end }}`,
      // The machine decides which of the two limits is met first.
      'render-too-large',
      'render-too-much-memory',
    ],
    ['does not parse', '{{ nosuch 1 }}', 'template-failed'],
  ] as const)
    test(`does not excuse a chart that ${title}`, async () => {
      const response = await here.render(template(`{{ $x := lookup "v1" "Pod" "" "" }}${text}`));
      const found = response.kind === 'rejected' ? response.reasons.map((one) => one.code) : [];
      assert.ok(found.length === 1 && codes.some((code) => code === found[0]), found.join());
    });
});

test('what any file of a chart calls counts where it may go through tpl', async () => {
  const [object] = await here.objects({
    files: {
      'templates/x.yaml': configMap('{{ tpl (.Files.Get "other/x.txt") . | quote }}'),
      'other/x.txt': '{{ randInt 0 3 }}',
    },
  });
  assert.deepEqual(object?.unstable, ['/data/x']);
});

test('the list of API versions is in another order each time', async () => {
  const [object] = await here.objects(
    template(configMap('{{ join "," .Capabilities.APIVersions | quote }}'), {
      apiVersions: ['v1', 'apps/v1', 'batch/v1', 'policy/v1', 'v1/ConfigMap'],
      kubernetesVersion: 'v1.35.4',
    }),
  );
  assert.deepEqual(object?.unstable, ['/data/x']);
});

describe("capabilities are the cluster's", () => {
  const text = `${CONFIG_MAP}data:\n  pdb: "{{ .Capabilities.APIVersions.Has "policy/v1beta1" }}"\n  x: "{{ .Capabilities.APIVersions.Has "example.com/v1/X" }}"\n  count: "{{ len .Capabilities.APIVersions }}"\n  version: "{{ .Capabilities.KubeVersion.Version }}"\n---\napiVersion: other.example.com/v1\nkind: Other\nmetadata: {name: other}\n`;
  const release = template(text, {
    apiVersions: ['v1', 'v1/ConfigMap', 'example.com/v1', 'example.com/v1/X'],
    kubernetesVersion: 'v1.35.4-eks-113cf36',
  });
  const dataFor = async (deployer: 'flux' | 'argocd') =>
    (await here.objects({ ...release, deployer })).find(({ object }) => object.kind === 'ConfigMap')?.object
      .data as Record<string, string>;

  test('for Flux exactly its list, even where a kind is rendered that it lacks', async () => {
    assert.deepEqual(await dataFor('flux'), {
      pdb: 'false',
      x: 'true',
      count: '4',
      version: 'v1.35.4-eks-113cf36',
    });
    const response = await here.render({ ...release, deployer: 'flux' });
    assert.deepEqual(response.kind === 'rendered' && response.warnings.map(({ code }) => code), [
      'kind-not-served',
    ]);
  });
  test('and what helm could make no object of is said in our words', async () => {
    const response = await here.render({
      ...template('apiVersion: v1\nkind: y\nmetadata: {name: x}\n'),
      apiVersions: ['v1', 'v1/ConfigMap'],
    });
    assert.deepEqual(response.kind === 'rejected' && response.reasons.map(({ code }) => code), [
      'object-incomplete',
    ]);
  });
  test('for Argo CD its list beside the built-in one, without the build of the version', async () => {
    const { x, version, pdb } = (await dataFor('argocd')) ?? {};
    assert.deepEqual({ x, version, pdb }, { x: 'true', version: 'v1.35.4', pdb: 'true' });
  });
});

describe('YAML is read as the deployer reads it', () => {
  const release = template(
    `apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\nspec: {on: 2020-01-01, mode: 0644}\n`,
  );
  test('Flux: through kustomize', async () => {
    const { object } = only(await here.objects({ ...release, deployer: 'flux' }));
    assert.equal((object.spec as Record<string, unknown>).on, '2020-01-01T00:00:00Z');
  });
  test('the others: as Kubernetes does, keys too', async () => {
    const { object } = only(await here.objects({ ...release, deployer: 'none' }));
    assert.deepEqual(object.spec, { true: '2020-01-01', mode: 420 });
  });
});

describe("helm's own words", () => {
  test('are a quoted excerpt in which no value stands', async () => {
    const response = await here.render(
      template(
        'x: {{ fail (printf "bad:\\n%s %s \u001b[31m" .Values.password (b64enc .Values.password)) }}',
        { values: 'password: hunter2-hunter2' },
      ),
    );
    assert.equal(response.kind, 'rejected');
    const [{ excerpt = '' } = {}] = response.reasons;
    assert.match(excerpt, /bad:\\n/);
    assert.doesNotMatch(excerpt, /hunter2|aHVudGVy|\p{Cc}/u);
  });
});

test('what was rendered before is not rendered again, and helm runs not once', async () => {
  // A helm that leaves a mark each time it runs: the tools are others then, and so is the digest.
  const folder = join(here.folder, 'counting');
  await mkdir(join(folder, 'helm'), { recursive: true });
  const { helm } = await tools();
  await copyFile(helm, join(folder, 'helm', 'real'));
  const runs = join(here.folder, 'runs');
  await writeFile(runs, '');
  // The limit on file sizes leaves no room for a count, but an entry of a folder has no size.
  await mkdir(join(here.folder, 'marks'));
  await writeFile(
    join(folder, 'helm', 'helm'),
    `#!/bin/sh\n/bin/mkdir ${join(here.folder, 'marks')}/$$\nexec ${join(folder, 'helm', 'real')} "$@"\n`,
  );
  await chmod(join(folder, 'helm', 'helm'), 0o755);
  const { readdir } = await import('node:fs/promises');
  const counted = async () => (await readdir(join(here.folder, 'marks'))).length;
  const parts = { ...here.parts, tools: folder };

  const unvarying = await requestFor(template(configMap('{{ .Release.Name }}')), parts);
  await renderRelease(unvarying, parts);
  assert.equal(await counted(), 1, 'nothing in it could tell an install from an upgrade');

  const request = await requestFor(template(configMap('{{ .Release.IsUpgrade | quote }}')), parts);
  const first = await renderRelease(request, parts);
  assert.equal(await counted(), 1 + 2, 'an install and an upgrade');
  assert.deepEqual(await renderRelease(request, parts), first);
  const desired = await renderRelease({ ...request, purpose: 'desired' }, parts);
  assert.equal(
    desired.kind === 'rendered' && desired.render,
    first.kind === 'rendered' && first.render,
    'a check finds the same',
  );
  assert.equal(await counted(), 1 + 2);

  const narrower = { ...request, boundary: { ...request.boundary, namespaces: ['payments'] } };
  assert.equal((await renderRelease(narrower, parts)).kind, 'rejected', 'another boundary is judged anew');
});

describe('manifests', () => {
  const judge = async (files: Readonly<Record<string, string>>, purpose: 'judge' | 'desired' = 'judge') => {
    const tree = await putTree(
      here.parts.content,
      new Map(
        Object.entries(files).map(([path, text]) => [
          path,
          { mode: 0o644 as const, data: Buffer.from(text) },
        ]),
      ),
    );
    const request = await requestFor({ deployer: 'flux', purpose }, here.parts);
    return renderRelease({ ...request, subject: { kind: 'manifests', tree, path: 'apply' } }, here.parts);
  };
  const inShop = CONFIG_MAP.replace('name: web', 'name: web\n  namespace: shop');

  test('are objects with the marks of what applies them', async () => {
    const response = await judge({ 'manifests/a.yaml': inShop, 'manifests/notes.txt': 'no' }, 'desired');
    assert.equal(response.kind, 'rendered');
    const stored = await readFile(join(here.folder, 'state', renderKey(response.render)), 'utf8');
    const [{ object, source }] = JSON.parse(stored).objects;
    assert.equal(source, 'apply/manifests/a.yaml');
    assert.deepEqual(object.metadata.labels, {
      'kustomize.toolkit.fluxcd.io/name': 'fairlead',
      'kustomize.toolkit.fluxcd.io/namespace': 'fairlead-staging',
    });
  });
  test('are rejected with file and line', async () => {
    const response = await judge({
      'a.yaml': `${inShop}---\n${SECRET.replace('name: db', 'name: db\n  namespace: payments')}data: {p: aGk=}\n`,
    });
    assert.equal(response.kind, 'rejected');
    assert.deepEqual(
      response.reasons.map(({ code, place }) => [code, place?.file, place?.line]),
      [['plain-secret', 'apply/a.yaml', 8]],
    );
  });
  test('stay in the namespaces of the target', async () => {
    const response = await judge({ 'a.yaml': CONFIG_MAP });
    assert.deepEqual(response.kind === 'rejected' && response.reasons.map(({ code }) => code), [
      'namespace-forbidden',
    ]);
  });
});
