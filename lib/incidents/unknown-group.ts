import type { Alert, Quiet } from '../alerts/alert.ts';
import type { Unjudged } from '../checks/observation.ts';
import { digestOf } from './findings.ts';
import {
  alertBase,
  type DecisionContext,
  type GroupIncident,
  NEVER,
  type UnknownIncident,
} from './incident.ts';
import type { Decision } from './incidents.ts';
import { graver } from './severity.ts';
import { BURST_SCOPES, NAMED_MEMBERS, news, openNumber, snoozeOfAll } from './together.ts';
import { afterSnooze, isReminderDue, speak, speakLast } from './voice.ts';

/**
 * Many scopes that cannot be judged for one reason, such as a missing rule of RBAC: people are told once. Each reason
 * is an incident of its own, with the reason's digest in its key.
 */
type MemberState = UnknownIncident & { readonly kind: 'member' };
type Group = GroupIncident & { readonly kind: 'group' };

export interface GroupMember {
  readonly scope: string;
  readonly state: MemberState;
}

export const reasonDigest = ({ reason, rule }: Unjudged): string => digestOf(`${reason}\n${rule ?? ''}`, 8);

export const groupNumber = (before: GroupIncident | undefined): number => openNumber(before, 'group');

/** What a scope's own decision begins with: whose group is none, of that nobody was told, and it is due. */
export function withoutGroup(
  before: UnknownIncident | undefined,
  groups: ReadonlyMap<string, GroupIncident>,
): UnknownIncident | undefined {
  if (before?.kind !== 'member' || before.burst === groupNumber(groups.get(before.reason))) return before;
  const { opening, since, severity } = before;
  const history = severity === 'critical' ? ({ history: 'judged-before' } as const) : {};
  return { opening, sequence: 0, kind: 'failing', failures: BURST_SCOPES, since, ...history };
}

/** Scopes that people are to be told of now for one reason: one incident of the target, if they are many. */
export function groupClaims(
  decisions: ReadonlyMap<string, Decision>,
  groups: ReadonlyMap<string, GroupIncident>,
  waiting: (reason: string) => number,
): ReadonlyMap<string, MemberState> {
  const byReason = Map.groupBy(
    [...decisions].flatMap(([scope, { after, alerts }]) => {
      const [alert] = alerts.unknown;
      return after.unknown?.kind === 'unknown' && alert?.kind === 'unknown'
        ? [{ scope, state: after.unknown, alert }]
        : [];
    }),
    ({ alert }) => reasonDigest(alert),
  );
  const members = new Map<string, MemberState>();
  for (const [reason, beginning] of byReason) {
    if (beginning.length + waiting(reason) <= BURST_SCOPES) continue;
    const burst = groupNumber(groups.get(reason));
    for (const { scope, state, alert } of beginning) {
      const { opening, since } = state;
      const { severity } = alert;
      members.set(scope, { opening, sequence: 1, kind: 'member', since, reason, burst, severity });
    }
  }
  return members;
}

const unjudgedOf = ({ reason, rule }: Unjudged): Unjudged => ({
  reason,
  ...(rule === undefined ? {} : { rule }),
});

/** unknown, reminder and known-again of one reason. Context and scope: the target's. */
export function decideGroup(
  before: GroupIncident | undefined,
  digest: string,
  members: readonly GroupMember[],
  seen: ReadonlyMap<string, Unjudged>,
  context: DecisionContext,
  snoozeOf: (scope: string) => Quiet | undefined,
): { readonly after: GroupIncident | undefined; readonly alerts: readonly Alert[] } {
  const open = before?.kind === 'group' ? before : undefined;
  if (members.length === 0)
    return open === undefined ? { after: before, alerts: [] } : end(open, digest, context);
  // What this check did not see it cannot tell: the next that does will.
  const isSeen = ({ scope }: GroupMember) => seen.has(scope);
  const reasons = members.flatMap(({ scope }) => seen.get(scope) ?? []);
  const unjudged = reasons.find((one) => reasonDigest(one) === digest) ?? reasons[0];
  if (unjudged === undefined) return { after: before, alerts: [] };

  const { untold, listed, scopes } = news(open, members, isSeen);
  const snooze = snoozeOfAll(untold.length === 0 ? members : untold, context.snooze, snoozeOf);
  const { snooze: _, ...rest } = context;
  const voice: DecisionContext = snooze === undefined ? rest : { ...rest, snooze };
  if (untold.length === 0 && (open === undefined || !isReminderDue(open, voice)))
    return { after: before, alerts: [] };

  const numbers =
    open === undefined
      ? { opening: (before ?? NEVER).opening + 1, sequence: 1 }
      : { opening: open.opening, sequence: open.sequence + 1 };
  const severity = members.map(({ state }) => state.severity).reduce(graver, 'info');
  const since = open?.since ?? members.map(({ state }) => state.since).reduce((a, b) => (b < a ? b : a));
  const { heard, quiet } = speak(open, severity, voice);
  const base = {
    ...alertBase(context, `unknown-${digest}`, numbers, severity),
    ...quiet,
    ...unjudgedOf(unjudged),
    since,
    members: members.map(({ scope }) => scope).slice(0, NAMED_MEMBERS),
    left: members.length,
  };
  return {
    after: { ...numbers, kind: 'group', since, ...heard, ...unjudgedOf(unjudged), listed, scopes },
    alerts: [
      open === undefined
        ? { ...base, kind: 'unknown' }
        : { ...base, kind: 'reminder', of: 'unknown', ...afterSnooze(open) },
    ],
  };
}

function end(before: Group, digest: string, context: DecisionContext) {
  const numbers = { opening: before.opening, sequence: before.sequence + 1 };
  const closing: Alert = {
    ...alertBase(context, `unknown-${digest}`, numbers, 'info'),
    ...speakLast(before),
    kind: 'known-again',
    since: before.since,
    scopes: before.scopes,
  };
  return { after: { ...numbers, kind: 'judged' as const }, alerts: [closing] };
}
