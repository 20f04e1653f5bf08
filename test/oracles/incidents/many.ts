import type { Alert } from '../../../lib/alerts/alert.ts';
import type { Observation } from '../../../lib/checks/observation.ts';
import { isNewer, nameOf, partOf, placed } from './invariants.ts';
import type { Played } from './play.ts';
import { type Entry, keyOf, Violation } from './record.ts';

/**
 * What holds where many scopes are told as one, of first checks and of reminders, whoever raced or died.
 */
export function holdForMany({ record, scenario }: Played): void {
  oneKeyAScope(record);
  manyAreOne(record);
  if (scenario.expectations.firstCheck === 'observe') firstCheckPagesNobody(record);
  remindersInTime(record, scenario.expectations.remindAfterHours);
}

/** A scope's drift is told under its own key or as one of many, never under both. */
function oneKeyAScope(record: readonly Entry[]): void {
  const looks = new Map<number, Look>();
  const own = new Map<string, string>();
  let members = new Map<string, Look>();
  const accepted = new Set<string>();
  for (const entry of record) {
    if (entry.kind === 'looked')
      looks.set(entry.check, { number: entry.check, observation: entry.observation });
    if (entry.kind !== 'said') continue;
    const { alert } = entry;
    if (alert.kind === 'summary') for (const finding of alert.findings) accepted.add(placed(finding));
    const look = looks.get(entry.check);
    const ofMany =
      'members' in alert && 'findings' in alert && alert.kind !== 'summary' ? alert.members : undefined;
    if (ofMany !== undefined && look !== undefined) {
      const listed = ofMany.map(({ scope }) => scope);
      const twice = listed.find((scope) => own.has(scope));
      if (twice !== undefined)
        throw new Violation(
          'a scope is told under one key',
          `${keyOf(alert)} names ${twice}, which has ${own.get(twice)}`,
        );
      members = new Map(listed.map((scope) => [scope, look]));
    } else if (alert.incident.includes('/target/drift/') && partOf(alert) === 'closes') members = new Map();
    else if (alert.kind === 'drift') {
      const named = members.get(alert.scope);
      if (named !== undefined && !wasWellSince(alert.scope, named, [...looks.values()], accepted))
        throw new Violation('a scope is told under one key', `${keyOf(alert)} opens, and it is one of many`);
      own.set(alert.scope, alert.incident);
    } else if (alert.kind === 'converged') own.delete(alert.scope);
  }
}

interface Look {
  readonly number: number;
  readonly observation: Observation;
}

/**
 * Who was seen well since, but for what was accepted, by the order of the looks or by that of the clocks, is no member
 * any more.
 */
const wasWellSince = (
  scope: string,
  since: Look,
  looks: readonly Look[],
  accepted: ReadonlySet<string>,
): boolean =>
  looks.some(({ number, observation }) => {
    if (number <= since.number && !isNewer(observation, since.observation)) return false;
    const state = observation.scopes.find((seen) => nameOf(seen) === scope)?.state;
    if (state?.kind === 'drift')
      return state.unjudged === undefined && state.findings.every((finding) => accepted.has(placed(finding)));
    return state === undefined || state.kind === 'in-sync';
  });

/** What a check said that nobody met: undefined where another ran meanwhile. */
function saidAlone(record: readonly Entry[], number: number): readonly Alert[] | undefined {
  const first = record.findIndex((entry) => entry.kind === 'looked' && entry.check === number);
  const ended = record.findIndex((entry) => entry.kind === 'ended' && entry.check === number);
  const before = record.slice(0, first);
  const meanwhile = record.slice(first + 1, ended < 0 ? undefined : ended);
  const count = (kind: Entry['kind']) => before.filter((entry) => entry.kind === kind).length;
  if (count('looked') !== count('ended') || meanwhile.some(({ kind }) => kind === 'looked')) return undefined;
  return meanwhile.flatMap((entry) => (entry.kind === 'said' && entry.check === number ? [entry.alert] : []));
}

/** More scopes than these that begin in one observation are one incident of the target. */
const MANY = 5;

function manyAreOne(record: readonly Entry[]): void {
  for (const entry of record) {
    if (entry.kind !== 'looked') continue;
    const said = saidAlone(record, entry.check) ?? [];
    for (const kind of ['drift', 'unknown']) {
      const alone = said.filter((alert) => alert.kind === kind && !('members' in alert));
      const together = said.filter((alert) => alert.kind === kind && 'members' in alert);
      if (alone.length > MANY + (kind === 'unknown' ? 2 : 0))
        throw new Violation(
          'many at once are one incident',
          `${alone.length} of ${kind} in check ${entry.check}`,
        );
      if (together.length > 0 && kind === 'drift' && alone.length > 0)
        throw new Violation('many at once are one incident', `and ${alone[0]?.incident} beside it`);
    }
  }
}

/** The first check that sees anything, where no other meets it, wakes nobody for what it finds. */
function firstCheckPagesNobody(record: readonly Entry[]): void {
  const first = record.find(
    (entry) =>
      entry.kind === 'looked' && entry.observation.scopes.some(({ state: { kind } }) => kind !== 'unknown'),
  );
  if (first?.kind !== 'looked') return;
  for (const alert of saidAlone(record, first.check) ?? [])
    if (alert.kind === 'drift') throw new Violation('a first check wakes nobody', keyOf(alert));
}

/** Not before their time, unless a snooze has ended, or somebody has come to those that it is about. */
function remindersInTime(record: readonly Entry[], hours: number): void {
  const last = new Map<string, { readonly at: string; readonly members: string }>();
  for (const entry of record) {
    if (entry.kind !== 'said') continue;
    const { alert } = entry;
    const before = last.get(alert.incident);
    const members = 'members' in alert ? membersIn(alert.members ?? []) : '';
    last.set(alert.incident, { at: alert.at, members });
    if (alert.kind !== 'reminder' || alert.snoozedUntil !== undefined) continue;
    if (before === undefined) throw new Violation('a reminder is of something that was told', keyOf(alert));
    const isNews = members !== before.members;
    const waited = Date.parse(alert.at) - Date.parse(before.at);
    if (!isNews && (hours === 0 || waited < hours * 3_600_000))
      throw new Violation('reminders come in their time', `${keyOf(alert)} after ${waited / 60_000} minutes`);
  }
}

const membersIn = (members: readonly (string | { readonly scope: string })[]): string =>
  members
    .map((member) => (typeof member === 'string' ? member : member.scope))
    .sort()
    .join(' ');
