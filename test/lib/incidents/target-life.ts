import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alert, Quiet } from '../../../lib/alerts/alert.ts';
import { formatScope, type ScopeObservation, type ScopeState } from '../../../lib/checks/observation.ts';
import type { Digest } from '../../../lib/content/tree.ts';
import type { GroupIncident, Incidents } from '../../../lib/incidents/incident.ts';
import { severityOf } from '../../../lib/incidents/severity.ts';
import {
  decideTarget,
  type ItemWrite,
  type TargetContext,
  type TargetState,
} from '../../../lib/incidents/target.ts';
import { finding, wholeObject } from '../../fixtures/findings.ts';

/** What tests of a whole target are written with: states by scope, steps by the minute, alerts as a line each. */
export const A: Digest = 'sha256:aaaa';
export const IN_SYNC: ScopeState = { kind: 'in-sync', unready: [] };
export const UNKNOWN: ScopeState = { kind: 'unknown', reason: 'secrets may not be listed' };
export const drift = (...findings: ReturnType<typeof finding>[]): ScopeState => ({ kind: 'drift', findings });
export const replicas = finding('spec.replicas', { desired: 1, live: 4 });
export const replicasAgain = finding('spec.replicas', { desired: 1, live: 5 });
export const image = finding('spec.template.spec.containers[name=web].image', {
  desired: 'a:1',
  live: 'a:2',
});
export const grave = wholeObject('missing');

export const NOTHING_KNOWN: TargetState = {
  phase: undefined,
  scopes: new Map(),
  burst: undefined,
  groups: new Map(),
  snoozes: new Map(),
};

export const CONTEXT: TargetContext = {
  installation: 'fairlead',
  target: 'staging',
  repository: 'https://git.example.com/cluster.git',
  root: 'fairlead/staging',
  deployer: 'flux',
  rolloutDeadlineMinutes: 15,
  firstCheck: 'observe',
  remindAfterHours: 24,
  clock: 'trusted',
  severityOf,
};

export const timeAt = (minute: number): string =>
  new Date(Date.UTC(2026, 10, 1, 0, 0) + minute * 60_000).toISOString();

export type States = Readonly<Record<string, ScopeState>>;

/** `web`, `api` are releases; the target itself is seen unless its state is given. */
export const seenScopes = (states: States): readonly ScopeObservation[] => {
  const { target = IN_SYNC, manifests, ...releases } = states;
  return [
    ...(manifests === undefined ? [] : [{ scope: { kind: 'manifests' as const }, state: manifests }]),
    ...Object.entries(releases).map(([name, state]) => ({
      scope: { kind: 'release' as const, namespace: 'shop', name },
      state,
      render: A,
    })),
    { scope: { kind: 'target' }, state: target },
  ];
};

export const decided = (
  state: TargetState,
  minute: number,
  states: States,
  context: Partial<TargetContext> = {},
): readonly ItemWrite[] =>
  decideTarget(
    state,
    {
      commit: 'c'.repeat(40),
      at: timeAt(minute),
      scopes: seenScopes(states).map((seen) => ({ scope: formatScope(seen.scope), seen })),
    },
    { ...CONTEXT, ...context },
  );

/** The state with these items written. */
export function written(state: TargetState, writes: readonly ItemWrite[]): TargetState {
  const scopes = new Map<string, Incidents>(state.scopes);
  const groups = new Map<string, GroupIncident>(state.groups);
  let { phase, burst } = state;
  for (const write of writes) {
    switch (write.item) {
      case 'incident':
        scopes.set(write.scope, { ...scopes.get(write.scope), [write.class]: write.state });
        break;
      case 'burst':
        burst = write.state;
        break;
      case 'group':
        groups.set(write.reason, write.state);
        break;
      case 'phase':
        phase = write.state;
        break;
    }
  }
  return { ...state, scopes, groups, phase, burst };
}

export const alertsOf = (writes: readonly ItemWrite[]): readonly Alert[] =>
  writes.flatMap(({ alerts }) => alerts);

/** `drift shop/web warning drift/1#1`, with what else is worth a word. */
export function inShort(alert: Alert): string {
  const key = alert.incident
    .replace(`fairlead/staging/${alert.scope}/`, '')
    .replace(/unknown-[\w-]{8}/, 'unknown-*');
  const words = [alert.kind, alert.scope, alert.severity, `${key}#${alert.sequence}`];
  if ('of' in alert) words.push(`of ${alert.of}`);
  if ('left' in alert && alert.left !== undefined) words.push(`left ${alert.left}`);
  if ('resolved' in alert && alert.resolved !== undefined) words.push(`resolved ${alert.resolved}`);
  if ('scopes' in alert && alert.scopes !== undefined) words.push(`of ${alert.scopes}`);
  if ('accepted' in alert && alert.accepted !== undefined) words.push(`accepted ${alert.accepted}`);
  if (alert.told !== undefined) words.push(`told ${alert.told.join('+')}`);
  if (alert.quiet !== undefined) words.push('quiet');
  if (alert.because !== undefined) words.push(alert.because);
  return words.join(' ');
}

export const snoozed = (minutes: number): Quiet => ({ until: timeAt(minutes), reason: 'maintenance' });

/** `r1` to `r8`, each in this state. */
export const each = (count: number, state: ScopeState): States =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`r${index + 1}`, state]));

export interface Step {
  readonly minute: number;
  readonly states: States;
  readonly told: readonly string[];
  /** What somebody has snoozed by then. */
  readonly snoozes?: Readonly<Record<string, Quiet>>;
  readonly context?: Partial<TargetContext>;
}
export interface Story {
  readonly name: string;
  readonly context?: Partial<TargetContext>;
  readonly steps: readonly Step[];
}

export const HOUR = 60;
export const DAY = 24 * HOUR;
/** A first check that finds `web` and `r1` to `r8` well. */
export const SEEN: Step = { minute: 0, states: { web: IN_SYNC, ...each(8, IN_SYNC) }, told: [] };
export const others = (count: number): States => each(count, IN_SYNC);

/** Each story step by step; asked again, the same observation changes nothing more. */
export function tellStories(chapters: Readonly<Record<string, readonly Story[]>>): void {
  for (const [chapter, stories] of Object.entries(chapters))
    describe(chapter, () => {
      for (const { name, context, steps } of stories)
        test(name, () => {
          let state = NOTHING_KNOWN;
          for (const [index, step] of steps.entries()) {
            const snoozes = new Map([...state.snoozes, ...Object.entries(step.snoozes ?? {})]);
            state = { ...state, snoozes };
            const given = { ...context, ...step.context };
            const writes = decided(state, step.minute, step.states, given);
            assert.deepEqual(
              alertsOf(writes).map(inShort).toSorted(),
              step.told.toSorted(),
              `step ${index + 1}`,
            );
            state = written(state, writes);
            assert.deepEqual(
              decided(state, step.minute, step.states, given),
              [],
              `step ${index + 1}, asked again`,
            );
          }
        });
    });
}
