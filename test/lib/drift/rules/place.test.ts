import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { globMatches } from '../../../../lib/drift/rules/glob.ts';
import { covers, PlaceError, parsePlace, placeOfPath } from '../../../../lib/drift/rules/place.ts';
import type { Path } from '../../../../lib/drift/verdicts.ts';

const field = (name: string) => ({ kind: 'field', name }) as const;
const fields = (...names: string[]): Path => names.map(field);
const key = (keys: Record<string, string | number>) => ({ kind: 'key', keys }) as const;
const containers = (name: string, ...below: string[]): Path => [
  ...fields('spec', 'template', 'spec', 'containers'),
  key({ name }),
  ...fields(...below),
];
const port: Path = [...fields('spec', 'ports'), key({ port: 80, protocol: 'TCP' }), field('nodePort')];

const COVERED: readonly (readonly [string, Path, 'covers' | 'not'])[] = [
  ['/spec/replicas', fields('spec', 'replicas'), 'covers'],
  ['/spec', fields('spec', 'replicas'), 'covers'],
  ['/spec/replicas/x', fields('spec', 'replicas'), 'not'],
  ['/spec/rep', fields('spec', 'replicas'), 'not'],
  ['/metadata/annotations/*', fields('metadata', 'annotations', 'example.com/a'), 'covers'],
  ['/metadata/annotations/*', fields('metadata', 'annotations'), 'not'],
  ['/metadata/annotations/example.com~1*', fields('metadata', 'annotations', 'example.com/a'), 'covers'],
  ['/metadata/annotations/example.com~1*', fields('metadata', 'annotations', 'example.org/a'), 'not'],
  ['/data/a~0b', fields('data', 'a~b'), 'covers'],
  ['/data/a~01b', fields('data', 'a~1b'), 'covers'],
  ['/data/"a*"', fields('data', 'a*'), 'covers'],
  ['/data/"a*"', fields('data', 'ab'), 'not'],
  ['/data/"0"', fields('data', '0'), 'covers'],
  ['/data/"a/b"', fields('data', 'a/b'), 'covers'],
  ['/spec/template/spec/containers[name=web]/image', containers('web', 'image'), 'covers'],
  ['/spec/template/spec/containers[name=web]/image', containers('sidecar', 'image'), 'not'],
  ['/spec/template/spec/containers[name=web]', containers('web', 'image'), 'covers'],
  ['/spec/template/spec/containers', containers('web'), 'covers'],
  ['/spec/template/spec/containers[*]/image', containers('web', 'image'), 'covers'],
  ['/spec/template/spec/containers[*]/image', containers('web', 'env'), 'not'],
  ['/spec/template/spec/containers[name=istio-*]', containers('istio-proxy'), 'covers'],
  ['/spec/template/spec/containers[name="istio-*"]', containers('istio-proxy'), 'not'],
  ['/spec/ports[port=80]/nodePort', port, 'covers'],
  ['/spec/ports[port=80,protocol=TCP]/nodePort', port, 'covers'],
  ['/spec/ports[port=80,protocol=UDP]/nodePort', port, 'not'],
  ['/spec/ports[port=8]/nodePort', port, 'not'],
  ['/spec/ports[toString=*]/nodePort', port, 'not'],
  [
    '/metadata/finalizers[=example.com/x]',
    [...fields('metadata', 'finalizers'), { kind: 'value', value: 'example.com/x' }],
    'covers',
  ],
  ['/spec/args[*]', [...fields('spec', 'args'), { kind: 'index', index: 3 }], 'covers'],
  ['/spec/args[*]', [...fields('spec', 'args'), field('x')], 'not'],
  ['/spec/args[name=3]', [...fields('spec', 'args'), { kind: 'index', index: 3 }], 'not'],
];

const BROKEN: readonly (readonly [string, RegExp])[] = [
  ['', /leave it out/],
  ['spec/replicas', /begins with "\/"/],
  ['/', /name is missing/],
  ['/spec//replicas', /name is missing/],
  ['/spec/template/spec/containers/0/image', /"0" is an index/],
  ['/spec/template/spec/containers/-', /"-" is an index/],
  ['/spec/template/spec/containers[0]/image', /"0" is an index/],
  ['/spec/containers[web]', /named by its keys/],
  ['/spec/containers[]', /named by its keys/],
  ['/spec/containers[name=web', /"\]" is missing/],
  ['/spec/containers[name=web]image', /begins with "\/"/],
  ['/data/a~b', /"~" is written "~0"/],
  ['/data/"open', /not closed/],
  ['/data/"\\x"', /no JSON string/],
  ['/data/a]', /want quotes/],
  [`/${'a'.repeat(2000)}`, /at most 1024 characters/],
  ['/a'.repeat(60), /at most 48 steps/],
];

describe('the path of a rule', () => {
  for (const [text, path, expected] of COVERED)
    test(`${text} ${expected === 'covers' ? 'covers' : 'does not cover'} ${placeOfPath(path)}`, () => {
      assert.equal(covers(parsePlace(text), path), expected === 'covers');
    });

  for (const [text, message] of BROKEN)
    test(`${JSON.stringify(text.slice(0, 60))} is none, and the error says why`, () => {
      assert.throws(
        () => parsePlace(text),
        (error) => error instanceof PlaceError && message.test(error.message),
      );
    });

  test('every path that a finding can have is written so that it covers itself and no other', () => {
    const odd = ['a/b', '~1', '*', 'x[0]', '"q"', '0', '-', 'a b', 'é', '__proto__', '', 'a\\"b', 'a,b=c]'];
    for (const name of odd) {
      const path: Path = [...fields('spec', name), key({ name, port: 80 }), { kind: 'value', value: name }];
      const place = parsePlace(placeOfPath(path));
      assert.ok(covers(place, path), placeOfPath(path));
      for (const other of odd.filter((one) => one !== name))
        assert.ok(!covers(place, [...fields('spec', other), ...path.slice(2)]), `${name} and ${other}`);
    }
  });
});

describe('a glob', () => {
  for (const [pattern, text, expected] of [
    ['web', 'web', true],
    ['web', 'webs', false],
    ['*', '', true],
    ['web-*', 'web-1', true],
    ['*-web', 'a-web', true],
    ['a*b*c', 'axxbxxc', true],
    ['a*b*c', 'axxc', false],
    ['ab*ba', 'aba', false],
    ['a**b', 'ab', true],
    ['w.b', 'web', false],
    ['*a*a*', 'a', false],
  ] as const)
    test(`${pattern} ${expected ? 'is' : 'is not'} "${text}"`, () =>
      assert.equal(globMatches(pattern, text), expected));

  test('costs what its text costs, whatever it is', () => {
    const began = performance.now();
    assert.equal(globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(200_000)), false);
    assert.ok(performance.now() - began < 500);
  });
});
