// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { substituted, variablesOf } from '../../../lib/kustomize/substitution.ts';

const VARIABLES: Readonly<Record<string, string>> = { name: 'web', empty: '', path: 'a/b/a', Ö1: 'x' };
const fill = (text: string) => substituted(text, (name) => VARIABLES[name] ?? '');

/** What fluxcd/pkg's envsubst makes of the same (its eval_test.go and funcs_test.go hold most of them). */
const TABLE: readonly (readonly [string, string])[] = [
  ['', ''],
  ['no variable, $name and $', 'no variable, $name and $'],
  ['${name}', 'web'],
  ['${name}-${name}', 'web-web'],
  ['${unknown}', ''],
  ['${unknown:=other}', 'other'],
  ['${unknown:-other}', 'other'],
  ['${unknown=other}', 'other'],
  ['${empty:-other}', 'other'],
  ['${name:-other}', 'web'],
  ['${name:+other}', 'web'],
  ['${unknown:?it is missing}', 'it is missing'],
  ['${unknown:-a ${name} b}', 'a web b'],
  ['${unknown:-${empty:-deep}}', 'deep'],
  ['${unknown:-}', ''],
  ['${unknown:=http://a:80/$x}', 'http://a:80/$x'],
  ['$${name}', '${name}'],
  ['$$${name}', '$web'],
  ['$$name', '$name'],
  ['${#name}', '3'],
  ['${name^}', 'Web'],
  ['${name^^}', 'WEB'],
  ['${name,,}', 'web'],
  ['${name:1}', 'eb'],
  ['${name:0:2}', 'we'],
  ['${name:-1}', 'web'],
  ['${name:0:-1}', 'we'],
  ['${name:9}', ''],
  ['${name:x}', 'web'],
  ['${path/a/c}', 'c/b/a'],
  ['${path//a/c}', 'c/b/c'],
  ['${path//\\//-}', 'a-b-a'],
  ['${path/#a/c}', 'c/b/a'],
  ['${path/%a/c}', 'a/b/c'],
  ['${path/a/}', '/b/a'],
  ['${name#w}', 'eb'],
  ['${name%b}', 'we'],
  ['${Ö1}', 'x'],
];

describe('variables of postBuild are filled in as Flux does it', () => {
  for (const [text, wanted] of TABLE)
    test(`${JSON.stringify(text)} becomes ${JSON.stringify(wanted)}`, () => {
      assert.deepEqual(fill(text), { kind: 'substituted', text: wanted });
    });

  for (const text of [
    '${',
    '${}',
    '${name',
    '${name!}',
    '${name-other}',
    '${name:-other',
    '${ name }',
    '${name/a}',
    '${name##*/}',
  ])
    test(`${JSON.stringify(text)} cannot be filled in, and says so`, () => {
      assert.equal(fill(text).kind, 'failed');
    });

  test('defaults within defaults come to an end', () => {
    assert.equal(fill('${x:-'.repeat(5000) + '}'.repeat(5000)).kind, 'failed');
  });

  test('what would grow without end is refused', () => {
    const big = 'x'.repeat(1024 * 1024);
    assert.equal(substituted('${a}'.repeat(30), () => big).kind, 'failed');
  });

  test('a megabyte without a variable takes no time worth mentioning', () => {
    const text = `${'$'.repeat(500_000)}${'a$ '.repeat(200_000)}`;
    const began = performance.now();
    assert.equal(fill(text).kind, 'substituted');
    assert.ok(performance.now() - began < 2000);
  });
});

describe('where variables come from', () => {
  const known = (values: Readonly<Record<string, string>>) => ({ kind: 'known' as const, values });
  const of = (sources: Parameters<typeof variablesOf>[0], name: string): string => {
    const variables = variablesOf(sources, 'PLACEHOLDER');
    assert.ok(variables.kind === 'variables');
    return variables.of(name);
  };

  test('a later source wins, and line ends are taken out', () => {
    assert.equal(of([known({ a: '1' }), known({ a: '2\n3' })], 'a'), '23');
  });
  test('a variable that a Secret may hold has a placeholder', () => {
    assert.equal(of([{ kind: 'secret', name: 's' }], 'a'), 'PLACEHOLDER');
    assert.equal(of([known({ a: '1' }), { kind: 'secret', name: 's' }], 'a'), 'PLACEHOLDER');
  });
  test('what a source after the Secret says is known', () => {
    assert.equal(of([{ kind: 'secret', name: 's' }, known({ a: '1' })], 'a'), '1');
  });
  test('a name that kustomize-controller refuses is refused', () => {
    assert.deepEqual(variablesOf([known({ 'a-b': '1' })], ''), { kind: 'invalid', name: 'a-b' });
  });
  test('names of JavaScript are names like others', () => {
    assert.equal(of([known({ a: '1' })], 'constructor'), '');
  });
});
