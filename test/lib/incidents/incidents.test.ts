import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIFE } from '../../../lib/alerts/alert.ts';
import type { ScopeObservation, ScopeState } from '../../../lib/checks/observation.ts';
import type { Digest } from '../../../lib/content/tree.ts';
import type { DecisionContext, Incidents } from '../../../lib/incidents/incident.ts';
import { close, decide } from '../../../lib/incidents/incidents.ts';
import { severityOf } from '../../../lib/incidents/severity.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';

const A: Digest = 'sha256:aaaa';
const B: Digest = 'sha256:bbbb';
const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
const CRASHING: ScopeState = { kind: 'in-sync', unready: ['Deployment/web: 0 of 1 replicas available'] };
const UNKNOWN: ScopeState = { kind: 'unknown', reason: 'timed out' };
const FORBIDDEN = { reason: 'secrets may not be listed', rule: 'rules: []' };
const replicas = finding('spec.replicas', { desired: 1, live: 4 });
const replicasAgain = finding('spec.replicas', { desired: 1, live: 5 });
const image = finding('spec.template.spec.containers[name=web].image', {
  desired: 'nginx:1',
  live: 'nginx:2',
});
const drift = (...findings: (typeof replicas)[]): ScopeState => ({ kind: 'drift', findings });
const ROLLOUT: ScopeState = { kind: 'rollout', findings: [image], deployer: 'HelmRelease is not ready' };

/** A minute a step, with a deadline of 15: the alerts of each step, as `kind severity incident#sequence`. */
interface Step {
  readonly minute?: number;
  readonly state: ScopeState | 'no longer declared';
  readonly render?: Digest;
  readonly told: readonly string[];
}

const contextAt = (minute: number, history: DecisionContext['history']): DecisionContext => ({
  installation: 'fairlead',
  target: 'staging',
  scope: 'shop/web',
  commit: 'c'.repeat(40),
  repository: 'https://git.example.com/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  at: new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString(),
  rolloutDeadlineMinutes: 15,
  firstCheck: 'alert',
  remindAfterHours: 24,
  clock: 'trusted',
  severityOf,
  history,
});

const STORIES: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: 'a first check that finds all well says nothing, and neither does the next',
    steps: [
      { state: IN_SYNC, told: [] },
      { state: IN_SYNC, told: [] },
    ],
  },
  {
    name: 'drift is told once, its change once, its end once, all under one key; the next drift has its own',
    steps: [
      { state: IN_SYNC, told: [] },
      { state: drift(replicas), told: ['drift warning drift/1#1'] },
      { state: drift(replicas), told: [] },
      { state: drift(replicasAgain), told: ['drift-changed warning drift/1#2'] },
      { state: drift(replicasAgain, image), told: ['drift-changed warning drift/1#3'] },
      { state: drift(image), told: ['drift-changed warning drift/1#4'] },
      { state: IN_SYNC, told: ['converged info drift/1#5'] },
      { state: IN_SYNC, told: [] },
      { state: drift(replicas), told: ['drift warning drift/2#1'] },
    ],
  },
  {
    name: 'the same findings in another order, or with another author or time, are the same',
    steps: [
      { state: drift(replicas, image), told: ['drift warning drift/1#1'] },
      { state: drift({ ...image, attribution: { likely: 'with sed', since: 'now' } }, replicas), told: [] },
    ],
  },
  {
    name: 'a deleted workload is critical',
    steps: [
      { state: IN_SYNC, told: [] },
      { state: drift(wholeObject('missing')), told: ['drift critical drift/1#1'] },
      { state: IN_SYNC, told: ['converged info drift/1#2'] },
    ],
  },
  {
    name: 'a rollout leaves open drift open: only "in sync" ends it',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { state: drift(replicas), render: A, told: ['drift warning drift/1#1'] },
      { state: ROLLOUT, render: B, told: [] },
      { state: UNKNOWN, render: B, told: [] },
      { state: IN_SYNC, render: B, told: ['rolled-out info stalled/1#1', 'converged info drift/1#2'] },
    ],
  },
  {
    name: 'open drift that another commit makes a rollout of once more is not told as stalled, too',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: ROLLOUT, render: A, told: [] },
      { minute: 2, state: drift(image), render: A, told: ['drift warning drift/1#1'] },
      { minute: 20, state: ROLLOUT, render: A, told: [] },
      { minute: 21, state: drift(image), render: A, told: [] },
    ],
  },
  {
    name: 'open drift that a commit makes a rollout of for a moment rolls nothing out when it ends',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: drift(image), render: A, told: ['drift warning drift/1#1'] },
      { minute: 2, state: ROLLOUT, render: A, told: [] },
      { minute: 3, state: IN_SYNC, render: A, told: ['converged info drift/1#2'] },
    ],
  },
  {
    name: 'a new tip that the cluster shows before anyone looked is told as rolled out, like one that was watched',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { state: IN_SYNC, render: B, told: ['rolled-out info stalled/1#1'] },
      { state: IN_SYNC, render: B, told: [] },
      { state: ROLLOUT, render: A, told: [] },
      { state: IN_SYNC, render: A, told: ['rolled-out info stalled/2#1'] },
    ],
  },
  {
    name: 'a release that appears later is told as rolled out, however fast its deployer was',
    steps: [
      { state: 'no longer declared', told: [] },
      { state: IN_SYNC, render: A, told: ['rolled-out info stalled/1#1'] },
      { state: IN_SYNC, render: A, told: [] },
    ],
  },
  {
    name: 'what could not be judged at the first check, and then is well, was not seen to roll out',
    steps: [
      { state: UNKNOWN, told: [] },
      { state: IN_SYNC, render: A, told: [] },
    ],
  },
  {
    name: 'a later commit closes what has stalled, and has its own time',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: ROLLOUT, render: B, told: [] },
      { minute: 16, state: ROLLOUT, render: B, told: ['stalled warning stalled/1#1'] },
      { minute: 20, state: ROLLOUT, render: A, told: ['rolled-out info stalled/1#2 later-commit'] },
      { minute: 34, state: ROLLOUT, render: A, told: [] },
      { minute: 35, state: ROLLOUT, render: A, told: ['stalled warning stalled/2#1'] },
      { minute: 36, state: IN_SYNC, render: B, told: ['rolled-out info stalled/2#2'] },
    ],
  },
  {
    name: 'a new tip that is not there by the deadline stalls, once, and resolves when it is there',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 10, state: ROLLOUT, render: B, told: [] },
      { minute: 24, state: ROLLOUT, render: B, told: [] },
      { minute: 25, state: ROLLOUT, render: B, told: ['stalled warning stalled/1#1'] },
      { minute: 26, state: ROLLOUT, render: B, told: [] },
      { minute: 40, state: IN_SYNC, render: B, told: ['rolled-out info stalled/1#2'] },
    ],
  },
  {
    name: 'another tip in the middle of a rollout does not put its deadline off',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: ROLLOUT, render: B, told: [] },
      { minute: 10, state: ROLLOUT, render: A, told: [] },
      { minute: 16, state: ROLLOUT, render: A, told: ['stalled warning stalled/1#1'] },
    ],
  },
  {
    name: 'a release that is in sync and crash-loops has not rolled out',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: CRASHING, render: B, told: [] },
      { minute: 16, state: CRASHING, render: B, told: ['stalled warning stalled/1#1'] },
      { minute: 17, state: IN_SYNC, render: B, told: ['rolled-out info stalled/1#2'] },
    ],
  },
  {
    name: 'what a stalled rollout named is not told again as drift when the deadline makes it that; more is',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: ROLLOUT, render: B, told: [] },
      { minute: 17, state: drift(image), render: B, told: ['stalled warning stalled/1#1'] },
      { minute: 18, state: drift(image), render: B, told: [] },
      { minute: 19, state: drift(image, replicas), render: B, told: ['drift warning drift/1#1'] },
      {
        minute: 20,
        state: IN_SYNC,
        render: B,
        told: ['rolled-out info stalled/1#2', 'converged info drift/1#2'],
      },
    ],
  },
  {
    name: 'what is critical is told as that, though a stalled rollout names it',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: ROLLOUT, render: B, told: [] },
      {
        minute: 17,
        state: drift(wholeObject('missing')),
        render: B,
        told: ['stalled warning stalled/1#1', 'drift critical drift/1#1'],
      },
      { minute: 18, state: drift(wholeObject('missing')), render: B, told: [] },
    ],
  },
  {
    name: 'drift during a rollout is told as drift, and not a second time as stalled',
    steps: [
      { state: IN_SYNC, render: A, told: [] },
      { minute: 1, state: drift(image), render: B, told: ['drift warning drift/1#1'] },
      { minute: 30, state: drift(image), render: B, told: [] },
      {
        minute: 31,
        state: IN_SYNC,
        render: B,
        told: ['rolled-out info stalled/1#1', 'converged info drift/1#2'],
      },
    ],
  },
  {
    name: 'a right to read that somebody has taken is critical, whatever else is made to differ meanwhile',
    steps: [
      { state: IN_SYNC, told: [] },
      { state: { ...drift(replicas), unjudged: FORBIDDEN } as ScopeState, told: ['drift warning drift/1#1'] },
      { state: { ...drift(replicas), unjudged: FORBIDDEN } as ScopeState, told: [] },
      {
        state: { ...drift(replicas), unjudged: FORBIDDEN } as ScopeState,
        told: ['unknown critical unknown/1#1'],
      },
      { state: drift(replicas), told: ['known-again info unknown/1#2'] },
    ],
  },
  {
    name: 'a right to read that never was there is a warning',
    steps: [
      { state: { kind: 'unknown', ...FORBIDDEN }, told: [] },
      { state: { kind: 'unknown', ...FORBIDDEN }, told: [] },
      { state: { kind: 'unknown', ...FORBIDDEN }, told: ['unknown warning unknown/1#1'] },
    ],
  },
  {
    name: 'not knowing is told after three checks in a row, and never as drift or its end',
    steps: [
      { state: drift(image), told: ['drift warning drift/1#1'] },
      { state: UNKNOWN, told: [] },
      { state: UNKNOWN, told: [] },
      { state: UNKNOWN, told: ['unknown warning unknown/1#1'] },
      { state: UNKNOWN, told: [] },
      { state: drift(image), told: ['known-again info unknown/1#2'] },
    ],
  },
  {
    name: 'checks that fail now and then are weather',
    steps: [
      { state: UNKNOWN, told: [] },
      { state: UNKNOWN, told: [] },
      { state: IN_SYNC, told: [] },
      { state: UNKNOWN, told: [] },
      { state: UNKNOWN, told: [] },
      { state: IN_SYNC, told: [] },
    ],
  },
  {
    name: 'what goes from Git closes all that was open of it',
    steps: [
      { state: drift(image), told: ['drift warning drift/1#1'] },
      { state: UNKNOWN, told: [] },
      { state: UNKNOWN, told: [] },
      { state: UNKNOWN, told: ['unknown warning unknown/1#1'] },
      { state: 'no longer declared', told: ['known-again info unknown/1#2', 'converged info drift/1#2'] },
      { state: 'no longer declared', told: [] },
    ],
  },
  {
    name: 'a release that appears later and cannot be judged at first is rolled out when it is there',
    steps: [
      { state: 'no longer declared', told: [] },
      { state: UNKNOWN, render: A, told: [] },
      { state: IN_SYNC, render: A, told: ['rolled-out info stalled/1#1'] },
    ],
  },
  {
    name: 'a stalled rollout of what goes from Git is closed too',
    steps: [
      { state: ROLLOUT, render: B, told: [] },
      { minute: 20, state: ROLLOUT, render: B, told: ['stalled warning stalled/1#1'] },
      { minute: 21, state: 'no longer declared', told: ['rolled-out info stalled/1#2'] },
    ],
  },
];

describe('the life of incidents', () => {
  for (const { name, steps } of STORIES) {
    test(name, () => {
      let incidents: Incidents = {};
      const alarms = new Set<string>();
      steps.forEach(({ minute, state, render, told }, index) => {
        const context = contextAt(minute ?? index, index === 0 ? 'first-check' : 'checked-before');
        const seen = (of: ScopeState): ScopeObservation => ({
          scope: { kind: 'release', namespace: 'shop', name: 'web' },
          state: of,
          ...(render === undefined ? {} : { render }),
        });
        const decision =
          state === 'no longer declared'
            ? close(incidents, context)
            : decide(incidents, seen(state), context);
        const alerts = [...decision.alerts.unknown, ...decision.alerts.stalled, ...decision.alerts.drift];
        assert.deepEqual(
          alerts.map(({ kind, severity, incident, sequence, because }) => {
            const short = incident.replace('fairlead/staging/shop/web/', '');
            const why = because === 'later-commit' ? ` ${because}` : '';
            return `${kind} ${severity} ${short}#${sequence}${why}`;
          }),
          told,
          `step ${index + 1}`,
        );
        for (const { kind, incident } of alerts) {
          if (LIFE[kind] === 'opens') alarms.add(incident);
          if (LIFE[kind] === 'closes') alarms.delete(incident);
        }
        // Asked again with the state it gave, the same observation changes nothing more.
        if (state !== 'no longer declared') {
          const again = decide(decision.after, seen(state), context);
          assert.deepEqual(Object.values(again.alerts).flat(), [], `step ${index + 1}, asked again`);
        }
        incidents = decision.after;
      });
      const last = steps.at(-1)?.state;
      if (last === IN_SYNC || last === 'no longer declared')
        assert.deepEqual([...alarms], [], 'every ALARM has its OK');
    });
  }

  test('what closes names each severity that the incident was told with', () => {
    let incidents: Incidents = {};
    const seen = (state: ScopeState): ScopeObservation => ({ scope: { kind: 'manifests' }, state });
    for (const state of [drift(replicas), drift(replicas, wholeObject('missing')), drift(replicas)]) {
      incidents = decide(incidents, seen(state), contextAt(1, 'checked-before')).after;
    }
    const [converged] = decide(incidents, seen(IN_SYNC), contextAt(2, 'checked-before')).alerts.drift;
    assert.deepEqual(converged?.told, ['warning', 'critical']);
  });

  test('drift-changed names what is new first, and what is gone', () => {
    const seen = (state: ScopeState): ScopeObservation => ({ scope: { kind: 'manifests' }, state });
    const { after } = decide({}, seen(drift(replicas)), contextAt(1, 'checked-before'));
    const [changed] = decide(after, seen(drift(image)), contextAt(2, 'checked-before')).alerts.drift;
    assert.ok(changed?.kind === 'drift-changed');
    assert.deepEqual(changed.findings, [image]);
    assert.equal(changed.fresh, 1);
    assert.deepEqual(changed.gone, [replicas]);
  });

  test('thousands of findings with long values stay small enough for an item of the table', () => {
    const many = Array.from({ length: 5000 }, (_, index) =>
      finding(`spec.template.metadata.annotations.a${index}`, { live: 'x'.repeat(5000) }),
    );
    const { after, alerts } = decide(
      {},
      { scope: { kind: 'manifests' }, state: drift(...many) },
      contextAt(1, 'checked-before'),
    );
    const [alert] = alerts.drift;
    assert.ok(alert?.kind === 'drift');
    assert.equal(alert.findings.length + (alert.more ?? 0), 5000);
    assert.ok(JSON.stringify([after.drift, alert]).length < 250_000);
  });
});
