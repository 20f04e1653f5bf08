import type { Unjudged } from '../checks/observation.ts';
import type { Finding } from '../drift/verdicts.ts';
import { identityOf } from '../objects/objects.ts';
import { acceptedPrintOf, objectDigest, objectOf } from './findings.ts';
import type { Accepted, DecisionContext } from './incident.ts';

/** For so long what a first check found is accepted; what is left of it then is told as drift. */
export const OBSERVE_DAYS = 7;
const DAY = 86_400_000;

/** What a check could not judge of a scope: nothing, these objects (their digests), or nobody knows which. */
export type Hidden = 'none' | 'any' | ReadonlySet<string>;

/** More objects than these are as good as all. */
const HIDDEN_OBJECTS = 500;

export function hiddenIn(unjudged: Unjudged | undefined): Hidden {
  if (unjudged === undefined) return 'none';
  const { objects } = unjudged;
  return objects === undefined || objects.length > HIDDEN_OBJECTS
    ? 'any'
    : new Set(objects.map(objectDigest));
}

/** Of what was known, what this check could not look at: it is neither there nor gone. */
export const stillHidden = (fingerprints: readonly string[], hidden: Hidden): readonly string[] => {
  if (hidden === 'none') return [];
  return hidden === 'any' ? fingerprints : fingerprints.filter((one) => hidden.has(objectOf(one)));
};

/** Stands for every object of the scope. */
const ALL = '*';
const unseenOf = (hidden: Hidden): readonly string[] =>
  hidden === 'none' ? [] : hidden === 'any' ? [ALL] : [...hidden];

/** All that the first look at a scope finds. */
export const acceptedAtFirst = (findings: readonly Finding[], hidden: Hidden, at: string): Accepted => ({
  number: 1,
  at,
  fingerprints: findings.map(acceptedPrintOf),
  ...unseen(unseenOf(hidden)),
});

const unseen = (objects: readonly string[]) => (objects.length === 0 ? {} : { unseen: objects });

/**
 * What is left of the accepted, and the findings that are none of it. What is found of an object at the first look at
 * it is accepted, too, and to be named.
 */
export function withoutAccepted(
  accepted: Accepted | undefined,
  findings: readonly Finding[],
  hidden: Hidden,
  context: DecisionContext,
): { readonly accepted: Accepted | undefined; readonly others: readonly Finding[] } {
  if (accepted === undefined || isOver(accepted, context)) return { accepted: undefined, others: findings };
  const known = new Set(accepted.fingerprints);
  const waiting = new Set(accepted.unseen ?? []);
  const still: string[] = [];
  const others: Finding[] = [];
  let named = 0;
  for (const finding of findings) {
    const fingerprint = acceptedPrintOf(finding);
    if (known.has(fingerprint)) still.push(fingerprint);
    else if (waiting.has(ALL) || waiting.has(objectDigest(identityOf(finding.object)))) {
      still.push(fingerprint);
      named++;
    } else others.push(finding);
  }
  const there = new Set(still);
  const kept = stillHidden(accepted.fingerprints, hidden).filter((one) => !there.has(one));
  const left = stillUnseen(accepted.unseen ?? [], hidden);
  const fingerprints = [...still, ...kept];
  if (fingerprints.length === 0 && left.length === 0) return { accepted: undefined, others };
  return {
    accepted: {
      number: accepted.number + (named > 0 ? 1 : 0),
      at: accepted.at,
      fingerprints,
      ...unseen(left),
    },
    others,
  };
}

function stillUnseen(before: readonly string[], hidden: Hidden): readonly string[] {
  if (hidden === 'none') return [];
  if (hidden === 'any') return before;
  return before.includes(ALL) ? [...hidden] : before.filter((one) => hidden.has(one));
}

const isOver = ({ at }: Accepted, context: DecisionContext): boolean =>
  context.firstCheck === 'alert' ||
  (context.clock === 'trusted' && Date.parse(context.at) - Date.parse(at) >= OBSERVE_DAYS * DAY);
