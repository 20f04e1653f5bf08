import { createHash } from 'node:crypto';
import { type ITopic, Subscription, SubscriptionFilter, SubscriptionProtocol } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { filterPolicyOf, hearsOperators } from '../../lib/alerts/audience.ts';
import { audiencesPath, toAudienceParameters } from '../../lib/alerts/subscribed.ts';
import type { Subscriber } from '../../lib/config/audiences.ts';
import { type Audience, ConfigError } from '../../lib/config/config.ts';
import { isReachableHost } from '../../lib/desired/outside/reachable.ts';
import { ChatChannel } from './chat-channel.ts';

export const TOPIC_FORMS = ['email', 'pager', 'chat'] as const;
export type Topics = Readonly<Record<(typeof TOPIC_FORMS)[number], ITopic>>;

export interface AudiencesSettings {
  readonly installation: string;
  readonly audiences: readonly Audience[];
  readonly topics: Topics;
  readonly operators: ITopic;
  /** Where SNS puts what an address did not take. */
  readonly unheard: IQueue;
}

/** Who is subscribed to what, and what `npx fairlead subscribe` has to know to look after it. */
export class Audiences extends Construct {
  /** @throws ConfigError naming every audience with an address that its form cannot be sent to */
  constructor(scope: Construct, id: string, settings: AudiencesSettings) {
    super(scope, id);
    const { installation, audiences, topics, operators } = settings;
    const problems = audiences.flatMap(problemOf);
    if (problems.length > 0) throw new ConfigError(problems, 'fairlead.config.ts');
    for (const audience of audiences) this.connect(audience, settings);

    const path = audiencesPath(installation);
    const parameter = (name: string, stringValue: string) =>
      new StringParameter(this, name, { parameterName: `${path}/${name}`, stringValue });
    for (const form of TOPIC_FORMS) parameter(`topics/${form}`, topics[form].topicArn);
    parameter('topics/operators', operators.topicArn);
    parameter('unheard', settings.unheard.queueArn);
    for (const [name, value] of toAudienceParameters(audiences)) parameter(name, value);
  }

  private connect(audience: Audience, settings: AudiencesSettings): void {
    const { topics, operators } = settings;
    switch (audience.form) {
      case 'email':
      case 'pager':
        this.subscribe(audience, topics[audience.form], settings, filterPolicyOf(audience));
        if (hearsOperators(audience)) this.subscribe(audience, operators, settings);
        return;
      case 'chat':
        this.subscribe(audience, topics.chat, settings, filterPolicyOf(audience));
        return;
      case 'slack':
      case 'teams':
        new ChatChannel(this, `Channel-${audience.name}`, {
          installation: settings.installation,
          audience,
          topics: [topics.chat, ...(hearsOperators(audience) ? [operators] : [])],
        });
        return;
      case 'webhook':
        // Fairlead posts to those itself.
        return;
    }
  }

  private subscribe(
    audience: Subscriber,
    topic: ITopic,
    { unheard }: AudiencesSettings,
    filter?: Readonly<Record<string, readonly string[]>>,
  ): void {
    new Subscription(this, `${topic.node.id}-${digestOf(audience)}`, {
      topic,
      endpoint: audience.address,
      protocol: audience.form === 'email' ? SubscriptionProtocol.EMAIL : SubscriptionProtocol.HTTPS,
      deadLetterQueue: unheard,
      ...(filter === undefined ? {} : { filterPolicy: inCdk(filter) }),
    });
  }
}

/**
 * Of the address, as SNS knows subscriptions. By its name, a renamed audience would be subscribed anew, which SNS answers
 * with the subscription that is there, and CloudFormation would then take the old one away: nobody would hear again.
 */
const digestOf = ({ address }: Subscriber): string =>
  createHash('sha256').update(address).digest('hex').slice(0, 16);

const inCdk = (policy: Readonly<Record<string, readonly string[]>>): Record<string, SubscriptionFilter> =>
  Object.fromEntries(
    Object.entries(policy).map(([name, values]) => [
      name,
      SubscriptionFilter.stringFilter({ allowlist: [...values] }),
    ]),
  );

/** What a configuration of one machine may have, and what is deployed may not. */
function problemOf(audience: Audience): string[] {
  if (audience.form !== 'webhook') return [];
  if (audience.network === 'public' && isReachableHost(new URL(audience.url).hostname, 'public')) return [];
  return [
    `audience "${audience.name}": send-alerts stands in no network of yours: a webhook of what is deployed has a public address`,
  ];
}
