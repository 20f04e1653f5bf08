import type { Observation, ScopeObservation, ScopeState } from '../../../lib/checks/observation.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import { DEADLINE_MINUTES, WAIT_MINUTES } from './world.ts';

/**
 * The reference: what one checker tells of a target of few scopes, who is never disturbed. Written from docs/alerts.md
 * and the design alone, and from nothing of lib/incidents: one scope after the other, in the plainest words.
 */
export interface Expectations {
  readonly firstCheck: 'observe' | 'alert';
  /** 0: never. */
  readonly remindAfterHours: number;
}

export interface Snoozes {
  /** Minutes until which a scope is snoozed, or the target. */
  readonly until: ReadonlyMap<string, number>;
}

type Severity = 'info' | 'warning' | 'critical';

/** An incident that people may know of. */
interface Open {
  sequence: number;
  readonly told: Set<Severity>;
  toldAt: number;
  /** The last word on it fell into a snooze. */
  hushed: boolean;
}

class Scope {
  drift: (Open & { known: Map<string, Finding> }) | undefined;
  readonly differsSince = new Map<string, number>();
  accepted: { readonly at: number; readonly what: Map<string, Finding>; unseen: Unseen } | undefined;
  /** Of a first check that could not judge it. */
  isUnseen = false;
  rollout:
    | { kind: 'shown'; render?: string | undefined }
    | { kind: 'rolling'; render?: string | undefined; since: number }
    | (Open & { kind: 'stalled'; render?: string | undefined; named: ReadonlySet<string> })
    | undefined;
  failures = 0;
  unknown: Open | undefined;
}
type Unseen = 'nothing' | 'ConfigMaps';

const SEVEN_DAYS = 7 * 24 * 60;

export const nameIn = (finding: Finding): string =>
  JSON.stringify([finding.object.kind, finding.object.name, finding.at, finding.live ?? null]);
const placeIn = ({ object, at }: Finding): string => JSON.stringify([object.kind, object.name, at]);
const gravest = (findings: readonly Finding[]): Severity =>
  findings.some(({ at }) => at.endsWith('privileged')) ? 'critical' : 'warning';
/** What was accepted is what Git asked for then: with another commit the same value is something new. */
const acceptedIn = (finding: Finding): string => `${nameIn(finding)} ${JSON.stringify(finding.desired)}`;
const list = (findings: readonly Finding[]): string => findings.map(nameIn).sort().join(' ');

export class Model {
  readonly #expectations: Expectations;
  readonly #scopes = new Map<string, Scope>();
  #judged: 'never' | 'before' = 'never';

  constructor(expectations: Expectations) {
    this.#expectations = expectations;
  }

  /** What the check tells, a line an alert, in the order of the alphabet. */
  check(observation: Observation, now: number, snoozes: Snoozes): string[] {
    const told: string[] = [];
    const isBlind = observation.scopes.some(
      ({ scope, state }) =>
        (scope.kind === 'target' || scope.kind === 'manifests') && state.kind === 'unknown',
    );
    const isSeen = observation.scopes.some(({ scope }) => scope.kind !== 'target');
    const isFirst = isSeen && this.#judged === 'never';
    const summed: string[] = [];
    for (const seen of observation.scopes) {
      const name = nameOf(seen);
      const known = this.#scopes.get(name);
      const scope = known ?? new Scope();
      this.#scopes.set(name, scope);
      const one = new Look(this.#expectations, scope, name, now, this.#snoozed(snoozes, name, now), told);
      one.unknown(seen.state);
      if (seen.scope.kind === 'target') continue;
      one.rollout(seen, isFirst);
      if (one.drift(seen.state, isFirst && known === undefined) === 'summed') summed.push(name);
    }
    if (isSeen) this.#judged = 'before';
    if (summed.length > 0) told.push(`summary of ${summed.sort().join(', ')}`);
    if (!isBlind)
      for (const [name, scope] of this.#scopes)
        if (!observation.scopes.some((seen) => nameOf(seen) === name))
          new Look(this.#expectations, scope, name, now, this.#snoozed(snoozes, name, now), told).gone();
    return told.sort();
  }

  #snoozed({ until }: Snoozes, scope: string, now: number): boolean {
    return [scope, 'target'].some((name) => (until.get(name) ?? 0) > now);
  }
}

export const nameOf = ({ scope }: ScopeObservation): string =>
  scope.kind === 'release' ? `${scope.namespace}/${scope.name}` : scope.kind;

/** One check of one scope. */
class Look {
  readonly #expectations: Expectations;
  readonly #scope: Scope;
  readonly #name: string;
  readonly #now: number;
  readonly #snoozed: boolean;
  readonly #told: string[];
  constructor(
    expectations: Expectations,
    scope: Scope,
    name: string,
    now: number,
    snoozed: boolean,
    told: string[],
  ) {
    this.#expectations = expectations;
    this.#scope = scope;
    this.#name = name;
    this.#now = now;
    this.#snoozed = snoozed;
    this.#told = told;
  }

  unknown(state: ScopeState): void {
    const scope = this.#scope;
    if (isWhollyJudged(state)) {
      if (scope.unknown !== undefined) this.#close('known-again', scope.unknown);
      scope.unknown = undefined;
      scope.failures = 0;
      return;
    }
    scope.failures++;
    if (scope.unknown !== undefined) this.#remind('unknown', scope.unknown, 'warning');
    else if (scope.failures >= 3) scope.unknown = this.#open('unknown', 'warning');
  }

  rollout({ state: whole, render }: ScopeObservation, isFirst: boolean): void {
    const scope = this.#scope;
    const state = this.#withoutWaiting(whole);
    const isThere = state.kind === 'in-sync' && state.unready.length === 0;
    const before = scope.rollout;
    if (before === undefined) {
      const isObserving = this.#expectations.firstCheck === 'observe';
      const isOld = isFirst || scope.isUnseen;
      const wasThere = isThere || (isOld && (isObserving || state.kind !== 'rollout'));
      if (isThere && !isOld) this.#rolledOut();
      scope.rollout = wasThere ? { kind: 'shown', render } : { kind: 'rolling', render, since: this.#now };
      return;
    }
    if (state.kind === 'unknown') return;
    const isNew = render !== undefined && render !== before.render;
    switch (before.kind) {
      case 'shown':
        if (!isNew && (state.kind !== 'rollout' || scope.isUnseen || this.#isKnown(state))) return;
        if (isThere && before.render !== undefined) this.#rolledOut();
        scope.rollout = isThere ? { kind: 'shown', render } : { kind: 'rolling', render, since: this.#now };
        return;
      case 'rolling':
        if (isThere) {
          this.#rolledOut();
          scope.rollout = { kind: 'shown', render };
        } else if (this.#now - before.since >= DEADLINE_MINUTES && !this.#isKnown(state)) {
          const findings = 'findings' in state ? state.findings : [];
          const named = new Set(findings.map(nameIn));
          scope.rollout = { ...this.#open('stalled', 'warning', findings), kind: 'stalled', render, named };
        }
        return;
      case 'stalled':
        if (!isThere && !isNew) {
          this.#remind('stalled', before, 'warning');
          return;
        }
        this.#close('rolled-out', before, isThere ? 'after stalled' : 'after stalled later-commit');
        scope.rollout = isThere ? { kind: 'shown', render } : { kind: 'rolling', render, since: this.#now };
    }
  }

  /** What is to wait says nothing of a rollout. */
  #withoutWaiting(state: ScopeState): ScopeState {
    if (state.kind !== 'drift') return state;
    const due = state.findings.filter((finding) => this.#isDue(finding));
    if (due.length === state.findings.length) return state;
    return due.length > 0 || this.#scope.rollout === undefined
      ? { ...state, findings: due }
      : { kind: 'unknown', reason: 'all of it waits' };
  }

  #isDue(finding: Finding): boolean {
    if (finding.rule?.waitSeconds === undefined) return true;
    return this.#now - (this.#scope.differsSince.get(placeIn(finding)) ?? this.#now) >= WAIT_MINUTES;
  }

  /** Whether people have heard of it as drift. */
  #isKnown(state: ScopeState): boolean {
    if (state.kind !== 'drift' && state.kind !== 'rollout') return false;
    const { drift, accepted } = this.#scope;
    if (drift !== undefined && state.kind === 'drift') return true;
    const isKnown = (finding: Finding) =>
      drift?.known.has(nameIn(finding)) === true || accepted?.what.has(acceptedIn(finding)) === true;
    return state.findings.length > 0 && state.findings.every(isKnown);
  }

  /** @returns whether it has something for a summary */
  drift(state: ScopeState, isFirstLook: boolean): 'summed' | 'not' {
    const scope = this.#scope;
    const isObserving = this.#expectations.firstCheck === 'observe';
    if (state.kind === 'unknown' || state.kind === 'rollout') {
      if (isFirstLook && isObserving) scope.isUnseen = true;
      return 'not';
    }
    if (state.kind === 'in-sync') {
      scope.isUnseen = false;
      scope.accepted = undefined;
      this.#converge();
      return 'not';
    }
    const hides = state.unjudged !== undefined;
    if (isObserving && (isFirstLook || scope.isUnseen)) {
      scope.isUnseen = false;
      scope.accepted = {
        at: this.#now,
        what: new Map(state.findings.map((finding) => [acceptedIn(finding), finding])),
        unseen: hides ? 'ConfigMaps' : 'nothing',
      };
      return 'summed';
    }
    const { others, summed } = this.#accept(state.findings, hides);
    this.#differ(others, hides);
    return summed;
  }

  /** What is not accepted; what is seen for the first time now of what could not be looked at then, is. */
  #accept(
    findings: readonly Finding[],
    hides: boolean,
  ): { others: readonly Finding[]; summed: 'summed' | 'not' } {
    const scope = this.#scope;
    if (scope.accepted !== undefined && this.#now - scope.accepted.at >= SEVEN_DAYS)
      scope.accepted = undefined;
    const { accepted } = scope;
    if (accepted === undefined) return { others: findings, summed: 'not' };
    let summed: 'summed' | 'not' = 'not';
    const there = new Set(findings.map(acceptedIn));
    for (const [name, finding] of accepted.what)
      if (!there.has(name) && !(hides && isHideable(finding))) accepted.what.delete(name);
    if (accepted.unseen === 'ConfigMaps' && !hides) {
      for (const finding of findings)
        if (isHideable(finding) && !accepted.what.has(acceptedIn(finding))) {
          accepted.what.set(acceptedIn(finding), finding);
          summed = 'summed';
        }
      accepted.unseen = 'nothing';
    }
    const others = findings.filter((finding) => !accepted.what.has(acceptedIn(finding)));
    if (accepted.what.size === 0 && accepted.unseen === 'nothing') scope.accepted = undefined;
    return { others, summed };
  }

  #differ(findings: readonly Finding[], hides: boolean): void {
    const scope = this.#scope;
    const kept = [...(scope.drift?.known.values() ?? [])].filter((finding) => hides && isHideable(finding));
    if (findings.length === 0) {
      if (kept.length === 0 && !hides) this.#converge();
      return;
    }
    const places = new Set(findings.map(placeIn));
    for (const place of scope.differsSince.keys()) if (!places.has(place)) scope.differsSince.delete(place);
    for (const finding of findings)
      if (finding.rule?.waitSeconds !== undefined && !scope.differsSince.has(placeIn(finding)))
        scope.differsSince.set(placeIn(finding), this.#now);
    const due = findings.filter((finding) => this.#isDue(finding) || scope.drift?.known.has(nameIn(finding)));
    if (due.length === 0) return;
    if (scope.drift === undefined) {
      const { rollout } = scope;
      const isNamed =
        rollout?.kind === 'stalled' && due.every((finding) => rollout.named.has(nameIn(finding)));
      if (isNamed && gravest(due) !== 'critical') return;
      scope.drift = { ...this.#open('drift', gravest(due), due), known: mapOf(due) };
      return;
    }
    const now = mapOf([...kept, ...due]);
    const isSame =
      now.size === scope.drift.known.size && [...now.keys()].every((one) => scope.drift?.known.has(one));
    if (isSame) {
      this.#remind('drift', scope.drift, gravest(due), due);
      return;
    }
    // Of what has spoken five times people hear no more than every half hour, but that it has become critical.
    const isRise = gravest(due) === 'critical' && !scope.drift.told.has('critical');
    if (scope.drift.sequence >= 5 && this.#now - scope.drift.toldAt < 30 && !isRise) return;
    scope.drift.known = now;
    this.#say('drift-changed', scope.drift, gravest(due), due);
  }

  #converge(): void {
    this.#scope.differsSince.clear();
    if (this.#scope.drift !== undefined) this.#close('converged', this.#scope.drift);
    this.#scope.drift = undefined;
  }

  /** Git declares it no longer. */
  gone(): void {
    const scope = this.#scope;
    if (scope.unknown !== undefined) this.#close('known-again', scope.unknown);
    scope.unknown = undefined;
    scope.failures = 0;
    if (scope.rollout?.kind === 'stalled') this.#close('rolled-out', scope.rollout, 'after stalled');
    if (scope.rollout !== undefined && scope.rollout.kind !== 'shown')
      scope.rollout = {
        kind: 'shown',
        render: scope.rollout.kind === 'stalled' ? scope.rollout.render : undefined,
      };
    scope.accepted = undefined;
    scope.isUnseen = false;
    this.#converge();
  }

  #open(kind: string, severity: Severity, findings: readonly Finding[] = []): Open {
    const open: Open = { sequence: 0, told: new Set(), toldAt: this.#now, hushed: false };
    this.#say(kind, open, severity, findings);
    return open;
  }

  #say(kind: string, open: Open, severity: Severity, findings: readonly Finding[] = []): void {
    open.sequence++;
    open.toldAt = this.#now;
    const isRise = severity === 'critical' && !open.told.has('critical');
    open.hushed = this.#snoozed && !isRise;
    if (!open.hushed) open.told.add(severity);
    const quiet = open.hushed ? ' quiet' : '';
    this.#told.push(`${kind} ${this.#name} ${open.sequence} ${severity}${quiet} ${list(findings)}`.trim());
  }

  #close(kind: string, open: Open, why = ''): void {
    const told = open.told.size > 0 ? `told ${[...open.told].sort().join(',')}` : 'quiet';
    this.#told.push(`${kind} ${this.#name} ${open.sequence + 1} info ${told} ${why}`.trim());
  }

  #rolledOut(): void {
    this.#told.push(`rolled-out ${this.#name} 1 info after rollout`);
  }

  #remind(of: string, open: Open, severity: Severity, findings: readonly Finding[] = []): void {
    if (this.#snoozed) return;
    const hours = this.#expectations.remindAfterHours;
    const isTime = hours > 0 && this.#now - open.toldAt >= hours * 60;
    if (open.hushed || isTime) this.#say(`reminder of ${of}`, open, severity, findings);
  }
}

const isWhollyJudged = (state: ScopeState): boolean =>
  state.kind === 'in-sync' || (state.kind !== 'unknown' && state.unjudged === undefined);
const isHideable = ({ object }: Finding): boolean => object.kind === 'ConfigMap';
const mapOf = (findings: readonly Finding[]): Map<string, Finding> =>
  new Map(findings.map((finding) => [nameIn(finding), finding]));
