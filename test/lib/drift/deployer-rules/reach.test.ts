import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { argoGlobMatches } from '../../../../lib/drift/deployer-rules/argo-glob.ts';
import { reachOfJq } from '../../../../lib/drift/deployer-rules/jq.ts';
import { parseLabelSelector } from '../../../../lib/drift/deployer-rules/label-selector.ts';
import { isReached, reachOfPointer, type Sides } from '../../../../lib/drift/deployer-rules/reach.ts';
import type { Path, PathStep } from '../../../../lib/drift/verdicts.ts';
import type { Json } from '../../../../lib/objects/objects.ts';

const field = (name: string): PathStep => ({ kind: 'field', name });
const item = (keys: Record<string, Json>): PathStep => ({ kind: 'key', keys });
const at = (...steps: (string | PathStep)[]): Path =>
  steps.map((step) => (typeof step === 'string' ? field(step) : step));
const container = (name: string, ...below: string[]): Path =>
  at('spec', 'template', 'spec', 'containers', item({ name }), ...below);

const pod = (...containers: Json[]): Json => ({
  metadata: { annotations: { 'a/b': '1', 'c~d': '2' }, labels: { app: 'web' } },
  spec: { replicas: 1, template: { spec: { containers } }, ports: [{ port: 80 }, { port: 81 }] },
  data: { '0': 'zero' },
  webhooks: [
    { name: 'one.example.com', clientConfig: { caBundle: 'A' } },
    { name: 'two.example.com', clientConfig: { caBundle: 'B' } },
  ],
});
/** Git has web and job; somebody put a sidecar in front. */
const SIDES: Sides = {
  desired: pod({ name: 'web', image: 'a:1' }, { name: 'job', image: 'j:1' }),
  live: pod({ name: 'side', image: 's:1' }, { name: 'web', image: 'a:2' }, { name: 'job', image: 'j:2' }),
};

const POINTERS: readonly (readonly [string, Path, boolean])[] = [
  ['', container('web', 'image'), true],
  ['/spec/replicas', at('spec', 'replicas'), true],
  ['/spec', at('spec', 'replicas'), true],
  ['/spec/replica', at('spec', 'replicas'), false],
  ['/metadata/annotations/a~1b', at('metadata', 'annotations', 'a/b'), true],
  ['/metadata/annotations/c~0d', at('metadata', 'annotations', 'c~d'), true],
  // No wildcards in RFC 6902.
  ['/metadata/annotations/*', at('metadata', 'annotations', 'a/b'), false],
  // By index: the deployer takes item 0 out of both, web in Git and side in the cluster.
  ['/spec/template/spec/containers/0/image', container('web', 'image'), true],
  ['/spec/template/spec/containers/0', container('side'), true],
  ['/spec/template/spec/containers/0/image', container('job', 'image'), false],
  ['/spec/template/spec/containers/2/image', container('job', 'image'), true],
  ['/spec/template/spec/containers/-/image', container('job', 'image'), false],
  ['/spec/ports/1/nodePort', at('spec', 'ports', item({ port: 81, protocol: 'TCP' }), 'nodePort'), true],
  ['/spec/ports/0/nodePort', at('spec', 'ports', item({ port: 81, protocol: 'TCP' }), 'nodePort'), false],
  ['/data/0', at('data', '0'), true],
];

const JQ: readonly (readonly [string, Path, boolean])[] = [
  ['.spec.replicas', at('spec', 'replicas'), true],
  ['.spec', at('spec', 'replicas'), true],
  ['.spec."replicas"', at('spec', 'replicas'), true],
  ['.["spec"]["replicas"]', at('spec', 'replicas'), true],
  ['.spec["replicas"]', at('spec', 'replicas'), true],
  ['.spec.["replicas"]', at('spec', 'replicas'), true],
  ['.metadata.annotations["a/b"]', at('metadata', 'annotations', 'a/b'), true],
  ['.metadata.annotations."a/b"', at('metadata', 'annotations', 'a/b'), true],
  ['.metadata.annotations[]', at('metadata', 'annotations', 'a/b'), true],
  [
    '.webhooks[]?.clientConfig.caBundle',
    at('webhooks', item({ name: 'two.example.com' }), 'clientConfig', 'caBundle'),
    true,
  ],
  [
    '.webhooks[].clientConfig.caBundle',
    at('webhooks', item({ name: 'two.example.com' }), 'failurePolicy'),
    false,
  ],
  [
    '.webhooks[1].clientConfig',
    at('webhooks', item({ name: 'two.example.com' }), 'clientConfig', 'caBundle'),
    true,
  ],
  [
    '.webhooks[0].clientConfig',
    at('webhooks', item({ name: 'two.example.com' }), 'clientConfig', 'caBundle'),
    false,
  ],
  ['.spec.template.spec.containers[] | select(.name == "web") | .image', container('web', 'image'), true],
  ['.spec.template.spec.containers[] | select(.name == "web") | .image', container('job', 'image'), false],
  ['.spec.template.spec.containers[]|select(.name=="web")', container('web', 'image'), true],
  ['.spec.template.spec.containers[] | select(.name != "web").image', container('job', 'image'), false],
  ['.spec.template.spec.containers[] | select(.name != "web") | .image', container('job', 'image'), true],
  [
    '.spec.template.spec.containers[] | select(.name == "web" or .name == "job") | .image',
    container('job', 'image'),
    true,
  ],
  [
    '.spec.template.spec.containers[] | select(.name == "job" and .image == "x") | .image',
    container('job', 'image'),
    false,
  ],
  [
    '.spec.template.spec.containers[] | select(.name | startswith("j")) | .image',
    container('job', 'image'),
    true,
  ],
  [
    '.spec.template.spec.containers[] | select((.name | endswith("b")) and (.image != "x")) | .image',
    container('job', 'image'),
    true,
  ],
];

const NOT_UNDERSTOOD = [
  '',
  '.',
  '..',
  '.a |',
  'a',
  '.a, .b',
  '.. | select(.nullable?)',
  '.metadata.annotations | to_entries[]',
  '.a[1:2]',
  '.a[-1]',
  '.a as $x | $x',
  '.["\\(.b)"]',
  '.a[] | select(.b | test("x"))',
  '.a[] | select(.b[] == "x")',
  'del(.a)',
  '.a[',
  `.${'a'.repeat(2000)}`,
];

describe('what a deployer leaves alone', () => {
  for (const [pointer, path, expected] of POINTERS)
    test(`pointer ${pointer || '(the whole)'} ${expected ? 'reaches' : 'does not reach'} ${JSON.stringify(path.at(-1))} of ${JSON.stringify(path.at(-2))}`, () => {
      assert.equal(isReached([reachOfPointer(pointer) ?? assert.fail()], path, SIDES), expected);
    });
  for (const [expression, path, expected] of JQ)
    test(`jq ${expression} ${expected ? 'reaches' : 'does not reach'} ${JSON.stringify(path.at(-1))} of ${JSON.stringify(path.at(-2))}`, () => {
      const reach = reachOfJq(expression);
      assert.equal(reach !== undefined && isReached([reach], path, SIDES), expected);
    });

  for (const expression of NOT_UNDERSTOOD)
    test(`jq ${expression.slice(0, 60) || '(nothing)'} is not understood`, () =>
      assert.equal(reachOfJq(expression), undefined));
  for (const pointer of ['spec', '/a~b', '/a~2'])
    test(`pointer ${pointer} is none`, () => assert.equal(reachOfPointer(pointer), undefined));

  test('an addition is reached where all of its parts are', () => {
    const live: Json = { spec: { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } };
    const sides: Sides = { desired: { spec: {} }, live };
    const reach = (...pointers: string[]) =>
      pointers.map((pointer) => reachOfPointer(pointer) ?? assert.fail());
    const surge = '/spec/strategy/rollingUpdate/maxSurge';
    const path = at('spec', 'strategy');
    assert.equal(isReached(reach(surge, '/spec/strategy/rollingUpdate/maxUnavailable'), path, sides), true);
    assert.equal(isReached(reach(surge), path, sides), false);
    // What Git declares is not reached by a part of it.
    assert.equal(isReached(reach(surge), path, { desired: live, live: { spec: {} } }), false);
  });
});

describe('a label selector', () => {
  const labels = { app: 'web', tier: 'front', version: '3' };
  for (const [text, expected] of [
    ['app=web', true],
    ['app==web', true],
    ['app = web, tier=front', true],
    ['app=web,tier=back', false],
    ['app!=web', false],
    ['zone!=a', true],
    ['app', true],
    ['!app', false],
    ['!zone', true],
    ['app in (web, api)', true],
    ['app notin (web,api)', false],
    ['zone notin (a)', true],
    ['zone in (a)', false],
    ['version>2', true],
    ['version<3', false],
    ['app>2', false],
    ['toString', false],
    ['', true],
  ] as const)
    test(`${text || '(nothing)'} ${expected ? 'selects' : 'does not select'} it`, () =>
      assert.equal(parseLabelSelector(text)?.(labels), expected));
  for (const text of ['app=', 'a b', '=x', 'app in web', 'app in (a', ',', 'a=b=c'])
    test(`"${text}" ${text === 'app=' ? 'asks for an empty value' : 'is none'}`, () =>
      assert.equal(parseLabelSelector(text)?.(labels), text === 'app=' ? false : undefined));
});

describe("Argo CD's glob", () => {
  for (const [pattern, text, expected] of [
    ['', '', true],
    ['', 'apps', false],
    ['apps', 'apps', true],
    ['*', '', true],
    ['*', 'cert-manager.io', true],
    ['*.cert-manager.io', 'acme.cert-manager.io', true],
    ['Deploy?ent', 'Deployment', true],
    ['{Deployment,StatefulSet}', 'StatefulSet', true],
    ['[DS]*', 'Deployment', true],
    ['[!D]*', 'Deployment', false],
    ['a.c', 'abc', false],
    ['{open', '{open', false],
    ['[open', '[open', false],
    ['\\*', '*', true],
  ] as const)
    test(`"${pattern}" ${expected ? 'is' : 'is not'} "${text}"`, () =>
      assert.equal(argoGlobMatches(pattern, text), expected));
});
