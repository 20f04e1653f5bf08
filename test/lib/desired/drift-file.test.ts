import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRules } from '../../../lib/desired/drift-file.ts';

const told = (text: string): string[] =>
  readRules(text).problems.map(({ line, key, message }) => `${line}: ${key}: ${message}`);

describe('drift.yaml', () => {
  test('is read as it is written', () => {
    const { rules, problems } = readRules(`# ours
rules:
  - kind: Deployment.apps
    name: web-*
    namespace: shop
    path: /spec/template/spec/containers[name=web]/image
    manager: kubectl-set
    chart: web
    verdict: changed
    wait: 1h30m
    severity: info
    reason: "pinned by hand: see #12"
    expires: 2026-12-31
  - {kind: Job, reason: jobs come and go}
`);
    assert.deepEqual(problems, []);
    assert.deepEqual(rules, [
      {
        number: 1,
        line: 3,
        kind: 'Deployment.apps',
        name: 'web-*',
        namespace: 'shop',
        path: '/spec/template/spec/containers[name=web]/image',
        manager: 'kubectl-set',
        chart: 'web',
        verdict: 'changed',
        waitSeconds: 5400,
        severity: 'info',
        reason: 'pinned by hand: see #12',
        expires: '2026-12-31',
      },
      { number: 2, line: 14, kind: 'Job', reason: 'jobs come and go' },
    ]);
  });

  for (const text of ['', '# nothing yet\n', 'rules:\n', 'rules: []\n', '---\n'])
    test(`may be empty: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(readRules(text), { rules: [], problems: [] }));

  test('no reading of YAML changes what a word means', () => {
    const { rules, problems } = readRules('rules:\n  - name: on\n    namespace: 0644\n    reason: yes\n');
    assert.deepEqual(problems, []);
    assert.deepEqual(rules, [{ number: 1, line: 2, name: 'on', namespace: '0644', reason: 'yes' }]);
  });

  test('all that is wrong is said at once, with line and key; the other rules hold', () => {
    const text = `ruls: []
rules:
  - kind: Deployment
    path: /spec/template/spec/containers/0/image
    reason: one
  - kind: Job
  - kind: Job
    reason: holds
  - name: a
    wait: soon
    severity: high
    expires: 2026-02-30
    reason: ""
    colour: blue
  - reason: everything
  - name: a
    name: b
    reason: twice
  - just text
  - kind: Secret
    verdict: gone
    reason: &x list
  - kind: Secret
    path: [a]
    reason: r
    wait: 30d
`;
    assert.deepEqual(
      readRules(text).rules.map(({ number, reason }) => [number, reason]),
      [[3, 'holds']],
    );
    assert.deepEqual(
      told(text).map((line) => line.split(': ').slice(0, 2).join(' ')),
      [
        '1 ruls',
        '4 rules[0].path',
        '6 rules[1].reason',
        '10 rules[3].wait',
        '11 rules[3].severity',
        '12 rules[3].expires',
        '13 rules[3].reason',
        '14 rules[3].colour',
        '15 rules[4]',
        '17 rules[5].name',
        '19 rules[6]',
        '21 rules[7].verdict',
        '22 rules[7].reason',
        '24 rules[8].path',
        '26 rules[8].wait',
      ],
    );
  });

  test('text that is no YAML holds no rule, and says where it breaks', () => {
    assert.deepEqual(readRules('rules:\n  - kind: Job\n    reason: "open\n').rules, []);
    assert.match(
      told('rules:\n  - kind: Job\n    reason: "open\n')[0] ?? '',
      /^\d+: \(the whole\): no YAML: /,
    );
    assert.match(told('- kind: Job\n')[0] ?? '', /^1: \(the whole\): the file holds "rules:"/);
    assert.match(told('rules: all\n')[0] ?? '', /^1: rules: is a list/);
    assert.match(told('rules: []\n---\nrules: []\n')[0] ?? '', /one document a file/);
    assert.match(told(`rules: ${'['.repeat(200)}`)[0] ?? '', /levels deep/);
  });

  test('is bounded in bytes, rules and words; the first rules hold where there are too many', () => {
    assert.match(told(`# ${'x'.repeat(300_000)}`)[0] ?? '', /256 KiB/);
    const many = readRules(`rules:\n${'  - {kind: Job, reason: r}\n'.repeat(600)}`);
    assert.equal(many.rules.length, 500);
    assert.match(many.problems[0]?.message ?? '', /at most 500 rules/);
    assert.match(told(`rules:\n  - kind: Job\n    reason: ${'x'.repeat(600)}\n`)[0] ?? '', /at most 512/);
    assert.equal(told(`rules:\n${'  - x\n'.repeat(400)}`).length, 100);
  });

  test('a billion laughs cost nothing: no alias is followed', () => {
    const text = `a: &a [x, x]\nb: &b [*a, *a]\nrules:\n  - kind: *b\n    reason: r\n  - kind: Job\n    reason: r\n`;
    const { rules, problems } = readRules(text);
    assert.deepEqual(
      rules.map(({ number }) => number),
      [2],
    );
    assert.deepEqual(
      problems.map(({ key }) => key),
      ['a', 'b', 'rules[0].kind'],
    );
  });

  test('a key named __proto__ is unknown like any other', () => {
    assert.deepEqual(
      readRules('rules:\n  - __proto__: x\n    kind: Job\n    reason: r\n').problems.map(({ key }) => key),
      ['rules[0].__proto__'],
    );
  });
});
