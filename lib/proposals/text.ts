import type { ProposalText, Takes } from './proposals.ts';

const ELLIPSIS = '…';

/** As much as the host keeps: a text that it refuses would hold up a delivery for nothing. */
export const fitting = (text: ProposalText, takes: Takes): ProposalText => ({
  title: cut(text.title.replace(/\s+/g, ' ').trim(), takes.titleCharacters),
  body: cut(text.body, takes.bodyCharacters),
  labels: takes.labels === 'labels' ? text.labels : [],
});

/** By UTF-16 units: never more than a host counts, whether that counts those or code points. */
export function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const kept = text.slice(0, characters - ELLIPSIS.length);
  // Half of a pair is no character, and no JSON that every host reads.
  return (/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept) + ELLIPSIS;
}
