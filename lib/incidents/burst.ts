import type { Alert, Quiet } from '../alerts/alert.ts';
import type { ScopeObservation } from '../checks/observation.ts';
import type { Finding } from '../drift/verdicts.ts';
import { fitting } from './findings.ts';
import {
  alertBase,
  type BurstIncident,
  type DecisionContext,
  type DriftIncident,
  NEVER,
  whereOf,
} from './incident.ts';
import type { Decision } from './incidents.ts';
import { eachThingFirst, GRAVITY, graver, gravestOf } from './severity.ts';
import { BURST_SCOPES, NAMED_MEMBERS, news, openNumber, snoozeOfAll } from './together.ts';
import { afterSnooze, isReminderDue, isTooOften, speak, speakLast } from './voice.ts';

type MemberState = DriftIncident & { readonly kind: 'member' };
type Burst = BurstIncident & { readonly kind: 'burst' };

/** A scope that differs as one of many. Without findings where this check did not see any. */
export interface BurstMember {
  readonly scope: string;
  readonly state: MemberState;
  readonly due: readonly Finding[];
  readonly fresh: readonly Finding[];
  readonly appliedBy?: ScopeObservation['appliedBy'];
}

/** The number under which members are claimed. */
export const burstNumber = (before: BurstIncident | undefined): number => openNumber(before, 'burst');

/**
 * What a scope's own decision begins with: a member is decided like a scope with an incident of its own, whose alerts
 * nobody gets. Where the burst that claimed it is none, nobody was told of it.
 */
export function withoutBurst(before: DriftIncident | undefined, burst: number): DriftIncident | undefined {
  if (before?.kind !== 'member') return before;
  const { severity, burst: claimed, ...rest } = before;
  if (claimed === burst)
    return { ...rest, kind: 'drifting', told: [severity], toldAt: before.since, findings: [] };
  const { opening, accepted } = before;
  return {
    opening,
    sequence: 0,
    ...(accepted === undefined ? { kind: 'in-sync' } : { kind: 'accepted', accepted }),
  };
}

/** Nobody hears of a member by itself. */
export const unheard = (context: DecisionContext): DecisionContext => {
  const { snooze: _, ...rest } = context;
  return { ...rest, remindAfterHours: 0 };
};

/** What becomes of the member by its own decision. */
export function asMember(
  before: MemberState,
  given: DriftIncident | undefined,
  { after: { drift: after }, fresh, due }: Decision,
  context: DecisionContext,
): DriftIncident | undefined {
  if (after === given) return before;
  if (after?.kind !== 'drifting') return after && { ...after, sequence: 0 };
  const severity = due.length === 0 ? before.severity : gravestOf(due, context);
  const isGraver = severity === 'critical' && before.severity !== 'critical';
  const sequence = before.sequence + (fresh.length > 0 || isGraver ? 1 : 0);
  return { ...claimOf(after, before.burst, severity), opening: before.opening, sequence };
}

type Drifting = DriftIncident & { readonly kind: 'drifting' };

function claimOf(after: Drifting, burst: number, severity: MemberState['severity']): MemberState {
  const { told: _, toldAt: __, hushed: ___, findings: ____, ...rest } = after;
  return { ...rest, kind: 'member', sequence: 1, burst, severity };
}

/** Scopes that begin to differ now: one incident of the target, if they are many. */
export function claims(
  beginning: ReadonlyMap<string, Decision>,
  waiting: number,
  burst: number,
  context: DecisionContext,
): ReadonlyMap<string, MemberState> {
  // Those of a check that died are told as many: who begins now is one of them.
  if (waiting === 0 && beginning.size <= BURST_SCOPES) return new Map();
  return new Map(
    [...beginning].flatMap(([scope, { after, due }]) =>
      after.drift?.kind === 'drifting'
        ? [[scope, claimOf(after.drift, burst, gravestOf(due, context))] as const]
        : [],
    ),
  );
}

export const begins = ({ after, alerts }: Decision): boolean =>
  after.drift?.kind === 'drifting' && alerts.drift.some(({ kind }) => kind === 'drift');

/** drift, drift-changed, reminder and converged of the burst. Context and scope: the target's. */
export function decideBurst(
  before: BurstIncident | undefined,
  members: readonly BurstMember[],
  context: DecisionContext,
  snoozeOf: (scope: string) => Quiet | undefined,
): { readonly after: BurstIncident | undefined; readonly alerts: readonly Alert[] } {
  const open = before?.kind === 'burst' ? before : undefined;
  if (members.length === 0) return open === undefined ? { after: before, alerts: [] } : end(open, context);

  // What this check did not see it cannot tell: the next that does will.
  const isSeen = ({ due }: BurstMember) => due.length > 0;
  const { untold, listed, scopes } = news(open, members, isSeen);
  const about = untold.length === 0 ? members : untold;
  const snooze = snoozeOfAll(about, context.snooze, snoozeOf);
  const { snooze: _, ...rest } = context;
  const voice: DecisionContext = snooze === undefined ? rest : { ...rest, snooze };
  const isTimely = open !== undefined && members.some(isSeen) && isReminderDue(open, voice);
  if (untold.length === 0 && !isTimely) return { after: before, alerts: [] };

  const numbers =
    open === undefined
      ? { opening: (before ?? NEVER).opening + 1, sequence: 1 }
      : { opening: open.opening, sequence: open.sequence + 1 };
  const severity = members.map(({ state }) => state.severity).reduce(graver, 'info');
  const since = open?.since ?? members.map(({ state }) => state.since).reduce((a, b) => (b < a ? b : a));
  const isRise = open !== undefined && severity === 'critical' && !open.told.includes('critical');
  const isJoined = untold.some(({ state }) => state.sequence === 1);
  if (open !== undefined && untold.length > 0 && !isRise && !isJoined && isTooOften(open, voice))
    return { after: before, alerts: [] };
  const { heard, quiet } = speak(open, severity, voice);
  const fresh = untold.flatMap(freshOf);
  const known = members.flatMap((member) => {
    const told = new Set(untold.includes(member) ? freshOf(member) : []);
    return member.due.filter((finding) => !told.has(finding));
  });
  const shown = fitting([...eachThingFirst(fresh, context), ...eachThingFirst(known, context)]);
  const base = {
    ...alertBase(context, 'drift', numbers, severity),
    ...whereOf(context, {}),
    ...quiet,
    ...shown,
    since,
    members: membersOf(members),
    left: members.length,
    ...(scopes > members.length ? { resolved: scopes - members.length } : {}),
  };
  return {
    after: { ...numbers, kind: 'burst', since, ...heard, severity, listed, scopes },
    alerts: [
      open === undefined
        ? { ...base, kind: 'drift' }
        : untold.length > 0
          ? { ...base, kind: 'drift-changed', fresh: Math.min(fresh.length, shown.findings.length), gone: [] }
          : { ...base, kind: 'reminder', of: 'drift', ...afterSnooze(open) },
    ],
  };
}

/** Of what was never told, all is new; of a member that people know, what it has now besides. */
const freshOf = ({ state, due, fresh }: BurstMember): readonly Finding[] =>
  state.sequence === 1 || fresh.length === 0 ? due : fresh;

function end(before: Burst, context: DecisionContext) {
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const closing: Alert = {
    ...alertBase(context, 'drift', numbers, 'info'),
    ...whereOf(context, {}),
    ...speakLast(before),
    kind: 'converged',
    since: before.since,
    scopes: before.scopes,
  };
  return { after: { ...numbers, kind: 'in-sync' as const }, alerts: [closing] };
}

const membersOf = (members: readonly BurstMember[]) =>
  members
    .toSorted((a, b) => GRAVITY[b.state.severity] - GRAVITY[a.state.severity])
    .slice(0, NAMED_MEMBERS)
    .map(({ scope, state, appliedBy }) => ({
      scope,
      findings: state.fingerprints.length,
      severity: state.severity,
      ...(appliedBy === undefined ? {} : { appliedBy }),
    }));
