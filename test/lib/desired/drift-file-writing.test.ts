import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRules } from '../../../lib/desired/drift-file.ts';
import { withRules } from '../../../lib/desired/drift-file-writing.ts';
import { baselineOf } from '../../../lib/drift/rules/baseline.ts';
import { inForce, underRules } from '../../../lib/drift/rules/judge.ts';
import type { Finding, Path } from '../../../lib/drift/verdicts.ts';
import { DEPLOYMENT, finding, wholeObject } from '../../fixtures/findings.ts';

const EXPIRES = '2026-12-21';
const by = (manager: string): Partial<Finding> => ({
  attribution: { manager, likely: `likely with ${manager}` },
});
const at = (...path: Path): Finding => ({ ...finding('x', { live: 1 }), path, at: JSON.stringify(path) });
const field = (name: string) => ({ kind: 'field', name }) as const;

const FINDINGS: readonly Finding[] = [
  finding('spec.replicas', { desired: 2, live: 5 }, by('kubectl')),
  finding('spec.template.spec.containers[name=web].image', { desired: 'a', live: 'b' }, by('kubectl-set')),
  wholeObject('missing'),
  wholeObject('extra', { apiVersion: 'v1', kind: 'Service', name: 'old' }),
  wholeObject('extra', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'a: b #' }),
  at(field('metadata'), field('annotations'), field('a.b/c: d # "e"')),
  at(field('data'), field('0')),
  at(field('data'), field('on')),
  at(field('spec'), field('args'), { kind: 'index', index: 2 }),
  at(field('metadata'), field('finalizers'), { kind: 'value', value: 'x.io/y' }),
  at(field('spec'), field('ports'), { kind: 'key', keys: { port: 80, protocol: 'TCP' } }),
  {
    ...finding('spec.x', { live: 1 }, by('Some Tool / 1.0: #')),
    object: { ...DEPLOYMENT, kind: 'Thing', apiVersion: 'a.io/v1' },
  },
];

function accepts(text: string, findings: readonly Finding[]): number {
  const read = readRules(text);
  assert.deepEqual(read.problems, []);
  const verdicts = findings.map((one) => ({ kind: 'drift', object: one.object, findings: [one] }) as const);
  return underRules(verdicts, inForce(read.rules, EXPIRES), undefined).ignored.length;
}

describe('a baseline', () => {
  test('accepts every finding that it was made of', () => {
    const { rules, unwritable } = baselineOf(FINDINGS, 'as found: #12', EXPIRES);
    assert.deepEqual(unwritable, []);
    assert.equal(accepts(withRules('', rules), FINDINGS), FINDINGS.length);
  });

  for (const [index, one] of FINDINGS.entries())
    test(`a rule for ${one.object.kind} ${one.at || one.verdict} accepts it and no other`, () => {
      const text = withRules('', baselineOf([one], 'as found', EXPIRES).rules);
      assert.equal(accepts(text, [one]), 1);
      assert.equal(
        accepts(
          text,
          FINDINGS.filter((_, other) => other !== index),
        ),
        0,
      );
      const elsewhere = { ...one, object: { ...one.object, name: 'another' } };
      const another = { ...one, object: { ...one.object, namespace: 'prod' } };
      const grouped = { ...one, object: { ...one.object, apiVersion: 'other.io/v1' } };
      assert.equal(accepts(text, [elsewhere, another, grouped]), 0);
      if (one.attribution !== undefined) assert.equal(accepts(text, [{ ...one, ...by('somebody') }]), 0);
    });

  test('what is too long for a rule is said and not written', () => {
    const long = at(field('data'), field('x'.repeat(2000)));
    const { rules, unwritable } = baselineOf([long, ...FINDINGS.slice(0, 1)], 'r', EXPIRES);
    assert.deepEqual(unwritable, [long]);
    assert.equal(rules.length, 1);
  });

  test('what is called as a pattern is has no rule: it would be about others', () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'view-*' };
    const starred = [wholeObject('extra', role), finding('spec.x', { live: 1 }, by('*'))];
    const { rules, unwritable } = baselineOf([...starred, ...FINDINGS.slice(0, 1)], 'r', EXPIRES);
    assert.deepEqual(unwritable, starred);
    assert.equal(rules.length, 1);
  });

  test('is written for people to read', () => {
    assert.equal(
      withRules('', baselineOf(FINDINGS.slice(0, 3), 'as found', EXPIRES).rules),
      `# What drift checks of this target leave alone (fairlead: docs/drift.md). Each rule has a reason and should expire.

rules:
  - kind: Deployment.apps
    namespace: shop
    name: web
    path: /spec/replicas
    manager: kubectl
    reason: as found
    expires: 2026-12-21
  - kind: Deployment.apps
    namespace: shop
    name: web
    path: /spec/template/spec/containers[name=web]/image
    manager: kubectl-set
    reason: as found
    expires: 2026-12-21
  - kind: Deployment.apps
    namespace: shop
    name: web
    verdict: missing
    reason: as found
    expires: 2026-12-21
`,
    );
  });

  const theirs = `# ours, since March
rules:
  # scaled by hand in the evening
  - kind: Deployment # any
    name: on
    path: "/spec/replicas"
    reason: 'scaled: by hand'

  - {kind: Job, reason: jobs come and go}
# the end
`;
  test('added to people’s rules, it leaves those and their comments as they are', () => {
    const text = withRules(theirs, baselineOf(FINDINGS.slice(0, 1), 'as found', EXPIRES).rules);
    for (const line of theirs.split('\n').filter((one) => one !== ''))
      assert.ok(text.includes(line.trim()) || /\{ kind: Job/.test(text), line);
    assert.deepEqual(
      readRules(text).rules.map(({ name, kind, reason }) => [kind, name, reason]),
      [
        ['Deployment', 'on', 'scaled: by hand'],
        ['Job', undefined, 'jobs come and go'],
        ['Deployment.apps', 'web', 'as found'],
      ],
    );
    assert.equal(withRules(text, []), text, 'and written once more it does not change');
  });

  for (const before of ['rules: []\n', 'rules:\n', '# only a comment\n'])
    test(`grows out of ${JSON.stringify(before)}`, () => {
      const text = withRules(before, baselineOf(FINDINGS.slice(0, 1), 'as found', EXPIRES).rules);
      assert.equal(readRules(text).rules.length, 1);
      if (before.startsWith('#')) assert.match(text, /^# only a comment\n/);
      assert.match(text, /\n {2}- kind: Deployment\.apps\n/);
    });
});
