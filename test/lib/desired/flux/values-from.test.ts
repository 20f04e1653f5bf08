import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FindMap, FoundMap } from '../../../../lib/desired/flux/maps.ts';
import { valuesOf } from '../../../../lib/desired/flux/values-from.ts';
import { PLACEHOLDERS } from '../../../../lib/kustomize/placeholders.ts';
import type { Json, JsonObject } from '../../../../lib/objects/objects.ts';

describe('valuesFrom of a HelmRelease', () => {
  const maps: Readonly<Record<string, FoundMap>> = {
    'shop/base': { kind: 'found', data: { 'values.yaml': 'a: 1\nb: {c: 1}\n', tag: '7' } },
    'shop/broken': { kind: 'found', data: { 'values.yaml': '[1, 2]' } },
    'shop/gone': { kind: 'absent' },
    'shop/odd': { kind: 'unstable', reason: 'a Secret' },
  };
  const find: FindMap = (namespace, name) => maps[`${namespace}/${name}`] ?? { kind: 'unseen' };
  const of = (valuesFrom: readonly Json[], values?: JsonObject) =>
    valuesOf({ valuesFrom, ...(values === undefined ? {} : { values }) }, 'shop', find);
  const map = (name: string, more: JsonObject = {}): Json => ({ kind: 'ConfigMap', name, ...more });

  test('are documents in their order, then its own', () => {
    assert.deepEqual(of([map('base')], { a: 2 }), {
      kind: 'known',
      values: [
        { kind: 'text', text: 'a: 1\nb: {c: 1}\n' },
        { kind: 'inline', values: { a: 2 } },
      ],
    });
  });

  test('with a targetPath its own values win over it, as in Flux', () => {
    const tag = map('base', { valuesKey: 'tag', targetPath: 'image.tag' });
    assert.deepEqual(of([map('base'), tag], { b: { d: 2 }, image: { name: 'web' } }), {
      kind: 'known',
      values: [{ kind: 'inline', values: { a: 1, b: { c: 1, d: 2 }, image: { name: 'web', tag: 7 } } }],
    });
    const into = map('base', { valuesKey: 'tag', targetPath: 'b.d' });
    assert.deepEqual(of([map('base'), into], { b: { d: 'mine' } }), {
      kind: 'known',
      values: [{ kind: 'inline', values: { a: 1, b: { c: 1, d: 'mine' } } }],
    });
    // A mapping that nothing else has is one and the same before and after (Go's maps): there the path wins.
    assert.deepEqual(of([tag], { image: { tag: 'mine' } }), {
      kind: 'known',
      values: [{ kind: 'inline', values: { image: { tag: 7 } } }],
    });
  });

  test('of a Secret a placeholder goes to the targetPath', () => {
    assert.deepEqual(of([{ kind: 'Secret', name: 'db', valuesKey: 'pw', targetPath: 'db.password' }]), {
      kind: 'known',
      values: [{ kind: 'inline', values: { db: { password: PLACEHOLDERS[0] } } }],
    });
  });

  test('what is optional and absent is left out', () => {
    assert.deepEqual(
      of([map('gone', { optional: true }), map('base', { valuesKey: 'none', optional: true })]),
      {
        kind: 'known',
        values: [],
      },
    );
  });

  const unknown: readonly [what: string, reference: Json, reason: RegExp][] = [
    ['no reference', 'base', /is no reference/],
    ['another kind', { kind: 'Pod', name: 'x' }, /Pod\/x holds no values/],
    ['a Secret with a whole document', { kind: 'Secret', name: 's' }, /cannot tell which/],
    ['a map nobody has seen', map('unseen'), /no check of the cluster has seen it/],
    ['a map that is not there', map('gone'), /neither declared in Git nor in the cluster/],
    ['a map made of a Secret', map('odd'), /made of what Fairlead does not read: a Secret/],
    ['a key that is not there', map('base', { valuesKey: 'none' }), /has no key "none"/],
    ['a key that every object of JavaScript has', map('base', { valuesKey: 'constructor' }), /has no key/],
    ['the prototype', map('base', { valuesKey: '__proto__', targetPath: 'a' }), /has no key/],
  ];
  for (const [what, reference, reason] of unknown)
    test(`${what}: unknown`, () => {
      const values = of([reference]);
      assert.ok(values.kind === 'unknown', JSON.stringify(values));
      assert.match(values.reason, reason);
    });

  test('a document that is no mapping, beside a targetPath: unknown', () => {
    const values = of([map('broken'), map('base', { valuesKey: 'tag', targetPath: 'a' })]);
    assert.ok(values.kind === 'unknown');
    assert.match(values.reason, /cannot be read as YAML/);
  });
});
