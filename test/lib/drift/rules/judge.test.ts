import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRules } from '../../../../lib/desired/drift-file.ts';
import { inForce, underRules } from '../../../../lib/drift/rules/judge.ts';
import type { Finding, ObjectVerdict } from '../../../../lib/drift/verdicts.ts';
import { DEPLOYMENT, finding, wholeObject } from '../../../fixtures/findings.ts';

const TODAY = '2026-11-21';
const rules = (text: string, today = TODAY) => {
  const read = readRules(`rules:\n${text}`);
  assert.deepEqual(read.problems, []);
  return inForce(read.rules, today);
};
const drift = (...findings: Finding[]): ObjectVerdict => ({
  kind: 'drift',
  object: findings[0]?.object ?? DEPLOYMENT,
  findings,
});
const by = (manager: string) => ({ attribution: { manager, likely: `likely with ${manager}` } });
const IMAGE = finding(
  'spec.template.spec.containers[name=web].image',
  { desired: 'a:1', live: 'a:2' },
  by('kubectl-set'),
);
const REPLICAS = finding('spec.replicas', { desired: 2, live: 5 }, by('kubectl'));
const NOTE = finding('metadata.annotations.note', { live: 'x' }, by('operator'));

const SELECTED: readonly (readonly [string, Finding, 'ignored' | 'kept', string?])[] = [
  ['{kind: Deployment, reason: r}', IMAGE, 'ignored'],
  ['{kind: Deployment.apps, reason: r}', IMAGE, 'ignored'],
  ['{kind: Deployment.core, reason: r}', IMAGE, 'kept'],
  ['{kind: "*.apps", reason: r}', IMAGE, 'ignored'],
  ['{kind: Deploy, reason: r}', IMAGE, 'kept'],
  ['{name: web, reason: r}', IMAGE, 'ignored'],
  ['{name: we, reason: r}', IMAGE, 'kept'],
  ['{namespace: sh*, reason: r}', IMAGE, 'ignored'],
  ['{namespace: prod, name: web, reason: r}', IMAGE, 'kept'],
  ['{path: /spec/replicas, reason: r}', REPLICAS, 'ignored'],
  ['{path: /spec/replicas, reason: r}', IMAGE, 'kept'],
  ['{path: /spec/replicas, kind: StatefulSet, reason: r}', REPLICAS, 'kept'],
  ['{manager: kubectl, reason: r}', REPLICAS, 'ignored'],
  ['{manager: kubectl*, path: /spec/replicas, reason: r}', REPLICAS, 'ignored'],
  ['{manager: helm, reason: r}', REPLICAS, 'kept'],
  ['{manager: "*", reason: r}', finding('spec.replicas', { desired: 1, live: 2 }), 'kept'],
  ['{chart: nginx, reason: r}', IMAGE, 'ignored', 'nginx'],
  ['{chart: nginx, reason: r}', IMAGE, 'kept', 'redis'],
  ['{chart: "*", reason: r}', IMAGE, 'kept'],
  ['{verdict: missing, kind: Deployment, reason: r}', wholeObject('missing'), 'ignored'],
  ['{verdict: missing, kind: Deployment, reason: r}', IMAGE, 'kept'],
  ['{kind: Deployment, reason: r}', wholeObject('missing'), 'ignored'],
  ['{path: /spec, reason: r}', wholeObject('missing'), 'kept'],
  ['{by: admission, path: /spec, reason: r}', { ...REPLICAS, group: 'a' }, 'ignored'],
  ['{by: admission, path: /spec, reason: r}', REPLICAS, 'kept'],
  ['{by: admission, reason: r}', { ...NOTE, group: 'a' }, 'ignored'],
  ['{by: admission, reason: r}', { ...IMAGE, group: 'a' }, 'kept'],
  // Anyone can take a manager's name: it alone excuses nothing of what runs.
  ['{manager: kubectl-set, reason: r}', IMAGE, 'kept'],
  ['{manager: kubectl-set, path: "/spec/template/spec/containers[*]/image", reason: r}', IMAGE, 'ignored'],
];

describe('a rule of drift.yaml', () => {
  for (const [text, found, expected, chart] of SELECTED)
    test(`${text} and ${found.object.kind} ${found.at || found.verdict}: ${expected}`, () => {
      const { verdicts, ignored } = underRules([drift(found)], rules(`  - ${text}`), chart);
      assert.equal(ignored.length, expected === 'ignored' ? 1 : 0);
      assert.equal(verdicts[0]?.kind, expected === 'ignored' ? 'in-sync' : 'drift');
    });

  test('what it ignores becomes a note with its number and reason, and what is left stays drift', () => {
    const ruled = underRules(
      [drift(REPLICAS, IMAGE)],
      rules('  - {kind: Job, reason: j}\n  - {path: /spec/replicas, reason: scaled by hand}'),
      undefined,
    );
    assert.deepEqual(ruled.verdicts, [drift(IMAGE)]);
    const alone = underRules(
      [drift(REPLICAS)],
      rules('  - {path: /spec/replicas, reason: scaled by hand}'),
      undefined,
    );
    assert.deepEqual(alone.verdicts, [
      {
        kind: 'in-sync',
        object: DEPLOYMENT,
        notes: ['spec.replicas: ignored by rule 1 of drift.yaml: scaled by hand'],
      },
    ]);
    assert.deepEqual([...ruled.used], [2]);
    assert.deepEqual(
      ruled.ignored.map(({ finding, rule }) => [finding.at, rule.number]),
      [['spec.replicas', 2]],
    );
  });

  test('wait and severity ride on the finding', () => {
    const { verdicts } = underRules(
      [drift(NOTE)],
      rules(
        '  - {manager: operator, wait: 30m, reason: rotates}\n  - {path: /metadata, severity: info, reason: mild}',
      ),
      undefined,
    );
    assert.deepEqual(verdicts, [
      drift({ ...NOTE, rule: { number: 1, reason: 'rotates', severity: 'info', waitSeconds: 1800 } }),
    ]);
  });

  test('of several, one that ignores wins', () => {
    const { verdicts, used } = underRules(
      [drift(NOTE)],
      rules('  - {manager: operator, wait: 30m, reason: w}\n  - {path: /metadata, reason: i}'),
      undefined,
    );
    assert.equal(verdicts[0]?.kind, 'in-sync');
    assert.deepEqual([...used], [2]);
  });

  test('holds through the day that it names, and not a day longer', () => {
    const text = '  - {path: /spec/replicas, reason: r, expires: 2026-11-21}';
    assert.equal(underRules([drift(REPLICAS)], rules(text, '2026-11-21'), undefined).ignored.length, 1);
    assert.equal(underRules([drift(REPLICAS)], rules(text, '2026-11-22'), undefined).ignored.length, 0);
    assert.deepEqual(
      rules(text, '2026-11-22').expired.map(({ number }) => number),
      [1],
    );
  });

  test('leaves what is in sync or unknown as it is', () => {
    const verdicts: ObjectVerdict[] = [
      { kind: 'in-sync', object: DEPLOYMENT, notes: [] },
      { kind: 'unknown', object: DEPLOYMENT, reason: '403' },
    ];
    assert.deepEqual(underRules(verdicts, rules('  - {kind: "*", reason: r}'), undefined).verdicts, verdicts);
  });
});
