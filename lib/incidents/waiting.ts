import type { Finding } from '../drift/verdicts.ts';
import { identityOf } from '../objects/objects.ts';
import { digestOf, objectDigest } from './findings.ts';

/** Places that are remembered; one item of the table holds them. Of more than these the oldest is taken for all. */
const PLACES = 500;
const PLACE_CHARACTERS = 16;

/** By place (object and path): when a finding that waits was first seen there (ISO). */
export type FirstSeen = Readonly<Record<string, string>>;

/** As many as are remembered. */
export const firstPlaces = (places: FirstSeen): FirstSeen =>
  Object.fromEntries(Object.entries(places).slice(0, PLACES));

export interface Split {
  /** To be told: they wait for nothing, or have waited long enough. */
  readonly due: readonly Finding[];
  readonly waiting: readonly Finding[];
  /** What is to be remembered: every finding with a wait that is there now. Empty where there is none. */
  readonly firstSeen: FirstSeen;
  /** When the first of those that are due was seen. */
  readonly since: string;
}

/**
 * Which findings people are told of now. A wait counts from when the place first differed, whatever its value has
 * been since: one that changes all the time waits no longer than one that stays.
 * @param at ISO time of the check
 */
export function splitWaiting(findings: readonly Finding[], known: FirstSeen, at: string): Split {
  const oldest = Object.values(known).reduce((a, b) => (a < b ? a : b), at);
  const isFull = Object.keys(known).length >= PLACES;
  const firstSeen: [string, string][] = [];
  const due: Finding[] = [];
  const waiting: Finding[] = [];
  let since = at;
  for (const finding of findings) {
    const wait = finding.rule?.waitSeconds;
    if (wait === undefined) {
      due.push(finding);
      continue;
    }
    const place = placeOf(finding);
    // What did not fit is told rather early than never.
    const seen = (Object.hasOwn(known, place) ? known[place] : undefined) ?? (isFull ? oldest : at);
    if (firstSeen.length < PLACES) firstSeen.push([place, seen]);
    if (Date.parse(at) - Date.parse(seen) < wait * 1000) waiting.push(finding);
    else {
      due.push(finding);
      if (seen < since) since = seen;
    }
  }
  return { due, waiting, firstSeen: Object.fromEntries(firstSeen), since };
}

/** Begins as the fingerprints of the object's findings do. */
const placeOf = ({ object, at, verdict }: Finding): string =>
  objectDigest(identityOf(object)) +
  digestOf(verdict === 'missing' || verdict === 'extra' ? verdict : at, PLACE_CHARACTERS);
