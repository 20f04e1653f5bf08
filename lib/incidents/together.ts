import type { Quiet } from '../alerts/alert.ts';
import { digestOf } from './findings.ts';
import type { Numbered } from './incident.ts';
import { longer } from './voice.ts';

/**
 * Many scopes of a target that are told as one. There is no transaction over their items, so that who belongs to it is
 * said by each scope's own item, written before the one that tells: a crash in between leaves members that the next
 * check finds untold, and two checks that meet decide anew from what either has written.
 */

/** More scopes than these that begin at once are one incident of the target. */
export const BURST_SCOPES = 5;

/** Scopes that an alert names; how many there are it says besides. */
export const NAMED_MEMBERS = 100;

/** Ten characters of a scope and the number of what there was to tell of it. */
export const listingOf = (scope: string, { opening, sequence }: Numbered): string =>
  digestOf(`${scope}\n${opening}.${sequence}`, 10);

/** The number of the incident that is open, or is the next to be. */
export const openNumber = (
  before: (Numbered & { readonly kind: string }) | undefined,
  open: string,
): number => (before === undefined ? 1 : before.kind === open ? before.opening : before.opening + 1);

interface Listed {
  readonly scope: string;
  readonly state: Numbered;
}

/** What is to be told of the members now, and what is known of them afterwards. */
export function news<Member extends Listed>(
  before: { readonly listed: readonly string[]; readonly scopes: number } | undefined,
  members: readonly Member[],
  isSeen: (member: Member) => boolean,
): { readonly untold: readonly Member[]; readonly listed: readonly string[]; readonly scopes: number } {
  const known = new Set(before?.listed);
  const listings = new Map(members.map((member) => [member, listingOf(member.scope, member.state)]));
  const isKnown = (member: Member) => known.has(listings.get(member) ?? '');
  const untold = members.filter((member) => !isKnown(member) && isSeen(member));
  const listed = members.flatMap((member) =>
    isKnown(member) || isSeen(member) ? [listings.get(member) ?? ''] : [],
  );
  const joined = untold.filter(({ state }) => state.sequence === 1).length;
  return { untold, listed, scopes: Math.max((before?.scopes ?? 0) + joined, members.length) };
}

/** Quiet only where every one of those that it is about is. */
export function snoozeOfAll(
  scopes: readonly { readonly scope: string }[],
  ofTarget: Quiet | undefined,
  snoozeOf: (scope: string) => Quiet | undefined,
): Quiet | undefined {
  if (ofTarget !== undefined) return ofTarget;
  const snoozes = scopes.map(({ scope }) => snoozeOf(scope));
  return snoozes.includes(undefined) ? undefined : snoozes.reduce(longer, undefined);
}
