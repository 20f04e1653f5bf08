import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unstableIn } from '../../../../lib/charts/render/stability.ts';
import { object } from '../../drift/judging.ts';

const map = (name: string, data: string) => ({
  object: object(`{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: ${data}}`),
  source: 'templates/map.yaml',
});
const found = (first: readonly ReturnType<typeof map>[], ...others: (readonly ReturnType<typeof map>[])[]) =>
  unstableIn(first, others).map(({ object: { metadata }, unstable, sometimes, unstableName }) => ({
    name: metadata.name,
    unstable,
    ...(sometimes === undefined ? {} : { sometimes }),
    ...(unstableName === undefined ? {} : { unstableName }),
  }));

describe('what differs from one render to the next', () => {
  const CASES = [
    ['nothing', ['a', '{x: "1"}'], ['a', '{x: "1"}'], { name: 'a', unstable: [] }],
    ['a value', ['a', '{x: "1"}'], ['a', '{x: "2"}'], { name: 'a', unstable: ['/data/x'] }],
    [
      'a key that only the first has',
      ['a', '{x: "1", z: "2"}'],
      ['a', '{x: "1"}'],
      { name: 'a', unstable: ['/data/z'], sometimes: ['/data/z'] },
    ],
    [
      'a key that only another has',
      ['a', '{x: "1"}'],
      ['a', '{x: "1", "u/w": "2"}'],
      { name: 'a', unstable: ['/data/u~1w'], sometimes: ['/data/u~1w'] },
    ],
    [
      'a name, by its beginning',
      ['run-abc', '{}'],
      ['run-xyz', '{}'],
      { name: 'run-abc', unstable: ['/metadata/name'], unstableName: { starts: 'run-', ends: '' } },
    ],
    [
      'a name, by both ends, which do not overlap',
      ['a-1-1-b', '{}'],
      ['a-1-b', '{}'],
      { name: 'a-1-1-b', unstable: ['/metadata/name'], unstableName: { starts: 'a-1-', ends: 'b' } },
    ],
  ] as const;
  for (const [what, [name, data], [otherName, otherData], expected] of CASES) {
    test(what, () => {
      assert.deepEqual(found([map(name, data)], [map(otherName, otherData)]), [expected]);
    });
  }

  test('a place that some renders hold and others hold otherwise is held sometimes', () => {
    const renders = ['{x: "1"}', '{x: "2"}', '{}'].map((data) => [map('a', data)]);
    const [first = [], ...others] = renders;
    assert.deepEqual(found(first, ...others), [{ name: 'a', unstable: ['/data/x'], sometimes: ['/data/x'] }]);
  });

  test('an object that only some renders hold is unstable as a whole', () => {
    assert.deepEqual(found([map('a', '{}')], [map('a', '{}'), map('b', '{}')]), [
      { name: 'a', unstable: [] },
      { name: 'b', unstable: [''] },
    ]);
  });
});
