import {
  addressDigest,
  type KnownAudience,
  type Subscribed,
  type TopicName,
} from '../lib/alerts/subscribed.ts';
import type { FoundSubscription, Subscriptions } from '../lib/aws/subscriptions.ts';

/** How the subscription of an audience to one topic stands. */
export type SubscriptionState =
  /** No link in a mail ends it. */
  | { readonly kind: 'protected'; readonly arn: string }
  /** Confirmed by a click: whoever follows the link in a mail, a scanner too, ends it. */
  | { readonly kind: 'by-click'; readonly arn: string }
  | { readonly kind: 'pending' }
  /** It was made with the stack, and has ended, or nobody confirmed it in time. */
  | { readonly kind: 'gone' };

export interface Standing {
  readonly audience: KnownAudience;
  readonly topic: TopicName;
  readonly state: SubscriptionState;
  /** The filter is another one than was deployed. */
  readonly filter: 'as-deployed' | 'another';
}

/** @throws whatever SNS throws */
export async function standingsOf(
  { topics, audiences }: Subscribed,
  sns: Pick<Subscriptions, 'of' | 'facts'>,
): Promise<{ readonly standings: readonly Standing[]; readonly others: ReadonlyMap<TopicName, number> }> {
  const found = new Map<TopicName, readonly FoundSubscription[]>();
  for (const name of Object.keys(topics) as TopicName[]) found.set(name, await sns.of(topics[name]));
  const standings: Standing[] = [];
  for (const audience of audiences)
    for (const topic of topicsOf(audience)) {
      const one = found.get(topic)?.find((each) => isOf(audience, each));
      standings.push({ audience, topic, ...(await stateOf(audience, topic, one, sns)) });
    }
  const others = new Map(
    [...found].map(([topic, all]) => [
      topic,
      all.filter((each) => !audiences.some((audience) => isOf(audience, each))).length,
    ]),
  );
  return { standings, others };
}

const topicsOf = ({ form, operators }: KnownAudience): readonly TopicName[] =>
  operators ? [form, 'operators'] : [form];

const isOf = ({ address }: KnownAudience, { protocol, endpoint }: FoundSubscription): boolean =>
  address.kind === 'email'
    ? protocol === 'email' && endpoint.toLowerCase() === address.address.toLowerCase()
    : protocol === 'https' && addressDigest(endpoint) === address.digest;

async function stateOf(
  audience: KnownAudience,
  topic: TopicName,
  found: FoundSubscription | undefined,
  sns: Pick<Subscriptions, 'facts'>,
): Promise<Pick<Standing, 'state' | 'filter'>> {
  if (found === undefined) return { state: { kind: 'gone' }, filter: 'as-deployed' };
  const { arn } = found;
  if (arn === 'pending') return { state: { kind: 'pending' }, filter: 'as-deployed' };
  const { authenticated, filterPolicy } = await sns.facts(arn);
  const wanted = topic === 'operators' ? 'none' : audience.filter;
  const isSame = wanted === 'too-long' || sorted(filterPolicy) === sorted(wanted);
  return {
    // Who posts to an https:// address sends no link that a scanner could follow.
    state: { kind: authenticated || audience.address.kind === 'https' ? 'protected' : 'by-click', arn },
    filter: isSame ? 'as-deployed' : 'another',
  };
}

/** A filter policy in one order, so that two that mean the same are the same. */
function sorted(policy: string | Readonly<Record<string, readonly string[]>> | undefined): string {
  const given: unknown = typeof policy === 'string' && policy !== 'none' ? parsed(policy) : policy;
  if (typeof given !== 'object' || given === null) return '{}';
  return JSON.stringify(
    Object.entries(given)
      .map(([name, values]) => [name, Array.isArray(values) ? values.map(String).sort() : values])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  ).replace(/^\[\]$/, '{}');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
