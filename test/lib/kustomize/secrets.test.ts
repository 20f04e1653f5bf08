import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ObjectStore } from '../../../lib/aws/objects.ts';
import { renderRelease } from '../../../lib/charts/render/render.ts';
import type { RenderRequest } from '../../../lib/charts/render-request.ts';
import { readRender } from '../../../lib/checks/renders.ts';
import { folderStore } from '../../../lib/content/folder-store.ts';
import { putTree } from '../../../lib/content/store.ts';
import { type FluxBuild, fluxBuild } from '../../../lib/kustomize/flux-kustomization.ts';
import { secretTextsOf } from '../../../lib/kustomize/secret-texts.ts';
import { tools } from '../../../local/tools.ts';

const PASSWORD = 'correct horse battery';
const VARIABLE = ['$', '{PASSWORD}'].join('');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (more: object) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'shop' }, ...more });

describe('values of Secrets', () => {
  let folder: string;
  let content: ObjectStore;
  let runs = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-secrets-'));
    content = folderStore(join(folder, 'content'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const tree = (files: Readonly<Record<string, string>>) =>
    putTree(
      content,
      new Map(
        Object.entries(files).map(([path, text]) => [
          path,
          { mode: 0o644 as const, data: Buffer.from(text) },
        ]),
      ),
    );

  /** What is answered, the Secrets of the render, and all that the state store holds after it. */
  async function rendered(subject: RenderRequest['subject']) {
    const stateFolder = join(folder, `state-${runs++}`);
    const state = folderStore(stateFolder);
    const { folder: toolsFolder } = await tools();
    const answer = await renderRelease(
      {
        schema: 1,
        purpose: 'desired',
        target: 'prod',
        deployer: 'flux',
        capabilities: { kubernetesVersion: 'v1.35.0', apiVersions: [] },
        boundary: { namespaces: [], allowKinds: [], allowPlainSecrets: true },
        subject,
      },
      { content, state, tools: toolsFolder, scratch: join(folder, 'scratch') },
    );
    const files = await readdir(stateFolder, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
    );
    const objects = answer.kind === 'rendered' ? ((await readRender(state, answer.render)) ?? []) : [];
    const secrets = objects.filter(({ object }) => object.kind === 'Secret').map(({ object }) => object.data);
    return { answer, secrets, kept: `${JSON.stringify(answer)}\n${texts.join('\n')}` };
  }
  const built = async (files: Readonly<Record<string, string>>, build: Partial<FluxBuild> = {}) =>
    await rendered({
      kind: 'manifests',
      tree: await tree(files),
      path: '',
      build: fluxBuild.parse({ folder: '', spec: {}, ...build }),
    });
  const SEALED = /^hmac-sha256:[0-9a-f]{32}$/;
  function isNowhere(kept: string): void {
    for (const form of [PASSWORD, base64(PASSWORD), PASSWORD.slice(0, 14)])
      assert.ok(!kept.includes(form), `"${form}" is in ${kept.slice(0, 2000)}`);
  }

  const builds: readonly [
    what: string,
    files: Readonly<Record<string, string>>,
    build?: Partial<FluxBuild>,
  ][] = [
    ['as it lies in Git', { 'db.yaml': secret({ stringData: { password: PASSWORD } }) }],
    [
      'made by a generator, of a literal and of a file',
      {
        'kustomization.yaml': `secretGenerator: [{name: db, literals: ["password=${PASSWORD}"], envs: [.env]}]\n`,
        '.env': `OTHER=${PASSWORD}\n`,
      },
    ],
    [
      'filled in from a variable',
      { 'db.yaml': secret({ stringData: { password: VARIABLE } }) },
      { substitute: { always: false, sources: [{ kind: 'known', values: { PASSWORD } }] } },
    ],
    [
      'put in by a patch',
      { 'db.yaml': secret({ data: {} }) },
      {
        spec: fluxBuild.shape.spec.parse({
          patches: [{ patch: secret({ data: { password: base64(PASSWORD) } }) }],
        }),
      },
    ],
    [
      'in a list, with what kubectl last applied',
      {
        'db.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${secret({
          metadata: {
            name: 'db',
            annotations: {
              'kubectl.kubernetes.io/last-applied-configuration': secret({
                stringData: { password: PASSWORD },
              }),
            },
          },
          data: { password: base64(PASSWORD) },
        })}\n`,
      },
    ],
  ];
  for (const [what, files, build] of builds)
    test(`${what}: sealed, and nowhere in clear`, async () => {
      const { secrets, kept } = await built(files, build);
      assert.equal(secrets.length, 1, kept);
      for (const value of Object.values(secrets[0] ?? {})) assert.match(String(value), SEALED);
      isNowhere(kept);
    });

  test('put in by a post-renderer of a HelmRelease: sealed, and nowhere in clear', async () => {
    const chart = await tree({
      'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'templates/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {}\n',
    });
    const release = {
      kind: 'release' as const,
      namespace: 'shop',
      release: 'web',
      chart,
      values: [],
    };
    const patch = (text: string) => ({
      ...release,
      shaping: {
        postRenderers: [{ patches: [{ patch: text, target: { kind: 'Secret' } }], images: [] }],
        crds: 'installed' as const,
      },
    });
    const json = JSON.stringify([{ op: 'add', path: '/data', value: { password: base64(PASSWORD) } }]);
    const good = await rendered(patch(json));
    assert.equal(good.secrets.length, 1, good.kept);
    assert.match(String(Object.values(good.secrets[0] ?? {})[0]), SEALED);
    isNowhere(good.kept);

    const broken = await rendered(patch(json.replace('"add"', '"paint"')));
    assert.equal(broken.answer.kind, 'rejected');
    isNowhere(broken.kept);
    const unreadable = await rendered(patch(`stringData: {password: ${PASSWORD}\n  - [`));
    assert.equal(unreadable.answer.kind, 'rejected');
    isNowhere(unreadable.kept);
  });

  const broken: readonly [
    what: string,
    files: Readonly<Record<string, string>>,
    build?: Partial<FluxBuild>,
  ][] = [
    [
      'a literal that is none',
      { 'kustomization.yaml': `secretGenerator: [{name: db, literals: ["${PASSWORD}"]}]\n` },
    ],
    [
      'a patch that is none',
      { 'db.yaml': secret({ data: {} }) },
      {
        spec: fluxBuild.shape.spec.parse({
          patches: [
            {
              patch: `[{"op": "paint", "path": "/data/password", "value": "${base64(PASSWORD)}"}]`,
              target: { kind: 'Secret' },
            },
          ],
        }),
      },
    ],
    ['a manifest that is none', { 'db.yaml': `kind: Secret\nstringData:\n  password: ${PASSWORD}\n  "x\n` }],
    [
      'what a variable breaks',
      { 'db.yaml': secret({ stringData: { password: VARIABLE } }) },
      {
        substitute: { always: false, sources: [{ kind: 'known', values: { PASSWORD: `"${PASSWORD}: {` } }] },
      },
    ],
  ];
  for (const [what, files, build] of broken)
    test(`${what}: what is said of it has no value`, async () => {
      const { answer, kept } = await built(files, build);
      assert.equal(answer.kind, 'rejected', kept);
      isNowhere(kept);
    });

  test('are found by how they are written', () => {
    const cases: readonly [text: string, found: string][] = [
      ['data:\n  a: first-value\nother: x', 'first-value'],
      ['- stringData:\n    a: "quoted: value"', 'quoted: value'],
      ['stringData:\n  a: |\n    line one\n    line two', 'line two'],
      ['{"kind":"Secret","data":{"a":"b64value"}}', 'b64value'],
      ['- op: add\n  path: /data/a\n  value: patched', 'patched'],
    ];
    for (const [text, found] of cases) assert.ok(secretTextsOf(text).includes(found), text);
    assert.deepEqual(secretTextsOf('metadata:\n  name: web\n'), []);
  });
});
