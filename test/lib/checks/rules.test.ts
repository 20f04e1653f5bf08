import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ignoredIn, observeRules, rulesAt } from '../../../lib/checks/rules.ts';
import { readVerdict, writeVerdicts } from '../../../lib/checks/verdict-items.ts';
import { readRules } from '../../../lib/desired/drift-file.ts';
import { underRules } from '../../../lib/drift/rules/judge.ts';
import type { ObjectVerdict } from '../../../lib/drift/verdicts.ts';
import { DEPLOYMENT, finding } from '../../fixtures/findings.ts';
import { memoryTable } from '../uploads/doubles.ts';

const NOW = '2026-11-21T23:59:59.000Z';
const drift: ObjectVerdict = {
  kind: 'drift',
  object: DEPLOYMENT,
  findings: [finding('spec.replicas', { desired: 2, live: 5 })],
};

function observed(text: string, judged: 'all' | 'some' = 'all') {
  const declared = readRules(`rules:\n${text}`);
  const inForce = rulesAt(declared, NOW);
  return observeRules({ declared, inForce, ruled: [underRules([drift], inForce, undefined)], judged });
}

describe('drift.yaml in a check', () => {
  test('whose rules are all well and at work has nothing to say', () => {
    assert.deepEqual(observed('  - {path: /spec/replicas, reason: scaled by hand}\n'), {
      scope: { kind: 'rules' },
      state: { kind: 'in-sync', unready: [] },
    });
  });

  test('with errors is unknown, with each line and key, and what that means', () => {
    assert.deepEqual(observed('  - {path: /spec/replicas, wait: soon, reason: r}\n  - {kind: Job}\n').state, {
      kind: 'unknown',
      reason:
        'drift.yaml:2: rules[0].wait is a duration, as in 90s, 30m, 1h30m or 2d; ' +
        'drift.yaml:3: rules[1].reason is missing: say why, for whoever reads this next. ' +
        'Such a rule ignores nothing; the others hold',
    });
  });

  test('a rule that has expired and one that does nothing are remarks', () => {
    const text =
      '  - {kind: Job, reason: jobs}\n  - {path: /spec/replicas, reason: r, expires: 2026-11-20}\n  - {path: /spec, reason: all, expires: 2026-11-21}\n';
    assert.deepEqual(observed(text).remarks, [
      'rule 2 (line 3: r) expired after 2026-11-20, and ignores nothing any more',
      'rule 1 (line 2: jobs) is about nothing that differs now',
    ]);
  });

  test('a rule is only said to do nothing where all could be judged', () => {
    assert.equal(observed('  - {kind: Job, reason: jobs}\n', 'some').remarks, undefined);
  });

  test('what is ignored is counted and said, with object, place, rule and reason', () => {
    const held = rulesAt(readRules('rules:\n  - {path: /spec/replicas, reason: scaled by hand}\n'), NOW);
    assert.deepEqual(ignoredIn(underRules([drift], held, undefined), 'shop'), {
      ignored: {
        count: 1,
        notes: ['Deployment/web spec.replicas: ignored by rule 1 of drift.yaml: scaled by hand'],
      },
    });
    assert.deepEqual(ignoredIn(undefined, 'shop'), {});
  });

  test('is kept with the verdicts: what is ignored, what has expired, what is wrong', async () => {
    const table = memoryTable();
    const held = rulesAt(readRules('rules:\n  - {path: /spec/replicas, reason: by hand}\n'), NOW);
    const web = { kind: 'release', namespace: 'shop', name: 'web' } as const;
    const observation = {
      target: 'staging',
      commit: 'c'.repeat(40),
      sequence: 1,
      at: NOW,
      scopes: [
        {
          scope: web,
          state: { kind: 'in-sync', unready: [] },
          ...ignoredIn(underRules([drift], held, undefined), 'shop'),
        },
        observed('  - {path: /spec/replicas, reason: r, expires: 2026-11-20}\n  - {kind: Job}\n'),
      ],
    } as const;
    await writeVerdicts(table, observation, undefined);
    const release = await readVerdict(table, 'staging', 'shop/web');
    assert.equal(release?.verdict, 'in-sync');
    assert.equal(release?.ignored, 1);
    assert.match(release?.ignores?.[0] ?? '', /^Deployment\/web spec\.replicas: ignored by rule 1/);
    const rules = await readVerdict(table, 'staging', 'drift.yaml');
    assert.equal(rules?.verdict, 'unknown');
    assert.match(rules?.reason ?? '', /drift\.yaml:3: rules\[1\]\.reason is missing/);
    assert.match(rules?.remarks?.[0] ?? '', /^rule 1 .* expired after 2026-11-20/);
  });
});
