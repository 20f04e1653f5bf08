import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDiff } from '../../cli/diff-output.ts';
import { diffLines, withContext } from '../../cli/line-diff.ts';
import type { RenderedObject } from '../../lib/charts/render-request.ts';
import type { Json, KubernetesObject } from '../../lib/objects/objects.ts';
import { field, finding, HOSTILE } from './observations.ts';

const rendered = (object: KubernetesObject): RenderedObject => ({
  object,
  role: 'applied',
  source: 'templates/x.yaml',
  unstable: [],
  usesLookup: false,
});

const DEPLOYMENT = rendered({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          {
            name: 'web',
            image: 'web:1',
            ports: [{ containerPort: 80 }],
            env: [{ name: 'DB_PASSWORD', value: 'in-clear' }],
          },
        ],
      },
    },
  },
});
const key = (name: string) => ({ kind: 'key', keys: { name } }) as const;
const CONTAINERS = ['spec', 'template', 'spec', 'containers'].map(field);
const WEB = [...CONTAINERS, key('web')];

/** The lines with a mark, without those around. */
const marked = (text: string): readonly string[] =>
  text.split('\n').filter((line) => /^[-+] /.test(line) && !/^(---|\+\+\+) /.test(line));

describe('a diff of a release', () => {
  test('has a changed field as Git’s line and the cluster’s, with who likely did it above', () => {
    const attribution = { likely: 'likely with kubectl-edit', since: '2026-07-01T12:00:00Z' };
    const text = formatDiff(
      [finding({ path: [field('spec'), field('replicas')], desired: 3, live: 7, attribution })],
      [DEPLOYMENT],
      'shop',
    );
    assert.deepEqual(marked(text), ['-   replicas: 3', '+   replicas: 7']);
    assert.match(
      text,
      /^--- Git {6}Deployment\/web {2}\(templates\/x\.yaml\)\n\+\+\+ cluster {2}Deployment\/web\n# likely with kubectl-edit, at the latest 2026-07-01T12:00:00Z\n@@ spec @@\n/,
    );
  });

  for (const [what, given, lines] of [
    [
      'an added item of a list with keys',
      { path: [...CONTAINERS, key('miner')], verdict: 'added', live: { name: 'miner', image: 'x' } },
      ['+         - name: miner', '+           image: x'],
    ],
    [
      'an added field of an item whose key Git leaves to its default',
      {
        path: [
          ...WEB,
          field('ports'),
          { kind: 'key', keys: { containerPort: 80, protocol: 'TCP' } },
          field('hostPort'),
        ],
        verdict: 'added',
        live: 8080,
      },
      ['+               hostPort: 8080'],
    ],
    ['a removed field', { path: [...WEB, field('image')], desired: 'web:1' }, ['-           image: web:1']],
    [
      'an added map where Git has none',
      { path: [field('metadata'), field('labels'), field('a')], verdict: 'added', live: 'b' },
      ['+   labels:', '+     a: b'],
    ],
    [
      'a credential that both sides hide',
      { path: [...WEB, field('env'), key('DB_PASSWORD'), field('value')], desired: 'a', live: 'b' },
      [
        '-               value: (looks like a credential, not shown)',
        '+               value: "(looks like a credential, not shown): changed"',
      ],
    ],
    [
      'an integer that no double holds',
      { path: [field('spec'), field('big')], desired: 9007199254740993n, live: 9007199254740992n },
      ['-   big: 9007199254740993', '+   big: 9007199254740992'],
    ],
    [
      'a key that is called as no key should be',
      { path: [field('metadata'), field('__proto__'), field('x')], verdict: 'added', live: 1 },
      ['+   __proto__:', '+     x: 1'],
    ],
  ] as const) {
    test(`shows ${what}`, () => {
      assert.deepEqual(marked(formatDiff([finding(given as never)], [DEPLOYMENT], 'shop')), lines);
    });
  }

  test('shows a missing object whole, an orphan by its name, and what has no text in words', () => {
    const service = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' };
    const missing = formatDiff(
      [finding({ path: [], verdict: 'missing', object: service })],
      [rendered({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } })],
      'shop',
    );
    assert.deepEqual(marked(missing), [
      '- apiVersion: v1',
      '- kind: Service',
      '- metadata:',
      '-   name: web',
      '-   namespace: shop',
    ]);
    const extra = formatDiff([finding({ path: [], verdict: 'extra', object: service })], [], 'shop');
    assert.match(extra, /^# in the cluster, and not declared any more$/m);
    assert.match(extra, /^\+ kind: Service$/m);
    const cleared = formatDiff(
      [
        finding({
          path: [field('metadata'), field('managedFields')],
          note: 'the record of writers was cleared',
        }),
      ],
      [DEPLOYMENT],
      'shop',
    );
    assert.match(
      cleared,
      /# the record of writers was cleared\n@@ metadata @@\n {2}metadata\.managedFields {2}changed$/,
    );
  });

  test('shows one changed line of a file in a ConfigMap as one line', () => {
    const lines = Array.from({ length: 50 }, (_, at) => `line ${at}`);
    const file = `${lines.join('\n')}\n`;
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'shop' },
      data: { f: file },
    };
    const live = file.replace('line 25', `line ${HOSTILE.replaceAll('\n', '')}`);
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web' };
    const text = formatDiff(
      [finding({ path: [field('data'), field('f')], object: reference, desired: file, live })],
      [rendered(object)],
      'shop',
    );
    assert.equal(marked(text).length, 2);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
  });

  test('never shows a value of a Secret, neither what differs nor what stands around it', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'web', namespace: 'shop' },
      data: { other: 'hmac-sha256:1234', password: 'hmac-sha256:5678' },
    };
    const reference = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'web' };
    const path = (name: string) => [field('data'), field(name)];
    const text = formatDiff(
      [
        finding({ path: path('password'), object: reference, secret: true, live: 'hunter2' }),
        finding({ path: path('more'), object: reference, secret: true, verdict: 'added', live: 'hunter2' }),
      ],
      [rendered(object)],
      'shop',
    );
    assert.doesNotMatch(text, /hmac|1234|5678|hunter2/);
    assert.deepEqual(marked(text), [
      '-   password: <hidden>',
      '+   password: <hidden, changed>',
      '+   more: <hidden>',
    ]);
  });

  test('is bounded, however much differs', () => {
    const live = Array.from({ length: 5000 }, (_, at) => `${at} ${'x'.repeat(1000)}`).join('\n');
    const text = formatDiff(
      [finding({ path: [field('spec'), field('x')], desired: 'a', live })],
      [DEPLOYMENT],
      'shop',
    );
    assert.ok(text.length < 60_000, `${text.length}`);
    assert.match(text, /… \d+ more lines$/);
  });

  test('never throws and forges no line, whatever path and value a cluster brings', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('field'),
        name: fc.oneof(fc.constantFrom('spec', '__proto__', 'template'), fc.string()),
      }),
      fc.record({ kind: fc.constant('key'), keys: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }) }),
      fc.record({ kind: fc.constant('value'), value: fc.string() }),
      fc.record({ kind: fc.constant('index'), index: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fc.jsonValue(), fc.jsonValue(), (path, desired, live) => {
        const given = { path, desired: desired as Json, live: live as Json } as never;
        const text = formatDiff([finding(given)], [DEPLOYMENT], 'shop');
        for (const line of text.split('\n')) assert.match(line, /^(--- Git|\+\+\+ cluster|# |@@ |[-+ ] |…)/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('lines of a diff', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });

  test('make the one text and the other, with as few edits as there can be', () => {
    fc.assert(
      fc.property(letters, letters, (from, to) => {
        const all = diffLines(from, to);
        const side = (not: string) => all.filter(({ kind }) => kind !== not).map(({ text }) => text);
        assert.deepEqual(side('new'), from);
        assert.deepEqual(side('gone'), to);
        assert.equal(all.filter(({ kind }) => kind === 'same').length, longestCommon(from, to));
      }),
      { numRuns: 2000 },
    );
  });

  test('of texts that have nothing in common are one replaced by the other, in time', () => {
    const many = (mark: string) => Array.from({ length: 20_000 }, (_, at) => `${mark}${at}`);
    const before = performance.now();
    assert.equal(diffLines(many('a'), many('b')).length, 40_000);
    assert.ok(performance.now() - before < 10_000);
  });

  test('show what is near, and a gap between two that are far', () => {
    const from = Array.from({ length: 30 }, (_, at) => `${at}`);
    const to = from.with(3, 'x').with(25, 'y');
    const shown = withContext(diffLines(from, to), 1).map((line) => line?.text ?? '…');
    assert.deepEqual(shown, ['2', '3', 'x', '4', '…', '24', '25', 'y', '26']);
  });
});

/** Lines in common, by the textbook's table: independent of how the diff is found. */
function longestCommon(from: readonly string[], to: readonly string[]): number {
  let row: number[] = Array.from({ length: to.length + 1 }, () => 0);
  for (const one of from) {
    const next = [0];
    for (const [at, other] of to.entries())
      next.push(one === other ? (row[at] ?? 0) + 1 : Math.max(next[at] ?? 0, row[at + 1] ?? 0));
    row = next;
  }
  return row[to.length] ?? 0;
}
