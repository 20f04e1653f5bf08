import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Subscriber } from '../config/audiences.ts';
import type { Audience } from '../config/config.ts';
import { filterPolicyOf, hearsOperators } from './audience.ts';

/**
 * What a person with `npx fairlead subscribe` has to know of topics and audiences: SSM parameters below
 * `/fairlead-audiences/<installation>`, which no function reads. The address of a pager holds its key and so stands here
 * as a digest: enough to know its subscription by.
 */
export const audiencesPath = (installation: string): string => `/fairlead-audiences/${installation}`;

/** What a standard SSM parameter holds, in bytes. */
const PARAMETER_BYTES = 4096;

const filterPolicy = z.record(z.string(), z.array(z.string()));

const known = z.object({
  form: z.enum(['email', 'pager', 'chat']),
  address: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('email'), address: z.string() }),
    z.object({ kind: z.literal('https'), digest: z.string() }),
  ]),
  /** `too-long`: it does not fit into a parameter; the configuration has it. */
  filter: z.union([z.literal('none'), z.literal('too-long'), filterPolicy]),
  operators: z.boolean(),
});
/** An audience that SNS sends to, as it was deployed. */
export type KnownAudience = z.output<typeof known> & { readonly name: string };

export const addressDigest = (address: string): string => createHash('sha256').update(address).digest('hex');

/** The audiences that SNS sends to, as parameters below that path. */
export const toAudienceParameters = (audiences: readonly Audience[]): ReadonlyMap<string, string> =>
  new Map(
    audiences.flatMap((audience) =>
      'address' in audience ? [[`audiences/${audience.name}`, written(audience)] as const] : [],
    ),
  );

function written(audience: Subscriber): string {
  const { form, address } = audience;
  const about = {
    form,
    address:
      form === 'email' ? { kind: 'email', address } : { kind: 'https', digest: addressDigest(address) },
    operators: hearsOperators(audience),
  };
  const whole = JSON.stringify({ ...about, filter: filterPolicyOf(audience) ?? 'none' });
  return Buffer.byteLength(whole) <= PARAMETER_BYTES
    ? whole
    : JSON.stringify({ ...about, filter: 'too-long' });
}

const TOPICS = ['email', 'pager', 'chat', 'operators'] as const;
export type TopicName = (typeof TOPICS)[number];

export interface Subscribed {
  /** ARNs. */
  readonly topics: Readonly<Record<TopicName, string>>;
  readonly audiences: readonly KnownAudience[];
  /** ARN of the queue for what an address did not take. */
  readonly unheard: string;
}

/** What was deployed; undefined where these parameters are not there, or not of this version. */
export function fromAudienceParameters(found: ReadonlyMap<string, string>): Subscribed | undefined {
  const arns = TOPICS.map((name) => [name, found.get(`topics/${name}`)] as const);
  const unheard = found.get('unheard');
  if (unheard === undefined || arns.some(([, arn]) => arn === undefined)) return undefined;
  const topics = Object.fromEntries(arns) as Record<TopicName, string>;
  return { topics, audiences: audiencesIn(found), unheard };
}

/** The audiences alone, which a local installation has as well. */
export const audiencesIn = (found: ReadonlyMap<string, string>): readonly KnownAudience[] =>
  [...found].flatMap(([name, value]) => {
    const [, audience] = /^audiences\/(.+)$/.exec(name) ?? [];
    const parsed = audience === undefined ? undefined : known.safeParse(parse(value)).data;
    return parsed === undefined || audience === undefined ? [] : [{ ...parsed, name: audience }];
  });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
