import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatObservation, formatObservationJson } from '../../cli/check-output.ts';
import { nearest } from '../../cli/nearest.ts';
import { paintOn, progressOn } from '../../cli/progress.ts';
import { only } from '../../cli/selecting.ts';
import { field, finding, HOSTILE, observation, release } from './observations.ts';

const inSync = { kind: 'in-sync', unready: [] } as const;
const drift = (live: string) =>
  ({
    kind: 'drift',
    findings: [finding({ path: [field('spec'), field('x')], desired: 'a', live })],
  }) as const;
const RULE = '- apiGroups: [""]\n  resources: ["secrets"]\n  verbs: ["get", "list"]';
const forbidden = {
  kind: 'unknown',
  reason: 'the cluster does not allow reading Secret objects (403)',
  rule: RULE,
} as const;

describe('a check in text', () => {
  test('says a reason once for all that it keeps from being judged, and the rule to add once', () => {
    const many = Array.from({ length: 30 }, (_, at) => release(`r${at}`, forbidden));
    const text = formatObservation(observation(...many, release('web', inSync)), 'c');
    assert.equal(text.match(/\(403\)/g)?.length, 1);
    assert.equal(text.match(/resources: \["secrets"\]/g)?.length, 1);
    assert.match(text, /^30 could not be judged: /m);
    assert.match(text, /^ {2}and 10 more$/m);
    assert.match(text, /30 not judged, 1 in sync$/);
  });

  test('puts what needs somebody last, above the counts', () => {
    const text = formatObservation(
      observation(release('a', drift('b')), release('b', forbidden), release('c', inSync)),
      'c',
    );
    assert.ok(
      text.indexOf('shop/c') < text.indexOf('shop/b') && text.indexOf('shop/b') < text.indexOf('shop/a'),
    );
    assert.match(text, /\n\n1 drifted, 1 not judged, 1 in sync$/);
  });

  test('counts what is well instead of naming hundreds, but names what is not ready', () => {
    const many = Array.from({ length: 40 }, (_, at) => release(`r${at}`, inSync));
    const unready = release('slow', { kind: 'in-sync', unready: ['Deployment/slow: 0 of 1'] });
    const text = formatObservation(observation(...many, unready), 'c');
    assert.match(text, /^40 in sync\nshop\/slow {2}in sync\n {2}not ready: Deployment\/slow: 0 of 1$/m);
  });

  test('says of a range that its newest version was taken, where nobody reports which one runs', () => {
    const chart = { name: 'web', version: '1.4.2', newestOf: '1.x' };
    const text = formatObservation(observation({ ...release('web', inSync), chart }), 'c');
    assert.match(text, /^shop\/web {2}web 1\.4\.2, the newest of "1\.x" {2}in sync$/m);
  });

  test('hands no control character of a cluster to the terminal, whatever is hostile in it', () => {
    const seen = observation(
      release('web', { ...drift(HOSTILE), deployer: HOSTILE }),
      release('dark', { kind: 'unknown', reason: HOSTILE, rule: HOSTILE }),
      release('slow', { kind: 'in-sync', unready: [HOSTILE] }),
    );
    const text = formatObservation(seen, HOSTILE).replaceAll('\n', '');
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
  });

  test('cuts a value that nobody would read in a terminal', () => {
    const text = formatObservation(observation(release('web', drift('x'.repeat(100_000)))), 'c');
    assert.ok(text.length < 2000);
    assert.match(text, /… \(100000 characters\)/);
  });

  test('as JSON is JSON, and holds no value of a Secret', () => {
    const object = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'web' };
    const path = [field('data'), field('password')];
    const seen = release('web', {
      kind: 'drift',
      findings: [finding({ path, object, secret: true, live: 'hunter2' })],
    });
    const text = formatObservationJson(observation(seen));
    assert.equal(JSON.parse(text).schema, 1);
    assert.doesNotMatch(text, /hunter2/);
  });
});

describe('--only', () => {
  const seen = observation(
    release('web', inSync),
    release('api', drift('b')),
    { scope: { kind: 'release', namespace: 'other', name: 'web' }, state: inSync },
    { scope: { kind: 'manifests' }, state: inSync },
  );
  const names = (...wanted: string[]) =>
    only(seen, wanted).scopes.map(({ scope }) =>
      'name' in scope ? `${scope.namespace}/${scope.name}` : scope.kind,
    );

  test('keeps a release, a namespace, the manifests; and what is said of the target', () => {
    assert.deepEqual(names('shop/web'), ['shop/web', 'target']);
    assert.deepEqual(names('shop'), ['shop/web', 'shop/api', 'target']);
    assert.deepEqual(names('manifests', 'other/web'), ['other/web', 'manifests', 'target']);
    assert.equal(names().length, 5);
  });

  test('says which release may have been meant, or which there are', () => {
    assert.throws(() => names('shop/wbe'), /no release "shop\/wbe": did you mean shop\/web\?/);
    assert.throws(() => names('elsewhere'), /it has shop\/web, shop\/api, other\/web, manifests/);
  });

  test('does not hide that the target could not be judged', () => {
    const dark = { ...seen, scopes: [{ scope: { kind: 'target' }, state: forbidden } as const] };
    assert.equal(only(dark, ['shop/web']), dark);
  });
});

describe('what stands on a terminal', () => {
  const screen = (more: object) => {
    const written: string[] = [];
    return { isTTY: true, columns: 20, write: (text: string) => written.push(text), written, ...more };
  };

  test('is one line of progress that is drawn over and taken away, never wider than the screen', () => {
    const terminal = screen({});
    const progress = progressOn(terminal, {});
    progress.tell(`rendering ${'x'.repeat(100)}\u001b[2J`);
    progress.end();
    assert.deepEqual(terminal.written, [`\r\u001b[Krendering xxxxxxxxx`, '\r\u001b[K']);
  });

  test('is silence where it is no terminal, a dumb one, or a CI job', () => {
    for (const [more, environment] of [
      [{ isTTY: undefined }, {}],
      [{}, { TERM: 'dumb' }],
      [{}, { CI: 'true' }],
    ] as const) {
      const terminal = screen(more);
      const progress = progressOn(terminal as never, environment);
      progress.tell('step');
      progress.end();
      assert.deepEqual(terminal.written, []);
    }
  });

  test('has colours, but not in a pipe and not where NO_COLOR asks for none', () => {
    assert.equal(paintOn({ isTTY: true }, {})('x', 'red'), '\u001b[31mx\u001b[39m');
    assert.equal(paintOn({ isTTY: true }, { NO_COLOR: '1' })('x', 'red'), 'x');
    assert.equal(paintOn({}, {})('x', 'red'), 'x');
  });
});

test('a mistyped word is known again, another one is not', () => {
  const words = ['check', 'diff', 'upload', 'uploads', '--kubeconfig'];
  for (const [typed, meant] of [
    ['chekc', 'check'],
    ['chk', 'check'],
    ['uplaod', 'upload'],
    ['--kubconfg', '--kubeconfig'],
    ['install', undefined],
    ['x'.repeat(10_000), undefined],
    ['', undefined],
  ] as const)
    assert.equal(nearest(typed, words), meant, typed);
});
