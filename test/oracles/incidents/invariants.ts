import type { Alert } from '../../../lib/alerts/alert.ts';
import type { Observation, ScopeObservation, ScopeState } from '../../../lib/checks/observation.ts';
import type { Finding } from '../../../lib/drift/verdicts.ts';
import type { Played } from './play.ts';
import { type Entry, keyOf, Violation } from './record.ts';

/**
 * What holds of every run, whoever raced or died in it: read off what was seen, said and published, in their order.
 */
type Said = Extract<Entry, { kind: 'said' }>;

/** Which kinds of alerts make which part of a life (docs/alerts.md), written down here once more. */
const PART = {
  drift: 'opens',
  'drift-changed': 'goes on',
  converged: 'closes',
  stalled: 'opens',
  'rolled-out': 'closes',
  unknown: 'opens',
  'known-again': 'closes',
  blocked: 'opens',
  unblocked: 'closes',
  reminder: 'goes on',
  summary: 'single',
  rejected: 'single',
  failed: 'single',
  frozen: 'single',
  drill: 'opens',
  'drill-over': 'closes',
} as const satisfies Record<Alert['kind'], string>;
export const partOf = ({ kind }: Alert): (typeof PART)[Alert['kind']] => PART[kind];

export const placed = ({ object, at, live }: Finding): string =>
  JSON.stringify([object.kind, object.name, at, live ?? null]);
export const findingsOf = (state: ScopeState): readonly Finding[] =>
  'findings' in state ? state.findings : [];

export function holdAlways({ record }: Played): void {
  const said = record.filter((entry) => entry.kind === 'said');
  oneLife(said);
  oneIncidentAtATime(said);
  onlyWhatWasSeen(record);
  staleSaysNothing(record);
}

/** A key is opened once, its sequences go up by one, it is closed once, and its end names all that people were told. */
function oneLife(said: readonly Said[]): void {
  const lives = Map.groupBy(said, ({ alert }) => alert.incident);
  for (const [incident, entries] of lives) {
    const alerts = entries.map(({ alert }) => alert);
    const story = alerts.map(({ kind, sequence }) => `${kind} ${sequence}`).join(', ');
    for (const [index, alert] of alerts.entries())
      if (alert.sequence !== index + 1)
        throw new Violation('sequences go up by one', `${incident}: ${story}`);
    if (new Set(entries.map(({ item }) => item)).size > 1)
      throw new Violation(
        'a key belongs to one item',
        `${incident}: ${entries.map(({ item }) => item).join(', ')}`,
      );
    const [first, ...rest] = alerts;
    if (first === undefined || partOf(first) === 'single') continue;
    const isSilentRollout = first.kind === 'rolled-out' && first.after === 'rollout';
    if (partOf(first) !== 'opens' && !(isSilentRollout && rest.length === 0))
      throw new Violation('no OK without its ALARM', `${incident}: ${story}`);
    const closing = alerts.findIndex((alert) => partOf(alert) === 'closes');
    if (closing >= 0 && closing !== alerts.length - 1)
      throw new Violation('nothing of a key after its OK', `${incident}: ${story}`);
    const last = alerts.at(-1);
    if (isSilentRollout || last === undefined || partOf(last) !== 'closes') continue;
    const heard = alerts.slice(0, -1).filter(({ quiet }) => quiet === undefined);
    const severities = [...new Set(heard.map(({ severity }) => severity))].sort();
    if (JSON.stringify([...(last.told ?? [])].sort()) !== JSON.stringify(severities))
      throw new Violation(
        'an OK reaches all who were told',
        `${incident}: told as ${severities}, closed for ${last.told}`,
      );
    if ((last.quiet !== undefined) !== (heard.length === 0))
      throw new Violation('what nobody heard of closes as quietly', `${incident}: ${story}`);
  }
}

/** A scope's class has one incident open at a time, and a later one has a higher number. */
function oneIncidentAtATime(said: readonly Said[]): void {
  const open = new Map<string, string>();
  const last = new Map<string, number>();
  for (const { alert } of said) {
    const end = alert.incident.lastIndexOf('/');
    const ofScope = alert.incident.slice(0, end);
    const number = Number(alert.incident.slice(end + 1));
    switch (partOf(alert)) {
      case 'opens':
        if (open.has(ofScope))
          throw new Violation(
            'one incident at a time',
            `${alert.incident} opens while ${open.get(ofScope)} is open`,
          );
        if (number <= (last.get(ofScope) ?? 0))
          throw new Violation('openings are counted', `${alert.incident} after number ${last.get(ofScope)}`);
        open.set(ofScope, alert.incident);
        last.set(ofScope, number);
        break;
      case 'closes':
        open.delete(ofScope);
        last.set(ofScope, number);
        break;
      case 'goes on':
      case 'single':
        break;
    }
  }
}

const scopeIn = (observation: Observation, scope: string): ScopeObservation | undefined =>
  observation.scopes.find((seen) => nameOf(seen) === scope);

export const nameOf = ({ scope }: ScopeObservation): string =>
  scope.kind === 'release' ? `${scope.namespace}/${scope.name}` : scope.kind;

/** Nothing is told that the check which tells it has not seen; and of what it could not see, nothing is well or gone. */
function onlyWhatWasSeen(record: readonly Entry[]): void {
  const observations = new Map(
    record.filter((entry) => entry.kind === 'looked').map(({ check, observation }) => [check, observation]),
  );
  const accepted = new Set<string>();
  for (const entry of record) {
    if (entry.kind !== 'said') continue;
    if (entry.alert.kind === 'summary')
      for (const finding of entry.alert.findings) accepted.add(placed(finding));
    const observation = observations.get(entry.check);
    if (observation === undefined) continue;
    const seen = scopeIn(observation, entry.alert.scope);
    const wrong = falseIn(entry.alert, seen, observation, accepted);
    const unseen = goneUnseen(entry.alert, seen?.state);
    if (unseen !== undefined)
      throw new Violation('what nobody could see has not gone', `${keyOf(entry.alert)}: ${placed(unseen)}`);
    if (wrong !== undefined)
      throw new Violation(
        'only what was seen is told',
        `${keyOf(entry.alert)} ${entry.alert.kind}: ${wrong}`,
      );
  }
}

function falseIn(
  alert: Alert,
  seen: ScopeObservation | undefined,
  observation: Observation,
  accepted: ReadonlySet<string>,
): string | undefined {
  const state = seen?.state;
  const nobodyLooked = observation.scopes.some(
    ({ scope, state: { kind } }) =>
      (scope.kind === 'target' || scope.kind === 'manifests') && kind === 'unknown',
  );
  switch (alert.kind) {
    case 'drift':
    case 'drift-changed':
    case 'reminder':
    case 'summary':
    case 'stalled': {
      if (!('findings' in alert)) return undefined;
      const isOfMany = 'members' in alert && alert.members !== undefined;
      if (state === undefined && !isOfMany) return 'of a scope that was not seen';
      const states = isOfMany || state === undefined ? observation.scopes.map((one) => one.state) : [state];
      const there = new Set(states.flatMap(findingsOf).map(placed));
      const made = alert.findings.find((finding) => !there.has(placed(finding)));
      if (made !== undefined) return `finds what is not there: ${placed(made)}`;
      if (alert.kind !== 'drift-changed') return undefined;
      const still = alert.gone.find((finding) => there.has(placed(finding)));
      if (still !== undefined) return `says gone what is there: ${placed(still)}`;
      return undefined;
    }
    case 'converged':
    case 'rolled-out': {
      if (alert.because === 'later-commit') return undefined;
      // Of many: which of them are well, rest.ts asks.
      if (alert.kind === 'converged' && alert.scopes !== undefined) return undefined;
      if (state === undefined) return nobodyLooked ? 'closes what nobody could look at' : undefined;
      // Of what a first check found nobody was told as of an incident: what is new since may be over without it.
      if (alert.kind === 'converged' && findingsOf(state).length > 0 && !isHidden(state))
        return findingsOf(state).every((finding) => accepted.has(placed(finding))) ? undefined : 'it differs';
      return state.kind === 'in-sync' && (alert.kind === 'converged' || state.unready.length === 0)
        ? undefined
        : `well, with a state of ${state.kind}`;
    }
    case 'unknown':
      if (alert.members !== undefined)
        return alert.members.some((member) => isHidden(scopeIn(observation, member)?.state))
          ? undefined
          : 'all of them were judged';
      if (state === undefined) return 'of a scope that was not seen';
      return isHidden(state) ? undefined : 'all of it was judged';
    case 'known-again':
      if (alert.scopes !== undefined) return undefined;
      if (state === undefined) return nobodyLooked ? 'closes what nobody could look at' : undefined;
      return isHidden(state) ? 'some of it was not judged' : undefined;
    default:
      return undefined;
  }
}

/** ConfigMaps are what a check that sees a part does not see (world.ts). */
const goneUnseen = (alert: Alert, state: ScopeState | undefined): Finding | undefined =>
  alert.kind === 'drift-changed' && state !== undefined && isHidden(state)
    ? alert.gone.find(({ object }) => object.kind === 'ConfigMap')
    : undefined;

const isHidden = (state: ScopeState | undefined): boolean =>
  state?.kind === 'unknown' || (state !== undefined && 'unjudged' in state && state.unjudged !== undefined);

/** An observation older than one whose telling had ended before it began says nothing. */
function staleSaysNothing(record: readonly Entry[]): void {
  const looked = new Map<number, Observation>();
  let newest: Observation | undefined;
  const stale = new Map<number, Observation>();
  for (const entry of record) {
    if (entry.kind === 'looked') {
      looked.set(entry.check, entry.observation);
      if (newest !== undefined && isNewer(newest, entry.observation)) stale.set(entry.check, newest);
    } else if (entry.kind === 'ended' && entry.how === 'done') {
      const observation = looked.get(entry.check);
      if (observation !== undefined && (newest === undefined || isNewer(observation, newest)))
        newest = observation;
    } else if (entry.kind === 'said') {
      const newer = stale.get(entry.check);
      if (newer !== undefined)
        throw new Violation(
          'what is older than what is known is dropped',
          `${keyOf(entry.alert)} ${entry.alert.kind} of ${entry.alert.at}, when ${newer.at} had been told`,
        );
    }
  }
}

/** By the sequence of what was desired, then by the clock of who looked. */
export const isNewer = (one: Observation, other: Observation): boolean =>
  one.sequence > other.sequence || (one.sequence === other.sequence && one.at > other.at);
