import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type GrowingValues, placeAt } from '../../../../lib/desired/flux/target-path.ts';
import type { Json } from '../../../../lib/objects/objects.ts';

describe('a value that goes to a targetPath', () => {
  const placed: readonly [path: string, value: string, form: 'set' | 'literal', result: Json][] = [
    ['image.tag', '1.2', 'set', { image: { tag: '1.2' }, kept: true }],
    ['replicas', '3', 'set', { replicas: 3, kept: true }],
    ['on', 'TRUE', 'set', { on: true, kept: true }],
    ['none', 'null', 'set', { none: null, kept: true }],
    ['octal', '0755', 'set', { octal: '0755', kept: true }],
    ['quoted', '"3"', 'set', { quoted: '3', kept: true }],
    ['text', '3', 'literal', { text: '3', kept: true }],
    ['text', 'a,b={c}', 'literal', { text: 'a,b={c}', kept: true }],
    ['hosts[1].name', 'b', 'set', { hosts: [null, { name: 'b' }], kept: true }],
    ['labels.app\\.example/name', 'x', 'set', { labels: { 'app.example/name': 'x' }, kept: true }],
    ['kept.deeper', 'x', 'set', { kept: { deeper: 'x' } }],
    ['toString.name', 'x', 'set', { kept: true, toString: { name: 'x' } } as unknown as Json],
  ];
  for (const [path, value, form, result] of placed)
    test(`${path} = ${value} (${form})`, () => {
      const values: GrowingValues = { kept: true };
      assert.equal(placeAt(values, path, value, form), undefined);
      assert.deepEqual(values, result);
    });

  const refused: readonly [path: string, value: string][] = [
    ['', 'x'],
    ['a..b', 'x'],
    ['a[', 'x'],
    ['[0]', 'x'],
    ['a[1001]', 'x'],
    ['list', '{a,b}'],
    ['text', 'a,b=c'],
    ['__proto__.polluted', 'x'],
    ['\\__proto__.polluted', 'x'],
    ['a.\\_\\_proto__.polluted', 'x'],
    ['a.constructor.prototype.polluted', 'x'],
    ['a[0].\\constructor.polluted', 'x'],
  ];
  for (const [path, value] of refused)
    test(`"${path}" = ${value} is not read, and changes nothing`, () => {
      const values: GrowingValues = {};
      assert.match(placeAt(values, path, value, 'set') ?? '', /^(targetPath|what goes to targetPath) "/);
      assert.deepEqual(values, {});
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
});
