import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maskFor } from '../../../../lib/charts/render/masking.ts';

describe('a value is hidden', () => {
  const hide = maskFor([
    { db: { password: 'Hunter2-Horse' }, list: ['two\nlines of it'], quoted: 'say "friend"' },
  ]);
  const shown: readonly [string, string][] = [
    ['as it is', 'Hunter2-Horse'],
    ['in capitals', 'HUNTER2-HORSE'],
    ['in small letters', 'hunter2-horse'],
    ['in base64', Buffer.from('Hunter2-Horse').toString('base64')],
    ['line by line', 'lines of it'],
    ['in quotes', 'say \\"friend\\"'],
  ];
  for (const [how, text] of shown)
    test(how, () => {
      assert.equal(hide(`template: ${text}!`), 'template: •••!');
    });

  test('and what is as short as a word is not', () => {
    assert.equal(maskFor([{ a: 'web', b: true, c: null }])('web is true'), 'web is true');
  });
});
