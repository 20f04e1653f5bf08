import type { Alert, Member } from '../alerts/alert.ts';
import type { Finding } from '../drift/verdicts.ts';
import { OBSERVE_DAYS } from './accepted.ts';
import { fitting } from './findings.ts';
import {
  alertBase,
  type DecisionContext,
  type DriftIncident,
  NEVER,
  type Phase,
  whereOf,
} from './incident.ts';
import { eachThingFirst, GRAVITY, gravestOf } from './severity.ts';
import { listingOf, NAMED_MEMBERS } from './together.ts';
import { speak } from './voice.ts';

/** What the first check of a target is, and what it names. */
const DAY = 86_400_000;

/**
 * Whether a scope of which nothing is remembered is looked at as a first check does. Where the target or its manifests
 * could not be judged at first, what appears later may have been there all the while.
 */
export function historyOf(phase: Phase | undefined, at: string): DecisionContext['history'] {
  if (phase === undefined) return 'first-check';
  const isLate = Date.parse(at) - Date.parse(phase.since) >= OBSERVE_DAYS * DAY;
  return phase.looked === 'partly' && !isLate ? 'first-check' : 'checked-before';
}

/** A scope after this check. `accepted`: what of it the check has seen. */
export interface PhaseScope {
  readonly scope: string;
  readonly drift: DriftIncident | undefined;
  readonly accepted: readonly Finding[];
  readonly appliedBy?: Member['appliedBy'];
}

/** The summary of what was found at first, and of what could be looked at only later; and when that ends. */
export function decidePhase(
  before: Phase | undefined,
  scopes: readonly PhaseScope[],
  looked: 'nothing' | Phase['looked'],
  context: DecisionContext,
): { readonly after: Phase | undefined; readonly alerts: readonly Alert[] } {
  if (before === undefined && looked === 'nothing') return { after: undefined, alerts: [] };
  const known = new Set(before?.listed);
  const listed: string[] = [];
  const named: PhaseScope[] = [];
  let isObserving = false;
  for (const each of scopes) {
    const accepted = each.drift?.accepted;
    if (each.drift?.kind === 'unseen') isObserving = true;
    if (accepted === undefined) continue;
    isObserving = true;
    const listing = listingOf(each.scope, { opening: 0, sequence: accepted.number });
    const isNew = !known.has(listing);
    // What this check did not see, it cannot name: the next that does will.
    if (isNew && each.accepted.length === 0) continue;
    listed.push(listing);
    if (isNew) named.push(each);
  }
  const { opening } = before ?? NEVER;
  const isWhole = before?.looked === 'wholly' || looked === 'wholly';
  const after: Phase = {
    opening: opening + (named.length > 0 ? 1 : 0),
    sequence: 1,
    kind: isObserving ? 'observing' : 'alerting',
    since: before?.since ?? context.at,
    looked: isWhole ? 'wholly' : 'partly',
    listed,
  };
  if (named.length > 0) return { after, alerts: [summary(after, named, context)] };
  const isSame = before !== undefined && before.kind === after.kind && before.looked === after.looked;
  return { after: isSame ? before : after, alerts: [] };
}

function summary(phase: Phase, named: readonly PhaseScope[], context: DecisionContext): Alert {
  const members = named
    .map(
      ({ scope, accepted, appliedBy }): Member => ({
        scope,
        findings: accepted.length,
        severity: gravestOf(accepted, context),
        ...(appliedBy === undefined ? {} : { appliedBy }),
      }),
    )
    .sort((a, b) => GRAVITY[b.severity] - GRAVITY[a.severity]);
  const findings = eachThingFirst(
    named.flatMap(({ scope, accepted }) => accepted.map((finding) => ({ ...finding, scope }))),
    context,
  );
  return {
    ...alertBase(context, 'summary', phase, 'info'),
    ...whereOf(context, {}),
    ...speak(undefined, 'info', context).quiet,
    kind: 'summary',
    members: members.slice(0, NAMED_MEMBERS),
    left: members.length,
    ...fitting(findings),
    since: context.at,
  };
}
