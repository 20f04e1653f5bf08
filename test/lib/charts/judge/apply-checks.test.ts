import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ReasonCode } from '../../../../lib/charts/reasons.ts';
import { renderRelease } from '../../../../lib/charts/render/render.ts';
import {
  openapiKey,
  type RenderRequest,
  type RenderResponse,
} from '../../../../lib/charts/render-request.ts';
import { putTree } from '../../../../lib/content/store.ts';
import { treeOfFile } from '../../../../lib/content/tree.ts';
import { CONFIG_MAP } from '../package/packages.ts';
import { type Rendering, rendering, requestFor, type TestRelease } from '../render/rendering.ts';

const HASH = 'ab'.repeat(64);
const WIDGETS = 'cd'.repeat(64);
const schemas = { v1: HASH, 'apps/v1': HASH, 'example.com/v1': WIDGETS };

let here: Rendering;
before(async () => {
  here = await rendering();
  // As kube-apiserver 1.35.4 serves them.
  const packed = await readFile(new URL('../../../oracles/openapi-1.35.json.gz', import.meta.url));
  await here.parts.state.put(openapiKey(HASH), await promisify(gunzip)(packed));
  await here.parts.state.put(openapiKey(WIDGETS), JSON.stringify(WIDGET_SCHEMAS));
});
after(() => here.remove());

const WIDGET_SCHEMAS = {
  components: {
    schemas: {
      'com.example.v1.Widget': {
        type: 'object',
        properties: {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: {},
          spec: {
            type: 'object',
            properties: {
              parts: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['name'],
                items: { type: 'object', properties: { name: { type: 'string' } } },
              },
            },
          },
        },
        'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
      },
    },
  },
};

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n';
const pod = (container: string): string => `${POD}spec: {containers: [{name: a, image: b${container}}]}\n`;
const WIDGET = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\nspec: {colour: red}\n';
const DEFINITION =
  'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets}}\n';

type Outcome = { readonly rejected: readonly ReasonCode[] } | { readonly warned: readonly ReasonCode[] };
const outcomeOf = (response: RenderResponse): Outcome =>
  response.kind === 'rejected'
    ? { rejected: response.reasons.map(({ code }) => code) }
    : { warned: response.warnings.map(({ code }) => code) };

const FAULTS = {
  nothing: pod(''),
  'a misspelt field': pod(', imagePullPolcy: Always'),
  'a variable that is a number': pod(', env: [{name: A, value: 1}]'),
  'a variable twice': pod(', env: [{name: A}, {name: A}]'),
  'an entry without its key': WIDGET.replace('colour: red', 'parts: [{}]'),
  'a field that a custom kind does not know': WIDGET,
} as const;
type Fault = keyof typeof FAULTS;
type Subject = RenderRequest['subject']['kind'];

const TABLE: readonly (readonly [RenderRequest['deployer'], Subject, Readonly<Record<Fault, Outcome>>])[] = [
  ['none', 'release', refusing({})],
  ['flux', 'release', refusing({})],
  [
    'argocd',
    'release',
    refusing({
      'a misspelt field': { warned: ['field-dropped'] },
      'a variable twice': { warned: ['list-key-hidden'] },
      'a field that a custom kind does not know': { warned: ['field-dropped'] },
    }),
  ],
  ['flux', 'manifests', refusing({ 'a misspelt field': { warned: ['field-dropped'] } })],
];

function refusing(but: Partial<Record<Fault, Outcome>>): Record<Fault, Outcome> {
  return {
    nothing: { warned: [] },
    'a misspelt field': { rejected: ['field-unknown'] },
    'a variable that is a number': { rejected: ['field-type'] },
    'a variable twice': { rejected: ['list-key-repeated'] },
    'an entry without its key': { rejected: ['list-key-missing'] },
    'a field that a custom kind does not know': { rejected: ['field-unknown'] },
    ...but,
  };
}

async function judge(text: string, deployer: RenderRequest['deployer'], subject: Subject) {
  const release: TestRelease = { files: { 'templates/x.yaml': text }, deployer, schemas };
  const request = await requestFor(release, here.parts);
  if (subject === 'release') return renderRelease(request, here.parts);
  const placed = text.replace('name: x', 'name: x, namespace: shop');
  const tree = await putTree(here.parts.content, treeOfFile('x.yaml', Buffer.from(placed)));
  const manifests = { kind: 'manifests', tree, path: 'apply/manifests/x.yaml' } as const;
  return renderRelease({ ...request, subject: manifests }, here.parts);
}

for (const [deployer, subject, outcomes] of TABLE)
  describe(`what ${deployer} is refused when it applies ${subject}`, () => {
    for (const [fault, text] of Object.entries(FAULTS) as [Fault, string][])
      test(`${fault}: ${JSON.stringify(outcomes[fault])}`, async () => {
        assert.deepEqual(outcomeOf(await judge(text, deployer, subject)), outcomes[fault]);
      });
  });

describe('a reason of the apply', () => {
  test('names the template, the line of the object and the field', async () => {
    const text = `${CONFIG_MAP}---\n${FAULTS['a misspelt field']}`;
    const response = await judge(text, 'none', 'release');
    const [found] = response.kind === 'rejected' ? response.reasons : [];
    assert.deepEqual(found?.place, {
      file: 'templates/x.yaml',
      line: CONFIG_MAP.split('\n').length + 2,
      pointer: '/spec/containers/0/imagePullPolcy',
    });
    assert.match(found?.message ?? '', /^Pod\/x has the field spec\.containers\[0\]\.imagePullPolcy, /);
  });

  test('is left out before the cluster was seen, but for lists that are the same in every cluster', async () => {
    const unseen = (fault: Fault) => here.render({ files: { 'templates/x.yaml': FAULTS[fault] } });
    assert.deepEqual(outcomeOf(await unseen('a misspelt field')), { warned: [] });
    assert.deepEqual(outcomeOf(await unseen('a variable twice')), { rejected: ['list-key-repeated'] });
  });

  test('is left out for a kind that the release itself defines', async () => {
    const files = { 'crds/w.yaml': DEFINITION, 'templates/x.yaml': WIDGET };
    const boundary = { allowKinds: ['CustomResourceDefinition'] };
    assert.deepEqual(outcomeOf(await here.render({ files, boundary, schemas })), { warned: [] });
  });

  test('is found in hooks and in what only an upgrade renders, too', async () => {
    const hook = FAULTS['a misspelt field'].replace(
      'name: x',
      'name: hook, annotations: {helm.sh/hook: pre-install}',
    );
    const upgrade = `{{ if .Release.IsUpgrade }}\n${FAULTS['a variable that is a number']}{{ end }}`;
    const files = { 'templates/hook.yaml': hook, 'templates/upgrade.yaml': upgrade };
    assert.deepEqual(outcomeOf(await here.render({ files, schemas })), {
      rejected: ['field-unknown', 'field-type'],
    });
  });

  test('is looked for anew when the cluster has changed', async () => {
    const files = { 'templates/x.yaml': WIDGET.replace('red', 'blue') };
    assert.deepEqual(outcomeOf(await here.render({ files })), { warned: [] });
    assert.deepEqual(outcomeOf(await here.render({ files, schemas })), { rejected: ['field-unknown'] });
  });
});
