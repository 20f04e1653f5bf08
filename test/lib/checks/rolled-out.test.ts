import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DeliveredChange,
  type RolloutProgress,
  type RolloutSight,
  rolloutProgress,
} from '../../../lib/checks/rolled-out.ts';
import type { VerdictItem } from '../../../lib/checks/verdict-items.ts';

const ours = 'c'.repeat(40);
const later = 'd'.repeat(40);
const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString();
const digest = (letter: string) => `sha256:${letter.repeat(64)}` as const;

const delivered: DeliveredChange = {
  commit: ours,
  receivedAt: at(0),
  endedAt: at(1),
  chart: { name: 'web', version: '1.4.2' },
};
const verdict = (differences: Partial<VerdictItem> = {}): VerdictItem => ({
  commit: ours,
  at: at(3),
  readAt: at(2),
  verdict: 'in-sync',
  findings: 0,
  unready: 0,
  chart: { name: 'web', version: '1.4.2' },
  ...differences,
});
const sight = (differences: Partial<RolloutSight> = {}): RolloutSight => ({
  verdict: verdict(),
  target: undefined,
  memory: undefined,
  stalledSince: undefined,
  ...differences,
});
const waiting = { waiting: { render: digest('b'), since: at(2) } };
const drift = verdict({ verdict: 'drift', findings: 12, differs: ['Deployment/web spec.replicas changed'] });

const CASES: readonly [string, RolloutSight, RolloutProgress['kind'], says?: RegExp][] = [
  ['the commit itself, in sync and ready', sight(), 'rolled-out'],
  [
    'a later tip, looked up after the push',
    sight({ verdict: verdict({ commit: later, readAt: at(2) }) }),
    'rolled-out',
  ],
  [
    'another tip, looked up before the push',
    sight({ verdict: verdict({ commit: later, readAt: at(0) }) }),
    'under-way',
    /was before it/,
  ],
  [
    'another tip, of which nobody knows when it was looked up',
    sight({ verdict: (({ readAt: _, ...rest }) => rest)(verdict({ commit: later })) }),
    'under-way',
    /was before it/,
  ],
  ['no check yet', sight({ verdict: undefined }), 'under-way', /no check has seen it/],
  [
    'a check from before it, which did not find it declared',
    sight({ verdict: undefined, target: verdict({ commit: later, readAt: at(0) }) }),
    'under-way',
    /no check has seen it/,
  ],
  [
    'a check since, which did not find it declared: values without a chart',
    sight({ verdict: undefined, target: verdict({ commit: later }) }),
    'unseen',
    /nothing below apply\/ deploys it as of commit dddddddddd/,
  ],
  [
    'a target without a cluster',
    sight({
      verdict: undefined,
      target: verdict({ verdict: 'unknown', checks: 'none', reason: 'no cluster' }),
    }),
    'unseen',
    /no cluster/,
  ],
  [
    'a target that has a cluster by now, perhaps',
    sight({
      verdict: undefined,
      target: verdict({ verdict: 'unknown', checks: 'none', commit: later, at: at(0), readAt: at(0) }),
    }),
    'under-way',
  ],
  [
    'a cluster that does not answer since',
    sight({ target: verdict({ verdict: 'unknown', reason: 'it is down' }) }),
    'under-way',
    /it is down/,
  ],
  [
    'a cluster that did not answer before, and does now',
    sight({ target: verdict({ verdict: 'unknown', at: at(0), reason: 'it was down' }) }),
    'rolled-out',
  ],
  [
    'workloads that are not ready',
    sight({ verdict: verdict({ unready: 1, notReady: ['Deployment/web: 0 of 2'] }) }),
    'under-way',
    /1 not ready/,
  ],
  [
    'workloads that are not ready by the deadline',
    sight({ verdict: verdict({ unready: 1 }), stalledSince: at(2) }),
    'stalled',
  ],
  [
    'a rollout that had stalled before the upload',
    sight({ verdict: verdict({ unready: 1 }), stalledSince: new Date(0).toISOString() }),
    'under-way',
  ],
  [
    'a deployer at work',
    sight({ verdict: verdict({ verdict: 'rollout', findings: 1, reason: 'it is being applied' }) }),
    'under-way',
    /it is being applied/,
  ],
  ['drift while the deployer has not applied it', sight({ verdict: drift, memory: waiting }), 'under-way'],
  ['drift past the deadline', sight({ verdict: drift, memory: waiting, stalledSince: at(2) }), 'stalled'],
  ['drift of what is applied', sight({ verdict: drift, memory: {} }), 'differs'],
  [
    'a release that cannot be judged',
    sight({ verdict: verdict({ verdict: 'unknown', reason: 'may not be read' }) }),
    'under-way',
    /may not be read/,
  ],
  [
    'another version in a later commit',
    sight({ verdict: verdict({ commit: later, chart: { name: 'web', version: '1.4.1' } }) }),
    'replaced',
  ],
];

for (const [name, seen, kind, says] of CASES) {
  test(`${name}: ${kind}`, () => {
    const progress = rolloutProgress(delivered, seen);
    assert.equal(progress.kind, kind);
    if (says !== undefined) assert.match('says' in progress ? progress.says : '', says);
  });
}

test('what differs is named, and how much more', () => {
  const progress = rolloutProgress(delivered, sight({ verdict: drift, memory: {} }));
  assert.deepEqual(progress, {
    kind: 'differs',
    seen: ours,
    differs: ['Deployment/web spec.replicas changed'],
    more: 11,
    notReady: [],
  });
});
