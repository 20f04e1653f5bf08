import type { Alert, Quiet } from '../alerts/alert.ts';
import type { ScopeObservation, Unjudged } from '../checks/observation.ts';
import { decideAge } from './age.ts';
import {
  asMember,
  type BurstMember,
  begins,
  burstNumber,
  claims,
  decideBurst,
  unheard,
  withoutBurst,
} from './burst.ts';
import type {
  BurstIncident,
  DecisionContext,
  GroupIncident,
  IncidentClass,
  Incidents,
  Numbered,
  Phase,
} from './incident.ts';
import { close, type Decision, decide } from './incidents.ts';
import { decidePhase, historyOf } from './phase.ts';
import { listingOf } from './together.ts';
import { toldApart } from './told-apart.ts';
import { decideGroup, groupClaims, groupNumber, withoutGroup } from './unknown-group.ts';
import { unjudgedIn } from './unknown-incident.ts';
import { longer } from './voice.ts';

/** Everything remembered of a target. */
export interface TargetState {
  readonly phase: Phase | undefined;
  /** By scope, as people write it. */
  readonly scopes: ReadonlyMap<string, Incidents>;
  readonly burst: BurstIncident | undefined;
  /** By the digest of the reason. */
  readonly groups: ReadonlyMap<string, GroupIncident>;
  /** By scope; `target` is every scope. Those that are over, too. */
  readonly snoozes: ReadonlyMap<string, Quiet>;
}

/** What a check saw of the target, with the name of each scope. */
export interface TargetObservation {
  readonly commit: string;
  /** ISO. */
  readonly at: string;
  readonly scopes: readonly { readonly scope: string; readonly seen: ScopeObservation }[];
}

export type TargetContext = Omit<DecisionContext, 'commit' | 'at' | 'scope' | 'history' | 'snooze'>;

/** One item to be written, with the alerts that follow from it. */
export type ItemWrite = { readonly alerts: readonly Alert[] } & (
  | {
      readonly item: 'incident';
      readonly scope: string;
      readonly class: IncidentClass;
      readonly state: NonNullable<Incidents[IncidentClass]>;
    }
  | { readonly item: 'burst'; readonly state: BurstIncident }
  | { readonly item: 'group'; readonly reason: string; readonly state: GroupIncident }
  | { readonly item: 'phase'; readonly state: Phase }
);

/** The scope that stands for the target itself. */
const TARGET = 'target';
const CLASSES = ['drift', 'stalled', 'unknown'] as const satisfies readonly IncidentClass[];

/**
 * What an observation of a target changes, in the order in which it is to be written: a scope that is told as one of
 * many says so before it is told, and what was found at first is accepted before it is named. Whoever stops in between
 * leaves something to be told, and nothing told twice.
 */
export function decideTarget(
  state: TargetState,
  observation: TargetObservation,
  context: TargetContext,
): readonly ItemWrite[] {
  const { snoozeOf, contextOf } = scopesOf(state, observation, context);
  const decisions = decideScopes(state, observation, contextOf);
  const ofTarget = contextOf(TARGET);
  const told = claimed(state, decisions, ofTarget);

  const appliers = new Map(observation.scopes.map(({ scope, seen }) => [scope, seen.appliedBy]));
  const after = new Map([
    ...state.scopes,
    ...[...told].map(([scope, decision]) => [scope, decision.after] as const),
  ]);
  const members: BurstMember[] = [];
  for (const [scope, { drift }] of after) {
    if (drift?.kind !== 'member' || drift.burst !== burstNumber(state.burst)) continue;
    const decided = told.get(scope);
    const due = new Map(decided?.due.map((finding) => [finding, { ...finding, scope }]));
    const appliedBy = appliers.get(scope);
    members.push({
      scope,
      state: drift,
      due: [...due.values()],
      fresh: decided?.fresh.flatMap((finding) => due.get(finding) ?? []) ?? [],
      ...(appliedBy === undefined ? {} : { appliedBy }),
    });
  }
  const burst = decideBurst(state.burst, members, ofTarget, snoozeOf);
  const phase = decidePhase(
    state.phase,
    [...after].map(([scope, { drift }]) => {
      const appliedBy = appliers.get(scope);
      const accepted = told.get(scope)?.accepted ?? [];
      return { scope, drift, accepted, ...(appliedBy === undefined ? {} : { appliedBy }) };
    }),
    lookedIn(observation),
    ofTarget,
  );
  return [
    ...scopeWrites(state, told),
    ...(burst.after === undefined || burst.after === state.burst
      ? []
      : [{ item: 'burst' as const, state: burst.after, alerts: burst.alerts }]),
    ...groupWrites(state, observation, after, ofTarget, snoozeOf),
    ...(phase.after === undefined || phase.after === state.phase
      ? []
      : [{ item: 'phase' as const, state: phase.after, alerts: phase.alerts }]),
  ];
}

/** What the clock alone says of a target that no check finishes for. @param at ISO: now */
export function decideSilence(
  state: TargetState,
  { at, lastCheck, checkEveryMinutes }: Silence,
  context: TargetContext,
): readonly ItemWrite[] {
  const before = state.scopes.get(TARGET)?.unknown;
  const { contextOf } = scopesOf(state, { commit: '', at }, context);
  const { after, alerts } = decideAge(before, lastCheck, checkEveryMinutes, contextOf(TARGET));
  return after === undefined || after === before
    ? []
    : [{ item: 'incident', scope: TARGET, class: 'unknown', state: after, alerts }];
}

export interface Silence {
  readonly at: string;
  /** ISO; absent where none has ever finished. */
  readonly lastCheck?: string;
  readonly checkEveryMinutes: number;
}

function scopesOf(
  state: TargetState,
  when: { readonly commit: string; readonly at: string },
  context: TargetContext,
) {
  const { commit, at } = when;
  const history = historyOf(state.phase, at);
  const snoozeOf = (scope: string): Quiet | undefined =>
    longer(lasting(state.snoozes.get(scope), at), lasting(state.snoozes.get(TARGET), at));
  const contextOf = (scope: string): DecisionContext => {
    const snooze = snoozeOf(scope);
    return { ...context, commit, at, scope, history, ...(snooze === undefined ? {} : { snooze }) };
  };
  return { snoozeOf, contextOf };
}

const lasting = (snooze: Quiet | undefined, at: string): Quiet | undefined =>
  snooze !== undefined && Date.parse(snooze.until) > Date.parse(at) ? snooze : undefined;

const isWhole = ({ scope: { kind } }: ScopeObservation): boolean => kind === 'target' || kind === 'manifests';

function lookedIn({ scopes }: TargetObservation): 'nothing' | Phase['looked'] {
  if (scopes.every(({ seen }) => seen.state.kind === 'unknown')) return 'nothing';
  return scopes.some(({ seen }) => isWhole(seen) && seen.state.kind === 'unknown') ? 'partly' : 'wholly';
}

/** Each scope by itself; what is no longer declared closes. */
function decideScopes(
  state: TargetState,
  { scopes }: TargetObservation,
  contextOf: (scope: string) => DecisionContext,
): Map<string, Decision> {
  const decisions = new Map<string, Decision>();
  const burst = burstNumber(state.burst);
  for (const { scope, seen: whole } of scopes) {
    const before = state.scopes.get(scope) ?? {};
    const seen = toldApart(whole, before.drift, contextOf(scope));
    const given: Incidents = {
      ...before,
      drift: withoutBurst(before.drift, burst),
      unknown: withoutGroup(before.unknown, state.groups),
    };
    const member = before.drift?.kind === 'member' && before.drift.burst === burst ? before.drift : undefined;
    const context = contextOf(scope);
    if (member === undefined) {
      decisions.set(scope, decide(given, seen, context));
      continue;
    }
    const heard = decide(given, seen, context);
    const quiet = decide(given, seen, unheard(context));
    const drift = asMember(member, given.drift, quiet, context);
    decisions.set(scope, {
      ...heard,
      after: { ...heard.after, drift },
      alerts: { ...heard.alerts, drift: [] },
    });
  }
  // Where the target or its manifests could not be judged, what is missing here has not gone: nobody could look.
  if (scopes.some(({ seen }) => isWhole(seen) && seen.state.kind === 'unknown')) return decisions;
  for (const [scope, incidents] of state.scopes)
    if (scope !== TARGET && !decisions.has(scope)) decisions.set(scope, close(incidents, contextOf(scope)));
  return decisions;
}

/** Who was claimed by a check that did not come to tell it: they begin with those that begin now. */
function untoldMembers(
  before: BurstIncident | GroupIncident | undefined,
  decisions: ReadonlyMap<string, Decision>,
  kind: 'drift' | 'unknown',
  reason?: string,
): number {
  const listed = new Set(before !== undefined && 'listed' in before ? before.listed : []);
  // What there was to tell may have changed since, and nobody have been told any of it.
  const wasListed = (scope: string, { opening, sequence }: Numbered): boolean => {
    // Mostly it is the newest that was told: no older one is digested then.
    for (let each = sequence; each > 0; each--)
      if (listed.has(listingOf(scope, { opening, sequence: each }))) return true;
    return false;
  };
  return [...decisions].filter(([scope, { after }]) => {
    const own = after[kind];
    return (
      own?.kind === 'member' &&
      (reason === undefined || ('reason' in own && own.reason === reason)) &&
      !wasListed(scope, own)
    );
  }).length;
}

/** Where many begin at once, they are members of one incident, and say nothing by themselves. */
function claimed(
  state: TargetState,
  decisions: ReadonlyMap<string, Decision>,
  context: DecisionContext,
): ReadonlyMap<string, Decision> {
  const burst = burstNumber(state.burst);
  const beginning = new Map([...decisions].filter(([, decision]) => begins(decision)));
  const drifting = claims(beginning, untoldMembers(state.burst, decisions, 'drift'), burst, context);
  const unknown = groupClaims(decisions, state.groups, (reason) =>
    untoldMembers(state.groups.get(reason), decisions, 'unknown', reason),
  );
  return new Map(
    [...decisions].map(([scope, decision]) => {
      const drift = drifting.get(scope);
      const group = unknown.get(scope);
      const after = {
        ...decision.after,
        ...(drift === undefined ? {} : { drift }),
        ...(group === undefined ? {} : { unknown: group }),
      };
      const alerts = {
        ...decision.alerts,
        ...(drift === undefined ? {} : { drift: [] }),
        ...(group === undefined ? {} : { unknown: [] }),
      };
      return [scope, { ...decision, after, alerts }];
    }),
  );
}

function scopeWrites(state: TargetState, decisions: ReadonlyMap<string, Decision>): readonly ItemWrite[] {
  return [...decisions].flatMap(([scope, { after, alerts }]) =>
    CLASSES.flatMap((kind): ItemWrite[] => {
      const now = after[kind];
      // Decisions give back the same object where nothing changes: then nothing is written.
      if (now === undefined || now === state.scopes.get(scope)?.[kind]) return [];
      return [{ item: 'incident', scope, class: kind, state: now, alerts: alerts[kind] }];
    }),
  );
}

function groupWrites(
  state: TargetState,
  { scopes }: TargetObservation,
  after: ReadonlyMap<string, Incidents>,
  context: DecisionContext,
  snoozeOf: (scope: string) => Quiet | undefined,
): readonly ItemWrite[] {
  const members = Map.groupBy(
    [...after].flatMap(([scope, { unknown }]) =>
      unknown?.kind === 'member' && unknown.burst === groupNumber(state.groups.get(unknown.reason))
        ? [{ scope, state: unknown }]
        : [],
    ),
    (member) => member.state.reason,
  );
  const unjudged = new Map<string, Unjudged>();
  for (const { scope, seen } of scopes) {
    const why = unjudgedIn(seen);
    if (why !== undefined) unjudged.set(scope, why);
  }
  return [...new Set([...state.groups.keys(), ...members.keys()])].flatMap((reason): ItemWrite[] => {
    const before = state.groups.get(reason);
    const decided = decideGroup(before, reason, members.get(reason) ?? [], unjudged, context, snoozeOf);
    return decided.after === undefined || decided.after === before
      ? []
      : [{ item: 'group', reason, state: decided.after, alerts: decided.alerts }];
  });
}
