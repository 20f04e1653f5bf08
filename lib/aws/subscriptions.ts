import {
  ConfirmSubscriptionCommand,
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';

/** A subscription of a topic, as SNS lists it. */
export interface FoundSubscription {
  readonly protocol: string;
  readonly endpoint: string;
  /** `pending`: it has none before it is confirmed. */
  readonly arn: string | 'pending';
}

/** What SNS says of one that is confirmed. */
export interface SubscriptionFacts {
  /** Confirmed by a signed call that asked for it: then the link in its mails ends nothing. */
  readonly authenticated: boolean;
  /** JSON; absent: it gets everything. */
  readonly filterPolicy?: string;
}

export interface Subscriptions {
  /** Without those that were ended. */
  of(topic: string): Promise<readonly FoundSubscription[]>;
  facts(arn: string): Promise<SubscriptionFacts>;
  /** So that ending it needs AWS credentials (SNS, ConfirmSubscription, AuthenticateOnUnsubscribe). Its ARN. */
  confirm(topic: string, token: string): Promise<string>;
  /** An address that waits for confirmation is sent the mail anew. */
  subscribeMail(
    topic: string,
    address: string,
    attributes: { readonly filterPolicy?: string; readonly deadLetters: string },
  ): Promise<void>;
  end(arn: string): Promise<void>;
}

export function snsSubscriptions(client: SNSClient): Subscriptions {
  return {
    async of(TopicArn) {
      const found: FoundSubscription[] = [];
      for await (const { Subscriptions: page = [] } of paginateListSubscriptionsByTopic(
        { client },
        { TopicArn },
      )) {
        for (const { Protocol = '', Endpoint = '', SubscriptionArn = '' } of page) {
          if (SubscriptionArn === 'Deleted') continue;
          const arn = SubscriptionArn.startsWith('arn:') ? SubscriptionArn : 'pending';
          found.push({ protocol: Protocol, endpoint: Endpoint, arn });
        }
      }
      return found;
    },
    async facts(SubscriptionArn) {
      const { Attributes = {} } = await client.send(
        new GetSubscriptionAttributesCommand({ SubscriptionArn }),
      );
      const { ConfirmationWasAuthenticated, FilterPolicy } = Attributes;
      return {
        authenticated: ConfirmationWasAuthenticated === 'true',
        ...(FilterPolicy === undefined ? {} : { filterPolicy: FilterPolicy }),
      };
    },
    async confirm(TopicArn, Token) {
      const { SubscriptionArn = '' } = await client.send(
        new ConfirmSubscriptionCommand({ TopicArn, Token, AuthenticateOnUnsubscribe: 'true' }),
      );
      return SubscriptionArn;
    },
    async subscribeMail(TopicArn, Endpoint, { filterPolicy, deadLetters }) {
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetters });
      await client.send(
        new SubscribeCommand({
          TopicArn,
          Protocol: 'email',
          Endpoint,
          Attributes: {
            RedrivePolicy,
            ...(filterPolicy === undefined ? {} : { FilterPolicy: filterPolicy }),
          },
        }),
      );
    },
    async end(SubscriptionArn) {
      await client.send(new UnsubscribeCommand({ SubscriptionArn }));
    },
  };
}
