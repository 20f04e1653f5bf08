import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNJUDGED_OBJECTS } from '../../../lib/checks/observation.ts';
import { decideState, type RolloutQuestion } from '../../../lib/checks/rollout.ts';
import type { Finding, ObjectVerdict } from '../../../lib/drift/verdicts.ts';
import { identityOf } from '../../../lib/objects/objects.ts';

const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const tip = { render: `sha256:${'b'.repeat(64)}`, commit: 'c'.repeat(40) } as const;
const before = `sha256:${'a'.repeat(64)}` as const;
const now = '2026-11-21T12:00:00.000Z';
const minutesAgo = (minutes: number) => new Date(Date.parse(now) - minutes * 60_000).toISOString();

const finding = (at: string, manager = 'kubectl-edit'): Finding => ({
  verdict: 'changed',
  object,
  path: [],
  at,
  secret: false,
  attribution: { manager, likely: `with ${manager}` },
});
const drift = (...findings: Finding[]): ObjectVerdict[] => [{ kind: 'drift', object, findings }];
const inSync: ObjectVerdict[] = [{ kind: 'in-sync', object, notes: [] }];
const unknown: ObjectVerdict[] = [{ kind: 'unknown', object, reason: 'may not be read', rule: '- rule' }];

const question = (differences: Partial<RolloutQuestion>): RolloutQuestion => ({
  tip,
  againstTip: inSync,
  unready: [],
  memory: {},
  history: 'checked-before',
  deployer: { kind: 'silent' },
  deployerManagers: new Set(['helm-controller']),
  now,
  deadlineMinutes: 15,
  ...differences,
});
const appliedBefore = { applied: { render: before, commit: 'a'.repeat(40), at: minutesAgo(100) } };
const appliedTip = { applied: { ...tip, at: minutesAgo(100) } };
const waiting = (minutes: number) => ({ waiting: { render: tip.render, since: minutesAgo(minutes) } });

const CASES: readonly {
  readonly name: string;
  readonly asked: Partial<RolloutQuestion>;
  readonly state: string;
  readonly findings?: readonly string[];
  readonly applied: 'tip' | 'as before';
}[] = [
  {
    name: 'the cluster shows the tip: in sync, whatever the deployer says',
    asked: { deployer: { kind: 'pending', says: 'x', at: 'elsewhere' } },
    state: 'in-sync',
    applied: 'tip',
  },
  {
    name: 'workloads that are not ready do not make it differ',
    asked: { unready: ['Deployment/web: 0 of 2 are available'] },
    state: 'in-sync',
    applied: 'tip',
  },
  {
    name: 'what could not be read is unknown, with its rule, and nothing is known to be applied',
    asked: { againstTip: unknown },
    state: 'unknown',
    applied: 'as before',
  },
  {
    name: 'findings go before what could not be read',
    asked: { againstTip: [...unknown, ...drift(finding('a'))], memory: appliedTip },
    state: 'drift',
    findings: ['a'],
    applied: 'tip',
  },
  {
    name: 'an edit of what was applied long ago is drift',
    asked: { againstTip: drift(finding('a')), memory: appliedTip },
    state: 'drift',
    findings: ['a'],
    applied: 'tip',
  },
  {
    name: 'what the deployer wrote while it is at a later commit than the one judged is a rollout',
    asked: {
      againstTip: drift(finding('a', 'helm-controller')),
      memory: appliedTip,
      deployer: { kind: 'pending', says: 'at another commit', at: 'elsewhere' },
    },
    state: 'rollout',
    findings: ['a'],
    applied: 'tip',
  },
  {
    name: 'what the deployer wrote is drift once it has taken up the tip, though it says that it is not done',
    asked: {
      againstTip: drift(finding('a', 'helm-controller')),
      memory: appliedTip,
      deployer: { kind: 'pending', says: 'the upgrade fails', at: 'tip' },
    },
    state: 'drift',
    findings: ['a'],
    applied: 'tip',
  },
  {
    name: 'an edit is drift also while the deployer is at another commit',
    asked: {
      againstTip: drift(finding('a', 'helm-controller'), finding('b')),
      memory: appliedTip,
      deployer: { kind: 'pending', says: 'at another commit', at: 'elsewhere' },
    },
    state: 'drift',
    findings: ['b'],
    applied: 'tip',
  },
  {
    name: 'what has gone without an author while the deployer is at another commit may be its doing: a rollout',
    asked: {
      againstTip: drift({ verdict: 'missing', object, path: [], at: '', secret: false }),
      memory: appliedTip,
      deployer: { kind: 'pending', says: 'at another commit', at: 'elsewhere' },
    },
    state: 'rollout',
    findings: [''],
    applied: 'tip',
  },
  {
    name: 'a new tip that is not applied yet is a rollout',
    asked: { againstTip: drift(finding('a')), memory: appliedBefore, againstApplied: inSync },
    state: 'rollout',
    findings: ['a'],
    applied: 'as before',
  },
  {
    name: 'a release seen for the first time is a rollout',
    asked: { againstTip: drift(finding('a')) },
    state: 'rollout',
    findings: ['a'],
    applied: 'as before',
  },
  {
    name: 'what the first check of a target finds is drift, where no deployer says what is applied',
    asked: { againstTip: drift(finding('a')), history: 'first-check' },
    state: 'drift',
    findings: ['a'],
    applied: 'tip',
  },
  {
    name: 'what the first check of a target finds may be on its way, where its deployer says so',
    asked: {
      againstTip: drift(finding('a')),
      history: 'first-check',
      deployer: { kind: 'pending', says: 'x', at: 'elsewhere' },
    },
    state: 'rollout',
    findings: ['a'],
    applied: 'as before',
  },
  {
    name: 'what the deployer says it applied and is otherwise is drift',
    asked: { againstTip: drift(finding('a')), memory: appliedBefore, deployer: { kind: 'applied' } },
    state: 'drift',
    findings: ['a'],
    applied: 'tip',
  },
  {
    name: 'a tip that waits within its deadline is a rollout',
    asked: { againstTip: drift(finding('a')), memory: { ...appliedBefore, ...waiting(14) } },
    state: 'rollout',
    findings: ['a'],
    applied: 'as before',
  },
  {
    name: 'a tip that waits beyond its deadline is judged by',
    asked: { againstTip: drift(finding('a')), memory: { ...appliedBefore, ...waiting(15) } },
    state: 'drift',
    findings: ['a'],
    applied: 'as before',
  },
  {
    name: 'the deadline begins anew with another tip',
    asked: {
      againstTip: drift(finding('a')),
      memory: { ...appliedBefore, waiting: { render: before, since: minutesAgo(99) } },
    },
    state: 'rollout',
    findings: ['a'],
    applied: 'as before',
  },
  {
    name: 'an edit during a rollout that is of neither revision is drift, and only that',
    asked: {
      againstTip: drift(finding('new'), finding('edited')),
      againstApplied: drift(finding('edited')),
      memory: appliedBefore,
    },
    state: 'drift',
    findings: ['edited'],
    applied: 'as before',
  },
  {
    name: 'a revision between the two, by the deployer itself, is a rollout',
    asked: {
      againstTip: drift(finding('a', 'helm-controller')),
      againstApplied: drift(finding('a', 'helm-controller')),
      memory: appliedBefore,
    },
    state: 'rollout',
    findings: ['a'],
    applied: 'as before',
  },
];

for (const { name, asked, state, findings, applied } of CASES) {
  test('of a scope that is judged in part is said which objects were not, unless they are very many', () => {
    const hidden = (names: readonly string[]): ObjectVerdict[] =>
      names.map((name) => ({ kind: 'unknown', object: { ...object, name }, reason: 'may not be read' }));
    const objectsOf = (againstTip: readonly ObjectVerdict[]) => {
      const { state } = decideState(question({ againstTip, memory: appliedTip }));
      return state.kind === 'unknown' ? state.objects : state.kind === 'drift' ? state.unjudged?.objects : [];
    };
    const named = ['a', 'b'].map((name) => identityOf({ ...object, name }));
    assert.deepEqual(objectsOf(hidden(['b', 'a'])), named);
    assert.deepEqual(objectsOf([...hidden(['b', 'a']), ...drift(finding('c'))]), named);
    const many = Array.from({ length: UNJUDGED_OBJECTS + 1 }, (_, at) => `o${at}`);
    assert.equal(objectsOf(hidden(many)), undefined);
    assert.equal(objectsOf(hidden(many.slice(1)))?.length, UNJUDGED_OBJECTS);
  });

  test(name, () => {
    const answer = decideState(question(asked));
    assert.equal(answer.state.kind, state);
    const found =
      answer.state.kind === 'drift' || answer.state.kind === 'rollout'
        ? answer.state.findings.map(({ at }) => at)
        : undefined;
    assert.deepEqual(found, findings);
    const expected = applied === 'tip' ? tip.render : asked.memory?.applied?.render;
    assert.equal(answer.memory.applied?.render, expected);
  });
}

test('since when a render is applied does not change with each check', () => {
  const { memory } = decideState(question({ memory: appliedTip }));
  assert.deepEqual(memory, appliedTip);
});

test('the deadline counts from the first check of a tip', () => {
  const first = decideState(question({ againstTip: drift(finding('a')), memory: appliedBefore }));
  assert.deepEqual(first.memory.waiting, { render: tip.render, since: now });
  const later = new Date(Date.parse(now) + 15 * 60_000).toISOString();
  const second = decideState(question({ againstTip: drift(finding('a')), memory: first.memory, now: later }));
  assert.equal(second.state.kind, 'drift');
});

test('what the deployer says goes with a tip that is late', () => {
  const { state } = decideState(
    question({
      againstTip: drift(finding('a')),
      memory: waiting(20),
      deployer: { kind: 'pending', says: 'HelmRelease shop/web fails (UpgradeFailed)', at: 'elsewhere' },
    }),
  );
  assert.equal(state.kind === 'drift' ? state.deployer : '', 'HelmRelease shop/web fails (UpgradeFailed)');
});

test('what could not be read beside a finding is not forgotten: it goes with the drift, with its rule', () => {
  for (const memory of [appliedTip, waiting(20), waiting(1)]) {
    const { state } = decideState(question({ againstTip: [...unknown, ...drift(finding('a'))], memory }));
    assert.ok(state.kind === 'drift' || state.kind === 'rollout');
    const objects = [identityOf(object)];
    assert.deepEqual(state.unjudged, { reason: 'may not be read', rule: '- rule', objects });
  }
  const { state } = decideState(question({ againstTip: drift(finding('a')), memory: appliedTip }));
  assert.ok(state.kind === 'drift' && !('unjudged' in state));
});

test('a suspended release that differs is pending until the deadline, and then drift with the reason', () => {
  const suspended = { kind: 'pending', says: 'HelmRelease web is suspended', at: 'tip' } as const;
  const asked = (memory: RolloutQuestion['memory']) =>
    decideState(
      question({ againstTip: drift(finding('a', 'helm-controller')), memory, deployer: suspended }),
    );
  assert.equal(asked({ ...appliedBefore, ...waiting(1) }).state.kind, 'rollout');
  const late = asked({ ...appliedBefore, ...waiting(16) }).state;
  assert.ok(late.kind === 'drift' && late.deployer === suspended.says);
  // The tip had been applied before somebody suspended it: an edit since is drift at once.
  assert.equal(asked(appliedTip).state.kind, 'drift');
});
