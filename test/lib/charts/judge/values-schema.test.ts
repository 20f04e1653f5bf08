import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { validateValues } from '../../../../lib/charts/judge/values-schema.ts';
import type { Json } from '../../../../lib/objects/objects.ts';

const judged = (schema: object, values: Json): string[] =>
  validateValues({ path: '', schema: JSON.stringify(schema), values }).map(({ code, place }) =>
    `${code} ${place?.pointer ?? ''}`.trim(),
  );
const named = (pattern: string) => ({ properties: { name: { pattern } } });

describe('patterns of values.schema.json', () => {
  const matches: readonly [string, string, 'matches' | 'does not match'][] = [
    ['^[a-z][a-z0-9-]*$', 'web-1', 'matches'],
    ['^[a-z][a-z0-9-]*$', 'Web', 'does not match'],
    ['b', 'abc', 'matches'],
    ['^(v?\\d+\\.\\d+|latest)$', 'v1.25', 'matches'],
    ['^\\p{L}+$', 'größe', 'matches'],
    ['^(?i)WEB$', 'web', 'matches'],
    ['^.$', '😀', 'matches'],
  ];
  for (const [pattern, name, verdict] of matches)
    test(`${pattern} ${verdict} "${name}"`, () => {
      assert.deepEqual(
        judged(named(pattern), { name }),
        verdict === 'matches' ? [] : ['values-violate-schema /name'],
      );
    });

  test('those for which a reader that goes back takes for ever are answered all the same', () => {
    assert.deepEqual(judged(named('^(a+)+$'), { name: `${'a'.repeat(60)}!` }), [
      'values-violate-schema /name',
    ]);
    const names = { patternProperties: { '^(([a-z])+.)+[A-Z]([a-z])+$': {} }, additionalProperties: false };
    assert.deepEqual(judged(names, { ['a'.repeat(60)]: 1 }), [`values-violate-schema /${'a'.repeat(60)}`]);
    const { length } = judged({ propertyNames: { pattern: '^(a|a)*$' } }, { [`${'a'.repeat(60)}!`]: 1 });
    assert.notEqual(length, 0);
  });

  const unreadable: readonly [string, object, string][] = [
    ['looks ahead', named('^(?!default$)'), '/properties/name/pattern'],
    ['refers to a group', named('(a)\\1'), '/properties/name/pattern'],
    ['is a name', { patternProperties: { '(?=a)/b': {} } }, '/patternProperties/(?=a)~1b'],
    [
      'no value reaches',
      { $defs: { a: { allOf: [{ items: named('[') }] } } },
      '/$defs/a/allOf/0/items/properties/name/pattern',
    ],
  ];
  for (const [what, schema, pointer] of unreadable)
    test(`one that helm cannot read is refused where it ${what}`, () => {
      assert.deepEqual(judged(schema, { name: 'web' }), [`values-schema-invalid ${pointer}`]);
    });

  test('what only looks like one is none', () => {
    const schema = {
      properties: { pattern: { type: 'string' }, patternProperties: { enum: [{ pattern: '(?=a)' }] } },
      'x-note': { pattern: '(?=a)' },
    };
    assert.deepEqual(judged(schema, { pattern: '(?=a)' }), []);
  });

  test('one that only a $ref into a note reaches is refused when it is asked', () => {
    assert.deepEqual(judged({ 'x-note': { pattern: '(?=a)' }, $ref: '#/x-note' }, 'web'), [
      'values-schema-invalid',
    ]);
  });

  test("the program's own patterns are what they were", () => {
    const before = RegExp;
    judged(named('a'), { name: 'a' });
    judged({ 'x-note': { pattern: '(?=a)' }, $ref: '#/x-note' }, 'web');
    assert.equal(RegExp, before);
  });
});
