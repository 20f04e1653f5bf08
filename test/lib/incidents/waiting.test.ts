import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emailOf } from '../../../lib/alerts/email.ts';
import type { ScopeObservation, ScopeState } from '../../../lib/checks/observation.ts';
import type { Finding, FindingRule } from '../../../lib/drift/verdicts.ts';
import type { DecisionContext, Incidents } from '../../../lib/incidents/incident.ts';
import { decide } from '../../../lib/incidents/incidents.ts';
import { severityOf } from '../../../lib/incidents/severity.ts';
import { splitWaiting } from '../../../lib/incidents/waiting.ts';
import { finding } from '../../fixtures/findings.ts';

const under = (found: Finding, rule: Partial<FindingRule>): Finding => ({
  ...found,
  rule: { number: 3, reason: 'it rotates', ...rule },
});
const replicas = finding('spec.replicas', { desired: 1, live: 4 });
const image = finding('spec.template.spec.containers[name=web].image', { desired: 'a:1', live: 'a:2' });
/** Waits ten minutes. */
const waits = (live: string): Finding =>
  under(finding('metadata.annotations.token', { desired: 'a', live }), { waitSeconds: 600 });
const privileged = finding('spec.template.spec.containers[name=web].securityContext.privileged', {
  live: true,
});

const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
const UNKNOWN: ScopeState = { kind: 'unknown', reason: 'timed out' };
const drift = (...findings: Finding[]): ScopeState => ({ kind: 'drift', findings });

const contextAt = (minute: number): DecisionContext => ({
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
  history: minute === 0 ? 'first-check' : 'checked-before',
});

interface Step {
  readonly minute: number;
  readonly state: ScopeState;
  readonly told: readonly string[];
}

const STORIES: Readonly<Record<string, readonly Step[]>> = {
  'what waits and goes away in time is never told': [
    { minute: 0, state: IN_SYNC, told: [] },
    { minute: 1, state: drift(waits('b')), told: [] },
    { minute: 9, state: drift(waits('b')), told: [] },
    { minute: 10, state: IN_SYNC, told: [] },
    { minute: 30, state: drift(waits('b')), told: [] },
  ],
  'what lasts longer than its wait is told, once, with since when it differs': [
    { minute: 0, state: drift(waits('b')), told: [] },
    { minute: 9, state: drift(waits('b')), told: [] },
    {
      minute: 10,
      state: drift(waits('b')),
      told: ['drift warning 1#1 since 00: metadata.annotations.token'],
    },
    { minute: 11, state: drift(waits('b')), told: [] },
    { minute: 20, state: IN_SYNC, told: ['converged info 1#2 since 00: '] },
  ],
  'a value that changes all the time waits no longer than one that stays': [
    { minute: 0, state: drift(waits('b')), told: [] },
    { minute: 5, state: drift(waits('c')), told: [] },
    {
      minute: 10,
      state: drift(waits('d')),
      told: ['drift warning 1#1 since 00: metadata.annotations.token'],
    },
  ],
  'what does not wait is told at once, and without what does': [
    { minute: 0, state: IN_SYNC, told: [] },
    { minute: 1, state: drift(replicas, waits('b')), told: ['drift warning 1#1 since 01: spec.replicas'] },
    { minute: 5, state: drift(replicas, waits('b')), told: [] },
    {
      minute: 11,
      state: drift(replicas, waits('b')),
      told: ['drift-changed warning 1#2 since 01: metadata.annotations.token, spec.replicas'],
    },
  ],
  'an incident is not converged while something still waits': [
    { minute: 0, state: drift(replicas), told: ['drift warning 1#1 since 00: spec.replicas'] },
    { minute: 5, state: drift(waits('b')), told: [] },
    { minute: 9, state: IN_SYNC, told: ['converged info 1#2 since 00: '] },
  ],
  'a wait goes on beside a stalled rollout': [
    { minute: 0, state: { kind: 'rollout', findings: [image] }, told: [] },
    { minute: 16, state: drift(image, waits('b')), told: [`stalled warning 1#1 since 00: ${image.at}`] },
    { minute: 20, state: drift(image, waits('b')), told: [] },
    {
      minute: 26,
      state: drift(image, waits('b')),
      told: [`drift warning 1#1 since 16: ${image.at}, metadata.annotations.token`],
    },
  ],
  'what people know is not said to be gone when another clock is not so far yet': [
    { minute: 0, state: drift(waits('b')), told: [] },
    {
      minute: 10,
      state: drift(waits('b')),
      told: ['drift warning 1#1 since 00: metadata.annotations.token'],
    },
    {
      minute: 5,
      state: drift(waits('b'), replicas),
      told: ['drift-changed warning 1#2 since 00: spec.replicas, metadata.annotations.token'],
    },
  ],
  'a check that could not judge forgets no wait': [
    { minute: 0, state: drift(waits('b')), told: [] },
    { minute: 5, state: UNKNOWN, told: [] },
    {
      minute: 10,
      state: drift(waits('b')),
      told: ['drift warning 1#1 since 00: metadata.annotations.token'],
    },
  ],
};

describe('findings that wait', () => {
  for (const [name, steps] of Object.entries(STORIES))
    test(name, () => {
      let incidents: Incidents = {};
      for (const [index, { minute, state, told }] of steps.entries()) {
        const seen: ScopeObservation = { scope: { kind: 'release', namespace: 'shop', name: 'web' }, state };
        const { after, alerts } = decide(incidents, seen, contextAt(minute));
        const said = [...alerts.stalled, ...alerts.drift].map((alert) => {
          const places = 'findings' in alert ? alert.findings.map(({ at }) => at).join(', ') : '';
          const since = 'since' in alert ? alert.since.slice(14, 16) : '';
          return `${alert.kind} ${alert.severity} ${alert.incident.split('/').at(-1)}#${alert.sequence} since ${since}: ${places}`;
        });
        assert.deepEqual(said, told, `step ${index + 1}`);
        if (state.kind !== 'unknown') {
          const again = decide(after, seen, contextAt(minute));
          assert.deepEqual(Object.values(again.alerts).flat(), [], `step ${index + 1}, asked again`);
          assert.equal(again.after.drift, after.drift, 'and nothing is written');
        }
        incidents = after;
      }
    });

  test('a rollout whose deadline passes is not told as stalled while all that differs is to wait', () => {
    const tell = (incidents: Incidents, minute: number, state: ScopeState, render: 'sha256:a' | 'sha256:b') =>
      decide(incidents, { scope: { kind: 'manifests' }, state, render }, contextAt(minute));
    let { after } = tell({}, 0, IN_SYNC, 'sha256:a');
    const slow = under(replicas, { waitSeconds: 3600 });
    ({ after } = tell(after, 1, { kind: 'rollout', findings: [slow] }, 'sha256:b'));
    const late = tell(after, 17, drift(slow), 'sha256:b');
    assert.deepEqual(Object.values(late.alerts).flat(), []);
    const over = tell(late.after, 80, drift(slow), 'sha256:b');
    assert.deepEqual(
      Object.values(over.alerts)
        .flat()
        .map(({ kind }) => kind),
      ['stalled'],
    );
  });

  test('so many that they cannot all be remembered are told rather early than never', () => {
    const many = (waitSeconds: number) =>
      Array.from({ length: 2000 }, (_, index) =>
        under(finding(`data.k${index}`, { live: 'x' }), { waitSeconds }),
      );
    const at = (minute: number) => contextAt(minute).at;
    const first = splitWaiting(many(600), {}, at(0));
    assert.equal(first.due.length, 0);
    assert.ok(JSON.stringify(first.firstSeen).length < 30_000);
    assert.equal(splitWaiting(many(600), first.firstSeen, at(10)).due.length, 2000);
  });
});

describe('what a rule says of severity', () => {
  for (const [name, found, expected] of [
    ['makes a critical finding a warning', under(privileged, { severity: 'warning' }), 'warning'],
    ['makes it an information', under(image, { severity: 'info' }), 'info'],
    ['makes a warning critical', under(replicas, { severity: 'critical' }), 'critical'],
    ['leaves it as it is, if it says nothing', under(privileged, { waitSeconds: 60 }), 'critical'],
  ] as const)
    test(name, () => assert.equal(severityOf(found), expected));

  test('an alert is as grave as the gravest of its findings', () => {
    const seen = (...findings: Finding[]): ScopeObservation => ({
      scope: { kind: 'manifests' },
      state: drift(...findings),
    });
    const told = (...findings: Finding[]) =>
      decide({}, seen(...findings), contextAt(0)).alerts.drift[0]?.severity;
    const mild = under(privileged, { severity: 'info' });
    assert.equal(told(mild), 'info');
    assert.equal(told(mild, replicas), 'warning');
    assert.equal(told(mild, replicas, under(image, { severity: 'critical' })), 'critical');
  });

  test('and the email names the rule', () => {
    const seen: ScopeObservation = {
      scope: { kind: 'manifests' },
      state: drift(under(replicas, { severity: 'info' })),
    };
    const [alert] = decide({}, seen, contextAt(0)).alerts.drift;
    assert.ok(alert !== undefined);
    assert.match(emailOf(alert).body, /rule 3 of drift\.yaml: it rotates/);
  });
});

describe('errors in drift.yaml', () => {
  test('reach people once, after three checks, and end when they are mended', () => {
    const seen = (state: ScopeState): ScopeObservation => ({ scope: { kind: 'rules' }, state });
    const broken: ScopeState = { kind: 'unknown', reason: 'drift.yaml:3: rules[1].wait is a duration' };
    let incidents: Incidents = {};
    const subjects: string[] = [];
    for (const [minute, state] of [IN_SYNC, broken, broken, broken, broken, IN_SYNC, IN_SYNC].entries()) {
      const { after, alerts } = decide(incidents, seen(state), { ...contextAt(minute), scope: 'drift.yaml' });
      for (const alert of Object.values(alerts).flat()) subjects.push(emailOf(alert).subject);
      incidents = after;
    }
    assert.deepEqual(subjects, [
      '[unknown] staging drift.yaml: has had errors since 2026-11-21 12:01 UTC',
      '[judged again] staging drift.yaml: without errors again, after 4 min',
    ]);
  });
});
